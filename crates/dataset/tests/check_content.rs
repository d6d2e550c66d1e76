//! Each flaw in what a dataset says is found, named and graded, and nothing else is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check_support;
mod support;

use std::cell::Cell;

use check_support::{CAMERA, FPS, Flaw, LENGTH, Row, codes, examine, graded, only, row, write};
use proptest::prelude::*;
use serde_json::json;
use ulna_dataset::Severity::{Note, Warning};
use ulna_dataset::{
    CheckOptions, CheckReport, DatasetError, Feature, Grade, Number, Pictures, Spec, Writer, grade,
};

/// A flaw in the rows.
fn rows(change: &dyn Fn(usize, &mut Row)) -> CheckReport {
    graded(&Flaw {
        row: change,
        ..Flaw::default()
    })
}

/// A flaw in the pictures.
fn seen(change: &dyn Fn(usize, Vec<u8>) -> Vec<u8>) -> CheckReport {
    graded(&Flaw {
        cameras: true,
        picture: change,
        ..Flaw::default()
    })
}

fn last_grade(report: &CheckReport) -> Grade {
    assert_eq!(report.grades[0].grade, Grade::Good);
    report.grades.last().unwrap().grade
}

#[test]
fn a_flawless_dataset_is_good() {
    for pictures in [Pictures::None, Pictures::Some, Pictures::All] {
        let report = graded(&Flaw {
            cameras: true,
            pictures,
            ..Flaw::default()
        });
        assert_eq!(report.findings, []);
        let looked_at = match pictures {
            Pictures::None => 0,
            Pictures::Some => 2 * 10,
            Pictures::All => 2 * LENGTH as u64,
        };
        assert_eq!(report.pictures_read, looked_at);
        assert_eq!(report.graded(Grade::Good), 2);
        let grade = &report.grades[1];
        assert!((grade.achieved_fps.unwrap() - FPS as f64).abs() < 0.01);
        assert!((grade.control_hz.unwrap() - 200.0).abs() < 1.0);
        assert_eq!((grade.idle_head_s, grade.idle_tail_s), (0.0, 0.0));
        assert!(grade.moves && (grade.seconds - 5.0).abs() < 1e-9);
        let camera = &grade.cameras[0];
        assert!((camera.achieved_fps.unwrap() - FPS as f64).abs() < 0.01);
        assert_eq!(camera.frozen_s, 0.0);
    }
}

#[test]
fn computed_times_are_not_measured() {
    let report = graded(&Flaw {
        measured: false,
        units: "",
        ..Flaw::default()
    });
    assert_eq!(report.findings, []);
    let grade = &report.grades[1];
    assert_eq!((grade.achieved_fps, grade.control_hz), (None, None));
}

#[test]
fn slow_states_and_gaps() {
    let every_other = |frame: usize, row: &mut Row| {
        row.time -= (frame % 2) as f64 / FPS as f64;
        row.state_age += (frame % 2) as f64 / FPS as f64;
    };
    let report = rows(&every_other);
    assert_eq!(only(&report, "rate").0, Warning);
    assert_eq!(last_grade(&report), Grade::Poor);
    assert!((report.grades[1].achieved_fps.unwrap() - 15.0).abs() < 0.2);

    let gap = |length: usize| {
        move |frame: usize, row: &mut Row| {
            let held = match (40..40 + length).contains(&frame) {
                true => (frame - 39) as f64 / FPS as f64,
                false => 0.0,
            };
            row.time -= held;
            row.state_age += held;
        }
    };
    assert_eq!(only(&rows(&gap(3)), "time-gap"), (Note, Some(40)));
    let report = rows(&gap(6));
    assert_eq!(only(&report, "time-gap"), (Warning, Some(40)));
    assert_eq!(last_grade(&report), Grade::Fair);
    assert!((report.grades[1].longest_gap_s.unwrap() - 7.0 / 30.0).abs() < 1e-3);
}

#[test]
fn a_silent_joint() {
    let report = rows(&|frame, row| {
        if (60..66).contains(&frame) {
            row.state_age = 0.5;
        }
    });
    assert_eq!(only(&report, "stale-state"), (Warning, Some(60)));
    // A bus that is silent: the time is that of the attempt, but nothing is new.
    let report = rows(&|frame, row| {
        if (60..66).contains(&frame) {
            as_at(row, 59);
            row.state_age += (frame - 59) as f64 / FPS as f64;
        }
    });
    assert_eq!(codes(&report), ["stale-state", "time-gap"]);
    assert!(report.grades[1].achieved_fps.unwrap() < 29.0);
}

#[test]
fn timing_reports() {
    let report = graded(&Flaw {
        report: &|report| report["ticks"] = json!(600),
        ..Flaw::default()
    });
    assert_eq!(only(&report, "control-rate").0, Warning);
    let report = graded(&Flaw {
        report: &|report| report["cameras"][0]["replaced"] = json!(20),
        ..Flaw::default()
    });
    assert_eq!(only(&report, "lost-pictures").0, Warning);
}

#[test]
fn ages_of_pictures() {
    let aged = |age: &dyn Fn(usize) -> f64| {
        graded(&Flaw {
            cameras: true,
            pictures: Pictures::None,
            row: &|frame, row| row.age += age(frame),
            ..Flaw::default()
        })
    };
    let froze = aged(&|frame| frame.saturating_sub(60) as f64 / FPS as f64);
    assert_eq!(only(&froze, "stale-pictures"), (Warning, Some(67)));
    assert_eq!(last_grade(&froze), Grade::Poor);
    assert_eq!(froze.findings[0].camera.as_deref(), Some(CAMERA));
    let slow = aged(&|frame| (frame % 2) as f64 / FPS as f64);
    assert_eq!(only(&slow, "camera-rate").0, Warning);
    assert_eq!(last_grade(&slow), Grade::Fair);
}

/// The second episode as it is at another frame.
fn as_at(row: &mut Row, frame: usize) {
    let there = check_support::row(1, frame);
    (row.action, row.state, row.sent) = (there.action, there.state, there.sent);
}

#[test]
fn idle_heads_and_tails() {
    let report = rows(&|frame, row| as_at(row, frame.max(75)));
    assert_eq!(only(&report, "idle-head"), (Warning, Some(0)));
    assert!((report.grades[1].idle_head_s - 2.5).abs() < 0.1);
    assert_eq!(last_grade(&report), Grade::Fair);
    let next = report.next_step(&report.groups()[0].findings, std::path::Path::new("DATA"));
    assert!(
        next.contains("ulna dataset trim DATA --idle --episodes 1 --output DATA-mended"),
        "{next}"
    );

    let report = rows(&|frame, row| as_at(row, frame.min(75)));
    assert_eq!(only(&report, "idle-tail"), (Warning, Some(76)));
    let report = rows(&|frame, row| as_at(row, frame.max(40)));
    assert_eq!(only(&report, "idle-head").0, Note);
    assert_eq!(last_grade(&report), Grade::Good);
    let report = rows(&|frame, row| as_at(row, frame.max(20)));
    assert_eq!(report.findings, []);
}

#[test]
fn nothing_moves() {
    let report = rows(&|_, row| as_at(row, 75));
    assert_eq!(only(&report, "no-motion").0, Warning);
    assert_eq!(last_grade(&report), Grade::Poor);
    assert!(!report.grades[1].moves);
}

/// A base drives at a fraction of a metre a second, where joints turn by degrees.
#[test]
fn a_base_that_drives_moves() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["shoulder.pos", "x.vel", "theta.vel"];
    let vector = |key| Feature::vector(key, Number::Float32, names);
    let spec = Spec::new(FPS as u32)
        .robot_type(Some("lekiwi".to_owned()))
        .features(vec![vector("action"), vector("observation.state")]);
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    for frame in 0..LENGTH {
        let drives = f64::from(u8::from((75..140).contains(&frame))) * 0.2;
        let row = [5.0, drives, 0.0, 5.0, drives, 0.0];
        rows.push_row("drive", &row).unwrap();
    }
    writer.commit(&rows.finish(vec![], None).unwrap()).unwrap();
    let report = examine(dir.path(), Pictures::Some);
    assert_eq!(only(&report, "idle-head"), (Warning, Some(0)));
    assert!((report.grades[0].idle_head_s - 2.5).abs() < 0.1);
}

#[test]
fn short_episodes() {
    let lengths = |lengths: &[usize]| {
        graded(&Flaw {
            lengths: lengths.to_vec(),
            ..Flaw::default()
        })
    };
    assert_eq!(only(&lengths(&[150, 150, 140, 30]), "short").0, Warning);
    assert_eq!(only(&lengths(&[150, 10]), "short").0, Warning);
    assert_eq!(lengths(&[150, 150, 140, 60]).findings, []);
}

#[test]
fn leaps() {
    let report = rows(&|frame, row| row.state[1] += if frame == 80 { 90.0 } else { 0.0 });
    assert_eq!(only(&report, "state-jump"), (Warning, Some(80)));
    assert_eq!(report.findings[0].joint.as_deref(), Some("elbow.pos"));
    assert_eq!(last_grade(&report), Grade::Fair);
    let report = rows(&|frame, row| row.state[1] += if frame == 80 { 359.0 } else { 0.0 });
    assert_eq!(codes(&report), ["beyond-range", "state-jump"]);
    assert!(report.findings[0].message.contains("calibrate"));
    let report = rows(&|frame, row| {
        if frame >= 80 {
            row.action[0] += 60.0;
            row.sent = row.action;
        }
    });
    assert_eq!(only(&report, "action-jump"), (Warning, Some(80)));
    // A trigger snaps.
    let report = rows(&|frame, row| {
        row.action[2] = if frame < 80 { 10.0 } else { 90.0 };
        row.sent = row.action;
    });
    assert_eq!(report.findings, []);
}

#[test]
fn joints_that_do_not_follow() {
    let report = rows(&|_, row| row.state[1] = 5.0);
    assert_eq!(only(&report, "dead-joint"), (Warning, Some(0)));
    assert_eq!(last_grade(&report), Grade::Poor);
    let stuck = row(1, 28).state[0];
    let report = rows(&|frame, row| {
        if frame >= 28 {
            row.state[0] = stuck;
        }
    });
    assert_eq!(only(&report, "dead-joint"), (Warning, Some(28)));
    // A gripper that holds something.
    let report = rows(&|_, row| row.state[2] = 85.0);
    assert_eq!(report.findings, []);
}

#[test]
fn ends_of_ranges() {
    let m100 = |change: &dyn Fn(usize, &mut Row)| {
        graded(&Flaw {
            units: "m100",
            row: change,
            ..Flaw::default()
        })
    };
    let state = m100(&|_, row| {
        row.state[0] = (row.state[0] + 90.0).min(100.0);
        row.action[0] = (row.action[0] + 90.0).min(99.9);
        row.sent = row.action;
    });
    assert_eq!(only(&state, "saturated-joint").0, Warning);
    let action = m100(&|_, row| {
        row.state[0] = (row.state[0] + 90.0).min(98.0);
        row.action[0] = (row.action[0] + 90.0).min(100.0);
        row.sent = row.action;
    });
    assert_eq!(only(&action, "clipped-action").0, Warning);
    let units = m100(&|_, row| {
        row.state[0] += 110.0;
        row.action[0] += 110.0;
        row.sent = row.action;
    });
    assert_eq!(only(&units, "beyond-range").0, Warning);
    assert_eq!(last_grade(&units), Grade::Poor);
    // A little beyond an end is how a gripper closes on a thing: a note.
    let near = m100(&|frame, row| {
        if frame == 80 {
            row.state[0] = 103.0;
        }
    });
    assert!(codes(&near).contains(&"outside-range"), "{near:?}");
    // In degrees nothing is cut off, but a joint can push against an end.
    let blocked = rows(&|_, row| row.state[0] = row.state[0].min(5.0));
    assert_eq!(only(&blocked, "saturated-joint").0, Warning);
}

#[test]
fn targets_that_the_gate_changed() {
    let cut = |frames: usize| {
        rows(&|frame, row| {
            row.sent[1] -= if (50..50 + frames).contains(&frame) {
                5.0
            } else {
                0.0
            }
        })
    };
    assert_eq!(only(&cut(30), "clipped-action"), (Warning, Some(50)));
    assert_eq!(only(&cut(3), "clipped-action"), (Note, Some(50)));
}

#[test]
fn repeated_episodes() {
    let report = rows(&|frame, numbers| *numbers = row(0, frame));
    assert_eq!(only(&report, "duplicate").0, Warning);
    assert_eq!(last_grade(&report), Grade::Poor);
    let report = seen(&|frame, _| check_support::picture(0, frame));
    assert_eq!(only(&report, "duplicated-pictures").0, Warning);
}

#[test]
fn frozen_cameras() {
    for pictures in [Pictures::Some, Pictures::All] {
        let report = graded(&Flaw {
            cameras: true,
            pictures,
            picture: &|frame, picture| match frame < 61 {
                true => picture,
                false => check_support::picture(1, 61),
            },
            ..Flaw::default()
        });
        let (severity, frame) = only(&report, "frozen-camera");
        // The encoder shows the picture well only with the next key frame.
        assert!(severity == Warning && (61..=62).contains(&frame.unwrap()));
        assert_eq!(last_grade(&report), Grade::Poor);
        assert!((report.grades[1].cameras[0].frozen_s - 89.0 / 30.0).abs() < 0.1);
    }
    // Where the arm stands still too, nothing has to change.
    let report = graded(&Flaw {
        cameras: true,
        row: &|frame, row| as_at(row, frame.min(61)),
        picture: &|frame, picture| match frame < 61 {
            true => picture,
            false => check_support::picture(1, 61),
        },
        ..Flaw::default()
    });
    assert_eq!(codes(&report), ["idle-tail"]);
}

#[test]
fn cameras_that_see_nothing() {
    for (code, value) in [("dark", 3), ("overexposed", 254), ("blank", 120)] {
        let dim = |at: usize| u8::from(code == "overexposed" && at < 64 * 3 * 16) * 200;
        let report = seen(&|_, picture| (0..picture.len()).map(|at| value - dim(at)).collect());
        assert_eq!(only(&report, code), (Warning, Some(0)));
        assert_eq!(last_grade(&report), Grade::Poor);
    }
    let report = seen(&|frame, picture| match frame < 60 {
        true => picture.iter().map(|value| value / 32).collect(),
        false => picture,
    });
    assert_eq!(only(&report, "dark"), (Warning, Some(0)));
}

/// All that a wrist camera may see: a finger before an even background, which light changes a little.
#[test]
fn a_picture_with_little_in_it_is_not_frozen() {
    for pictures in [Pictures::Some, Pictures::All] {
        let report = graded(&Flaw {
            cameras: true,
            pictures,
            picture: &|frame, picture| {
                let finger = |at: usize| at / 3 / 64 > 40 && (20..30).contains(&(at / 3 % 64));
                let light = (frame / 12 % 3) as u8;
                let value = |at| if finger(at) { 70 + light * 2 } else { 125 };
                (0..picture.len()).map(value).collect()
            },
            ..Flaw::default()
        });
        assert_eq!(report.findings, []);
    }
}

#[test]
fn pictures_that_do_not_decode() {
    let dir = tempfile::tempdir().unwrap();
    let flaw = Flaw {
        cameras: true,
        ..Flaw::default()
    };
    write(dir.path(), &flaw);
    let video = dir
        .path()
        .join("videos")
        .join(CAMERA)
        .join("chunk-000/file-001.mp4");
    let mut bytes = std::fs::read(&video).unwrap();
    let data = bytes.windows(4).position(|name| name == b"mdat").unwrap();
    let tables = bytes.windows(4).position(|name| name == b"moov").unwrap();
    let end = if tables > data {
        tables - 4
    } else {
        bytes.len()
    };
    bytes[data + 16..end].fill(0xff);
    std::fs::write(&video, bytes).unwrap();
    let report = examine(dir.path(), Pictures::Some);
    assert_eq!(only(&report, "pictures-unread").0, Warning);
    assert!(report.is_sound() && report.pictures_read > 0);
    assert_eq!(examine(dir.path(), Pictures::None).findings, []);
}

#[test]
fn unknown_units_are_said_and_do_no_harm() {
    let small = |row: &mut Row| {
        for values in [&mut row.action, &mut row.state, &mut row.sent] {
            values.iter_mut().for_each(|value| *value /= 50.0);
        }
    };
    let report = graded(&Flaw {
        units: "",
        robot_type: "aloha",
        row: &|_, row| small(row),
        ..Flaw::default()
    });
    assert_eq!(codes(&report), ["unknown-units"]);
    assert_eq!(report.findings[0].severity, Note);
    let report = graded(&Flaw {
        units: "",
        robot_type: "aloha",
        lengths: vec![150],
        row: &|frame, row| {
            as_at(row, frame.max(90));
            small(row);
        },
        ..Flaw::default()
    });
    assert_eq!(codes(&report), ["idle-head", "unknown-units"]);
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.message.contains("--threshold"))
    );
}

#[test]
fn it_ends_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &Flaw::default());
    let mut calls = 0;
    let ended = grade(dir.path(), &CheckOptions::default(), &mut |_| {
        calls += 1;
        calls < 3
    });
    assert!(matches!(ended, Err(DatasetError::Interrupted { .. })));
    let nothing = grade("/no/such", &CheckOptions::default(), &mut |_| true).unwrap();
    assert_eq!(codes(&nothing), ["open"]);
}

#[test]
fn a_faster_robot_may_be_declared() {
    let dir = tempfile::tempdir().unwrap();
    let leap = |frame: usize, row: &mut Row| row.state[1] += if frame == 80 { 90.0 } else { 0.0 };
    write(
        dir.path(),
        &Flaw {
            row: &leap,
            ..Flaw::default()
        },
    );
    let options = CheckOptions::default().speeds([("elbow".to_owned(), 3000.0)].into());
    let report = grade(dir.path(), &options, &mut |_| true).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn real_recordings() {
    for name in ["lerobot-so101_av1", "lerobot-so101_multifile"] {
        let Some(dir) = support::fixture(name) else {
            return;
        };
        let report = examine(&dir, Pictures::Some);
        assert_eq!(report.findings, [], "{name}");
        assert!(report.pictures_read > 0);
    }
    // What is there is there: two of the four people's episodes wait for seconds before and after, and once the leader's
    // elbow rests at the end of its range.
    let Some(dir) = support::fixture("so101-real") else {
        return;
    };
    let report = examine(&dir, Pictures::Some);
    let is_content = |f: &&ulna_dataset::Finding| f.code != "missing-video";
    let found: Vec<_> = report.findings.iter().filter(is_content).collect();
    let warned = |code: &str| -> Vec<u64> {
        let of_it = found
            .iter()
            .filter(|f| f.code == code && f.severity == Warning);
        of_it.filter_map(|f| f.episode).collect()
    };
    assert_eq!(warned("idle-head"), [2, 3]);
    assert_eq!(warned("idle-tail"), [2, 3]);
    let warnings = found.iter().filter(|f| f.severity == Warning).count();
    assert_eq!(warnings, 4, "{found:#?}");
    let hand = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/so101-hand");
    assert_eq!(examine(&hand, Pictures::Some).findings, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the numbers are, they are examined to the end, and a grade comes out for each episode.
    #[test]
    fn any_numbers(
        lengths in prop::collection::vec(1_usize..40, 1..4),
        values in prop::collection::vec(numbers(), 1..60),
        m100 in any::<bool>(),
    ) {
        let next = Cell::new(0);
        let take = || {
            next.set((next.get() + 1) % values.len());
            values[next.get()]
        };
        let report = graded(&Flaw {
            lengths: lengths.clone(),
            units: if m100 { "m100" } else { "degrees" },
            row: &|_, row| *row = Row {
                action: [take(), take(), take()],
                state: [take(), take(), take()],
                sent: [take(), take(), take()],
                time: take(),
                state_age: take(),
                age: take(),
            },
            report: &|report| {
                report["ticks"] = json!(take());
                report["rows"] = json!(take());
                report["cameras"][0]["lost"] = json!(take());
            },
            ..Flaw::default()
        });
        assert_eq!(report.grades.len(), lengths.len());
        for finding in &report.findings {
            assert_eq!(ulna_dataset::Kind::of(finding.code).code, finding.code);
        }
    }
}

/// Numbers that a column of float32 can hold.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(100.0),
        Just(f64::from(f32::MAX)),
        Just(f64::from(f32::MIN)),
        Just(f64::from(f32::MIN_POSITIVE)),
        (-200.0..200.0_f32).prop_map(f64::from),
    ]
}
