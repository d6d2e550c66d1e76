//! Promise: no wrong turn in the first hour. What a newcomer types, and what goes wrong then.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod harness;

use std::fs;
use std::io::{BufRead, BufReader};

use harness::{fails, home, json, run, ulna};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The words of a command line.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn an_arm_that_did_not_park_is_not_reported_as_parked() {
    for (fault, says) in [
        (
            "overheat:shoulder_lift=90C@0.5s+60s",
            "`shoulder_lift` may be limp (overheat)",
        ),
        ("overload:shoulder_lift@0.5s+60s", "`shoulder_lift` is"),
        (
            "low-voltage:3.5V@0.5s+60s",
            "`shoulder_pan` may be limp (voltage)",
        ),
    ] {
        let line = format!("teleop --sim --lockstep --duration 6 --fault {fault}");
        let ran = run(&words(&line));
        assert_eq!(ran.code, 1, "{fault}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("did not reach its resting pose") && ran.stderr.contains(says),
            "{fault}: {}",
            ran.stderr
        );
        assert!(!ran.stdout.contains("parked"), "{fault}: {}", ran.stdout);
    }
    // What was measured until then is not lost.
    let line =
        "teleop --sim --lockstep --duration 6 --fault overload:shoulder_lift@0.5s+60s --json";
    let answer = parsed(&run(&words(line)).stdout);
    assert_eq!(answer["exit_code"], 1);
    assert_eq!(answer["report"]["exit"]["as_asked"], false);
    assert_eq!(answer["report"]["timing"]["ticks"], 1200);
    // A fault that is over by then is none of the way out.
    let over = "teleop --sim --lockstep --duration 6 --fault dead:elbow_flex@1s+1s";
    assert_eq!(json(&words(over))["exit"]["happened"], "parked, torque off");
}

/// The kind of the faults above: more than one joint, another bus, wheels, and what happens on the way out.
#[test]
fn no_arm_is_parked_that_a_servo_fails() {
    for (options, says) in [
        (
            "--fault overheat:shoulder_lift=90C@0.5s --fault overheat:wrist_flex=90C@0.5s",
            "`shoulder_lift` may be limp (overheat), `wrist_flex` may be limp (overheat)",
        ),
        (
            "--fault overheat:elbow_flex=90C@7.5s",
            "`elbow_flex` may be limp (overheat)",
        ),
        (
            "--fault dead:elbow_flex@7s",
            "servo 3 (`elbow_flex`) did not answer",
        ),
        (
            "--robot bi_so101 --fault overheat:left_shoulder_lift=90C@0.5s",
            "`left_shoulder_lift` may be limp (overheat)",
        ),
        (
            "--robot bi_so101 --fault dead:right_wrist_flex@7s",
            "right arm: ",
        ),
        (
            "--robot lekiwi --fault overheat:base_left_wheel=90C@0.5s",
            "`base_left_wheel` may be limp (overheat)",
        ),
        (
            "--robot lekiwi --fault dead:base_left_wheel@0.5s",
            "the wheels could not be stopped",
        ),
        (
            "--adapter bridge --fault low-voltage:3.5V@0.5s",
            "`shoulder_pan` may be limp (voltage)",
        ),
        (
            "--adapter bridge --fault dead:elbow_flex@7s",
            "servo 3 (`elbow_flex`) did not answer",
        ),
    ] {
        let line = format!("teleop --sim --lockstep --duration 6 --json {options}");
        let ran = run(&words(&line));
        assert_eq!(ran.code, 1, "{options}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{options}: {}", ran.stderr);
        let exit = &parsed(&ran.stdout)["report"]["exit"];
        assert_eq!(exit["as_asked"], false, "{options}: {exit}");
        // Six seconds for the way, one for latecomers, and some for servos that do not answer.
        let seconds = exit["seconds"].as_f64().unwrap();
        assert!(seconds < 15.0, "{options}: {seconds} s");
    }
}

/// In this scene there is nothing to hold. Where these end, the gripper is closing.
#[test]
fn an_empty_hand_is_not_said_to_hold_something() {
    for options in [
        "--duration 60 --seed 3",
        "--duration 10 --robot-id mine --teleop-id mine",
        "--duration 6 --adapter esp32 --fault low-voltage:4.5V@0.5s",
    ] {
        let line = format!("teleop --sim --lockstep {options}");
        let exit = json(&words(&line))["exit"].clone();
        assert_eq!(exit["happened"], "parked, torque off", "{options}");
    }
}

#[test]
fn the_next_step_is_one_that_works() {
    let missing = run(&words("calibrate --sim --robot-id fresh --check"));
    assert!(
        missing
            .stderr
            .contains("`ulna calibrate --sim --robot-id fresh`"),
        "{}",
        missing.stderr
    );
    json(&words("calibrate --sim --robot-id fresh"));
    json(&words("calibrate --sim --robot-id fresh --check"));
    for (line, next) in [
        ("scan /dev/nosuch", "`ulna ports`"),
        (
            "teleop --robot-port /dev/x --teleop-port /dev/y --robot-id none --teleop-id none",
            "`ulna calibrate --robot-id none`",
        ),
        (
            "calibrate --sim --leader --teleop-id none --check",
            "`ulna calibrate --sim --leader --teleop-id none`",
        ),
        ("calibrate /dev/ttyACM0", "--robot-port /dev/ttyACM0"),
        (
            "bridge flash nosuch.uf2",
            "cargo run -p xtask -- bridge --build-only",
        ),
        (
            "record --sim --dataset nosuch --more 1 --task t",
            "leave --more and --resume out",
        ),
        (
            "teleop --sim --display nosuch/x.rrd",
            "there is no folder nosuch",
        ),
    ] {
        let ran = run(&words(line));
        assert!(
            ran.code > 0 && ran.stderr.contains(next),
            "{line}: {}",
            ran.stderr
        );
    }
    let set_up = run(&words("setup --sim --robot koch --leader"));
    assert!(
        set_up
            .stdout
            .contains("`ulna calibrate --robot koch --sim --leader --teleop-id NAME`"),
        "{}",
        set_up.stdout
    );
    let made = run(&words("rig new bench --robot-port /dev/nosuch"));
    assert!(
        made.stdout.ends_with("then `ulna rig check bench`\n"),
        "{}",
        made.stdout
    );
}

#[test]
fn a_word_that_is_no_text_is_named_like_any_other() {
    use std::os::unix::ffi::OsStrExt;
    let word = std::ffi::OsStr::from_bytes(b"te\xffleop");
    let ran = ulna(&[]).arg(word).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("unrecognized subcommand"), "{said}");
}

#[test]
fn faults_are_explained_on_any_line() {
    for line in [
        "teleop --fault help",
        "teleop --sim --fault=help",
        "record --camera-fault help",
        "scan --sim --fault help",
    ] {
        let ran = run(&words(line));
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        for part in ["dead:elbow_flex@2s+2s", "front:frozen@3s"] {
            assert!(ran.stdout.contains(part), "{line}: {}", ran.stdout);
        }
    }
}

#[test]
fn times_are_typed_in_one_way_everywhere() {
    for time in ["2", "2s", "2000ms", "2.0"] {
        let report = json(&["teleop", "--sim", "--lockstep", "--duration", time]);
        assert_eq!(report["timing"]["ticks"], 400, "{time}");
    }
    let minute = json(&words("teleop --sim --lockstep --duration 1m1s"));
    assert_eq!(minute["timing"]["ticks"], 61 * 200);
    // A window of a fault as well, with and without the unit.
    let silent = |fault: &str| {
        let report = json(&[
            "teleop",
            "--sim",
            "--lockstep",
            "--duration",
            "3",
            "--fault",
            fault,
        ]);
        report["follower"]["servos"][2]["missed"].as_u64().unwrap()
    };
    assert_eq!(
        silent("dead:elbow_flex@1+1"),
        silent("dead:elbow_flex@1s+1000ms")
    );
    fails(
        2,
        &["5, 5s, 500ms or 1m30s"],
        &words("teleop --sim --duration soon"),
    );
}

#[test]
fn an_error_tells_its_cause_once() {
    for (line, cause) in [
        (
            "teleop --sim --fault nosuch:1",
            "there is no fault `nosuch`",
        ),
        ("record --sim --dataset /dev/null/x --task t", "os error"),
        ("policy check /dev/null/x", "os error"),
        ("robots show /dev/null/x.toml", "os error"),
        ("scan /dev/nosuch", "does not exist"),
    ] {
        let ran = run(&words(line));
        assert_eq!(
            ran.stderr.matches(cause).count(),
            1,
            "{line}: {}",
            ran.stderr
        );
    }
}

#[test]
fn errors_are_json_for_programs() {
    for (line, code, says) in [
        ("teleop", 2, "--robot-port"),
        ("teleop --nosuch", 2, "--nosuch"),
        ("nosuch", 2, "nosuch"),
        ("dataset info nosuch", 1, "nosuch"),
        ("replay --sim --dataset nosuch --episode 0", 1, "nosuch"),
    ] {
        let ran = run(&[words(line), vec!["--json"]].concat());
        assert_eq!(ran.code, code, "{line}: {}", ran.stderr);
        assert_eq!(ran.stdout.lines().count(), 1, "{line}: {}", ran.stdout);
        let answer = parsed(&ran.stdout);
        assert_eq!(answer["exit_code"], code, "{line}");
        assert!(
            answer["error"].as_str().unwrap().contains(says),
            "{line}: {answer}"
        );
        assert!(run(&words(line)).stdout.is_empty(), "{line}");
    }
}

#[test]
fn words_of_lerobot_lead_on() {
    for (line, ours) in [
        ("find-port", "ulna ports find"),
        ("lerobot-find-port", "ulna ports find"),
        ("find-cameras", "ulna cameras list"),
        ("lerobot-train --policy.type=act", "ulna policy import"),
        ("viz", "ulna dataset view"),
        ("rollout", "ulna run"),
        (
            "lerobot-teleoperate --robot.type=so101_follower",
            "ulna teleop",
        ),
        ("teleop --robot.port=/dev/ttyACM0", "--robot-port"),
        (
            "lerobot-record --robot.type=so101_follower --dataset.num_episodes=5",
            "--episodes N",
        ),
        ("eval --env.type=so101", "--scene NAME"),
        ("record --resume=true", "--resume"),
        ("teleop --fps=60", "--rate"),
    ] {
        fails(2, &[ours], &words(line));
        // What merely looks alike leads elsewhere.
        let said = run(&words(line)).stderr;
        assert!(
            !said.contains("similar") && !said.contains("as a value"),
            "{line}: {said}"
        );
    }
    let other = run(&words("eval --scene nosuch --expert")).stderr;
    assert!(!other.contains("LeRobot"), "{other}");
}

#[test]
fn a_rig_is_typed_once() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("d").to_str().unwrap().to_owned();
    fails(
        2,
        &["there is no rig `desk`", "ulna rig new desk"],
        &words("teleop desk --sim"),
    );
    fails(2, &["--robot koch"], &words("teleop koch --sim"));
    let made = json(&words(
        "rig new desk --robot koch --robot-port /dev/ttyACM7 --cameras front --rate 100",
    ));
    assert_eq!(made["rig"]["robot"]["port"], "/dev/ttyACM7");
    assert!(home().join("config/ulna/rigs/desk.toml").is_file());
    fails(2, &["there already", "--replace"], &words("rig new desk"));
    assert_eq!(json(&["rig", "list"])["rigs"][0], "desk");

    // It is what flags would say, and flags come before it.
    let report = json(&words("teleop desk --sim --lockstep --duration 1s"));
    assert_eq!(report["robot"], "koch");
    assert_eq!(report["timing"]["rate_hz"], 100.0);
    let report = json(&words(
        "teleop desk --sim --lockstep --duration 1s --robot omx --rate 50",
    ));
    assert_eq!(
        (&report["robot"], &report["timing"]["rate_hz"]),
        (&"omx".into(), &50.0.into())
    );
    let line = format!(
        "record desk --sim --lockstep --dataset {dataset} --task t --episode-time 1s --camera-size 64x48"
    );
    // What the simulated hand does in a second is not much: the grade is not what is asked here.
    let recorded = parsed(&run(&[words(&line), vec!["--json"]].concat()).stdout);
    assert_eq!(recorded["cameras"], serde_json::json!(["front"]));
    let ids = json(&words("calibrate desk --sim --seconds 12s"));
    assert!(
        ids["file"].as_str().unwrap().ends_with("desk.json"),
        "{ids}"
    );
    assert_eq!(
        json(&words("scan desk --sim"))["servos"]
            .as_array()
            .unwrap()
            .len(),
        6
    );

    // Without --sim its port is opened.
    fails(1, &["/dev/ttyACM7"], &words("scan desk"));
    let checked = run(&words("rig check desk"));
    assert_eq!(checked.code, 1);
    assert!(
        checked
            .stdout
            .contains("FAIL  robot: port /dev/ttyACM7 is not there"),
        "{}",
        checked.stdout
    );

    // Slips are named, not passed over.
    let path = home().join("config/ulna/rigs/slip.toml");
    fs::write(&path, "[robot]\nprot = \"/dev/ttyACM0\"\n").unwrap();
    fails(2, &["slip.toml", "prot"], &words("teleop slip --sim"));
    fails(2, &["cannot be a rig's name"], &words("rig new .hidden"));
}

#[test]
fn ulna_says_what_it_is_made_of_and_helps_shells() {
    let version = run(&["--version"]).stdout;
    assert!(
        version.starts_with(concat!("ulna ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    let features = version
        .lines()
        .find(|line| line.starts_with("features: "))
        .unwrap();
    assert_eq!(
        features.contains("viewer"),
        cfg!(feature = "viewer"),
        "{version}"
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).stdout;
        assert!(
            script.contains("teleop") && script.contains("robot-port"),
            "{shell}"
        );
    }
    let page = run(&["man"]).stdout;
    assert!(page.contains(".TH") && page.contains("teleop"), "{page}");
    assert!(
        run(&["man", "dataset", "check"])
            .stdout
            .contains("pictures")
    );
    let folder = tempfile::tempdir().unwrap();
    json(&["man", "--output", folder.path().to_str().unwrap()]);
    assert!(folder.path().join("ulna-record.1").is_file());
}

#[test]
fn help_fits_eighty_columns() {
    for line in [
        "--help",
        "teleop --help",
        "record --help",
        "run --help",
        "dataset check --help",
        "calibrate --help",
    ] {
        let ran = ulna(&words(line)).env("COLUMNS", "80").output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    let help = run(&["record", "--help"]).stdout;
    let recording = help.split("\nRecording:\n").nth(1).unwrap();
    for option in [
        "--dataset",
        "--episodes",
        "--reset-time",
        "--codec",
        "--no-cameras",
    ] {
        assert!(
            recording.contains(option),
            "{option} is not under Recording"
        );
    }
}

#[test]
fn quiet_verbose_and_colours() {
    let session =
        |more: &[&str]| run(&[&words("teleop --sim --lockstep --duration 1s"), more].concat());
    let usual = session(&[]);
    assert!(usual.stderr.contains("Ctrl-C ends it"), "{}", usual.stderr);
    assert!(!usual.stdout.contains("port wait"), "{}", usual.stdout);
    assert!(session(&["-v"]).stdout.contains("port wait"));
    assert_eq!(session(&["-q"]).stderr, "");

    let dataset = harness::shipped();
    let check = |name: &str, value: &str| {
        let mut command = ulna(&["dataset", "check", &dataset, "-v"]);
        harness::finish(command.env(name, value).output().unwrap()).stdout
    };
    let escape = '\u{1b}';
    assert!(
        !check("CLICOLOR", "1").contains(escape),
        "a pipe has no colours"
    );
    assert!(check("CLICOLOR_FORCE", "1").contains(escape));
    let mut both = ulna(&["dataset", "check", &dataset, "-v"]);
    both.env("CLICOLOR_FORCE", "0").env("NO_COLOR", "1");
    let both = harness::finish(both.output().unwrap());
    assert!(!both.stdout.contains(escape));
}

#[test]
fn a_recording_ends_with_what_it_is_worth() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str, more: &[&str]| {
        let dataset = folder.path().join(name).to_str().unwrap().to_owned();
        let line = "record --sim --lockstep --task t --episode-time 4s --reset-time 1s --camera-size 64x48";
        run(&[&words(line), &["--dataset", &dataset][..], more].concat())
    };
    let good = record("good", &["--episodes", "2"]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    for part in [
        "episode 0   ",
        "episode 1   ",
        "  front       240 pictures",
        "  wrist  ",
        "parked",
    ] {
        assert!(good.stdout.contains(part), "{part}: {}", good.stdout);
    }
    assert!(!good.stdout.contains("p99"), "{}", good.stdout);
    assert!(record("timed", &["-v"]).stdout.contains("p99"));

    // Nothing moves: no policy learns from that, and it does not look like success.
    let poor = record("poor", &["--teleop", "none"]);
    assert_eq!(poor.code, 0, "it is saved, as asked: {}", poor.stderr);
    assert!(poor.stdout.contains("poor"), "{}", poor.stdout);
    assert!(
        poor.stdout
            .contains("no episode of this recording is fit for training"),
        "{}",
        poor.stdout
    );
    assert_eq!(
        json(&[
            "dataset",
            "info",
            folder.path().join("poor").to_str().unwrap()
        ])["frames"],
        120
    );
}

/// What the first row of an exported dataset has in the columns of this feature.
fn first_row(csv: &str, feature: &str) -> Vec<f64> {
    let mut lines = csv.lines();
    let names = lines.next().unwrap().split(',');
    let values = lines.next().unwrap().split(',');
    let of_it = names.zip(values).filter(|(name, _)| {
        let rest = name.strip_prefix(feature);
        rest.is_some_and(|rest| rest.starts_with(['.', '[', ':', '/', '_']))
    });
    of_it.map(|(_, value)| value.parse().unwrap()).collect()
}

/// On the path of real arms: the follower rests, the leader is already being moved about.
#[test]
fn an_episode_begins_when_the_follower_has_reached_the_leader() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = ulna(&words(
        "sim serve --leader --robot-id served --teleop-id served",
    ));
    let mut serve = serve.spawn().unwrap();
    let mut lines = BufReader::new(serve.stdout.take().unwrap()).lines();
    let mut port = |role: &str| {
        let line = lines.next().unwrap().unwrap();
        line.strip_prefix(role).unwrap().trim().to_owned()
    };
    let (follower, leader) = (port("follower"), port("leader"));
    let dataset = folder.path().join("d").to_str().unwrap().to_owned();
    let line = format!(
        "record --robot-port {follower} --teleop-port {leader} --robot-id served --teleop-id served --no-cameras --dataset {dataset} --task t --episode-time 1s"
    );
    let ran = run(&words(&line));
    let id = Pid::from_raw(serve.id().try_into().unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    serve.wait().unwrap();
    let rows = folder.path().join("csv");
    let exported = [
        "dataset",
        "export",
        &dataset,
        "--format",
        "csv",
        "--output",
        rows.to_str().unwrap(),
    ];
    assert_eq!(run(&exported).code, 0, "{}{}", ran.stdout, ran.stderr);
    let file = fs::read_dir(rows)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .min()
        .unwrap();
    let csv = fs::read_to_string(file).unwrap();
    let (action, state) = (
        first_row(&csv, "action"),
        first_row(&csv, "observation.state"),
    );
    assert_eq!((action.len(), state.len()), (6, 6), "{csv:.300}");
    for (joint, (wanted, here)) in action.iter().zip(&state).enumerate() {
        assert!(
            (wanted - here).abs() < 25.0,
            "joint {joint} begins at {here}, and is to be at {wanted}"
        );
    }
}
