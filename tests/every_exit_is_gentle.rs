//! Promise: every exit ends in a defined, gentle state. (Panics and lost ports: the tests of `ulna-session`.)

#![allow(clippy::unwrap_used)]

mod harness;

use std::io::Read;
use std::process::{Child, Command};
use std::time::Duration;

use harness::{finish, ulna};

fn start() -> Child {
    ulna(&["teleop", "--sim", "--json"]).spawn().unwrap()
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
        let child = start();
        std::thread::sleep(Duration::from_secs(2));
        signal(&child, name);
        let ran = finish(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 130, "{name}: {}", ran.stderr);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["ended"], "interrupted");
        assert_eq!(report["exit"]["happened"], "parked, torque off");
        assert!(report["exit"]["seconds"].as_f64().unwrap() < 10.0);
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut child = start();
    std::thread::sleep(Duration::from_secs(2));
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    let code = child.wait().unwrap().code();
    let mut answer = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut answer)
        .unwrap();
    assert_eq!(
        (code, answer.as_str()),
        (Some(130), ""),
        "it must not have parked"
    );
}
