//! Arms behind a bridge board: the state machine of the firmware, in software, in front of simulated servos.

#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use harness::{Ran, finish, run, ulna};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// `ulna sim serve --adapter bridge`, and the two ports of its board.
struct Served {
    child: Child,
    framed: String,
    raw: String,
}

impl Served {
    fn start() -> Self {
        let mut serve = ulna(&["sim", "serve", "--robot-id", "b", "--adapter", "bridge"]);
        let mut child = serve.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut port = |role: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(role).unwrap().to_owned()
        };
        let (framed, raw) = (port("follower "), port("follower raw "));
        Self { child, framed, raw }
    }

    fn session(&self, options: &str, seconds: &str) -> Ran {
        let port = format!("{}{options}", self.framed);
        run(&[&teleop(&port)[..], &["--duration", seconds]].concat())
    }

    /// A session that runs until it is ended, and has ticked for a while.
    fn endless(&self, options: &str) -> Child {
        let port = format!("{}{options}", self.framed);
        let child = ulna(&teleop(&port)).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_secs(2));
        child
    }

    fn bridge(&self, action: &str) -> Value {
        let ran = run(&["bridge", action, &self.framed, "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn has_tripped(&self) {
        let trip = self.bridge("info")["trip"].clone();
        assert_eq!(trip["reason"], "DeadMan", "{trip}");
        let us = |name: &str| trip[name].as_u64().unwrap();
        let after = us("at_us") - us("last_frame_us");
        // By the board's own clock; how late its thread was does not count for the state machine.
        assert!(after >= 100_000, "{trip}");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The words of a session without a leader.
fn teleop(port: &str) -> [&str; 9] {
    [
        "teleop",
        "--teleop",
        "none",
        "--robot-port",
        port,
        "--robot-id",
        "b",
        "--yes",
        "--json",
    ]
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn lockstep(robot: &str, adapter: &str) -> Value {
    let ran = run(&[
        "teleop",
        "--sim",
        "--robot",
        robot,
        "--adapter",
        adapter,
        "--lockstep",
        "--duration",
        "6",
        "--seed",
        "4",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{robot}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn every_kind_of_arm_is_driven_by_a_board() {
    for robot in ["so101", "koch", "lekiwi", "bi_so101"] {
        let report = lockstep(robot, "bridge");
        let follower = &report["follower"];
        for link in follower["links"].as_array().unwrap() {
            let board = &link["bridge"];
            assert!(board["states"].as_u64().unwrap() > 500, "{robot}: {board}");
            // What the gate lets through, the board does not cut down, but for the first cycle, before which no time has passed.
            assert!(board["limited"].as_u64().unwrap() <= 1, "{robot}: {board}");
            assert_eq!(board["missing"], 0, "{robot}: {board}");
        }
        for servo in follower["servos"].as_array().unwrap() {
            assert_eq!(servo["missed"], 0, "{robot}: {servo}");
            assert!(
                servo["health"]["readings"].as_u64().unwrap() > 10,
                "{robot}: {servo}"
            );
        }
        assert_eq!(
            report["exit"]["as_asked"], true,
            "{robot}: {}",
            report["exit"]
        );
    }
}

#[test]
fn an_arm_behind_a_board_follows_as_well_as_behind_an_adapter() {
    let behind = |adapter: &str| lockstep("so101", adapter)["tracking"].clone();
    let (board, adapter) = (behind("bridge"), behind("direct"));
    for (joint, error) in adapter.as_object().unwrap() {
        let (error, here) = (error.as_f64().unwrap(), board[joint].as_f64().unwrap());
        assert!(
            here <= error * 1.3 + 0.5,
            "{joint}: {here} instead of {error}"
        );
    }
}

#[test]
fn a_recording_through_a_board_is_sound_and_repeatable() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str| {
        let dataset = folder.path().join(name).display().to_string();
        let ran = run(&[
            "record",
            "--sim",
            "--adapter",
            "bridge",
            "--lockstep",
            "--dataset",
            &dataset,
            "--task",
            "Move",
            "--episodes",
            "1",
            "--episode-time",
            "4",
            "--no-cameras",
            "--seed",
            "2",
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let checked = run(&["dataset", "check", &dataset]);
        assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
        std::fs::read(
            folder
                .path()
                .join(name)
                .join("data/chunk-000/file-000.parquet"),
        )
        .unwrap()
    };
    assert_eq!(record("one"), record("two"));
}

#[test]
fn a_host_that_is_killed_leaves_an_arm_that_holds_until_it_is_cleared() {
    let served = Served::start();
    let mut host = served.endless("?deadman=100");
    signal(&host, Signal::KILL);
    host.wait().unwrap();
    sleep(Duration::from_millis(400));
    served.has_tripped();
    let refused = served.session("", "1");
    assert_eq!(refused.code, 1);
    let advice = format!("`ulna bridge clear {}`", served.framed);
    assert!(refused.stderr.contains(&advice), "{}", refused.stderr);
    assert_eq!(served.bridge("clear")["trip"], Value::Null);
    let again = served.session("?deadman=2000", "1");
    assert_eq!(again.code, 0, "{}", again.stderr);
    // A session that ends by itself leaves a board that waits for the next.
    assert_eq!(served.bridge("info")["mode"], "Idle");
}

#[test]
fn a_host_that_was_stopped_says_what_the_board_has_done() {
    let served = Served::start();
    let host = served.endless("?deadman=100");
    signal(&host, Signal::STOP);
    sleep(Duration::from_millis(500));
    signal(&host, Signal::CONT);
    let ran = finish(host.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("has stopped the arm"), "{}", ran.stdout);
    served.has_tripped();
}

#[test]
fn a_board_that_vanishes_ends_the_session_with_its_name() {
    let mut served = Served::start();
    let host = served.endless("");
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let ran = finish(host.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains(&served.framed), "{}", ran.stdout);
}

#[test]
fn a_board_that_falls_silent_ends_the_session_though_its_port_stays() {
    let served = Served::start();
    let host = served.endless("?deadman=100");
    signal(&served.child, Signal::STOP);
    let ran = finish(host.wait_with_output().unwrap());
    signal(&served.child, Signal::CONT);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("has fallen silent"), "{}", ran.stdout);
    sleep(Duration::from_millis(300));
    served.has_tripped();
}

#[test]
fn the_raw_port_is_an_adapter_like_any_other_until_it_is_locked() {
    let served = Served::start();
    let scan = |port: &str| run(&["scan", "--robot-port", port, "--baud", "1000000", "--json"]);
    for port in [&served.raw, &served.framed] {
        let ran = scan(port);
        let found: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            found["servos"].as_array().unwrap().len(),
            6,
            "{port}: {}",
            ran.stderr
        );
    }
    served.bridge("lock");
    let locked = scan(&served.framed);
    assert_eq!(locked.code, 1);
    assert!(
        locked.stderr.contains("ulna bridge unlock"),
        "{}",
        locked.stderr
    );
    served.bridge("unlock");
    assert_eq!(scan(&served.framed).code, 0);
}

#[test]
fn a_board_is_looked_at_and_tried() {
    let served = Served::start();
    let info = served.bridge("info");
    assert_eq!(
        (&info["board"], &info["mode"]),
        (&"software".into(), &"Idle".into())
    );
    let trial = served.bridge("test");
    assert_eq!(trial["servo_answered"], true, "{trial}");
    let limits = run(&[
        "bridge",
        "limits",
        &served.framed,
        "--robot-id",
        "b",
        "--json",
    ]);
    let limits: Value = serde_json::from_str(&limits.stdout).unwrap();
    let gripper = &limits["joints"][5];
    assert_eq!(
        (&gripper["joint"], &gripper["wheel"]),
        (&"gripper".into(), &false.into())
    );
}

#[test]
fn what_is_no_board_is_said_to_be_none() {
    let missing = run(&["bridge", "info", "/dev/no-such-port"]);
    assert!(
        missing.stderr.contains("does not exist"),
        "{}",
        missing.stderr
    );
    let served = Served::start();
    let raw = run(&["bridge", "info", &served.raw]);
    assert!(
        raw.stderr.contains("is this the framed one"),
        "{}",
        raw.stderr
    );
    let options = served.session("?deadman=1", "1");
    assert!(
        options.stderr.contains("from 10 to 2000"),
        "{}",
        options.stderr
    );
    let unknown = run(&["bridge", "flash", "/dev/null", "--drive", "/"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("no firmware"), "{}", unknown.stderr);
}

/// In real time, with a leader that still talks while the follower parks: its states must not keep the control thread busy.
#[test]
fn an_arm_behind_a_board_parks_while_its_leader_talks_on() {
    let line = [
        "teleop",
        "--sim",
        "--adapter",
        "bridge",
        "--duration",
        "1",
        "--json",
    ];
    let ran = run(&line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["exit"]["happened"], "parked, torque off");
}
