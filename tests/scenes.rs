//! Promise: a scene is a file; an expert does its task, is recorded as a hand is, and is counted; and all of it depends on the seed alone.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;

use harness::{fails, json, run};

#[test]
fn scenes_are_listed_and_shown() {
    let list = json(&["sim", "scenes"]);
    let names: Vec<&str> = list["scenes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scene| scene["name"].as_str().unwrap())
        .collect();
    for name in [
        "table",
        "reach",
        "push",
        "lift",
        "pick-place",
        "stack",
        "sort",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("lift.png");
    let picture = picture.to_str().unwrap();
    let shown = json(&[
        "sim",
        "show",
        "lift",
        "--picture",
        picture,
        "--size",
        "320x240",
    ]);
    assert_eq!(shown["tasks"][0], "Lift the cube");
    assert!(fs::read(picture).unwrap().starts_with(b"\x89PNG"));
    fails(
        1,
        &["--picture", "--replace"],
        &["sim", "show", "lift", "--picture", picture],
    );
    // What is shown is what is read.
    let text = run(&["sim", "show", "lift", "--toml"]).stdout;
    let mine = folder.path().join("mine.toml");
    fs::write(&mine, text.replace("Lift the cube", "Pick it up")).unwrap();
    let shown = json(&["sim", "show", mine.to_str().unwrap()]);
    assert_eq!(
        (&shown["name"], &shown["tasks"][0]),
        (&"mine".into(), &"Pick it up".into())
    );
    // Cameras and lights are facts of a scene, too.
    let cameras: Vec<&str> = shown["cameras"]
        .as_array()
        .unwrap()
        .iter()
        .map(|camera| camera["name"].as_str().unwrap())
        .collect();
    assert_eq!(cameras, ["front", "wrist", "top"]);
    assert_eq!(shown["lights"][0]["name"], "lamp");
    fs::write(&mine, text.replace("size = [640, 480]", "size = [0, 480]")).unwrap();
    fails(
        2,
        &["mine.toml", "camera `front`: size 0 x 480"],
        &["sim", "show", mine.to_str().unwrap()],
    );
    fs::write(&mine, text.replace("mass", "maas")).unwrap();
    fails(
        2,
        &["mine.toml", "maas"],
        &["sim", "show", mine.to_str().unwrap()],
    );
}

#[test]
fn a_picture_is_the_same_in_two_processes_and_another_for_another_seed() {
    let folder = tempfile::tempdir().unwrap();
    let picture = |name: &str, more: &[&str]| {
        let path = folder.path().join(name);
        let show = ["sim", "show", "sort", "--size", "96x64", "--camera", "top"];
        let picture = ["--picture", path.to_str().unwrap()];
        json(&[&show[..], &picture, more].concat());
        fs::read(path).unwrap()
    };
    let first = picture("a.png", &["--seed", "4"]);
    assert_eq!(first, picture("b.png", &["--seed", "4"]));
    assert_ne!(first, picture("c.png", &["--seed", "5"]));
    let plain = ["--seed", "4", "--scene-variation", "off"];
    assert_ne!(first, picture("d.png", &plain));
}

#[test]
fn an_expert_is_counted_the_same_in_two_processes() {
    let eval = |scene: &str, seed: &str| {
        json(&[
            "eval",
            "--scene",
            scene,
            "--expert",
            "--episodes",
            "2",
            "--seed",
            seed,
        ])
    };
    let lift = eval("lift", "0");
    assert_eq!(lift["attempts"], 2);
    assert!(lift["successes"].as_u64().unwrap() >= 1, "{lift}");
    assert_eq!(lift, eval("lift", "0"));
    let [low, high] = [0, 1].map(|end| lift["interval"][end].as_f64().unwrap());
    let rate = lift["rate"].as_f64().unwrap();
    assert!(low < rate && rate <= high, "{lift}");
    assert_ne!(lift["seeds"][0], eval("lift", "7")["seeds"][0]);
}

#[test]
fn an_expert_is_recorded_and_only_what_succeeded_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("d");
    let dataset = dataset.to_str().unwrap();
    let recorded = json(&[
        "record",
        "--sim",
        "--lockstep",
        "--scene",
        "pick-place",
        "--expert",
        "--dataset",
        dataset,
        "--episodes",
        "2",
        "--camera-size",
        "64x48",
    ]);
    assert_eq!(recorded["episodes"], 2);
    assert_eq!(recorded["task"], "Put the cube into the bin");
    let score = &recorded["session"]["task"];
    assert!(score["successes"].as_u64().unwrap() >= 2, "{score}");
    for report in recorded["reports"].as_array().unwrap() {
        let rows = report["rows"].as_u64().unwrap();
        assert!((90..30 * 26).contains(&rows), "{report}");
    }
    json(&["dataset", "check", dataset]);
}

#[test]
fn what_cannot_be_done_is_said() {
    fails(
        2,
        &["nothing to do", "--scene lift"],
        &["eval", "--scene", "table", "--expert"],
    );
    fails(
        2,
        &["table", "lift"],
        &["eval", "--scene", "moon", "--expert"],
    );
    fails(
        2,
        &["one arm on a table"],
        &["eval", "--scene", "lift", "--expert", "--robot", "bi_so101"],
    );
    fails(2, &["--expert", "--policy"], &["eval", "--scene", "lift"]);
    fails(
        2,
        &["several tasks", "Put the red cube"],
        &[
            "record",
            "--sim",
            "--lockstep",
            "--scene",
            "sort",
            "--expert",
            "--dataset",
            "nowhere",
        ],
    );
    fails(
        2,
        &["does not say which", "Put the red cube"],
        &["eval", "--scene", "sort", "--expert", "--task", "tidy up"],
    );
    fails(
        2,
        &["no-such.toml"],
        &["eval", "--scene", "./no-such.toml", "--expert"],
    );
}

// What the README and the datasets' page show: it is sound, and played again in its scene it does the task again.
#[test]
fn the_demonstration_that_comes_with_ulna_does_its_task() {
    let demonstration = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../datasets/so101-pick-place"
    );
    let found = json(&["dataset", "check", demonstration]);
    assert_eq!(
        found["findings"].as_array().map(Vec::len),
        Some(0),
        "{found}"
    );
    let replayed = json(&[
        "replay",
        "--sim",
        "--scene",
        "pick-place",
        "--seed",
        "7",
        "--dataset",
        demonstration,
        "--episode",
        "0",
    ]);
    let task = &replayed["session"]["task"];
    assert_eq!(task["successes"], 1, "{task}");
}

#[test]
fn an_engine_that_is_not_built_in_says_how_to_get_it() {
    fails(
        2,
        &["--physics mujoco", "--features mujoco", "fetch-mujoco"],
        &["eval", "--scene", "lift", "--expert", "--physics", "mujoco"],
    );
    fails(
        2,
        &["bullet", "ulna and mujoco"],
        &["teleop", "--sim", "--physics", "bullet"],
    );
}
