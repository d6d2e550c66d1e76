//! Bad input gets a clear error: what failed, why, what to do next; never a panic.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;
use std::path::Path;

use harness::{copy, fails, run, shipped};

fn replay(dataset: &Path, code: i32, says: &[&str], more: &[&str]) {
    let dataset = dataset.to_str().unwrap();
    fails(
        code,
        says,
        &[
            &["replay", "--sim", "--dataset", dataset, "--episode", "0"],
            more,
        ]
        .concat(),
    );
}

/// A copy of the shipped dataset, changed by `change`.
fn damaged(change: impl Fn(&Path)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(&shipped()), folder.path());
    change(folder.path());
    folder
}

const DATA: &str = "data/chunk-000/file-000.parquet";

#[test]
fn datasets_that_are_none() {
    replay(Path::new("/no/such/folder"), 1, &["/no/such/folder"], &[]);
    let empty = tempfile::tempdir().unwrap();
    replay(empty.path(), 1, &["info.json"], &[]);
    let file = empty.path().join("file");
    fs::write(&file, "x").unwrap();
    replay(&file, 1, &["file"], &[]);
}

#[test]
fn missing_and_corrupt_files() {
    for file in ["meta/info.json", DATA] {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        let gone = damaged(|root| fs::remove_file(root.join(file)).unwrap());
        replay(gone.path(), 1, &["error: "], &[]);
        let empty = damaged(|root| fs::write(root.join(file), "").unwrap());
        replay(empty.path(), 1, &[name], &[]);
        let cut = damaged(|root| {
            let bytes = fs::read(root.join(file)).unwrap();
            fs::write(root.join(file), &bytes[..bytes.len() / 2]).unwrap();
        });
        replay(cut.path(), 1, &[name], &[]);
        let noise = damaged(|root| fs::write(root.join(file), [0xA5; 4096]).unwrap());
        replay(noise.path(), 1, &[name], &[]);
    }
    // Without the tables the rows are there all the same.
    for file in [
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
    ] {
        for damage in [Some([0xA5; 4096]), None] {
            let damaged = damaged(|root| match damage {
                Some(noise) => fs::write(root.join(file), noise).unwrap(),
                None => fs::remove_file(root.join(file)).unwrap(),
            });
            let dir = damaged.path().to_str().unwrap();
            let ran = run(&["replay", "--sim", "--dataset", dir, "--episode", "0"]);
            assert_eq!(ran.code, 0, "{file}: {}", ran.stderr);
            assert_eq!(run(&["dataset", "check", dir]).code, 1, "{file}");
        }
    }
}

#[test]
fn a_robot_of_another_family_has_to_be_named() {
    let koch = damaged(|root| {
        fs::remove_dir_all(root.join("meta/ulna")).unwrap();
        let info = fs::read_to_string(root.join("meta/info.json")).unwrap();
        let info = info.replace("so_follower", "koch_follower");
        fs::write(root.join("meta/info.json"), info).unwrap();
    });
    let units = ["--units", "degrees"];
    replay(
        koch.path(),
        2,
        &["koch_follower", "another family", "--force"],
        &units,
    );
    let dir = koch.path().to_str().unwrap();
    for more in [&["--robot", "so101"][..], &["--force"]] {
        let args = ["replay", "--sim", "--dataset", dir, "--episode", "0"];
        let ran = run(&[&args[..], &units, more].concat());
        assert!(
            ran.code == 0
                && ran.stderr.contains("warning: ")
                && ran.stderr.contains("koch_follower"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn episodes_and_units_that_do_not_fit() {
    let dataset = shipped();
    fails(
        1,
        &["no episode 7", "1 episode"],
        &["replay", "--sim", "--dataset", &dataset, "--episode", "7"],
    );
    fails(
        2,
        &["--episode"],
        &["replay", "--sim", "--dataset", &dataset, "--episode", "-1"],
    );
    fails(
        2,
        &["--units"],
        &[
            "replay",
            "--sim",
            "--dataset",
            &dataset,
            "--episode",
            "0",
            "--units",
            "radians",
        ],
    );
    let unknown = damaged(|root| {
        fs::remove_dir_all(root.join("meta/ulna")).unwrap();
        let info = fs::read_to_string(root.join("meta/info.json")).unwrap();
        fs::write(
            root.join("meta/info.json"),
            info.replace("so_follower", "octopus"),
        )
        .unwrap();
    });
    replay(unknown.path(), 2, &["octopus", "--units degrees"], &[]);
    let other_joints = damaged(|root| {
        let info = fs::read_to_string(root.join("meta/info.json")).unwrap();
        fs::write(
            root.join("meta/info.json"),
            info.replace("gripper.pos", "claw.pos"),
        )
        .unwrap();
    });
    replay(other_joints.path(), 2, &["claw.pos", "gripper"], &[]);
}

#[test]
fn options_that_do_not_go_together() {
    fails(2, &["--robot-port", "--sim"], &["teleop"]);
    fails(
        2,
        &["--rate"],
        &["teleop", "--sim", "--rate", "100000", "--duration", "1"],
    );
    fails(2, &["--duration"], &["teleop", "--sim", "--duration=-3"]);
    fails(2, &["--duration"], &["teleop", "--sim", "--lockstep"]);
    fails(2, &["--sim"], &["teleop", "--seed", "3"]);
    fails(
        2,
        &["--sim opens no port"],
        &[
            "teleop",
            "--sim",
            "--robot-port",
            "/dev/ttyACM0",
            "--duration",
            "1",
        ],
    );
    fails(
        2,
        &["elbow"],
        &[
            "teleop",
            "--sim",
            "--duration",
            "1",
            "--fault",
            "dead:elbow@1s",
        ],
    );
    fails(
        2,
        &["fire", "unplug:elbow_flex@2s+2s", "overheat:"],
        &["teleop", "--sim", "--duration", "1", "--fault", "fire:1%"],
    );
}

#[test]
fn ports_and_calibrations_that_are_not_there() {
    let home = tempfile::tempdir().unwrap();
    let ulna = |args: &[&str]| {
        let mut command = harness::ulna(args);
        harness::finish(
            command
                .env("HF_LEROBOT_CALIBRATION", home.path())
                .output()
                .unwrap(),
        )
    };
    let options = [
        "teleop",
        "--robot-port",
        "/dev/no-such-port",
        "--robot-id",
        "mine",
        "--teleop-port",
        "/dev/x",
        "--teleop-id",
        "mine",
    ];
    let ran = ulna(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("no calibration for `mine`"),
        "{}",
        ran.stderr
    );
    // A simulated arm with an id writes nothing where real ones' calibrations lie.
    let made = ulna(&[
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "1",
        "--robot-id",
        "mine",
        "--teleop-id",
        "mine",
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    for (part, id, file) in [
        (&[][..], "--robot-id", "robots/so_follower/mine.json"),
        (
            &["--leader"],
            "--teleop-id",
            "teleoperators/so_leader/mine.json",
        ),
    ] {
        let args = ["calibrate", "--sim", id, "mine"];
        let made = ulna(&[&args[..], part].concat());
        assert_eq!(made.code, 0, "{}", made.stderr);
        // As a real arm's: the simulation reads it, and leaves it as it is.
        let (from, to) = (
            home.path().join("ulna-simulated").join(file),
            home.path().join(file),
        );
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(&from, &to).unwrap();
        let before = fs::read(&to).unwrap();
        let made = ulna(&[&args[..], part].concat());
        assert!(made.code == 0 && from.is_file(), "{}", made.stderr);
        assert_eq!(fs::read(&to).unwrap(), before);
    }
    let ran = ulna(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("`/dev/no-such-port` does not exist"),
        "{}",
        ran.stderr
    );
    fs::write(
        home.path().join("robots/so_follower/mine.json"),
        "{\"shoulder_pan\": 3",
    )
    .unwrap();
    let ran = ulna(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("mine.json"),
        "{}",
        ran.stderr
    );
    let ran = ulna(&[
        "teleop",
        "--robot-port",
        "/dev/x",
        "--robot-id",
        "../mine",
        "--teleop-port",
        "/dev/x",
        "--teleop-id",
        "mine",
    ]);
    assert!(
        ran.code == 1 && ran.stderr.contains("cannot be an arm's id"),
        "{}",
        ran.stderr
    );
}
