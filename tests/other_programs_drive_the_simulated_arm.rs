//! `ulna sim serve` puts simulated servos on ptys that any program can open as a serial port: here, ulna itself, on the path that it
//! takes with real arms.

#![allow(clippy::unwrap_used)]

mod harness;

use std::io::{BufRead, BufReader};

use harness::{finish, ulna};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_served_arm_is_teleoperated_like_a_real_one() {
    let calibrations = tempfile::tempdir().unwrap();
    let mut serve = ulna(&[
        "sim",
        "serve",
        "--leader",
        "--robot-id",
        "served",
        "--teleop-id",
        "served",
    ]);
    let mut serve = serve
        .env("HF_LEROBOT_CALIBRATION", calibrations.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serve.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let follower = lines
        .next()
        .unwrap()
        .strip_prefix("follower ")
        .unwrap()
        .to_owned();
    let leader = lines
        .next()
        .unwrap()
        .strip_prefix("leader ")
        .unwrap()
        .to_owned();
    let ids = ["--robot-id", "served", "--teleop-id", "served"];
    let ports = [
        "--robot-port",
        follower.as_str(),
        "--teleop-port",
        leader.as_str(),
    ];
    let teleop = [
        &["teleop", "--duration", "2", "--json", "--yes"][..],
        &ids,
        &ports,
    ]
    .concat();
    let ran = finish(
        ulna(&teleop)
            .env("HF_LEROBOT_CALIBRATION", calibrations.path())
            .output()
            .unwrap(),
    );
    kill_process(
        Pid::from_raw(serve.id().try_into().unwrap()).unwrap(),
        Signal::INT,
    )
    .unwrap();
    assert_eq!(serve.wait().unwrap().code(), Some(130));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["simulated"], false);
    assert_eq!(report["exit"]["happened"], "parked, torque off");
    assert_eq!(report["follower"]["port"], follower.as_str());
}
