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
    // Dead after a quarter of a second in which it is asked as often as the others, then probed five times a second.
    assert!(
        (10..=65).contains(&count("elbow_flex", "missed")),
        "{}",
        count("elbow_flex", "missed")
    );
    assert!(count("elbow_flex", "replies") >= 1540);
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
    let (report, text) = session(30, Some(fault));
    assert_eq!(report["ended"], "time is over");
    assert_eq!(report["exit"]["as_asked"], true);
    assert!(report["follower"]["damaged_packets"].as_u64().unwrap() > 100);
    assert!(
        report["gate"]["held"].as_u64().unwrap() <= 1,
        "the leader's bus is sound, so the arm holds for the first tick at most, before the leader's first answer"
    );
    // It hits all servos, and each is named with what it missed.
    for servo in report["follower"]["servos"].as_array().unwrap() {
        let missed = servo["missed"].as_u64().unwrap();
        assert!((10..600).contains(&missed), "{servo}");
        assert!(servo["damaged"].as_u64().unwrap() > 10, "{servo}");
        let joint = servo["joint"].as_str().unwrap();
        assert!(
            is_named(&text, joint, &format!("missed {missed} of")),
            "{text}"
        );
    }
}

/// A session of so many simulated seconds, as its report and as what a person reads.
fn session(seconds: u32, fault: Option<&str>) -> (Value, String) {
    let seconds = seconds.to_string();
    let mut options = vec!["teleop", "--sim", "--lockstep", "--duration", &seconds];
    if let Some(fault) = fault {
        options.extend(["--fault", fault]);
    }
    // A servo that is still limp at the end does not park, which is an error with the report in it.
    let ran = run(&[&options[..], &["--json"]].concat());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let report = match ran.code {
        0 => answer,
        _ => answer["report"].clone(),
    };
    // A read missed now and then is shown servo by servo on request only.
    (report, run(&[&options[..], &["-v"]].concat()).stdout)
}

/// Whether a line names the servo of the follower, and says this of it.
fn is_named(text: &str, joint: &str, says: &str) -> bool {
    let joint = format!("(`{joint}`)");
    text.lines()
        .any(|line| line.contains("follower") && line.contains(&joint) && line.contains(says))
}

/// By what a fault shows, in the report and in what a person reads.
enum Shows {
    /// These servos missed reads, and no other did.
    Missed(&'static [&'static str]),
    /// This servo gave readings that cannot be.
    Implausible(&'static str),
    /// This servo complains of this.
    Complains(&'static str, &'static str),
    /// This servo, which people know by a short name, got so hot, °C.
    Heat(&'static str, &'static str, f64),
    /// All servos were so low, V.
    Volts(f64),
    /// This servo lost its torque and got it back.
    ComesBack(&'static str),
}

use Shows::{ComesBack, Complains, Heat, Implausible, Missed, Volts};

impl Shows {
    /// Whether the report has it.
    fn is_in(&self, report: &Value) -> bool {
        let count = |joint: &str, what: &str| servo(report, joint)[what].as_u64().unwrap();
        let servos = || report["follower"]["servos"].as_array().unwrap().iter();
        match self {
            Missed(joints) => servos().all(|servo| {
                let joint = servo["joint"].as_str().unwrap();
                (servo["missed"].as_u64().unwrap() > 0) == joints.contains(&joint)
            }),
            Implausible(joint) => count(joint, "implausible") > 0,
            Complains(joint, of) => servo(report, joint)["complaints"] == *of,
            Heat(joint, _, celsius) => {
                servo(report, joint)["health"]["celsius_high"].as_f64() >= Some(*celsius)
            }
            Volts(volts) => servos().all(|servo| {
                let low = servo["health"]["volts_low"].as_f64().unwrap();
                low < volts + 0.05
            }),
            ComesBack(joint) => count(joint, "restarts") == 1,
        }
    }

    /// Whether a person reads it, with the name of the servo.
    fn is_shown(&self, text: &str) -> bool {
        let line = |of: &str| text.lines().find(|line| line.trim().starts_with(of));
        match self {
            Missed(joints) => joints.iter().all(|joint| is_named(text, joint, "missed")),
            Implausible(joint) => is_named(text, joint, "implausible readings"),
            Complains(joint, of) => is_named(text, joint, &format!("complains of {of}")),
            Heat(_, short, celsius) => line("health")
                .is_some_and(|line| line.contains(&format!("{celsius} °C at most ({short})"))),
            Volts(volts) => {
                line("health").is_some_and(|line| line.contains(&format!("{volts} V at least")))
            }
            ComesBack(joint) => is_named(text, joint, "lost its torque 1x and got it back"),
        }
    }
}

const ALL: [&str; 6] = [
    "shoulder_pan",
    "shoulder_lift",
    "elbow_flex",
    "wrist_flex",
    "wrist_roll",
    "gripper",
];

#[test]
fn whatever_goes_wrong_with_servos_and_cables_the_session_goes_on() {
    let (sound, sound_text) = session(5, None);
    for (fault, shows) in [
        ("stuck:elbow_flex@2s+2s", Implausible("elbow_flex")),
        (
            "wrong-id:elbow_flex=wrist_flex@2s+2s",
            Missed(&["elbow_flex"]),
        ),
        ("unplug:wrist_flex@2s+1s", Missed(&ALL[3..])),
        ("unplug:bus@2s+1s", Missed(&ALL)),
        ("low-voltage:3.5V@2s+2s", Volts(3.5)),
        (
            "overload:gripper@1s+3s",
            Complains("gripper", "over-current"),
        ),
        (
            "overheat:shoulder_lift=75C@2s+1s",
            Heat("shoulder_lift", "lift", 75.0),
        ),
        ("reset:wrist_roll@2s", ComesBack("wrist_roll")),
    ] {
        let (report, text) = session(5, Some(fault));
        assert_eq!(report["ended"], "time is over", "{fault}");
        assert_eq!(report["timing"]["ticks"], 1000, "{fault}");
        assert_ne!(report["digest"], sound["digest"], "{fault} changes nothing");
        assert!(shows.is_in(&report), "{fault}: {report}");
        assert!(shows.is_shown(&text), "{fault}: {text}");
        if fault.starts_with("reset") {
            assert_eq!(report["exit"]["as_asked"], true, "{fault}");
        }
        assert!(!shows.is_in(&sound), "without {fault}: {sound}");
        assert!(
            !shows.is_shown(&sound_text),
            "without {fault}: {sound_text}"
        );
    }
}
