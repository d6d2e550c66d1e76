//! Robots are files: listed, shown, overridden.

#![allow(clippy::unwrap_used)]

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

/// Robots that ulna knows, and how many numbers a state of each has.
const ALL: [(&str, usize); 9] = [
    ("so101", 6),
    ("so100", 6),
    ("koch", 6),
    ("omx", 6),
    ("lekiwi", 9),
    ("bi_so101", 12),
    ("bi_so100", 12),
    ("bi_koch", 12),
    ("bi_omx", 12),
];

/// How far a replayed joint may be from the recorded one (RMS, in the robot's units): a fifth more than the worst of all robots,
/// which is the arm on the right of a pair.
fn most_rms(joint: &str) -> f64 {
    const MOST: [(&str, f64); 9] = [
        ("shoulder_pan", 3.1),
        ("shoulder_lift", 4.6),
        ("elbow_flex", 4.7),
        ("wrist_flex", 3.2),
        ("wrist_roll", 3.9),
        ("gripper", 2.3),
        ("x.vel", 0.02),
        ("y.vel", 0.02),
        ("theta.vel", 0.6),
    ];
    let (_, most) = MOST.iter().find(|(name, _)| joint.ends_with(name)).unwrap();
    *most
}

#[test]
fn every_robot_is_teleoperated_recorded_and_replayed() {
    let listed = json(&["robots", "list"]);
    assert_eq!(listed["robots"].as_array().unwrap().len(), ALL.len());
    let folder = tempfile::tempdir().unwrap();
    for (robot, numbers) in ALL {
        let rig = ["--sim", "--robot", robot];
        let teleop = ["teleop", "--lockstep", "--duration", "5"];
        let report = json(&[&teleop[..], &rig].concat());
        assert_eq!(report["exit"]["as_asked"], true, "{robot}: {report}");
        assert_eq!(report["tracking"].as_object().unwrap().len(), numbers);
        let dataset = folder.path().join(robot);
        let dataset = ["--dataset", dataset.to_str().unwrap()];
        let record = "record --lockstep --task try --episodes 4 --episode-time 1.5 --reset-time 0 --camera-size 32x24";
        let record: Vec<&str> = record.split(' ').collect();
        let recorded = json(&[&record[..], &rig, &dataset].concat());
        assert_eq!(recorded["frames"], 4 * 45, "{robot}: {recorded}");
        // A replay begins at rest, a recording does not, so a joint is late at first where it was in full swing. It is judged by the better of
        // two episodes.
        let fits = ["1", "3"].map(|episode| {
            let replay = ["replay", "--episode", episode];
            json(&[&replay[..], &rig, &dataset].concat())["joints"].clone()
        });
        assert_eq!(fits[0].as_object().unwrap().len(), numbers);
        for joint in fits[0].as_object().unwrap().keys() {
            let rms = fits
                .each_ref()
                .map(|fit| fit[joint]["rms"].as_f64().unwrap());
            assert!(
                rms[0].min(rms[1]) < most_rms(joint),
                "{robot} {joint}: {rms:?}"
            );
        }
    }
}

#[test]
fn datasets_have_lerobots_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lekiwi");
    let text = path.to_str().unwrap();
    let record = "record --sim --lockstep --robot lekiwi --task try --episode-time 0.2 --reset-time 0 --no-cameras --dataset";
    let arguments: Vec<&str> = record.split(' ').chain([text]).collect();
    json(&arguments);
    let info = std::fs::read_to_string(path.join("meta/info.json")).unwrap();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["robot_type"], "lekiwi");
    let names = &info["features"]["action"]["names"];
    assert_eq!(names[0], "arm_shoulder_pan.pos");
    let base: Vec<&str> = (6..9).map(|value| names[value].as_str().unwrap()).collect();
    assert_eq!(base, ["x.vel", "y.vel", "theta.vel"]);
}

#[test]
fn robots_are_made_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let path_text = path.to_str().unwrap();
    let base = "name = \"mine\"\nsummary = \"my own\"\n";
    let pair = "[pair]\nof = \"omx\"\ndistance = 0.5\nfollower_type = \"a\"\nleader_type = \"b\"\n";
    std::fs::write(&path, format!("{base}{pair}")).unwrap();
    let shown = json(&["robots", "show", path_text]);
    assert_eq!(shown["joints"].as_array().unwrap().len(), 12);
    for (text, says) in [
        (
            format!("{base}{pair}[extends]\nof = \"koch\"\n"),
            "both `extends` and `pair`",
        ),
        (
            format!("{base}[extends]\nof = \"unknown_arm\"\n"),
            "there is no robot `unknown_arm`",
        ),
        (
            format!("{base}[extends]\nof = \"{path_text}\"\n"),
            "build on itself",
        ),
        (
            format!("{base}{}", pair.replace("omx", "lekiwi")),
            "no single arm",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        fails(1, &[says], &["robots", "show", path_text]);
    }
    fails(
        2,
        &["koch cannot drive so101"],
        &[
            "teleop",
            "--sim",
            "--robot",
            "so101",
            "--teleop",
            "koch",
            "--duration",
            "1",
        ],
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

/// The SO-101 with the small servos of Feetech's protocol 1 in a tenth of its weight.
fn scs_arm() -> String {
    let so101 = include_str!("../configs/so101.toml");
    let lines = so101.lines().filter_map(|line| {
        let (key, value) = line.split_once(" = ").unwrap_or((line, ""));
        Some(match key {
            "protocol" => "protocol = \"feetech_scs\"".to_owned(),
            "model" => "model = \"scs0009\"".to_owned(),
            "resolution" => "resolution = 1024".to_owned(),
            "name" if value == "\"so101\"" => "name = \"small\"".to_owned(),
            "mass" => format!("mass = {}", value.parse::<f64>().unwrap() / 10.0),
            "inertia" => {
                let numbers = value.trim_matches(['[', ']']).split(", ");
                let tenths = numbers.map(|number| number.parse::<f64>().unwrap() / 10.0);
                format!("inertia = {:?}", tenths.collect::<Vec<f64>>())
            }
            // Registers that these servos do not have.
            "Maximum_Acceleration" | "Operating_Mode" => return None,
            "registers" => return None,
            _ => line.to_owned(),
        })
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn an_arm_of_scs_servos_is_teleoperated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.toml");
    std::fs::write(&path, scs_arm()).unwrap();
    let robot = path.to_str().unwrap();
    let teleop = "teleop --sim --lockstep --duration 5 --robot";
    let arguments: Vec<&str> = teleop.split(' ').chain([robot]).collect();
    let report = json(&arguments);
    assert_eq!(report["exit"]["as_asked"], true, "{report}");
    for servo in report["follower"]["servos"].as_array().unwrap() {
        assert_eq!(servo["missed"], 0, "{servo}");
    }
}

#[test]
fn a_robot_file_moves_no_servo() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let so101 = include_str!("../configs/so101.toml");
    for (register, says) in [
        ("Goal_Position = 100", "through the safety gate"),
        ("Goal_Time = 1", "through the safety gate"),
        ("Torque_Enable = 1", "connecting switches the torque on"),
        ("Present_Load = 1", "can only be read"),
    ] {
        let file = so101.replace(
            "[follower.registers]\n",
            &format!("[follower.registers]\n{register}\n"),
        );
        std::fs::write(&path, file).unwrap();
        let teleop = "teleop --sim --lockstep --duration 1 --robot";
        let arguments: Vec<&str> = teleop.split(' ').chain([path.to_str().unwrap()]).collect();
        fails(1, &[says], &arguments);
    }
    let unknown = so101.replace("\"feetech_sts\"", "\"feetech\"");
    std::fs::write(&path, unknown).unwrap();
    let shown = ["robots", "show", path.to_str().unwrap()];
    fails(1, &["`feetech_sts`, `feetech_scs`, `dynamixel_2`"], &shown);
}
