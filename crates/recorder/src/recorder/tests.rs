use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};

use ulna_core::{
    Action, Camera, CameraFault, Frame, FrameSink, GateNote, Joints, State, TickRecord,
};
use ulna_dataset::{Dataset, Spec, VideoEncoder, VideoPart};
use ulna_rt::{LockstepScheduler, Machine};

use super::*;
use crate::columns::CameraSpec;
use crate::encoding::PictureEncoder;
use crate::feed::{PictureSink, TickSink, picture_queue, tick_feed};
use crate::phases::Plan;
use crate::sink::{SinkOptions, Workers};

mod late;

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
            // Nothing for two thirds of a second, then the last picture once more.
            "hiccup" if (self.breaks..self.breaks + 20).contains(&sequence) => Ok(None),
            how => {
                if how == "frozen" {
                    sequence = sequence.min(self.breaks);
                }
                if how == "hiccup" && sequence == self.breaks + 20 {
                    sequence = self.breaks - 1;
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
        &Spec::new(30)
            .robot_type(Some("so_follower".to_owned()))
            .features(columns.features(30)),
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
        approach_rows: 600,
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
        // On the virtual clock rows run ahead of an encoder's thread, and what waits for it lies in the spool: at most the whole episode.
        let recovered = dataset.episode(1).unwrap().len();
        assert!((10..=60).contains(&recovered), "{recovered} rows");
    }
}
