//! Promise: leaders, Dynamixels, pairs of arms and arms on wheels are set up and calibrated like the first follower, and a calibration is not lost
//! to half a sweep or a folder that cannot be written.

#![allow(clippy::unwrap_used)]

mod harness;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use harness::{Ran, finish, json, ulna};
use serde_json::Value;

/// `ulna` with calibrations in a folder of the test's own, and without input.
fn with(folder: &Path, args: &[&str]) -> Ran {
    let mut command = ulna(args);
    command.env("HF_LEROBOT_CALIBRATION", folder);
    finish(command.stdin(Stdio::null()).output().unwrap())
}

fn answer(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// `ulna sim serve` with a follower and a leader of one kind.
struct Served {
    serve: Child,
    folder: tempfile::TempDir,
    follower: String,
    leader: String,
}

impl Served {
    fn start(robot: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ids = ["--robot-id", "mine", "--teleop-id", "mine"];
        let args = [&["sim", "serve", "--leader", "--robot", robot], &ids[..]].concat();
        let mut serve = ulna(&args)
            .env("HF_LEROBOT_CALIBRATION", folder.path())
            .spawn()
            .unwrap();
        let lines = BufReader::new(serve.stdout.take().unwrap()).lines();
        let lines: Vec<String> = lines.take(2).map(Result::unwrap).collect();
        let port = |role| {
            let mut found = lines.iter().filter_map(|line| line.strip_prefix(role));
            found.next().unwrap().trim().to_owned()
        };
        Self {
            follower: port("follower "),
            leader: port("leader "),
            serve,
            folder,
        }
    }

    fn run(&self, args: &[&str]) -> Ran {
        with(self.folder.path(), args)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
}

fn numbers(report: &Value, list: &str, name: &str) -> Vec<i64> {
    let entries = report[list].as_array().unwrap().iter();
    entries.map(|entry| entry[name].as_i64().unwrap()).collect()
}

#[test]
fn leaders_have_the_leaders_ids_and_servos() {
    let report = json(&["setup", "--sim", "--leader", "--robot", "omx"]);
    assert_eq!(numbers(&report, "joints", "id"), [6, 5, 4, 3, 2, 1]);
    let scanned = json(&[
        "scan", "--sim", "--leader", "--robot", "omx", "--baud", "1000000",
    ]);
    assert_eq!(numbers(&scanned, "servos", "id"), [1, 2, 3, 4, 5, 6]);
    let models: Vec<&str> = scanned["servos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|servo| servo["model"].as_str().unwrap())
        .collect();
    assert_eq!((models[0], models[5]), ("xl330-m288", "xl330-m077"));
}

#[test]
fn a_koch_leader_on_its_own_port_is_checked_and_its_drive_mode_restored() {
    let served = Served::start("koch");
    let arm = [
        "calibrate",
        "--leader",
        "--robot",
        "koch",
        "--teleop-id",
        "mine",
    ];
    let arm = [&arm[..], &["--teleop-port", &served.leader]].concat();
    let run = |task| served.run(&[&arm[..], &[task]].concat());
    let checked = run("--check");
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    let file = served
        .folder
        .path()
        .join("teleoperators/koch_leader/mine.json");
    let known = std::fs::read_to_string(&file).unwrap();
    assert!(known.contains("\"drive_mode\": 1"), "{known}");
    std::fs::write(
        &file,
        known.replace("\"drive_mode\": 1", "\"drive_mode\": 0"),
    )
    .unwrap();
    let different = run("--check");
    assert!(
        different.code == 1
            && different.stdout.contains("DIFFERENT elbow_flex")
            && different.stdout.contains("drive mode 1"),
        "{}{}",
        different.stdout,
        different.stderr
    );
    assert_eq!(run("--restore").code, 0);
    assert_eq!(run("--check").code, 0);
    std::fs::write(&file, known).unwrap();
    assert_eq!(run("--check").code, 1);
    assert_eq!(run("--restore").code, 0);
}

#[test]
fn an_omx_gets_lerobots_constants_and_asks_nothing() {
    let served = Served::start("omx");
    let follower = [
        "calibrate",
        "--robot",
        "omx",
        "--robot-id",
        "new",
        "--json",
        "--robot-port",
    ];
    let report = answer(&served.run(&[&follower[..], &[&served.follower]].concat()));
    assert_eq!(numbers(&report, "joints", "homing_offset"), [0; 6]);
    assert_eq!(numbers(&report, "joints", "range_max"), [4095; 6]);
    assert_eq!(numbers(&report, "joints", "drive_mode"), [0; 6]);
    let leader = [
        "calibrate",
        "--leader",
        "--robot",
        "omx",
        "--teleop-id",
        "new",
        "--json",
        "--teleop-port",
    ];
    let report = answer(&served.run(&[&leader[..], &[&served.leader]].concat()));
    assert_eq!(
        numbers(&report, "joints", "homing_offset"),
        [0, 0, 0, 0, 0, 100]
    );
    assert_eq!(numbers(&report, "joints", "drive_mode"), [0, 0, 0, 0, 0, 1]);
    assert!(
        report["file"]
            .as_str()
            .unwrap()
            .ends_with("teleoperators/omx_leader/new.json")
    );
}

#[test]
fn the_file_of_an_older_lerobot_is_kept_the_same() {
    let served = Served::start("omx");
    let text = std::fs::read_to_string(harness::root().join("configs/omx.toml")).unwrap();
    let kind = served.folder.path().join("renamed.toml");
    let renamed = "robot_type = \"new_type\"\nolder_types = [\"old_type\"]";
    std::fs::write(
        &kind,
        text.replace("robot_type = \"omx_follower\"", renamed),
    )
    .unwrap();
    let old = served.folder.path().join("robots/old_type/mine.json");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "what it said before").unwrap();
    let args = [
        "calibrate",
        "--robot",
        kind.to_str().unwrap(),
        "--robot-id",
        "mine",
        "--json",
        "--robot-port",
    ];
    let report = answer(&served.run(&[&args[..], &[&served.follower]].concat()));
    let new = served.folder.path().join("robots/new_type/mine.json");
    assert_eq!(report["same"][0], old.to_str().unwrap());
    assert_eq!(std::fs::read(&old).unwrap(), std::fs::read(&new).unwrap());
    let kept = std::fs::read_dir(old.parent().unwrap()).unwrap();
    assert_eq!(kept.count(), 2, "the old file has a backup");
}

#[test]
fn both_arms_of_a_pair_are_done_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        with(
            folder.path(),
            &[args, &["--sim", "--robot", "bi_so101", "--json"]].concat(),
        )
    };
    let report = answer(&run(&["calibrate", "--robot-id", "pair"]));
    let files: Vec<&str> = report["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| arm["file"].as_str().unwrap())
        .collect();
    assert!(
        files[0].ends_with("so_follower/pair_left.json")
            && files[1].ends_with("so_follower/pair_right.json"),
        "{files:?}"
    );
    let report = answer(&run(&["setup"]));
    assert_eq!(report["arms"][1]["complete"], true, "{report}");
    let report = answer(&run(&["scan", "--baud", "1000000"]));
    assert_eq!(report["arms"][1]["servos"].as_array().unwrap().len(), 6);
    let one_port = [
        "calibrate",
        "--robot",
        "bi_so101",
        "--robot-id",
        "pair",
        "--robot-port",
        "/dev/a",
    ];
    let refused = with(folder.path(), &one_port);
    assert!(
        refused.code == 2 && refused.stderr.contains("LEFT,RIGHT"),
        "{}",
        refused.stderr
    );
}

#[test]
fn wheels_are_not_swept_and_have_no_offset() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "calibrate",
        "--sim",
        "--robot",
        "lekiwi",
        "--robot-id",
        "mine",
        "--json",
    ];
    let report = answer(&with(folder.path(), &args));
    assert_eq!(numbers(&report, "joints", "homing_offset")[6..], [0; 3]);
    assert_eq!(numbers(&report, "joints", "range_max")[6..], [4095; 3]);
    let leader = [
        "calibrate",
        "--sim",
        "--leader",
        "--robot",
        "lekiwi",
        "--json",
    ];
    let report = answer(&with(folder.path(), &leader));
    assert_eq!(report["joints"][0]["joint"], "shoulder_pan");
}

#[test]
fn half_a_sweep_needs_a_yes() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["calibrate", "--sim", "--seconds", "5"];
    let half = with(folder.path(), &args);
    assert!(
        half.code == 1
            && half.stderr.contains("would not reach all places")
            && half.stderr.contains("gripper"),
        "{}",
        half.stderr
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(
        half.stderr.contains("further") && half.stderr.contains("110°"),
        "{}",
        half.stderr
    );
    let taken = with(folder.path(), &[&args[..], &["--yes"]].concat());
    assert_eq!(taken.code, 0, "{}", taken.stderr);
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_the_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let no_folder = folder.path().join("a-file");
    std::fs::write(&no_folder, "").unwrap();
    let ran = with(&no_folder, &["calibrate", "--sim"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("simulated.json") && !ran.stderr.contains("Now move"),
        "{}",
        ran.stderr
    );
}
