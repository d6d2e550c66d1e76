//! Pauses, late pictures and broken cameras: what was recorded stays.

use super::*;
use crate::columns::flag;

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
fn one_picture_again_after_a_gap_is_late_and_not_frozen() {
    let camera = broken("hiccup", 45);
    let (folder, outcome) = run(bench((2, 90, 1), Workers::Inline, camera), &[]);
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    assert_eq!((outcome.episodes, outcome.discarded), (2, 0));
    let dataset = open(&folder);
    let late: usize = (0..2)
        .map(|episode| flagged(&dataset, episode, flag::LATE_PICTURE))
        .sum();
    assert!((4..=10).contains(&late), "{late}");
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
