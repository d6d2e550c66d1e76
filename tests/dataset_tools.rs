//! Promise: datasets are taken apart and put together without losing a frame, and a tool that fails, or is interrupted,
//! leaves the dataset as it was.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod harness;

use std::fs;
use std::path::Path;

use harness::{fails, fixture, json, run, ulna};
use serde_json::Value;

/// A dataset of three episodes of the simulated arm, with a camera.
fn recorded(dir: &Path) -> String {
    let path = dir.join("recorded");
    let path = path.to_str().unwrap().to_owned();
    let ran = run(&[
        "record",
        "--sim",
        "--lockstep",
        "--dataset",
        &path,
        "--task",
        "move",
        "--episodes",
        "3",
        "--episode-time",
        "1",
        "--reset-time",
        "0",
        "--fps",
        "30",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    path
}

fn sound(dir: &str) -> Value {
    let report = json(&["dataset", "check", dir]);
    assert_eq!(
        report["findings"].as_array().map(Vec::len),
        Some(0),
        "{report}"
    );
    report
}

fn export(dir: &str, format: &str, output: &Path) -> Value {
    let output = output.to_str().unwrap();
    json(&[
        "dataset", "export", dir, "--format", format, "--output", output,
    ])
}

fn tree(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                todo.push(entry.path());
            } else if entry.file_name() != "lock" {
                out.push((
                    entry.path().display().to_string(),
                    fs::read(entry.path()).unwrap(),
                ));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn a_recording_is_compacted_cut_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    export(&dir, "csv", &folder.path().join("before"));
    let done = json(&["dataset", "compact", &dir]);
    assert_eq!(
        (&done["episodes"], &done["pictures_encoded"]),
        (&3.into(), &0.into())
    );
    sound(&dir);
    export(&dir, "csv", &folder.path().join("after"));
    let table = |name: &str, episode: u32| {
        fs::read_to_string(
            folder
                .path()
                .join(name)
                .join(format!("episode-{episode:06}.csv")),
        )
        .unwrap()
    };
    assert_eq!(table("before", 2), table("after", 2));
    assert_eq!(table("before", 2).lines().count(), 31);

    // DIR_train and DIR_val appear next to it.
    let parts = json(&[
        "dataset",
        "split",
        &dir,
        "--by-episodes",
        "train=0-1",
        "val=2",
    ]);
    assert_eq!(parts["parts"]["train"]["episodes"], 2);
    let (train, val) = (format!("{dir}_train"), format!("{dir}_val"));
    let whole = folder.path().join("whole");
    let whole = whole.to_str().unwrap();
    json(&["dataset", "merge", &val, &train, "--output", whole]);
    assert_eq!(sound(whole)["frames"], 90);
    export(whole, "csv", &folder.path().join("merged"));
    assert_eq!(table("merged", 1), table("before", 0));

    json(&["dataset", "delete", whole, "--episodes", "0,2", "--yes"]);
    assert_eq!(sound(whole)["frames"], 30);
    json(&[
        "dataset",
        "trim",
        whole,
        "--yes",
        "--episode",
        "0",
        "--from",
        "0.1s",
        "--to",
        "28",
    ]);
    assert_eq!(sound(whole)["frames"], 25);
    export(whole, "csv", &folder.path().join("trimmed"));
    let values = |text: &str, line: usize| {
        let line = text.lines().nth(line).unwrap();
        line.splitn(4, ',').nth(3).unwrap().to_owned()
    };
    assert_eq!(
        values(&table("trimmed", 0), 1),
        values(&table("before", 0), 4)
    );

    for format in ["png", "mp4"] {
        let written = export(whole, format, &folder.path().join(format));
        for path in written["paths"].as_array().unwrap() {
            assert!(Path::new(path.as_str().unwrap()).exists(), "{path}");
        }
    }
}

#[test]
fn tasks_and_features_are_listed_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    assert_eq!(
        json(&["dataset", "tasks", &dir])["tasks"][0]["task"],
        "move"
    );
    json(&[
        "dataset", "tasks", &dir, "--rename", "move", "wave", "--assign", "1", "point",
    ]);
    let tasks = json(&["dataset", "tasks", &dir]);
    assert_eq!(
        tasks["tasks"][0],
        serde_json::json!({"index": 0, "task": "point", "episodes": [1]})
    );
    fails(
        1,
        &["no such task", "wave"],
        &["dataset", "tasks", &dir, "--rename", "jump", "x"],
    );
    fails(
        2,
        &["--assign"],
        &["dataset", "tasks", &dir, "--assign", "one", "x"],
    );

    json(&[
        "dataset",
        "features",
        &dir,
        "--yes",
        "--plain",
        "--add",
        "weight=0.5",
    ]);
    let features = json(&["dataset", "features", &dir]);
    let keys: Vec<&str> = features["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["key"].as_str().unwrap())
        .collect();
    assert!(
        keys.contains(&"weight") && !keys.iter().any(|key| key.starts_with("ulna.")),
        "{keys:?}"
    );
    fails(
        1,
        &["`no.such`", "action"],
        &["dataset", "features", &dir, "--drop", "no.such", "--yes"],
    );
    json(&["dataset", "stats", &dir, "--pictures"]);
    sound(&dir);
}

#[test]
fn pictures_are_encoded_again_or_the_missing_encoder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    let before = tree(Path::new(&dir));
    fails(
        1,
        &["ffmpeg", "no-such-codec"],
        &["dataset", "reencode", &dir, "--codec", "no-such-codec"],
    );
    fails(
        2,
        &["libx264"],
        &[
            "dataset", "reencode", &dir, "--codec", "h264", "--crf", "20",
        ],
    );
    let mut without = ulna(&["dataset", "reencode", &dir, "--codec", "av1"]);
    let ran = harness::finish(without.env("PATH", folder.path()).output().unwrap());
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("not on the PATH"), "{}", ran.stderr);
    assert!(
        tree(Path::new(&dir)) == before,
        "a failed command changed the dataset"
    );
    json(&["dataset", "reencode", &dir, "--codec", "h264"]);
    sound(&dir);
}

#[test]
fn what_lerobot_wrote_is_edited() {
    for name in ["lerobot-so101_av1", "lerobot-so101_multifile"] {
        let Some(dataset) = fixture(name) else { return };
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("imported");
        let output = output.to_str().unwrap();
        json(&["dataset", "import", &dataset, "--output", output]);
        sound(output);
        json(&["dataset", "delete", output, "--episodes", "1", "--yes"]);
        sound(output);
    }
}

#[test]
fn what_takes_something_away_in_place_asks_first() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    let before = tree(Path::new(&dir));
    let edits: [&[&str]; 4] = [
        &["delete", "--episodes", "1"],
        &["select", "--episodes", "1"],
        &["trim", "--episode", "0", "--from", "3"],
        &["features", "--drop", "ulna.flags"],
    ];
    for edit in edits {
        let args = [&["dataset"], edit, &[&dir]].concat();
        // Without a terminal there is no one to ask.
        fails(2, &["--yes", "--backup", "--output", &dir], &args);
        fails(
            2,
            &["--output"],
            &[&args[..], &["--yes", "--output", "elsewhere"]].concat(),
        );
        assert!(tree(Path::new(&dir)) == before, "{args:?}");
    }
    // What writes elsewhere, or only shows, needs no consent.
    let fewer = folder.path().join("fewer");
    let fewer = fewer.to_str().unwrap();
    json(&[
        "dataset",
        "delete",
        &dir,
        "--episodes",
        "1",
        "--output",
        fewer,
    ]);
    json(&["dataset", "features", &dir]);
    assert!(tree(Path::new(&dir)) == before);
    // A wrong folder is named as ever.
    fails(
        1,
        &["/no/such"],
        &["dataset", "delete", "/no/such", "--episodes", "1"],
    );
    let answer = json(&[
        "dataset",
        "delete",
        &dir,
        "--episodes",
        "1",
        "--yes",
        "--backup",
    ]);
    let backup = format!("{dir}.backup");
    assert_eq!(answer["backup"], backup.as_str());
    let inside = |dir: &str, tree: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
        let names = tree.into_iter();
        names
            .map(|(path, bytes)| (path.replace(dir, ""), bytes))
            .collect()
    };
    assert!(inside(&backup, tree(Path::new(&backup))) == inside(&dir, before));
    assert_eq!(sound(&backup)["frames"], 90);
    assert_eq!(sound(&dir)["frames"], 60);
}

#[test]
fn an_export_goes_into_an_empty_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    let output = folder.path().join("out");
    fs::create_dir(&output).unwrap();
    let target = output.to_str().unwrap();
    for format in ["csv", "png", "mp4"] {
        export(&dir, format, &output.join(format));
        let args = [
            "dataset", "export", &dir, "--format", format, "--output", target,
        ];
        let before = tree(&output);
        fails(1, &["already holds something", target], &args);
        assert!(tree(&output) == before, "{format}");
    }
}

#[test]
fn mistakes_are_reported_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    let before = tree(Path::new(&dir));
    fails(
        1,
        &["no episode 7", "3 episodes"],
        &["dataset", "delete", &dir, "--episodes", "7", "--yes"],
    );
    fails(
        1,
        &["no episode would be left"],
        &["dataset", "delete", &dir, "--episodes", "0-2", "--yes"],
    );
    fails(
        2,
        &["such as 1,3-5"],
        &["dataset", "delete", &dir, "--episodes", "3-1"],
    );
    fails(
        1,
        &["already holds something"],
        &[
            "dataset",
            "compact",
            &dir,
            "--output",
            folder.path().to_str().unwrap(),
        ],
    );
    fails(1, &["/no/such"], &["dataset", "compact", "/no/such"]);
    fails(
        1,
        &["in two parts"],
        &["dataset", "split", &dir, "--by-episodes", "a=0", "b=0-1"],
    );
    fails(
        1,
        &["has 30 frames"],
        &[
            "dataset",
            "trim",
            &dir,
            "--yes",
            "--episode",
            "0",
            "--from",
            "12",
            "--to",
            "31",
        ],
    );
    fails(2, &["--idle"], &["dataset", "trim", &dir]);
    assert!(
        tree(Path::new(&dir)) == before,
        "a failed command changed the dataset"
    );
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(names, ["recorded"]);
}

#[cfg(unix)]
#[test]
fn interrupted_and_killed_edits_leave_the_dataset_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = recorded(folder.path());
    let before = tree(Path::new(&dir));
    let edit = || {
        let mut command = ulna(&["dataset", "stats", &dir, "--pictures"]);
        command.spawn().unwrap()
    };
    for signal in ["-INT", "-KILL"] {
        let mut child = edit();
        // As soon as it has begun to build.
        let hidden = folder.path().join(".recorded.ulna-edit");
        while !hidden.join("data").is_dir() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let id = child.id().to_string();
        std::process::Command::new("kill")
            .args([signal, &id])
            .status()
            .unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success(), "it was too fast to be interrupted");
        if signal == "-INT" {
            assert_eq!(status.code(), Some(130));
            assert!(!hidden.exists());
        } else {
            let repaired = json(&["dataset", "repair", &dir]);
            let said = repaired["actions"][0]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(said.contains("interrupted edit"), "{repaired}");
            assert!(!hidden.exists());
        }
        assert!(tree(Path::new(&dir)) == before, "{signal}");
    }
}
