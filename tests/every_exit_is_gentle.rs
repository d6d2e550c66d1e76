//! Promise: every exit ends in a defined, gentle state. (Panics and lost ports: the tests of `ulna-session`.)

#![allow(clippy::unwrap_used)]

mod harness;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command};

use harness::{finish, ulna};

/// A session that logs its phases on stderr, and that stderr.
fn start() -> (Child, BufReader<ChildStderr>) {
    let mut child = ulna(&["teleop", "--sim", "--json", "--log", "info"])
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    (child, log)
}

/// Waits for a line of the log that says this.
fn wait_for(log: &mut BufReader<ChildStderr>, says: &str) {
    let mut seen = String::new();
    while !seen.lines().last().is_some_and(|line| line.contains(says)) {
        assert!(
            log.read_line(&mut seen).unwrap() > 0,
            "no {says} in: {seen}"
        );
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn signals_park_the_arm_and_release_it() {
    for name in ["INT", "TERM", "HUP"] {
        let (child, mut log) = start();
        wait_for(&mut log, "phase=Running");
        signal(&child, name);
        let mut said = String::new();
        log.read_to_string(&mut said).unwrap();
        let ran = finish(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 130, "{name}: {said}");
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["ended"], "interrupted");
        assert_eq!(report["exit"]["happened"], "parked, torque off");
        assert!(report["exit"]["seconds"].as_f64().unwrap() < 10.0);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (mut child, mut log) = start();
    wait_for(&mut log, "phase=Running");
    signal(&child, "INT");
    wait_for(&mut log, "phase=Ending");
    signal(&child, "INT");
    let mut answer = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut answer).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(
        (code, answer.as_str()),
        (Some(130), ""),
        "it must not have parked"
    );
}
