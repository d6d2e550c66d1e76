//! The tour fails when a part of it does not do what it shows.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use ulna_session::demo::{Audience, demo, servos_answered};
use ulna_session::report::ClockKind;
use ulna_session::teleop::teleop;
use ulna_session::{RigOptions, SessionLink, Stop};

/// Empties every file below a folder.
fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => empty(&path),
            path => fs::write(path, b"").unwrap(),
        }
    }
}

#[test]
fn the_tour_fails_when_its_own_check_does() {
    let folder = tempfile::tempdir().unwrap();
    let videos = folder.path().join("dataset/videos");
    let mut said = Vec::new();
    let mut audience = Audience {
        say: &mut |line| {
            said.push(line.to_owned());
            if line.starts_with("3/5") {
                empty(&videos);
            }
        },
        film: &mut |_| Ok(None),
    };
    let error = demo(7, Some(folder.path()), &Stop::new(), &mut audience).unwrap_err();
    assert!(
        error.to_string().contains("the tour failed at its check"),
        "{error}"
    );
    assert!(!said.iter().any(|line| line.starts_with("4/5")), "{said:?}");
}

#[test]
fn servos_that_do_not_answer_are_no_teleoperation() {
    let session = |faults: &[&str]| {
        let rig = RigOptions {
            sim: true,
            clock: ClockKind::Virtual,
            faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
            ..RigOptions::default()
        };
        let duration = Some(Duration::from_secs(2));
        let ran = teleop(&rig, duration, None, &mut SessionLink::alone(&Stop::new()));
        match ran {
            Ok(outcome) => outcome.report,
            Err(error) => error.report().unwrap().clone(),
        }
    };
    servos_answered(&session(&[])).unwrap();
    let error = servos_answered(&session(&["drop:3%"])).unwrap_err();
    assert!(
        error.to_string().contains("reads went unanswered"),
        "{error}"
    );
}
