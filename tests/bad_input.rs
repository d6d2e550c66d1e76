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
    let next = "give the folder that holds meta/info.json";
    replay(
        Path::new("/no/such/folder"),
        1,
        &["there is no folder /no/such/folder", next],
        &[],
    );
    let empty = tempfile::tempdir().unwrap();
    let text = empty.path().to_str().unwrap();
    replay(empty.path(), 1, &[text, "meta/info.json"], &[]);
    let notes = empty.path().join("notes.txt");
    fs::write(&notes, "x").unwrap();
    replay(&notes, 1, &[notes.to_str().unwrap(), next], &[]);
}

#[test]
fn missing_and_corrupt_files() {
    for (file, missing) in [
        ("meta/info.json", "meta/info.json is missing"),
        (DATA, "data/chunk-000/file-000.parquet, which is missing"),
    ] {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        let gone = damaged(|root| fs::remove_file(root.join(file)).unwrap());
        replay(gone.path(), 1, &[missing], &[]);
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
    let calibrations = harness::home().join("calibration");
    let simulated = calibrations.join("ulna-simulated");
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
    let ran = run(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("no calibration for `mine`"),
        "{}",
        ran.stderr
    );
    // A simulated arm with an id writes nothing where real ones' calibrations lie.
    let made = run(&[
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
    assert!(!calibrations.exists());
    for (part, id, file) in [
        (&[][..], "--robot-id", "robots/so_follower/mine.json"),
        (
            &["--leader"],
            "--teleop-id",
            "teleoperators/so_leader/mine.json",
        ),
    ] {
        let args = ["calibrate", "--sim", id, "mine"];
        let made = run(&[&args[..], part].concat());
        assert_eq!(made.code, 0, "{}", made.stderr);
        // As a real arm's: the simulation reads it, and leaves it as it is.
        let (from, to) = (simulated.join(file), calibrations.join(file));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(&from, &to).unwrap();
        let before = fs::read(&to).unwrap();
        let made = run(&[&args[..], part].concat());
        assert!(made.code == 0 && from.is_file(), "{}", made.stderr);
        assert_eq!(fs::read(&to).unwrap(), before);
    }
    let ran = run(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("`/dev/no-such-port` does not exist"),
        "{}",
        ran.stderr
    );
    fs::write(
        calibrations.join("robots/so_follower/mine.json"),
        "{\"shoulder_pan\": 3",
    )
    .unwrap();
    let ran = run(&options);
    assert!(
        ran.code == 1 && ran.stderr.contains("mine.json"),
        "{}",
        ran.stderr
    );
    let ran = run(&[
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

#[test]
fn a_calibration_that_hides_another_is_named() {
    let robots = harness::home().join("calibration/robots");
    let made = run(&["calibrate", "--sim", "--robot-id", "mine"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let simulated = harness::home().join("calibration/ulna-simulated/robots/so_follower/mine.json");
    let teleop = ["teleop", "--sim", "--lockstep", "--duration", "1"];
    let with_id = [&teleop[..], &["--robot-id", "mine"]].concat();
    for (folder, warned) in [("so_follower", false), ("so101_follower", true)] {
        let real = robots.join(folder).join("mine.json");
        fs::create_dir_all(real.parent().unwrap()).unwrap();
        fs::copy(&simulated, &real).unwrap();
        let ran = run(&with_id);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let names = ran
            .stderr
            .contains("so101_follower/mine.json has the same id");
        assert_eq!(names, warned, "{}", ran.stderr);
    }
}

#[test]
fn numbers_beyond_all_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("data");
    let dataset = dataset.to_str().unwrap();
    let teleop = ["teleop", "--sim", "--lockstep"];
    let record = [
        "record",
        "--sim",
        "--lockstep",
        "--no-cameras",
        "--dataset",
        dataset,
        "--task",
        "x",
    ];
    let run = [
        "run",
        "--sim",
        "--lockstep",
        "--scene",
        "reach",
        "--policy",
        "none",
        "--duration",
        "1",
    ];
    for wrong in ["nan", "inf", "-inf", "1e300", "1e-300", "-1", "0", "1e20"] {
        let option = |name: &str| format!("--{name}={wrong}");
        fails(
            2,
            &["--duration"],
            &[&teleop[..], &[&option("duration")]].concat(),
        );
        let rate = option("rate");
        let rate = [&teleop[..], &["--duration", "1", &rate]].concat();
        fails(2, &["--rate"], &rate);
        for name in [
            "episode-time",
            "fps",
            "episodes",
            "more",
            "camera-size",
            "seed",
        ] {
            // Zero is a seed like any other, and nothing of it is left behind.
            if (name, wrong) != ("seed", "0") {
                fails(
                    2,
                    &[&format!("--{name}")],
                    &[&record[..], &[&option(name)]].concat(),
                );
            }
        }
        fails(
            2,
            &["--threads"],
            &[&run[..], &[&option("threads")]].concat(),
        );
        let idle = ["dataset", "trim", dataset, "--idle", "--yes"];
        for name in ["threshold", "margin"] {
            let ran = harness::run(&[&idle[..], &[&option(name)]].concat());
            assert!(
                ran.code > 0 && !ran.stderr.contains("panicked"),
                "{}",
                ran.stderr
            );
        }
        fails(
            2,
            &["--seconds"],
            &["calibrate", "--sim", &option("seconds")],
        );
        fails(
            2,
            &["--cool-down"],
            &["recover", "--sim", &option("cool-down")],
        );
        fails(2, &["--baud"], &["scan", "--sim", &option("baud")]);
    }
    for (name, wrong) in [
        ("camera-size", "0x0"),
        ("camera-size", "4294967295x4294967295"),
        ("camera-size", "4294967296x16"),
        ("fps", "4294967295"),
        ("episodes", "18446744073709551615"),
        ("more", "18446744073709551615"),
        ("reset-time", "1e300"),
        ("gop", "4294967295"),
    ] {
        let option = format!("--{name}={wrong}");
        fails(
            2,
            &[&format!("--{name}")],
            &[&record[..], &[&option]].concat(),
        );
    }
    assert!(!Path::new(dataset).exists());
}

#[test]
fn faults_beyond_all_bounds() {
    let session = [
        "teleop",
        "--sim",
        "--lockstep",
        "--duration",
        "1",
        "--fault",
    ];
    for wrong in [
        "drop:nan",
        "drop:1e300",
        "flip:-1%",
        "late:1e300s@1%",
        "late:-1s@1%",
        "dead:elbow_flex@1e300s",
        "dead:elbow_flex@99999999999999999999s",
        "low-voltage:nanV@0s",
        "low-voltage:1e300V@0s",
        "overheat:elbow_flex=infC@0s",
        "dead:4294967297@0s",
    ] {
        fails(2, &[wrong], &[&session[..], &[wrong]].concat());
    }
    for odd in [
        "late:18446744073s@100%",
        "late:18446744073s@50%",
        "dead:elbow_flex@18446744073s+18446744073s",
        "unplug:bus@0s+18446744073s",
        "low-voltage:0V@0s",
        "overheat:elbow_flex=1000C@0s",
        "burst:100%",
        "drop:100%",
        "flip:100%",
    ] {
        let ran = run(&[&session[..], &[odd]].concat());
        assert!(
            ran.code >= 0 && !ran.stderr.contains("panicked"),
            "{odd}: {}",
            ran.stderr
        );
    }
}

#[test]
fn datasets_are_split_into_their_folder() {
    let dataset = damaged(|_| ());
    let dataset = dataset.path().to_str().unwrap();
    for part in ["../x", "..", "-x", "a/b", ".x"] {
        let part = format!("--by-episodes={part}=0");
        let ran = run(&["dataset", "split", dataset, &part]);
        assert!(ran.code > 0, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("cannot be the name of a file"),
            "{}",
            ran.stderr
        );
    }
}
