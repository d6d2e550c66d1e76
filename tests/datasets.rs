//! Datasets are looked at, checked and repaired.

mod harness;

use std::fs;
use std::path::Path;

use harness::{copy, fixture, json, run, shipped};

#[test]
fn the_shipped_dataset_is_sound() {
    assert_eq!(json(&["dataset", "info", &shipped()])["frames"], 240);
    assert_eq!(
        json(&["dataset", "check", &shipped()])["findings"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}

#[test]
fn lerobots_own_datasets_are_sound_and_missing_videos_are_found() {
    for name in ["lerobot-so101_av1", "lerobot-so101_multifile"] {
        let Some(dataset) = fixture(name) else { return };
        let report = json(&["dataset", "check", &dataset]);
        assert_eq!(
            report["findings"].as_array().map(Vec::len),
            Some(0),
            "{report}"
        );
    }
    let Some(dataset) = fixture("so101-real") else {
        return;
    };
    let ran = run(&["dataset", "check", &dataset]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("observation.images.front"),
        "{}",
        ran.stdout
    );
}

#[test]
fn damage_is_found_and_repair_leaves_what_is_sound() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&shipped()), folder.path());
    let dir = folder.path().to_str().unwrap();
    assert_eq!(
        json(&["dataset", "repair", dir])["actions"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
    let info = folder.path().join("meta/info.json");
    let text = fs::read_to_string(&info).unwrap();
    fs::write(
        &info,
        text.replace("\"total_frames\": 240", "\"total_frames\": 250"),
    )
    .unwrap();
    let ran = run(&["dataset", "check", dir, "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("250"), "{}", ran.stdout);
    harness::fails(1, &["/no/such"], &["dataset", "info", "/no/such"]);
    assert_eq!(run(&["dataset", "check", "/no/such"]).code, 1);
}

#[test]
fn content_is_graded() {
    let report = json(&["dataset", "check", &shipped()]);
    let grade = &report["grades"][0];
    assert_eq!(grade["grade"], "good", "{report}");
    let achieved = grade["achieved_fps"].as_f64().unwrap();
    assert!((achieved - 30.0).abs() < 0.1, "{report}");
    assert_eq!(report["graded"]["good"], 1);

    let Some(dataset) = fixture("so101-real") else {
        return;
    };
    let ran = run(&["dataset", "check", &dataset]);
    let says = [
        "[idle-head] the arm stands still at the start, 2 episodes (2-3)",
        "4.5 s pass before anything moves (and 1 more)",
        "first make a copy of what can be read",
        "not measured",
    ];
    for part in says {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("note ["), "{}", ran.stdout);
    let ran = run(&["dataset", "check", &dataset, "--verbose"]);
    assert!(ran.stdout.contains("note [idle-tail]"), "{}", ran.stdout);
    assert!(ran.stdout.contains("episode 3     poor"), "{}", ran.stdout);
}

#[test]
fn warnings_fail_a_strict_check_only() {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&shipped()), folder.path());
    let dir = folder.path().to_str().unwrap();
    assert_eq!(run(&["dataset", "check", dir, "--strict"]).code, 0);
    fs::remove_file(folder.path().join("meta/stats.json")).unwrap();
    assert_eq!(run(&["dataset", "check", dir]).code, 0);
    let ran = run(&["dataset", "check", dir, "--strict", "--json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("ulna dataset stats"), "{}", ran.stdout);
    harness::fails(
        2,
        &["--pictures"],
        &["dataset", "check", dir, "--pictures", "few"],
    );
}
