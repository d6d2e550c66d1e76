//! A log is written where and as far as it was asked for, and changes nothing else.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;

use harness::{fails, json, run};

const SESSION: [&str; 5] = ["teleop", "--sim", "--lockstep", "--duration", "1"];

/// Whether these words stand in it in this order.
fn in_order(text: &str, words: &[&str]) -> bool {
    let mut rest = text;
    words.iter().all(|word| match rest.split_once(word) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

const STEPS: [&str; 4] = [
    "phase=Connecting",
    "phase=Running",
    "phase=Ending",
    "leaving=Leaving",
];

#[test]
fn the_steps_of_a_session_are_logged_on_stderr() {
    let quiet = run(&SESSION);
    assert!(!quiet.stderr.contains("phase="), "{}", quiet.stderr);
    let logged = run(&[&SESSION[..], &["--log", "info"]].concat());
    assert_eq!(logged.code, 0, "{}", logged.stderr);
    assert!(in_order(&logged.stderr, &STEPS), "{}", logged.stderr);
    assert!(!logged.stderr.contains("DEBUG"), "{}", logged.stderr);
    assert_eq!(logged.stdout, quiet.stdout);
    let errors = run(&[&SESSION[..], &["--log", "error"]].concat());
    assert!(!errors.stderr.contains("phase="), "{}", errors.stderr);
}

#[test]
fn a_log_file_is_continued_and_keeps_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ulna.log");
    let text = file.to_str().unwrap();
    for times in 1..3 {
        let ran = run(&[&SESSION[..], &["--log-file", text]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(!ran.stderr.contains("phase="), "{}", ran.stderr);
        let log = fs::read_to_string(&file).unwrap();
        assert!(in_order(&log, &STEPS), "{log}");
        assert!(log.contains("DEBUG"), "{log}");
        assert_eq!(log.matches("phase=Running").count(), times);
    }
    // What a robot file says stays on its line, and does nothing to a terminal.
    let robot = folder.path().join("bad.toml");
    fs::write(&robot, "name = \"x\\u001b[2J\"").unwrap();
    let args = [
        "teleop",
        "--sim",
        "--robot",
        robot.to_str().unwrap(),
        "--log",
        "trace",
    ];
    assert!(!run(&args).stderr.contains('\u{1b}'));
}

#[test]
fn a_log_that_cannot_be_written_ends_the_command_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/ulna.log");
    let nowhere = nowhere.to_str().unwrap();
    fails(
        1,
        &["--log-file", nowhere, "folder that is there"],
        &[&SESSION[..], &["--log-file", nowhere]].concat(),
    );
    let is_folder = folder.path().to_str().unwrap();
    fails(
        1,
        &["--log-file", is_folder],
        &[&SESSION[..], &["--log-file", is_folder]].concat(),
    );
    fails(
        2,
        &["--log", "debug"],
        &[&SESSION[..], &["--log", "loud"]].concat(),
    );
}

#[test]
fn a_log_changes_no_bit_of_a_session() {
    let plain = json(&SESSION);
    let logged = json(&[&SESSION[..], &["--log", "trace"]].concat());
    assert_eq!(plain["digest"], logged["digest"]);
    assert!(plain["digest"].is_string());
}
