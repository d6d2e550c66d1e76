//! The main job: `ulna demo` on a machine without hardware.

#![allow(clippy::unwrap_used)]

mod harness;

use std::path::Path;
use std::process::Command;

use harness::{json, ulna};

#[test]
fn the_tour_runs_and_names_only_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let report = json(&["demo", "--folder", folder.path().to_str().unwrap()]);
    assert!(report["teleop"]["timing"]["ticks"].as_u64().unwrap() > 600);
    assert_eq!(report["teleop"]["exit"]["happened"], "parked, torque off");
    assert_eq!(
        (&report["record"]["episodes"], &report["record"]["frames"]),
        (&2.into(), &240.into())
    );
    assert_eq!(report["check"]["sound"], true);
    assert_eq!(report["replay"]["joints"].as_array().unwrap().len(), 6);
    // The first of ten was there while the arm was still being connected.
    assert_eq!(report["policy"]["task"]["targets"], 9);
    assert!(report["policy"]["task"]["reached"].as_u64().unwrap() >= 8);
    assert!(
        Path::new(report["replay"]["dataset"].as_str().unwrap())
            .join("meta/info.json")
            .is_file()
    );
}

/// Without options its files go to the user's data folder.
#[test]
fn it_needs_nothing_but_the_binary() {
    let home = tempfile::tempdir().unwrap();
    let mut command = ulna(&["demo"]);
    let ran = harness::finish(
        command
            .env("XDG_DATA_HOME", home.path())
            .current_dir(home.path())
            .output()
            .unwrap(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        home.path()
            .join("ulna/demo/dataset/meta/info.json")
            .is_file()
    );
    for line in ran
        .stdout
        .lines()
        .filter_map(|line| line.trim().strip_prefix("ulna "))
    {
        // As it is printed, but for how long it goes on.
        let soon = match line.starts_with("record") {
            true => "--lockstep --episode-time 1 --reset-time 0",
            false => "--lockstep --duration 1",
        };
        let ulna = Path::new(env!("CARGO_BIN_EXE_ulna"));
        let typed = Command::new("sh")
            .args(["-c", &format!("{} {line} {soon}", ulna.display())])
            .env("XDG_DATA_HOME", home.path())
            .current_dir(home.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&typed.stderr);
        assert!(typed.status.success(), "`ulna {line}`: {said}");
    }
}
