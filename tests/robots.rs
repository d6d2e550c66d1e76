//! Robots are files: listed, shown, overridden.

mod harness;

use harness::{fails, json, run, ulna};

#[test]
fn the_built_in_robot_is_listed_and_shown() {
    let all = json(&["robots", "list"]);
    assert!(
        all["robots"]
            .as_array()
            .unwrap()
            .iter()
            .any(|robot| robot["name"] == "so101")
    );
    let shown = json(&["robots", "show", "so101"]);
    assert_eq!(shown["joints"].as_array().unwrap().len(), 6);
    assert!(
        run(&["robots", "show", "so101"])
            .stdout
            .contains("shoulder_lift")
    );
}

#[test]
fn a_file_of_ones_own_overrides_by_path_and_by_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(&["robots", "show", "so101", "--toml"]).stdout.replacen(
        "name = \"so101\"",
        "name = \"mine\"",
        1,
    );
    let robots = folder.path().join("ulna/robots");
    std::fs::create_dir_all(&robots).unwrap();
    let path = robots.join("mine.toml");
    std::fs::write(&path, text).unwrap();
    assert_eq!(
        json(&["robots", "show", path.to_str().unwrap()])["name"],
        "mine"
    );
    let listed = ulna(&["robots", "list"])
        .env("XDG_CONFIG_HOME", folder.path())
        .output()
        .unwrap();
    assert!(
        String::from_utf8(listed.stdout)
            .unwrap()
            .contains("mine.toml")
    );
    let dataset = harness::shipped();
    let replayed = json(&[
        "replay",
        "--sim",
        "--robot",
        path.to_str().unwrap(),
        "--dataset",
        &dataset,
        "--episode",
        "0",
    ]);
    assert_eq!(replayed["session"]["robot"], "mine");
}

#[test]
fn wrong_files_name_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let good = run(&["robots", "show", "so101", "--toml"]).stdout;
    let path_text = path.to_str().unwrap();
    for (from, to, says) in [
        ("baud =", "bauds =", "bauds"),
        ("id = 2", "id = 1", "joints.shoulder_lift.id"),
        (
            "max_velocity = 6.0",
            "max_velocity = -6.0",
            "gate.max_velocity",
        ),
        ("name = \"gripper\"", "name = 7", "mine.toml"),
    ] {
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        fails(1, &["mine.toml", says], &["robots", "show", path_text]);
        fails(
            1,
            &[says],
            &["teleop", "--sim", "--robot", path_text, "--duration", "1"],
        );
    }
    fails(
        1,
        &["no-such-robot", "ulna robots list"],
        &["robots", "show", "no-such-robot"],
    );
}
