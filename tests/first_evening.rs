//! Promise: the README's first evening works as it is typed, from the cables to a recorded episode with two cameras and a rig file, and no line of it is
//! broken by a terminal of 80 columns.

#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use harness::cameras::{Arm, Phone};
use harness::{Ran, finish, json, root, ulna};

/// What is typed, one evening.
struct Evening {
    folder: tempfile::TempDir,
}

impl Evening {
    /// Types a line of the README, with what this computer has in the place of its devices.
    fn types(&self, line: &str) -> Ran {
        let words = shlex::split(line).unwrap();
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let ran = ulna(&words)
            .current_dir(self.folder.path())
            .env("COLUMNS", "80")
            .output();
        let ran = finish(ran.unwrap());
        assert_eq!(ran.code, 0, "{line}: {}{}", ran.stdout, ran.stderr);
        ran
    }
}

/// The line of the README that begins so.
fn line(begins: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let line = readme.lines().find(|line| line.starts_with(begins));
    line.unwrap_or_else(|| panic!("the README has no `{begins}`"))
        .to_owned()
}

#[test]
fn from_the_cables_to_an_episode_with_two_cameras() {
    let (front, wrist, arm) = (Phone::new(0), Phone::new(1), Arm::new());
    let evening = Evening {
        folder: tempfile::tempdir().unwrap(),
    };
    let here = |line: &str| {
        let line = line
            .replace("/dev/ttyACM0", &arm.port)
            .replace("/dev/ttyACM1", &arm.leader);
        let line = line
            .replace("/dev/video0", &front.address)
            .replace("/dev/video2", &wrist.address);
        line.replace("http://192.168.1.20:8080/video", &wrist.address)
    };
    let listed = evening.types(&here(&line("ulna cameras list")));
    assert!(listed.stdout.len() + listed.stderr.len() > 0);
    evening.types(
        &here(&line("ulna cameras snapshot --output"))
            .replace("--output", &format!("{} --output", front.address)),
    );
    let tested = evening.types(&here(&line("ulna cameras test")));
    assert_eq!(
        tested.stdout.matches("ok    http://").count(),
        2,
        "{}",
        tested.stdout
    );
    let made = evening.types(&here(&line("ulna rig new mine")));
    assert!(made.stdout.contains("[cameras.wrist]"), "{}", made.stdout);
    let checked = evening.types("ulna rig check mine");
    assert!(
        checked.stdout.contains("not asked yet"),
        "{}",
        checked.stdout
    );
    // The arms were calibrated when they were served; no person is at the terminal to say yes.
    evening.types(&format!("{} --duration 2 --yes", line("ulna teleop mine")));
    let short = " --episode-time 2 --reset-time 0 --yes";
    let record = line("ulna record mine --dataset cubes").replace("--episodes 10", "--episodes 1");
    evening.types(&format!("{record}{short}"));
    evening.types(&line("ulna dataset view cubes --report"));
    let more = line("ulna record mine --dataset cubes --task \"Pick up the cube\" --more")
        .replace("--more 10", "--more 1");
    evening.types(&format!("{more}{short}"));
    let cubes = evening
        .folder
        .path()
        .join("cubes")
        .to_str()
        .unwrap()
        .to_owned();
    let info = json(&["dataset", "info", &cubes]);
    assert_eq!(info["episodes"].as_array().unwrap().len(), 2, "{info}");
    let features = info["features"].to_string();
    for camera in ["observation.images.front", "observation.images.wrist"] {
        assert!(features.contains(camera), "{features}");
    }
}
