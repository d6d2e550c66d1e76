//! Real cameras, through the commands that a user types: MJPEG servers of the test's own in the place of phones, simulated servos on a pty in the
//! place of an arm.

#![allow(clippy::unwrap_used)]

mod harness;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use harness::cameras::{Arm, Phone};
use harness::{Ran, fails, json, run};
use serde_json::Value;

/// `front=ADDRESS` with little warm-up.
fn camera(name: &str, phone: &Phone) -> String {
    format!("{name}={},warmup_s=0.2", phone.address)
}

fn recording(arm: &str, more: &[&str]) -> Ran {
    let mut words = vec!["record", arm, "--task", "try", "--reset-time", "0"];
    words.extend(more);
    run(&words)
}

fn answer(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_rig_with_two_cameras_is_recorded_goes_on_and_notices_another_camera() {
    let (front, wrist, arm) = (Phone::new(0), Phone::new(1), Arm::new());
    let (front_is, wrist_is) = (camera("front", &front), camera("wrist", &wrist));
    let new = json(&[
        "rig",
        "new",
        "mine",
        "--robot-port",
        &arm.port,
        "--teleop",
        "none",
        "--camera",
        &front_is,
        "--camera",
        &wrist_is,
    ]);
    assert_eq!(new["rig"]["cameras"]["wrist"]["warmup_s"], 0.2);
    let checked = json(&["rig", "check", "mine"]);
    assert_eq!(checked["good"], true, "{checked}");
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("d").to_str().unwrap().to_owned();
    let into = [
        "--dataset",
        &dataset,
        "--episode-time",
        "1.5",
        "--json",
        "--yes",
    ];
    let recorded = answer(&recording("mine", &into));
    assert_eq!(
        (&recorded["episodes"], &recorded["frames"]),
        (&Value::from(1), &Value::from(45)),
        "{recorded}"
    );
    assert_eq!(recorded["cameras"], serde_json::json!(["front", "wrist"]));
    let manifest =
        std::fs::read_to_string(folder.path().join("d/meta/ulna/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let stored = &manifest["extra"]["cameras"]["front"];
    assert_eq!(stored["identity"]["address"], front.address.as_str());
    assert_eq!(
        (&stored["stamps"], &stored["width"]),
        (&Value::from("arrival"), &Value::from(64))
    );
    let check = run(&["dataset", "check", &dataset]);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);

    // It goes on with the same cameras; what they see is compared, and who they are.
    let more = [&into[..], &["--more", "1"]].concat();
    front.shade.store(1, Ordering::SeqCst);
    wrist.shade.store(0, Ordering::SeqCst);
    let ran = recording("mine", &more);
    assert_eq!(answer(&ran)["total_episodes"], 2);
    assert!(
        ran.stderr.contains("camera `front` sees what `wrist` saw"),
        "{}",
        ran.stderr
    );
    let other = Phone::new(0);
    let ran = recording(
        "mine",
        &[&more[..], &["--camera", &camera("front", &other)]].concat(),
    );
    let error = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.code != 0
            && error.contains("camera `front` is another one")
            && error.contains(&other.address),
        "{error}"
    );
    let info = json(&["dataset", "info", &dataset]);
    assert_eq!(info["frames"], 90, "{info}");
}

#[test]
fn a_camera_that_freezes_or_goes_is_no_silent_data() {
    let arm = Arm::new();
    for goes in [false, true] {
        let phone = Phone::new(0);
        let folder = tempfile::tempdir().unwrap();
        let dataset = folder.path().join("d").to_str().unwrap().to_owned();
        let (frozen, hangs_up) = (Arc::clone(&phone.frozen), Arc::clone(&phone.hangs_up));
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(5));
            if goes { &hangs_up } else { &frozen }.store(true, Ordering::SeqCst);
        });
        let port = format!("--robot-port={}", arm.port);
        let ran = recording(
            &port,
            &[
                "--robot-id",
                "mine",
                "--teleop",
                "none",
                "--camera",
                &camera("front", &phone),
                "--dataset",
                &dataset,
                "--episode-time",
                "60",
                "--yes",
            ],
        );
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        let words = if goes { "did not come back" } else { "front" };
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains("kept as far as it went"),
            "{}",
            ran.stderr
        );
        let info = json(&["dataset", "info", &dataset]);
        assert_eq!(
            info["episodes"].as_array().unwrap().len(),
            1,
            "what came before is kept: {info}"
        );
    }
}

#[test]
fn cameras_are_tested_and_looked_at() {
    let phone = Phone::new(0);
    let quick = format!("{},warmup_s=0", phone.address);
    let tested = json(&["cameras", "test", &quick]);
    let facts = &tested["cameras"][0]["facts"];
    assert_eq!(
        (&facts["width"], &facts["height"], &facts["stamps"]),
        (&64.into(), &48.into(), &"arrival".into())
    );
    assert!(facts["fps_measured"].as_f64().unwrap() > 5.0, "{facts}");
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let snapshot = ["cameras", "snapshot", &quick, "--output", output];
    let picture = json(&snapshot)["cameras"][0]["picture"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    fails(1, &["--replace"], &snapshot);
    json(&[&snapshot[..], &["--replace"]].concat());
    json(&["cameras", "list"]);
    phone.hangs_up.store(true, Ordering::SeqCst);
    let ran = run(&["cameras", "test", &quick, "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &report["good"]), (1, &Value::from(false)));
}

#[test]
fn cameras_that_cannot_be_are_refused_by_name() {
    for (camera, words) in [
        ("front=/dev/video0,widht=3", &["widht", "width"][..]),
        ("front", &["NAME=CAMERA"]),
        ("../front=/dev/video0", &["../front", "name"]),
        ("front=https://x/y,type=http", &["type=ffmpeg"]),
    ] {
        let words = [&["--camera"], words].concat();
        fails(
            2,
            &words,
            &["teleop", "--robot-port", "/dev/null", "--camera", camera],
        );
    }
    fails(
        2,
        &["--sim", "--camera"],
        &["teleop", "--sim", "--camera", "front=/dev/video0"],
    );
    fails(
        2,
        &["--rig"],
        &["cameras", "test", "http://127.0.0.1:9/", "--rig", "x"],
    );
    let ran = run(&["cameras", "test", "http://127.0.0.1:9/"]);
    assert!(
        ran.code == 1 && ran.stdout.contains("127.0.0.1:9"),
        "{}",
        ran.stdout
    );
    fails(
        2,
        &["no rig `nothing`"],
        &["cameras", "test", "--rig", "nothing"],
    );
}

/// A policy that sees, on hardware: a rig's camera is what it acts on, and one that freezes is named.
#[test]
fn a_policy_acts_on_a_rigs_camera_and_says_when_it_shows_nothing_new() {
    let Some(checkpoint) = harness::fixture("policies/act_tiny") else {
        return;
    };
    let (phone, arm) = (Phone::new(0), Arm::new());
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle").to_str().unwrap().to_owned();
    json(&["policy", "import", &checkpoint, "--output", &bundle]);
    let with = |name: &str, camera: &str| {
        let new = [
            "rig",
            "new",
            name,
            "--robot-port",
            &arm.port,
            "--robot-id",
            "mine",
        ];
        json(&[&new[..], &["--teleop", "none", "--camera", camera]].concat());
    };
    with("mine", &camera("front", &phone));
    with("blind", &camera("top", &phone));
    let policy = ["--policy", &bundle, "--yes"];
    // It is refused by what is missing, before anything moves.
    fails(1, &["front"], &[&["run", "blind"], &policy[..]].concat());
    let drive = |seconds: &str| {
        let drive = ["run", "mine", "--json", "--duration", seconds];
        let ran = run(&[&drive[..], &policy[..]].concat());
        let mut report = answer(&ran);
        (report["policy"]["inference"].take(), ran.stderr)
    };
    let (seen, _) = drive("4");
    assert!(seen["inferences"].as_u64().unwrap() > 0, "{seen}");
    assert!(seen["blind_to"].is_null(), "{seen}");
    let frozen = Arc::clone(&phone.frozen);
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(8));
        frozen.store(true, Ordering::SeqCst);
    });
    let (seen, said) = drive("12");
    let live = "the policy has nothing recent to observe, the arm holds: camera `front` showed nothing new";
    assert!(said.contains(live), "{said}");
    let missing = seen["blind_to"].as_str().unwrap_or_default();
    assert!(
        missing.starts_with("camera `front` showed nothing new for"),
        "{seen}"
    );
}
