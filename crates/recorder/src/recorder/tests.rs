use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};

use ulna_core::{
    Action, Camera, CameraFault, Frame, FrameSink, GateNote, Joints, State, TickRecord,
};
use ulna_dataset::{Dataset, Spec, VideoEncoder, VideoPart};
use ulna_rt::{LockstepScheduler, Machine};

use super::*;
use crate::columns::{CameraSpec, flag};
use crate::encoding::PictureEncoder;
use crate::feed::{PictureSink, TickSink, picture_queue, tick_feed};
use crate::phases::Plan;
use crate::sink::{SinkOptions, Workers};

/// Ticks at 200 Hz, like a control thread: position is the time in s, the target is 100 more.
struct Ticks {
    sink: TickSink,
    number: u32,
    stop: Stop,
}

impl Machine for Ticks {
    fn step(&mut self, now: Duration) -> Next {
        if self.stop.requested().is_some() {
            return Next::Finished;
        }
        // After a pause it goes on at the next deadline.
        self.number = self.number.max((now.as_millis() / 5) as u32) + 1;
        let sends_at = Stamp::new(Duration::from_millis(5) * self.number);
        let measured = Stamp::new(now);
        self.sink.push(&TickRecord {
            // Every tenth deadline is missed, and every fifth tick altered.
            index: u64::from(self.number + self.number / 10),
            note: GateNote {
                clamped: u32::from(self.number.is_multiple_of(5)),
                ..GateNote::default()
            },
            sends_at,
            state: State {
                stamp: measured,
                position: Joints::filled(2, measured.seconds()),
                measured: Joints::filled(2, measured),
            },
            action: Some(Action {
                stamp: measured,
                target: Joints::filled(2, 100.0 + sends_at.seconds()),
            }),
            sent: Joints::filled(2, 200.0 + sends_at.seconds()),
            ..TickRecord::default()
        });
        Next::At(sends_at.since_epoch())
    }
}

/// A camera at 30 frames/s, half a frame off the grid, whose pictures are as bright as their number; from `breaks` on it does as
/// `how` says.
#[derive(Debug)]
struct TestCamera {
    name: &'static str,
    next: u64,
    breaks: u64,
    how: &'static str,
}

impl TestCamera {
    fn arrival(&self) -> Duration {
        let late = match self.how {
            "late" => Duration::from_millis(60) * self.next.saturating_sub(self.breaks) as u32,
            _ => Duration::ZERO,
        };
        self.stamp() + Duration::from_millis(20) + late
    }

    fn stamp(&self) -> Duration {
        Duration::from_secs_f64((self.next as f64 + 0.5) / 30.0)
    }
}

impl Camera for TestCamera {
    fn name(&self) -> &str {
        self.name
    }

    fn size(&self) -> (u32, u32) {
        (16, 16)
    }

    fn fps(&self) -> f64 {
        30.0
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        if Stamp::new(self.arrival()) > now {
            return Ok(None);
        }
        if self.how != "late" {
            // After a pause there is no picture of that time.
            let now = now.since_epoch().as_secs_f64() * 30.0;
            self.next = self.next.max((now - 2.1).max(0.0) as u64);
        }
        let broken = self.next >= self.breaks;
        let stamp = Stamp::new(self.stamp());
        let mut sequence = self.next;
        self.next += 1;
        match self.how {
            "gone" if broken => Err(CameraFault {
                camera: self.name.to_owned(),
                reason: "unplugged".to_owned(),
            }),
            "silent" if broken => Ok(None),
            how => {
                if how == "frozen" {
                    sequence = sequence.min(self.breaks);
                }
                let shade = (sequence % 100) as u8;
                Ok(Some(Frame {
                    stamp,
                    sequence,
                    width: 16,
                    height: 16,
                    pixels: vec![shade; 768].into(),
                }))
            }
        }
    }

    fn next_due(&self, _: Stamp) -> Stamp {
        Stamp::new(self.arrival())
    }
}

/// Polls a camera and passes its pictures on, as a session's camera thread does.
#[derive(Debug)]
struct Pump(TestCamera, PictureSink);

impl Machine for Pump {
    fn step(&mut self, now: Duration) -> Next {
        let stamp = Stamp::new(now);
        loop {
            match self.0.poll(stamp) {
                Ok(Some(frame)) if self.1.take(&frame) => {}
                Ok(Some(_)) => return Next::Finished,
                Ok(None) => break,
                Err(fault) => {
                    self.1.end(&fault);
                    return Next::Finished;
                }
            }
        }
        let due = self.0.next_due(stamp).since_epoch();
        Next::At(due.max(now + Duration::from_millis(1)))
    }
}

struct Bench {
    folder: tempfile::TempDir,
    ticks: Ticks,
    feed: Pump,
    recorder: Recorder,
    keys: Sender<Input>,
}

fn bench(plan: (u64, u64, u64), workers: Workers, camera: TestCamera) -> Bench {
    bench_with(plan, workers, camera, |_| ())
}

fn bench_with(
    plan: (u64, u64, u64),
    workers: Workers,
    camera: TestCamera,
    change: impl FnOnce(&mut Options),
) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let spec = CameraSpec {
        name: camera.name.to_owned(),
        width: 16,
        height: 16,
    };
    let joints = vec!["a".to_owned(), "b".to_owned()];
    let columns = Columns::new(joints, vec![spec], false);
    let writer = Writer::create(
        folder.path().join("data"),
        &Spec {
            fps: 30,
            robot_type: Some("so_follower".to_owned()),
            features: columns.features(30),
            manifest: None,
        },
    )
    .unwrap();
    let (sink, ticks) = tick_feed(200.0);
    let (pictures, source) = picture_queue(camera.name(), camera.size());
    let feed = Pump(camera, pictures);
    let (keys, inputs) = channel();
    let stop = Stop::new();
    let inputs = Inputs {
        ticks,
        cameras: vec![source],
        inputs,
    };
    let plan = Plan {
        episodes: plan.0,
        episode_rows: plan.1,
        reset_rows: plan.2,
    };
    let sink_options = SinkOptions::new(workers, "move".to_owned(), 30);
    let mut options = Options::new(30, plan, sink_options);
    change(&mut options);
    let (recorder, _) = Recorder::new(writer, columns, options, inputs, stop.clone()).unwrap();
    let ticks = Ticks {
        sink,
        number: 0,
        stop,
    };
    Bench {
        folder,
        ticks,
        feed,
        recorder,
        keys,
    }
}

fn good() -> TestCamera {
    broken("", u64::MAX)
}

fn broken(how: &'static str, breaks: u64) -> TestCamera {
    TestCamera {
        name: "front",
        next: 0,
        breaks,
        how,
    }
}

/// Presses keys at their times.
struct Fingers(Sender<Input>, Vec<(u64, Input)>);

impl Machine for Fingers {
    fn step(&mut self, now: Duration) -> Next {
        if let Some((at, _)) = self.1.first()
            && now >= Duration::from_millis(*at)
        {
            self.0.send(self.1.remove(0).1).unwrap();
        }
        match self.1.first() {
            Some((at, _)) => Next::At(Duration::from_millis(*at)),
            None => Next::Finished,
        }
    }
}

fn run(mut bench: Bench, keys: &[(u64, Input)]) -> (tempfile::TempDir, Outcome) {
    let mut fingers = Fingers(bench.keys, keys.to_vec());
    LockstepScheduler::new([
        &mut bench.recorder as &mut dyn Machine,
        &mut bench.ticks,
        &mut bench.feed,
        &mut fingers,
    ])
    .run_until_finished(0);
    (bench.folder, bench.recorder.finish())
}

fn open(folder: &tempfile::TempDir) -> Dataset {
    Dataset::open(folder.path().join("data")).unwrap()
}

#[test]
fn episodes_hold_exactly_what_the_rule_says() {
    for workers in [Workers::Inline, Workers::Threads] {
        let (folder, outcome) = run(bench((2, 30, 15), workers, good()), &[]);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert_eq!(
            (outcome.episodes, outcome.rows, outcome.discarded),
            (2, 60, 0)
        );
        let dataset = open(&folder);
        assert_eq!(dataset.len(), 2);
        for (number, first) in [(0, 1u64), (1, 46)] {
            let episode = dataset.episode(number).unwrap();
            assert_eq!(episode.len(), 30);
            for row in 0..30 {
                let at = (first + row as u64) as f64 / 30.0;
                let value = |key: &str| episode.column(key).unwrap().row(row).unwrap()[0];
                // The state is the newest measured on the 5 ms grid, the target the one that left then.
                let tick = (at * 200.0 + 1e-6).floor() / 200.0;
                assert!(
                    (value("observation.state") - tick).abs() < 1e-5,
                    "row {row}"
                );
                assert!((value("action") - 100.0 - tick).abs() < 1e-4, "row {row}");
                assert!((value("ulna.action_sent") - 200.0 - tick).abs() < 1e-4);
                assert!((value("ulna.age.front") - 0.5 / 30.0).abs() < 1e-6);
                assert!((value("ulna.state_age") - (at - tick)).abs() < 1e-6);
                let nominal = episode.timestamps()[row];
                assert!((value("ulna.time") - (nominal - (at - tick))).abs() < 1e-5);
                assert_eq!(value("ulna.flags"), 0.0);
            }
            let report = dataset.episode_report(number).unwrap().unwrap();
            assert_eq!(report["ended"], "time");
            assert_eq!(report["cameras"][0]["repeated"], 0);
            let count = |key: &str| report[key].as_u64().unwrap();
            assert!((192..=194).contains(&count("ticks")), "{report}");
            assert!((18..=20).contains(&count("overruns")), "{report}");
            assert!((37..=39).contains(&count("altered")), "{report}");
        }
    }
}

#[test]
fn keys_do_what_lerobots_do() {
    use Key::{Next as N, Rerecord as R, Stop as S};
    // The first episode is cut at 0.5 s, the reset at 0.7; the second is taken back during its reset; stop saves the third.
    let key = |at, key| (at, Input::Key(key));
    let keys = [key(500, N), key(700, N), key(2000, R), key(2500, S)];
    let (folder, outcome) = run(bench((9, 30, 60), Workers::Inline, good()), &keys);
    assert!(outcome.error.is_none());
    assert_eq!((outcome.episodes, outcome.discarded), (2, 1));
    let dataset = open(&folder);
    let lengths: Vec<_> = (0..2).map(|n| dataset.episode(n).unwrap().len()).collect();
    assert_eq!(lengths, [15, 15]);
    let last = dataset.episode_report(1).unwrap().unwrap();
    assert_eq!(last["ended"], "stop");
    let first_state = dataset
        .episode(1)
        .unwrap()
        .column("observation.state")
        .unwrap()
        .row(0)
        .unwrap()[0];
    assert!(
        first_state > 1.9,
        "the episode that was taken back is still there: {first_state}"
    );
}

#[test]
fn an_interruption_saves_the_running_episode_or_throws_it_away() {
    // Episodes of two seconds; the interruption comes in the second one.
    for (on_interrupt, rows, discarded) in
        [(OnInterrupt::Save, 90, 0), (OnInterrupt::Discard, 60, 1)]
    {
        let outcome = interrupted(on_interrupt);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert_eq!((outcome.rows, outcome.discarded), (rows, discarded));
    }
}

fn interrupted(on_interrupt: OnInterrupt) -> Outcome {
    let mut bench = bench_with((2, 60, 0), Workers::Inline, good(), |options| {
        options.on_interrupt = on_interrupt;
    });
    struct Interrupt(Stop);
    impl Machine for Interrupt {
        fn step(&mut self, now: Duration) -> Next {
            if now < Duration::from_secs(3) {
                return Next::At(Duration::from_secs(3));
            }
            self.0.interrupt();
            Next::Finished
        }
    }
    let mut interrupt = Interrupt(bench.ticks.stop.clone());
    LockstepScheduler::new([
        &mut bench.recorder as &mut dyn Machine,
        &mut bench.ticks,
        &mut bench.feed,
        &mut interrupt,
    ])
    .run_until_finished(0);
    bench.recorder.finish()
}

#[test]
fn a_disk_that_is_nearly_full_ends_the_session_while_there_is_room_to_save() {
    // The first look, after a second, finds room, the second none.
    let mut looks = [Some(40 << 20), Some(20 << 20)].into_iter();
    let looks = std::sync::Mutex::new(move || looks.next().flatten());
    let nearly_full = bench_with((5, 300, 1), Workers::Inline, good(), |options| {
        options.sink.free = Box::new(move |_| (looks.lock().unwrap())());
    });
    let (folder, outcome) = run(nearly_full, &[]);
    let error = outcome.error.unwrap().to_string();
    for part in ["nearly full", "20 MB are free", "saved", "--resume"] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(outcome.episodes, 1);
    assert!((60..=64).contains(&outcome.rows), "{}", outcome.rows);
    assert_eq!(open(&folder).len(), 1);
}

/// A machine that stands still for a while, as everything does while the computer sleeps.
struct Pausing<'a>(&'a mut dyn Machine, Duration, Duration);

impl Machine for Pausing<'_> {
    fn step(&mut self, now: Duration) -> Next {
        match now > self.1 && now < self.2 {
            true => Next::At(self.2),
            false => self.0.step(now),
        }
    }
}

/// Runs with a pause, given in ms, of all machines.
fn paused(mut bench: Bench, from: u64, to: u64) -> (tempfile::TempDir, Outcome) {
    let machines: [&mut dyn Machine; 3] = [&mut bench.recorder, &mut bench.ticks, &mut bench.feed];
    let [from, to] = [from, to].map(Duration::from_millis);
    let mut machines = machines.map(|machine| Pausing(machine, from, to));
    let machines = machines
        .iter_mut()
        .map(|machine| machine as &mut dyn Machine);
    LockstepScheduler::new(machines).run_until_finished(0);
    (bench.folder, bench.recorder.finish())
}

/// How many rows of an episode have this flag.
fn flagged(dataset: &Dataset, episode: usize, bit: u32) -> usize {
    let episode = dataset.episode(episode).unwrap();
    let flags = episode.column("ulna.flags").unwrap();
    let has = |value: &&f64| **value as u32 & bit != 0;
    flags.values().iter().filter(has).count()
}

#[test]
fn a_pause_of_a_second_marks_its_rows_and_costs_none() {
    for workers in [Workers::Inline, Workers::Threads] {
        // Episodes of two seconds; the pause is in the middle of the first one.
        let (folder, outcome) = paused(bench((2, 60, 1), workers, good()), 1000, 2000);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert_eq!((outcome.episodes, outcome.discarded), (2, 0));
        let dataset = open(&folder);
        let lengths = [0, 1].map(|episode| dataset.episode(episode).unwrap().len());
        assert_eq!(lengths, [60, 60]);
        // For half a second nothing is late yet.
        for bit in [flag::LATE_PICTURE, flag::STALLED] {
            let marked = [0, 1].map(|episode| flagged(&dataset, episode, bit));
            assert!((13..=16).contains(&marked[0]), "{bit}: {marked:?}");
            assert_eq!(marked[1], 0, "{bit}");
        }
        let report = dataset.episode_report(0).unwrap().unwrap();
        for count in [&report["stalled"], &report["cameras"][0]["overdue"]] {
            assert!((13..=16).contains(&count.as_u64().unwrap()), "{report}");
        }
    }
}

#[test]
fn a_long_pause_ends_the_episode_where_it_began_and_no_row_is_made_up() {
    // 30 rows before the pause; then the reset of a second begins, and after it the next episode.
    let (folder, outcome) = paused(bench((2, 60, 30), Workers::Inline, good()), 1010, 3_600_000);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!(outcome.episodes, 2);
    let dataset = open(&folder);
    let lengths = [0, 1].map(|episode| dataset.episode(episode).unwrap().len());
    assert!((29..=31).contains(&lengths[0]), "{lengths:?}");
    assert_eq!(lengths[1], 60);
    assert_eq!(flagged(&dataset, 0, flag::STALLED), 0);
    let report = dataset.episode_report(0).unwrap().unwrap();
    assert_eq!(report["ended"], "pause");
    let second = dataset.episode(1).unwrap();
    let state = second.column("observation.state").unwrap().row(0).unwrap()[0];
    assert!((3600.9..3601.2).contains(&state), "{state}");
}

#[test]
fn what_lateness_does_is_the_users_choice() {
    let with = |on_late, from, to| {
        let late = bench_with((2, 60, 1), Workers::Inline, good(), |options| {
            options.on_late = on_late;
        });
        paused(late, from, to)
    };
    for (from, to) in [(1000, 2000), (1000, 9000)] {
        // Thrown away, then both are recorded.
        let (folder, outcome) = with(OnLate::Discard, from, to);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert_eq!((outcome.episodes, outcome.discarded), (2, 1));
        assert_eq!(outcome.rows, 120);
        assert_eq!(flagged(&open(&folder), 0, flag::LATE_PICTURE), 0);
        // Kept as far as it went, and over.
        let (folder, outcome) = with(OnLate::Stop, from, to);
        let error = outcome.error.unwrap().to_string();
        assert!(error.contains("--resume"), "{error}");
        assert_eq!((outcome.episodes, outcome.discarded), (1, 0));
        let kept = open(&folder).episode(0).unwrap().len();
        assert!((29..=47).contains(&kept), "{kept}");
        assert_eq!(outcome.cut_short, Some(kept as u64));
    }
}

#[test]
fn a_camera_that_is_late_for_a_while_is_marked_and_the_episode_goes_on() {
    for (how, breaks) in [("late", 75), ("silent", 75)] {
        // Episodes of two seconds; it begins in the second one, and is within what a camera may be silent.
        let (folder, outcome) = run(
            bench((3, 60, 1), Workers::Threads, broken(how, breaks)),
            &[],
        );
        assert!(outcome.error.is_none(), "{how}: {:?}", outcome.error);
        assert_eq!((outcome.episodes, outcome.rows), (3, 180), "{how}");
        let dataset = open(&folder);
        let marked = [0, 1, 2].map(|episode| flagged(&dataset, episode, flag::LATE_PICTURE));
        assert_eq!((marked[0], marked[2]), (0, 60), "{how}: {marked:?}");
        assert!((15..=35).contains(&marked[1]), "{how}: {marked:?}");
    }
}

#[test]
fn a_broken_camera_ends_the_session_and_what_was_recorded_stays() {
    for (how, word, seconds) in [
        ("gone", "unplugged", 0.0),
        ("silent", "no picture", 10.0),
        ("frozen", "frozen", 0.5),
    ] {
        // The first episode is a second long; the camera breaks a second into the next one.
        let camera = broken(how, 60);
        let mut keys = vec![(1000, Input::Key(Key::Next))];
        if how == "silent" {
            keys.push((11_000, Input::Key(Key::Next)));
        }
        let (folder, outcome) = run(bench((5, 600, 1), Workers::Threads, camera), &keys);
        let error = outcome.error.unwrap().to_string();
        for part in ["`front`", word, "--resume"] {
            assert!(error.contains(part), "{how}: {error}");
        }
        let dataset = open(&folder);
        let episodes = dataset.len();
        assert_eq!(outcome.discarded, 0, "{how}");
        assert_eq!(outcome.episodes, episodes as u64, "{how}");
        let rows: usize = (0..episodes)
            .map(|n| dataset.episode(n).unwrap().len())
            .sum();
        let expected = (2.0 + seconds) * 30.0;
        assert!((rows as f64 - expected).abs() < 12.0, "{how}: {rows}");
        let last = dataset.episode(episodes - 1).unwrap().len() as u64;
        assert_eq!(outcome.cut_short, Some(last), "{how}");
        let report = dataset.episode_report(episodes - 1).unwrap().unwrap();
        assert_eq!(report["ended"], "fault");
        let staging = folder.path().join("data/.ulna");
        assert_eq!(std::fs::read_dir(staging).unwrap().count(), 1, "{how}");
    }
}

#[test]
fn a_camera_without_a_first_picture_is_named() {
    let (_folder, outcome) = run(bench((1, 30, 0), Workers::Inline, broken("silent", 0)), &[]);
    let error = outcome.error.unwrap().to_string();
    assert!(
        error.contains("`front`") && error.contains("10."),
        "{error}"
    );
    assert_eq!(outcome.episodes, 0);
}

#[test]
fn a_robot_that_fails_leaves_the_running_episode_as_far_as_it_went() {
    let abort = Input::Abort("the follower's port is gone".to_owned());
    let (folder, outcome) = run(bench((5, 30, 1), Workers::Inline, good()), &[(1500, abort)]);
    let error = outcome.error.unwrap().to_string();
    assert!(error.contains("port is gone"), "{error}");
    assert_eq!((outcome.episodes, open(&folder).len()), (2, 2));
    let kept = open(&folder).episode(1).unwrap().len();
    assert!((6..=14).contains(&kept), "{kept}");
}

#[test]
fn ticks_that_find_no_room_are_an_error() {
    let mut bench = bench((1, 30, 0), Workers::Inline, good());
    for _ in 0..2001 {
        bench.ticks.sink.push(&TickRecord::default());
    }
    let (_folder, outcome) = run(bench, &[]);
    assert!(matches!(
        outcome.error,
        Some(RecorderError::TicksLost { lost: 1 })
    ));
}

#[test]
fn an_episode_that_cannot_be_saved_ends_the_session_and_waits_for_repair() {
    let mut bench = bench((5, 30, 15), Workers::Threads, good());
    let root = bench.folder.path().join("data");
    // Where the data files would go lies a file: nothing can be saved, whatever the user's rights.
    let obstacle = root.join("data");
    std::fs::write(&obstacle, "in the way").unwrap();
    LockstepScheduler::new([
        &mut bench.recorder as &mut dyn Machine,
        &mut bench.ticks,
        &mut bench.feed,
    ])
    .run_until_finished(0);
    let outcome = bench.recorder.finish();
    let error = outcome.error.unwrap().to_string();
    assert!(error.contains("ulna dataset repair"), "{error}");
    assert_eq!(
        (outcome.episodes, Dataset::open(&root).unwrap().len()),
        (0, 0)
    );
    std::fs::remove_file(obstacle).unwrap();
    let repaired = ulna_dataset::repair(&root).unwrap();
    assert!(repaired.recovered.contains(&(0, 30)), "{repaired:?}");
    assert!(repaired.left.is_empty(), "{repaired:?}");
}

/// Panics at one picture, counted over all episodes.
struct Panicking {
    inner: Box<VideoEncoder>,
    left: Arc<AtomicU32>,
}

impl PictureEncoder for Panicking {
    fn push(&mut self, rgb: &[u8]) -> ulna_dataset::Result<()> {
        assert!(
            self.left.fetch_sub(1, Ordering::Relaxed) > 1,
            "as the test wants it"
        );
        self.inner.push(rgb)
    }

    fn sync(&mut self) -> ulna_dataset::Result<()> {
        self.inner.sync()
    }

    fn finish(self: Box<Self>) -> ulna_dataset::Result<VideoPart> {
        self.inner.finish()
    }
}

#[test]
fn a_thread_that_panics_ends_the_session_and_repair_saves_the_running_episode() {
    // Episodes of two seconds; it happens half a second into the second one, to whichever thread.
    let encoder = |options: &mut Options| {
        let left = Arc::new(AtomicU32::new(75));
        options.sink.wrap = Box::new(move |inner| {
            let (inner, left) = (Box::new(inner), Arc::clone(&left));
            Box::new(Panicking { inner, left })
        });
    };
    let rows = |options: &mut Options| {
        let looks = AtomicU32::new(3);
        options.sink.free = Box::new(move |_| {
            assert!(
                looks.fetch_sub(1, Ordering::Relaxed) > 1,
                "as the test wants it"
            );
            None
        });
    };
    let ways: [&dyn Fn(&mut Options); 2] = [&encoder, &rows];
    for (thread, change) in ["`encode-", "`rows`"].into_iter().zip(ways) {
        let bench = bench_with((9, 60, 1), Workers::Threads, good(), |o| change(o));
        let (folder, outcome) = run(bench, &[]);
        let error = outcome.error.unwrap().to_string();
        for part in [thread, "failed", "ulna dataset repair"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(outcome.episodes, 1, "{error}");
        let repaired = ulna_dataset::repair(folder.path().join("data")).unwrap();
        let dataset = open(&folder);
        assert_eq!(
            (dataset.len(), repaired.recovered.len()),
            (2, 1),
            "{repaired:?}"
        );
        let recovered = dataset.episode(1).unwrap().len();
        assert!(
            (10..=31).contains(&recovered),
            "{recovered} rows of 15 to 30"
        );
    }
}
