//! Recordings of real and of simulated arms against the simulated arm: the class of the servos, the ranges, what cannot be judged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use ulna_dataset::{Dataset, Feature, Number, Spec, Writer};
use ulna_robot::files;
use ulna_session::sim_to_real::{CompareOptions, Comparison, compare, identify};
use ulna_session::{SessionError, Stop, Unit};

const JOINTS: [&str; 6] = [
    "shoulder_pan",
    "shoulder_lift",
    "elbow_flex",
    "wrist_flex",
    "wrist_roll",
    "gripper",
];

/// The recording of a real SO-101, if the fixtures are there.
fn real() -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/so101-real");
    match dir.is_dir() {
        true => Some(dir),
        false if std::env::var_os("ULNA_REQUIRE_FIXTURES").is_some() => {
            panic!("fixture {} is missing", dir.display())
        }
        false => None,
    }
}

fn options(dataset: &Path) -> CompareOptions {
    CompareOptions {
        dataset: dataset.to_owned(),
        ..CompareOptions::default()
    }
}

fn compared(options: &CompareOptions) -> Result<Comparison, SessionError> {
    compare(options, &Stop::default(), &mut |_| {})
}

/// Actions and states of one episode of the real arm.
fn rows(dir: &Path, episode: usize, frames: usize) -> Vec<([f64; 6], [f64; 6])> {
    let episode = Dataset::open(dir).unwrap().episode(episode).unwrap();
    let six = |row: &[f64]| <[f64; 6]>::try_from(row).unwrap();
    let actions = episode.action().unwrap().rows().map(six);
    let states = episode.state().unwrap().rows().map(six);
    actions.zip(states).take(frames).collect()
}

/// A dataset of these rows; `names` are those of its numbers.
fn dataset(
    names: &[String],
    robot_type: &str,
    fps: u32,
    episodes: &[Vec<(Vec<f64>, Vec<f64>)>],
) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let features = ["action", "observation.state"]
        .map(|key| Feature::vector(key, Number::Float32, names.iter().map(String::as_str)));
    let spec = Spec::new(fps)
        .robot_type(Some(robot_type.to_owned()))
        .features(features.into());
    let mut writer = Writer::create(folder.path().join("set"), &spec).unwrap();
    for episode in episodes {
        let mut rows = writer.begin_episode().unwrap();
        for (action, state) in episode {
            rows.push_row("move", &[action.as_slice(), state.as_slice()].concat())
                .unwrap();
        }
        let parts = rows.finish(Vec::new(), None).unwrap();
        writer.commit(&parts).unwrap();
    }
    folder
}

fn names(prefix: &str) -> Vec<String> {
    JOINTS.map(|joint| format!("{prefix}{joint}.pos")).into()
}

#[test]
fn a_real_arm_is_played_far_better_than_by_a_delay() {
    let Some(dir) = real() else {
        return;
    };
    let found = compared(&options(&dir)).unwrap();
    let arm = &found.arms[0];
    assert_eq!(
        (found.frames, arm.class.as_deref()),
        (1492, Some("sts3215"))
    );
    assert_eq!(arm.units, Unit::M100);
    let mean = arm.geometric_mean.unwrap();
    assert!(mean < 0.5, "{mean}");
    for (name, joint) in &arm.joints {
        assert!(joint.ratio.unwrap() < 1.0, "{name} {joint:?}");
        assert_eq!(joint.range_from, "data", "{name}");
    }
    // 2549 steps of 4096, where the robot file has 220 degrees.
    let pan = arm.joints[0].1.range_degrees;
    assert!((pan - 2549.0 / 4096.0 * 360.0).abs() < 1e-6, "{pan}");
    assert_eq!(arm.left_out.len(), 1);
    let json = found.to_json();
    assert_eq!(json["class"], "sts3215");
    assert_eq!(json["joints"]["gripper"]["in_mean"], false);
    assert_eq!(json["arms"][0]["geometric_mean"], json["geometric_mean"]);
}

#[test]
fn what_is_written_for_an_arm_is_a_robot_that_predicts_it() {
    let Some(dir) = real() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("my-arm.toml");
    let mut of_real = options(&dir);
    of_real.episodes = Some(vec![0, 2]);
    let found = identify(&of_real, &output, false, &Stop::default(), &mut |_| {}).unwrap();
    assert_eq!(found.arm.held_out.class.as_deref(), Some("sts3215"));
    assert!(
        found.arm.held_out.geometric_mean.unwrap() < 0.7,
        "{found:?}"
    );
    assert!(found.arm.fitted.1 <= found.arm.fitted.0);
    let kind = files::find(output.to_str().unwrap()).unwrap();
    assert_eq!(kind.name, "my-arm");
    assert_eq!(kind.simulation.motor.as_deref(), Some("sts3215"));
    let range = kind.nominal_calibration().joints[0].1;
    assert_eq!(range.range_max - range.range_min, 2549);
    // What is there is not overwritten, and nothing else is left behind.
    let error = identify(&of_real, &output, false, &Stop::default(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("--replace"), "{error}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    // The file says which motor: it is not looked for.
    let mut with_file = options(&dir);
    with_file.robot = Some(output.display().to_string());
    with_file.episodes = Some(vec![1]);
    let found = compared(&with_file).unwrap();
    assert_eq!(found.arms[0].class_from, "robot file");
    assert_eq!(found.arms[0].friction, kind.simulation.friction);
}

#[test]
fn odd_joints_are_named_and_left_out() {
    let Some(dir) = real() else {
        return;
    };
    let episode = rows(&dir, 0, 250);
    // The roll does not follow, and the elbow is not in the dataset; the other arm of the pair stands still.
    let row = |(action, state): &([f64; 6], [f64; 6])| {
        let (mut action, mut state) = (action.to_vec(), state.to_vec());
        state[4] = 3.0;
        for row in [&mut action, &mut state] {
            row.remove(2);
            row.extend([1.0; 6]);
        }
        (action, state)
    };
    let mut all = names("left_");
    all.remove(2);
    all.extend(names("right_"));
    let folder = dataset(
        &all,
        "bi_so101_follower",
        30,
        &[episode.iter().map(row).collect()],
    );
    let of_pair = options(&folder.path().join("set"));
    let found = compared(&of_pair).unwrap();
    let [left, right] = found.arms.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((left.arm.as_str(), right.arm.as_str()), ("left", "right"));
    let why = |joint: &str| left.left_out.iter().find(|(name, _)| name == joint);
    assert!(why("elbow_flex").is_some_and(|(_, why)| why.contains("no such joint")));
    assert!(why("wrist_roll").is_some_and(|(_, why)| why.contains("does not follow")));
    assert_eq!(left.class.as_deref(), Some("sts3215"));
    assert_eq!(left.joints[0].1.frames, 249);
    assert_eq!((right.class.as_deref(), right.geometric_mean), (None, None));

    let output = folder.path().join("mine.toml");
    let error = identify(&of_pair, &output, false, &Stop::default(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("--arm"), "{error}");
    let mut right = of_pair.clone();
    right.arm = Some("right".to_owned());
    let error = identify(&right, &output, false, &Stop::default(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("ulna sim compare"), "{error}");
    right.arm = Some("middle".to_owned());
    let error = compared(&right).unwrap_err().to_string();
    assert!(
        error.contains("`left`") && error.contains("`right`"),
        "{error}"
    );
    assert!(!output.exists());
}

#[test]
fn units_are_read_off_the_encoders_grid_and_nonsense_is_refused() {
    let wave = |frame: usize| (frame as f64 / 9.0).sin();
    let episode = |scale: f64, grid: f64| -> Vec<(Vec<f64>, Vec<f64>)> {
        let row = |frame: usize| {
            let state = (scale * wave(frame) / grid).round() * grid;
            (vec![scale * wave(frame + 4); 6], vec![state; 6])
        };
        (0..120).map(row).collect()
    };
    let unit = |episode: Vec<(Vec<f64>, Vec<f64>)>, kind: &str| {
        let folder = dataset(&names(""), kind, 25, &[episode]);
        let found = compared(&options(&folder.path().join("set")));
        found
            .map(|it| it.arms[0].units)
            .map_err(|error| error.to_string())
    };
    // A type of -100..100, but degrees all the same; and the other way round.
    let degrees = 360.0 / 4095.0;
    assert_eq!(
        unit(episode(40.0, degrees), "so101_follower"),
        Ok(Unit::Degrees)
    );
    assert_eq!(
        unit(episode(40.0, 200.0 / 2418.0), "so_follower"),
        Ok(Unit::M100)
    );
    // No grid: the type decides, or nothing does.
    assert_eq!(unit(episode(40.0, 1e-4), "so_follower"), Ok(Unit::Degrees));
    let error = unit(episode(40.0, 1e-4), "a stranger").unwrap_err();
    assert!(error.contains("--units"), "{error}");
    // Encoder steps.
    let error = unit(episode(2000.0, 1.0), "so101_follower").unwrap_err();
    assert!(
        error.contains("`shoulder_pan`") && error.contains("--units"),
        "{error}"
    );
    // Too short to say anything.
    let short = episode(40.0, degrees).into_iter().take(5).collect();
    let error = unit(short, "so_follower").unwrap_err();
    assert!(error.contains("10 frames"), "{error}");
    // Another robot's names.
    let foreign: Vec<String> = (0..6).map(|joint| format!("joint_{joint}")).collect();
    let folder = dataset(&foreign, "panda", 25, &[episode(40.0, degrees)]);
    let error = compared(&options(&folder.path().join("set")))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("joint_0") && error.contains("--robot"),
        "{error}"
    );
}
