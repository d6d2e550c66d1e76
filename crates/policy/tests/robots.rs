//! A policy is held against the robot before anything runs.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::num::NonZeroUsize;
use ulna_core::Unit;

use ulna_policy::{Bundle, Engine, EngineChoice, PolicyError, RobotContract, bench, check};

#[test]
fn another_robot_is_refused_in_words() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(&fixtures, folder.path(), true, 0);
    let bundle = Bundle::open(folder.path()).unwrap();
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    let names = bundle.contract().joints.clone();
    let mut joints: Vec<(String, Unit)> = names.into_iter().map(|n| (n, Unit::Degrees)).collect();
    joints[5].1 = Unit::Percent;
    let robot = RobotContract {
        robot_type: "so_follower".to_owned(),
        joints,
        cameras: Vec::new(),
        environment_state: 0,
        rate_hz: 200.0,
    };
    let robot = robot
        .with_camera("wrist", (640, 480))
        .with_camera("front", (96, 96));
    let report = check(&bundle, &engine, Some(&robot)).unwrap();
    assert_eq!(report.robot_type.as_deref(), Some("so_follower"));
    assert!(report.golden_difference < report.golden_tolerance);

    let refusal = |change: &dyn Fn(&mut RobotContract)| {
        let mut other = robot.clone();
        change(&mut other);
        let error = check(&bundle, &engine, Some(&other)).unwrap_err();
        assert!(matches!(error, PolicyError::Robot { .. }), "{error}");
        error.to_string()
    };
    let text = refusal(&|robot| robot.robot_type = "koch_follower".to_owned());
    assert!(
        text.contains("koch_follower") && text.contains("so101_follower"),
        "{text}"
    );
    assert!(refusal(&|robot| robot.joints.swap(0, 1)).contains("shoulder_lift, shoulder_pan"));
    assert!(refusal(&|robot| robot.joints[2].1 = Unit::M100).contains("`elbow_flex` in degrees"));
    assert!(refusal(&|robot| robot.cameras.clear()).contains("no camera"));
    assert!(refusal(&|robot| robot.cameras.truncate(1)).contains("only wrist"));
    assert!(refusal(&|robot| robot.cameras[1].width = 640).contains("640x96"));
    assert!(refusal(&|robot| robot.rate_hz = 20.0).contains("20 Hz"));
}

#[test]
fn a_golden_output_that_is_missed_is_refused() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(&fixtures, folder.path(), true, 0);
    // The network that wants its inputs normalised, in place of the one that does it itself.
    std::fs::copy(
        fixtures.join("act_tiny.legacy.onnx"),
        folder.path().join("act.onnx"),
    )
    .unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    let error = check(&bundle, &engine, None).unwrap_err();
    assert!(matches!(error, PolicyError::Golden { .. }), "{error}");
    assert!(error.to_string().contains("golden output"), "{error}");
}

#[test]
fn the_runner_is_timed_next_to_the_bare_engine() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(&fixtures, folder.path(), false, 0);
    let bundle = Bundle::open(folder.path()).unwrap();
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    let timing = bench::time(&bundle, &engine, NonZeroUsize::MIN, 3).unwrap();
    assert_eq!((timing.whole.count, timing.bare.count), (3, 3));
    assert_eq!(&timing.engine, engine.info());
}
