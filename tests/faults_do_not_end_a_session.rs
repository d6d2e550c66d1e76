//! Promise: a bad packet never ends a session; a bad motor is named.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::{json, run};
use serde_json::Value;

fn servo<'a>(report: &'a Value, joint: &str) -> &'a Value {
    let servos = report["follower"]["servos"].as_array().unwrap();
    servos.iter().find(|servo| servo["joint"] == joint).unwrap()
}

#[test]
fn a_servo_silent_for_two_seconds_is_named_and_costs_the_others_nothing() {
    let options = [
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "10",
        "--fault",
        "dead:elbow_flex@3s+2s",
    ];
    let report = json(&options);
    assert_eq!(report["ended"], "time is over");
    assert_eq!(report["timing"]["ticks"], 2000);
    assert_eq!(report["timing"]["overruns"], 0);
    let count = |joint: &str, what: &str| servo(&report, joint)[what].as_u64().unwrap();
    // Dead after three silent ticks, then probed five times a second.
    assert!(
        (3..=15).contains(&count("elbow_flex", "missed")),
        "{}",
        count("elbow_flex", "missed")
    );
    assert!(count("elbow_flex", "replies") >= 1580);
    for joint in [
        "shoulder_pan",
        "shoulder_lift",
        "wrist_flex",
        "wrist_roll",
        "gripper",
    ] {
        assert!(
            count(joint, "missed") <= 15,
            "{joint} missed {}",
            count(joint, "missed")
        );
        assert!(count(joint, "replies") >= 1980, "{joint}");
    }
    let text = run(&options).stdout;
    let named = text
        .lines()
        .find(|line| line.contains("follower") && line.contains("`elbow_flex`"));
    assert!(named.is_some_and(|line| line.contains("servo 3")), "{text}");
}

#[test]
fn lost_bytes_and_flipped_bits_are_counted_and_survived() {
    let fault = "drop:0.2%,flip:0.2%,burst:1%,late:3ms@1%";
    let report = json(&[
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "30",
        "--fault",
        fault,
    ]);
    assert_eq!(report["ended"], "time is over");
    assert_eq!(report["exit"]["as_asked"], true);
    assert!(report["follower"]["damaged_packets"].as_u64().unwrap() > 100);
    assert_eq!(
        report["gate"]["held"], 0,
        "the leader's bus is sound, so the arm never had to hold"
    );
}

#[test]
fn a_servo_that_lost_its_power_for_a_moment_does_not_end_it_either() {
    let report = json(&[
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "6",
        "--fault",
        "reset:wrist_roll@2s",
    ]);
    assert_eq!(report["ended"], "time is over");
}

#[test]
fn whatever_goes_wrong_with_servos_and_cables_the_session_goes_on() {
    for fault in [
        "stuck:elbow_flex@2s+2s",
        "wrong-id:elbow_flex=wrist_flex@2s+2s",
        "unplug:wrist_flex@2s+1s",
        "unplug:bus@2s+1s",
        "low-voltage:3.5V@2s+2s",
        "overload:gripper@1s+3s",
        "overheat:shoulder_lift=75C@2s+1s",
    ] {
        let report = json(&[
            "teleop",
            "--sim",
            "--lockstep",
            "--duration",
            "5",
            "--fault",
            fault,
        ]);
        assert_eq!(report["ended"], "time is over", "{fault}");
        assert_eq!(report["timing"]["ticks"], 1000, "{fault}");
    }
}
