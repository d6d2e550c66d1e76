//! From the first cable to the first motion: ports, scan, setup, calibrate, recover and doctor, first on simulated servos, then on the
//! path of hardware, against `ulna sim serve`.

#![allow(clippy::unwrap_used)]

mod harness;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};

use harness::{Ran, fails, finish, json, ulna};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// `ulna` with calibrations in a folder of the test's own.
fn with(folder: &Path, args: &[&str]) -> Ran {
    let mut command = ulna(args);
    finish(
        command
            .env("HF_LEROBOT_CALIBRATION", folder)
            .output()
            .unwrap(),
    )
}

/// The same with answers on stdin.
fn answering(folder: &Path, args: &[&str], answers: &str) -> Ran {
    let mut child = ulna(args)
        .env("HF_LEROBOT_CALIBRATION", folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(answers.as_bytes())
        .unwrap();
    finish(child.wait_with_output().unwrap())
}

fn answer(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn the_port_whose_cable_is_pulled_is_named() {
    let ports = json(&["ports", "--sim"]);
    assert_eq!(ports["ports"].as_array().unwrap().len(), 2);
    assert_eq!(ports["ports"][0]["access"], "free");
    let found = json(&["ports", "find", "--sim"]);
    assert_eq!(found["port"]["path"], ports["ports"][0]["path"]);
    assert_eq!(found["plugged_in_again"], true);
}

#[test]
fn a_scan_says_who_is_there_and_how_they_are() {
    let scanned = json(&["scan", "--sim"]);
    let servos = scanned["servos"].as_array().unwrap();
    let ids: Vec<u64> = servos
        .iter()
        .map(|servo| servo["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    for servo in servos {
        assert_eq!(
            (
                &servo["model"],
                &servo["firmware"],
                &servo["alarms"],
                &servo["doubt"]
            ),
            (
                &"sts3215".into(),
                &"3.10".into(),
                &"none".into(),
                &Value::Null
            )
        );
        assert!((7.0..8.0).contains(&servo["voltage"].as_f64().unwrap()));
    }
    let hot = json(&["scan", "--sim", "--fault", "overheat:elbow_flex@0s"]);
    assert_eq!(hot["servos"][2]["alarms"], "overheat");
    fails(2, &["no family `ax`"], &["scan", "--sim", "--family", "ax"]);
}

#[test]
fn servos_with_one_id_are_not_taken_for_none() {
    let fresh = json(&["scan", "--sim", "--fresh", "--baud", "1000000"]);
    let servos = fresh["servos"].as_array().unwrap();
    assert_eq!(servos.len(), 1, "{fresh}");
    assert_eq!(servos[0]["id"], 1);
    assert!(servos[0]["doubt"].as_str().unwrap().contains("two or more"));
    let silent = harness::run(&["scan", "--sim", "--baud", "9600", "--json"]);
    assert_eq!(silent.code, 1, "{}", silent.stderr);
    assert!(silent.stdout.contains("power supply"), "{}", silent.stdout);
}

#[test]
fn servos_out_of_the_box_get_their_ids() {
    for seed in ["0", "3", "4"] {
        let report = json(&["setup", "--sim", "--seed", seed, "--wiggle"]);
        assert_eq!(report["complete"], true, "seed {seed}: {report}");
        let joints = report["joints"].as_array().unwrap();
        let order: Vec<&str> = joints
            .iter()
            .map(|joint| joint["joint"].as_str().unwrap())
            .collect();
        assert_eq!(
            order,
            [
                "gripper",
                "wrist_roll",
                "wrist_flex",
                "elbow_flex",
                "shoulder_lift",
                "shoulder_pan"
            ]
        );
        for joint in joints {
            let moved = joint["wiggled"].as_f64().unwrap();
            assert!((1.0..12.0).contains(&moved), "seed {seed}: {joint}");
        }
    }
    let leader = json(&["setup", "--sim", "--leader"]);
    assert_eq!(
        (&leader["part"], &leader["complete"]),
        (&"leader".into(), &true.into())
    );
    let named = json(&["setup", "--sim", "--identify"]);
    assert_eq!(named["joints"][5]["done"], "identified");
}

#[test]
fn a_noisy_bus_is_set_up_all_the_same() {
    let report = json(&[
        "setup",
        "--sim",
        "--fault",
        "drop:0.2%,flip:0.2%,late:15ms@2%",
    ]);
    assert_eq!(report["complete"], true, "{report}");
}

#[test]
fn calibration_puts_the_wrap_outside_the_travel_and_keeps_what_it_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let calibrate = |seed: &str| {
        let args = [
            "calibrate",
            "--sim",
            "--robot-id",
            "mine",
            "--seed",
            seed,
            "--json",
        ];
        answer(&with(folder.path(), &args))
    };
    for seed in 0..12 {
        let report = calibrate(&seed.to_string());
        assert_eq!(report["directions_checked"], true);
        assert_eq!(report["differences"], Value::Array(Vec::new()));
        for joint in report["joints"].as_array().unwrap() {
            let number = |name: &str| joint[name].as_i64().unwrap();
            let (low, high) = (number("range_min"), number("range_max"));
            assert!(number("homing_offset").abs() <= 2047, "{joint}");
            assert!((2046..=2048).contains(&((low + high) / 2)), "{joint}");
            let full = joint["joint"] == "wrist_roll";
            assert_eq!((low, high) == (0, 4095), full, "{joint}");
            assert_eq!(joint["warnings"], Value::Array(Vec::new()), "{joint}");
        }
    }
    let report = calibrate("0");
    let file = folder
        .path()
        .join("ulna-simulated/robots/so_follower/mine.json");
    assert_eq!(report["file"], file.to_str().unwrap());
    let backup = report["backup"].as_str().unwrap();
    let stamp = backup.strip_prefix(&format!("{}.", file.display()));
    let stamp = stamp.and_then(|rest| rest.strip_suffix(".bak"));
    // All calibrations of one second but the first have a number.
    let second = stamp.and_then(|stamp| stamp.split('-').next());
    assert!(
        second.is_some_and(|second| second.ends_with('Z')),
        "{backup}"
    );
    // The file is what LeRobot writes, and what ulna's own commands read.
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.starts_with("{\n    \"shoulder_pan\": {\n        \"id\": 1,\n"),
        "{text}"
    );
    let check = ["calibrate", "--sim", "--robot-id", "mine", "--check"];
    let checked = with(folder.path(), &check);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let restore = ["calibrate", "--sim", "--robot-id", "mine", "--restore"];
    let restored = with(folder.path(), &restore);
    assert!(
        restored.code == 0 && restored.stdout.contains("file and servos agree"),
        "{}{}",
        restored.stdout,
        restored.stderr
    );
    let session = ["teleop", "--sim", "--lockstep", "--duration", "2"];
    let ran = with(
        folder.path(),
        &[&session[..], &["--robot-id", "mine"]].concat(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn reversed_joints_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let calibrate = |joint: &str| {
        let args = ["calibrate", "--sim", "--json", "--reversed", joint];
        with(folder.path(), &args)
    };
    let turned = answer(&calibrate("gripper"));
    assert_eq!(turned["joints"][5]["drive_mode"], 1);
    let file = folder
        .path()
        .join("ulna-simulated/robots/so_follower/simulated.json");
    let before = std::fs::read_to_string(&file).unwrap();
    let refused = calibrate("elbow_flex");
    assert_eq!(refused.code, 1);
    assert!(
        refused.stderr.contains("elbow_flex: turns the other way")
            && refused.stderr.contains("nothing was written"),
        "{}",
        refused.stderr
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_joint_that_was_not_moved_is_not_calibrated() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["calibrate", "--sim", "--seconds", "1"];
    let ran = with(folder.path(), &args);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("gripper: moved by 0° only")
            && ran.stderr.contains("nothing was written"),
        "{}",
        ran.stderr
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn overload_is_explained_and_cleared_without_moving_the_arm() {
    let report = json(&["recover", "--sim"]);
    assert_eq!(report["well"], true);
    let gripper = &report["servos"][5];
    assert_eq!(gripper["before"]["alarms"], "overload");
    assert_eq!(
        (&gripper["after"]["alarms"], &gripper["after"]["torque"]),
        (&"none".into(), &true.into())
    );
    let moved = gripper["before"]["position"].as_i64().unwrap()
        - gripper["after"]["position"].as_i64().unwrap();
    assert!(moved.abs() <= 8, "{gripper}");
    let limp = json(&["recover", "--sim", "--release"]);
    assert_eq!(limp["servos"][5]["after"]["torque"], false);
    let hot = json(&[
        "recover",
        "--sim",
        "--fault",
        "overheat:shoulder_pan@0s+60s",
    ]);
    assert_eq!(hot["servos"][0]["before"]["too_hot"], true);
    assert_eq!(hot["well"], true);
    let args = ["recover", "--sim", "--fault", "dead:elbow_flex@0s"];
    let silent = harness::run(&args);
    assert!(
        silent.code == 1 && silent.stdout.contains("power off and on"),
        "{}{}",
        silent.stdout,
        silent.stderr
    );
}

#[test]
fn both_arms_of_a_pair_and_leaders_recover() {
    let pair = json(&["recover", "--sim", "--robot", "bi_so101"]);
    let arms = pair["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 2, "{pair}");
    for arm in arms {
        assert_eq!(
            (&arm["well"], &arm["robot"]),
            (&true.into(), &"so101".into())
        );
        assert_eq!(arm["servos"][5]["before"]["alarms"], "overload");
    }
    // OMX' leader has other ids than its follower.
    for (robot, first) in [("so101", 1), ("omx", 1)] {
        let leader = json(&["recover", "--sim", "--leader", "--robot", robot]);
        assert_eq!(leader["servos"][0]["id"], first, "{leader}");
        assert_eq!(leader["well"], true, "{leader}");
    }
    fails(
        2,
        &["LEFT,RIGHT"],
        &["recover", "--robot", "bi_so101", "--robot-port", "/dev/a"],
    );
}

/// An adapter makes answers late; that is no fault of a servo.
#[test]
fn service_commands_work_behind_slow_adapters() {
    for adapter in ["cdc", "ftdi:16", "esp32", "late:60", "busy:8"] {
        for robot in ["so101", "koch"] {
            let args = ["scan", "--sim", "--robot", robot, "--adapter", adapter];
            let scanned = json(&args);
            let servos = scanned["servos"].as_array().unwrap();
            assert_eq!(servos.len(), 6, "{adapter}: {scanned}");
            let doubted = servos.iter().any(|servo| !servo["doubt"].is_null());
            assert!(!doubted, "{adapter}: {scanned}");
        }
        let setup = json(&["setup", "--sim", "--adapter", adapter, "--wiggle"]);
        assert_eq!(setup["complete"], true, "{adapter}: {setup}");
        for joint in setup["joints"].as_array().unwrap() {
            let moved = joint["wiggled"].as_f64().unwrap();
            assert!(moved > 3.0, "{adapter}: {joint}");
        }
        let recovered = json(&["recover", "--sim", "--adapter", adapter]);
        assert_eq!(recovered["well"], true, "{adapter}: {recovered}");
        let folder = tempfile::tempdir().unwrap();
        let id = ["--robot-id", "mine", "--json"];
        let calibrate = ["calibrate", "--sim", "--adapter", adapter];
        let report = answer(&with(folder.path(), &[&calibrate[..], &id].concat()));
        assert_eq!(report["differences"], Value::Array(Vec::new()), "{report}");
    }
}

#[test]
fn adapters_are_listed_and_judged_by_their_timer() {
    let ports = json(&["ports", "--sim", "--adapter", "ftdi:16"]);
    assert_eq!(ports["ports"][0]["latency_ms"], 16, "{ports}");
    let found = json(&["ports", "find", "--sim", "--adapter", "ftdi:1"]);
    assert_eq!(found["port"]["latency_ms"], 1, "{found}");
    for (adapter, verdict) in [("ftdi:16", "warn"), ("ftdi:1", "ok")] {
        let ran = harness::run(&["doctor", "--sim", "--json", "--adapter", adapter]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let mut timers = checks
            .iter()
            .filter(|check| check["name"].as_str().unwrap().contains("latency timer"));
        assert!(timers.all(|check| check["verdict"] == verdict), "{report}");
    }
    fails(
        2,
        &["no adapter `x`"],
        &["ports", "--sim", "--adapter", "x"],
    );
    fails(
        2,
        &["no adapter `x`"],
        &["doctor", "--sim", "--adapter", "x"],
    );
}

#[test]
fn the_doctor_tries_things() {
    let ran = harness::run(&["doctor", "--sim", "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    for name in ["driver", "clock", "disk"] {
        let check = checks.iter().find(|check| check["name"] == name);
        assert!(check.is_some(), "no {name}: {report}");
    }
    for check in checks {
        assert_eq!(check["verdict"] == "ok", check["next"].is_null(), "{check}");
    }
    assert_eq!(ran.code, i32::from(report["good"] != true));
    let rules = harness::run(&["doctor", "--udev"]);
    assert!(rules.stdout.contains("idVendor"), "{}", rules.stdout);
}

#[test]
fn simulation_opens_no_port_and_hardware_needs_one() {
    for command in ["scan", "setup", "recover"] {
        fails(
            2,
            &["--sim opens no port"],
            &[command, "--sim", "/dev/ttyACM0"],
        );
        fails(1, &["does not exist"], &[command, "/dev/no-such-port"]);
        fails(2, &["--sim"], &[command, "--fault", "drop:1%"]);
    }
    fails(
        2,
        &["--robot-id"],
        &["calibrate", "--robot-port", "/dev/no-such-port"],
    );
}

/// Dynamixels differ by data: the same arm with XL330 servos goes the same way.
#[test]
fn dynamixels_go_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xl330.toml");
    let text = std::fs::read_to_string(harness::root().join("configs/so101.toml")).unwrap();
    std::fs::write(&file, text.replace("\"sts3215\"", "\"xl330-m288\"")).unwrap();
    let run = |args: &[&str]| {
        let robot = ["--sim", "--json", "--robot", file.to_str().unwrap()];
        answer(&with(folder.path(), &[args, &robot].concat()))
    };
    let scanned = run(&["scan"]);
    let servos = scanned["servos"].as_array().unwrap();
    assert_eq!(servos.len(), 6, "{scanned}");
    assert_eq!(
        (&servos[0]["family"], &servos[0]["model"]),
        (&"dynamixel".into(), &"xl330-m288".into())
    );
    // New ones run at 57,600 baud.
    let report = run(&["setup", "--wiggle"]);
    assert_eq!(report["complete"], true, "{report}");
    assert_eq!(report["joints"][0]["was"]["baud"], 57_600);
    assert_eq!(run(&["setup", "--seed", "3"])["complete"], true);
    for seed in ["0", "1", "2"] {
        let report = run(&["calibrate", "--robot-id", "mine", "--seed", seed]);
        assert_eq!(report["differences"], Value::Array(Vec::new()), "{report}");
        assert_eq!(report["directions_checked"], true);
    }
    let report = run(&["recover"]);
    assert_eq!(report["well"], true, "{report}");
    assert_eq!(report["servos"][5]["before"]["alarms"], "overload");
    assert_eq!(report["servos"][5]["after"]["torque"], true);
}

/// `ulna sim serve` with a follower and a leader.
struct Served {
    serve: Child,
    folder: tempfile::TempDir,
    follower: String,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut serve = ulna(&["sim", "serve", "--robot-id", "served"])
            .env("HF_LEROBOT_CALIBRATION", folder.path())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(serve.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            serve,
            folder,
            follower: line.trim().strip_prefix("follower ").unwrap().to_owned(),
        }
    }

    fn stop(mut self) {
        let pid = Pid::from_raw(self.serve.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        assert_eq!(self.serve.wait().unwrap().code(), Some(130));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // A test that has failed leaves nothing behind; one that has not, has stopped it already.
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
}

#[test]
fn the_same_commands_work_on_a_port() {
    let served = Served::start();
    let (folder, port) = (served.folder.path(), served.follower.as_str());
    let scanned = answer(&with(
        folder,
        &[
            "scan", port, "--baud", "500000", "--baud", "1000000", "--json",
        ],
    ));
    assert_eq!(scanned["servos"].as_array().unwrap().len(), 6);

    // Everything is right already; the script presses Enter at the last question.
    let setup = ["setup", port, "--json"];
    let report = answer(&answering(folder, &setup, "\n"));
    assert_eq!(report["complete"], true);
    assert!(
        report["joints"]
            .as_array()
            .unwrap()
            .iter()
            .all(|joint| joint["done"] == "already_right")
    );
    // No answer is no agreement.
    let unanswered = answering(folder, &setup, "");
    assert!(
        unanswered.code == 2 && unanswered.stderr.contains("input has ended"),
        "{} {}",
        unanswered.code,
        unanswered.stderr
    );

    let arm = ["calibrate", "--robot-id", "served", "--robot-port", port];
    let run = |more: &[&str]| with(folder, &[&arm[..], more].concat());
    assert_eq!(run(&["--check"]).code, 0);
    // The arm lies still, so there is nothing to calibrate by.
    let still = run(&["--seconds", "0.5"]);
    assert!(
        still.code == 1 && still.stderr.contains("nothing was written"),
        "{}",
        still.stderr
    );
    // Neither is one at which the input ends, nor one that is ended by hand.
    let known = std::fs::read(folder.join("robots/so_follower/served.json")).unwrap();
    for (code, answers) in [(2, "\n"), (2, "no\nyes\n"), (130, "\nq\n"), (130, "q\n")] {
        let ran = answering(folder, &arm, answers);
        assert_eq!(ran.code, code, "{answers:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("untouched"), "{}", ran.stderr);
        let now = std::fs::read(folder.join("robots/so_follower/served.json")).unwrap();
        assert!(now == known, "{answers:?}");
    }
    // Another file: the difference is reported, and goes with --restore.
    let file = folder.join("robots/so_follower/served.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let other = text.replacen("\"homing_offset\": 0", "\"homing_offset\": 77", 1);
    std::fs::write(&file, other).unwrap();
    let different = run(&["--check"]);
    assert!(
        different.code == 1 && different.stdout.contains("DIFFERENT shoulder_pan"),
        "{}",
        different.stdout
    );
    assert_eq!(run(&["--restore"]).code, 0);
    assert_eq!(run(&["--check"]).code, 0);

    assert_eq!(with(folder, &["recover", port]).code, 0);
    served.stop();
}

#[test]
fn ctrl_c_at_a_question_leaves_the_arm_limp_and_says_so() {
    let served = Served::start();
    let port = served.follower.as_str();
    let args = ["calibrate", "--robot-id", "served", "--robot-port", port];
    let mut child = ulna(&args)
        .env("HF_LEROBOT_CALIBRATION", served.folder.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // The question has come when it stands on stderr.
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut said = Vec::new();
    errors.read_until(b':', &mut said).unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut errors, &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        rest.contains("the old calibration is untouched, the arm is limp"),
        "{rest}"
    );
    served.stop();
}
