//! A pipe or a device where a file is expected is refused at once, by name: opening one would wait for ever.

#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{Ran, copy, finish, root, shipped, ulna};
use rustix::fs::{CWD, Mode, mkfifoat};

/// Far longer than any of these commands takes, far shorter than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
}

fn run(home: &Path, args: &[&str]) -> Ran {
    let mut child = ulna(args)
        .env("HF_LEROBOT_CALIBRATION", home)
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    finish(child.wait_with_output().unwrap())
}

fn refused(home: &Path, args: &[&str]) {
    let ran = run(home, args);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.code == 1 || ran.code == 2,
        "{args:?}: {} {said}",
        ran.code
    );
    assert!(
        said.contains("it is a pipe, where a file is expected"),
        "{args:?}: {said}"
    );
}

#[test]
fn robots_calibrations_and_policies() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let robot = at("robot.toml");
    pipe(&robot);
    refused(folder.path(), &["robots", "show", robot.to_str().unwrap()]);
    refused(
        folder.path(),
        &["robots", "show", robot.to_str().unwrap(), "--toml"],
    );
    let session = ["teleop", "--sim", "--lockstep", "--duration", "1"];
    refused(
        folder.path(),
        &[&session[..], &["--robot", robot.to_str().unwrap()]].concat(),
    );

    let calibrations = at("robots/so_follower");
    fs::create_dir_all(&calibrations).unwrap();
    pipe(&calibrations.join("mine.json"));
    refused(
        folder.path(),
        &[&session[..], &["--robot-id", "mine"]].concat(),
    );
    // What is calibrated with --sim lies apart from the calibrations of real arms.
    let simulated = at("ulna-simulated/robots/so_follower");
    fs::create_dir_all(&simulated).unwrap();
    pipe(&simulated.join("mine.json"));
    let calibrate = ["calibrate", "--sim", "--robot-id", "mine"];
    refused(folder.path(), &calibrate);
    refused(folder.path(), &[&calibrate[..], &["--check"]].concat());
    // Looking around is not held up either.
    assert!(run(folder.path(), &["doctor", "--sim"]).code < 2);

    let bundle = at("bundle");
    copy(&root().join("datasets/so101-reach"), &bundle);
    pipe(&bundle.join("policy.toml"));
    let ran = run(
        folder.path(),
        &["policy", "check", bundle.to_str().unwrap()],
    );
    assert!(
        ran.code == 1 && ran.stderr.contains("policy.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn datasets_and_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let dataset: PathBuf = folder.path().join("data");
    let report = folder.path().join("report.html");
    pipe(&report);
    let name = dataset.to_str().unwrap();
    copy(Path::new(&shipped()), &dataset);
    pipe(&dataset.join("meta/episodes/chunk-000/file-000.parquet"));
    refused(folder.path(), &["dataset", "check", name]);
    refused(
        folder.path(),
        &["replay", "--sim", "--dataset", name, "--episode", "0"],
    );
    // Where a file is looked for first, a pipe counts as none.
    for file in [
        "data/chunk-000/file-000.parquet",
        "meta/tasks.parquet",
        "meta/info.json",
    ] {
        let _ = fs::remove_dir_all(&dataset);
        copy(Path::new(&shipped()), &dataset);
        pipe(&dataset.join(file));
        let ran = run(folder.path(), &["dataset", "check", name]);
        assert!(ran.code == 1 && ran.stdout.contains(file), "{}", ran.stdout);
    }
    let _ = fs::remove_dir_all(&dataset);
    copy(Path::new(&shipped()), &dataset);
    refused(
        folder.path(),
        &[
            "dataset",
            "view",
            name,
            "--report",
            report.to_str().unwrap(),
        ],
    );
    let force = [
        "dataset",
        "view",
        name,
        "--force",
        "--report",
        report.to_str().unwrap(),
    ];
    refused(folder.path(), &force);
    let display = folder.path().join("session.rrd");
    pipe(&display);
    if cfg!(feature = "viewer") {
        refused(
            folder.path(),
            &[
                "dataset",
                "view",
                name,
                "--display",
                display.to_str().unwrap(),
            ],
        );
        let session = ["teleop", "--sim", "--duration", "1", "--display"];
        refused(
            folder.path(),
            &[&session[..], &[display.to_str().unwrap()]].concat(),
        );
    }
    pipe(&dataset.join("README.md"));
    refused(folder.path(), &["dataset", "card", name]);
}
