//! Promise: a session can be looked at, live or later, and looking never changes it.

#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use harness::{fails, json, ulna};
use rerun::external::re_log_encoding::DecoderApp;
use rerun::log::{Chunk, LogMsg};
use rerun::{StoreKind, TimelineName};
use rustix::process::{Pid, Signal, kill_process};

/// Rows of each path of the recording in a file, with their times in s; and how many messages are about the layout.
fn read(path: &Path) -> (BTreeMap<String, Vec<f64>>, usize) {
    let file = BufReader::new(File::open(path).unwrap());
    let (mut rows, mut layout) = (BTreeMap::new(), 0);
    for message in DecoderApp::decode_eager(file).unwrap() {
        let message = message.unwrap();
        if message.store_id().kind() == StoreKind::Blueprint {
            layout += 1;
            continue;
        }
        let LogMsg::ArrowMsg(_, message) = message else {
            continue;
        };
        let chunk = Chunk::from_arrow_msg(&message).unwrap();
        let path = chunk.entity_path().to_string();
        let times: &mut Vec<f64> = rows.entry(path).or_default();
        match chunk.timelines().get(&TimelineName::from("time")) {
            Some(column) => times.extend(column.times_raw().iter().map(|ns| *ns as f64 / 1e9)),
            // What is static has no time.
            None => times.extend(vec![f64::NAN; chunk.num_rows()]),
        }
    }
    (rows, layout)
}

fn temporary() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.rrd");
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

const JOINTS: [&str; 6] = [
    "shoulder_pan",
    "shoulder_lift",
    "elbow_flex",
    "wrist_flex",
    "wrist_roll",
    "gripper",
];

fn timed(times: &[f64]) -> Vec<f64> {
    times
        .iter()
        .copied()
        .filter(|time| !time.is_nan())
        .collect()
}

#[test]
fn a_file_holds_the_whole_session() {
    let (_folder, file) = temporary();
    let session = "teleop --sim --lockstep --duration 2 --display";
    let mut args: Vec<&str> = session.split(' ').collect();
    args.push(&file);
    let report = json(&args);
    assert_eq!(report["timing"]["ticks"], 400);
    let display = &report["display"];
    assert_eq!(
        (&display["ticks"], &display["dropped_ticks"]),
        (&400.into(), &0.into())
    );
    assert_eq!(display["trouble"], serde_json::Value::Null);

    let (rows, layout) = read(Path::new(&file));
    assert!(layout > 30, "the layout has {layout} messages");
    let joints = JOINTS.map(|joint| format!("/joints/{joint}"));
    let plots = ["/error", "/timing", "/gate"].map(str::to_owned);
    for path in joints.iter().chain(&plots) {
        let times = timed(&rows[path]);
        assert_eq!(times.len(), 400, "{path}");
        let even = times
            .windows(2)
            .all(|pair| (pair[1] - pair[0] - 0.005).abs() < 1e-6);
        assert!(even, "{path}: ticks are 5 ms apart");
    }
    for arm in ["measured", "commanded"] {
        for joint in JOINTS {
            let poses = timed(&rows[&format!("/arm/{arm}/{joint}")]).len();
            assert!((50..=70).contains(&poses), "{arm} {joint}: {poses} poses");
        }
    }
    for camera in ["front", "wrist"] {
        let pictures = timed(&rows[&format!("/cameras/{camera}")]).len();
        assert!(pictures >= 25, "{camera}: {pictures} pictures");
    }
    for path in ["/about", "/log", "/arm/base", "/arm/path", "/things/cube"] {
        assert!(!rows[path].is_empty(), "{path}");
    }
}

#[test]
fn a_file_is_complete_after_a_signal() {
    let (_folder, file) = temporary();
    let mut child = ulna(&["teleop", "--sim", "--display", &file])
        .spawn()
        .unwrap();
    // A signal that comes before the handler is set ends the program; the file is opened after that.
    while !Path::new(&file).exists() {
        std::thread::sleep(Duration::from_millis(20));
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
    }
    let id = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (rows, _) = read(Path::new(&file));
    assert!(rows.contains_key("/about"), "{:?}", rows.keys());
}

#[test]
fn looking_changes_nothing() {
    let (_folder, file) = temporary();
    let session = "teleop --sim --lockstep --duration 1 --seed 5 --fault dead:gripper@0.2s+0.4s";
    let blind: Vec<&str> = session.split(' ').collect();
    let mut seen = blind.clone();
    seen.extend(["--display", &file]);
    assert_eq!(json(&blind)["digest"], json(&seen)["digest"]);
}

#[test]
fn what_is_recorded_and_replayed_can_be_looked_at() {
    let (folder, file) = temporary();
    let dataset = folder.path().join("data");
    let dataset = dataset.to_str().unwrap();
    let record = "record --sim --lockstep --task reach --scene reach --camera-size 64x48 --episode-time 1 --dataset";
    let mut args: Vec<&str> = record.split(' ').collect();
    args.extend([dataset, "--display", &file]);
    let recorded = json(&args);
    let pictures = recorded["session"]["display"]["pictures"].as_u64().unwrap();
    assert!(pictures >= 2 * 30, "{recorded}");
    let (rows, _) = read(Path::new(&file));
    assert!(
        !timed(&rows["/things/target"]).is_empty(),
        "the target is there"
    );

    let args = ["replay", "--sim", "--dataset", dataset, "--episode", "0"];
    let mut args = args.to_vec();
    args.extend(["--display", &file]);
    json(&args);
    let (rows, _) = read(Path::new(&file));
    assert!(timed(&rows["/error"]).len() >= 200);

    let view = ["dataset", "view", dataset, "--display", &file];
    assert_eq!(json(&view)["frames"], 30);
    let (rows, _) = read(Path::new(&file));
    for path in [
        "/joints/gripper",
        "/error",
        "/cameras/front",
        "/arm/measured/gripper",
    ] {
        assert_eq!(timed(&rows[path]).len(), 30, "{path}");
    }
    for key in [
        "ulna.state_age",
        "ulna.flags",
        "observation.environment_state",
    ] {
        let path = format!("/features/{key}");
        let escaped = path.replace('.', "\\.");
        let found = rows.get(&path).or(rows.get(&escaped));
        assert_eq!(found.map(|times| timed(times).len()), Some(30), "{path}");
    }
    let view = [
        "dataset",
        "view",
        dataset,
        "--episode",
        "7",
        "--display",
        &file,
    ];
    fails(1, &["7"], &view);
}

#[test]
fn an_impossible_display_is_reported_before_anything_moves() {
    for (display, code, words) in [
        ("somewhere", 2, "ends in .rrd"),
        ("connect=nonsense", 2, "looks like rerun+http"),
        (
            "connect=rerun+http://127.0.0.1:1/proxy",
            1,
            "no viewer listens",
        ),
        ("/nowhere/at/all.rrd", 1, "/nowhere/at/all.rrd"),
    ] {
        let args = [
            "teleop",
            "--sim",
            "--lockstep",
            "--duration",
            "1",
            "--display",
            display,
        ];
        fails(code, &[words], &args);
    }
}
