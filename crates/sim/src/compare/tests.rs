//! Arms whose servos are known are found again.

use core::f64::consts::TAU;

use ulna_core::joints::Joints;
use ulna_robot::{RobotKind, SimulationSpec};

use super::class::{candidates, mean_ratio, score};
use super::fit::fit;
use super::{RecordedArm, RecordedMotion, play};

fn arm(simulation: SimulationSpec) -> RecordedArm {
    let mut kind: RobotKind =
        toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
    kind.simulation = simulation;
    let calibration = kind.nominal_calibration();
    let stops = Joints::from_fn(kind.dof(), |joint| {
        let spec = &kind.joints[joint];
        spec.unit
            .range(&calibration.joints[joint].1, spec.resolution)
    });
    RecordedArm {
        kind,
        calibration,
        stops,
    }
}

/// A hand that swings each joint in its own rhythm, rests, and turns round quickly.
fn actions(seconds: f64, phase: f64) -> Vec<Joints<f64>> {
    let frame = |k: usize| {
        let time = k as f64 / 30.0;
        let rhythm = |joint: usize| {
            let at = time * (0.35 + 0.08 * joint as f64) + phase + joint as f64 * 0.4;
            // Clipped: rests at both ends.
            (1.4 * (at * TAU).sin()).clamp(-1.0, 1.0)
        };
        Joints::from_fn(6, |joint| {
            let (middle, swing) = [
                (0.0, 30.0),
                (-40.0, 30.0),
                (30.0, 35.0),
                (30.0, 30.0),
                (0.0, 40.0),
                (40.0, 25.0),
            ][joint];
            middle + swing * rhythm(joint)
        })
    };
    (0..(seconds * 30.0) as usize).map(frame).collect()
}

/// What an arm with such servos would have recorded.
fn recorded(simulation: &SimulationSpec, seconds: f64, phase: f64) -> RecordedMotion {
    let actions = actions(seconds, phase);
    let start = RecordedMotion {
        fps: 30.0,
        states: actions.clone(),
        actions,
    };
    let states = play(&arm(simulation.clone()), &start).unwrap();
    RecordedMotion { states, ..start }
}

fn with_motor(motor: &str) -> SimulationSpec {
    SimulationSpec {
        motor: Some(motor.to_owned()),
        ..SimulationSpec::default()
    }
}

#[test]
fn an_arm_plays_its_own_recording_as_it_was() {
    let spec = with_motor("sts3215-12v");
    let recording = recorded(&spec, 3.0, 0.0);
    // It starts at whole encoder steps, where the recorded one stood between them.
    let played = play(&arm(spec), &recording).unwrap();
    for (played, state) in played.iter().zip(&recording.states) {
        for (played, state) in played.iter().zip(state.iter()) {
            assert!((played - state).abs() < 0.6, "{played} {state}");
        }
    }
}

#[test]
fn the_motor_is_found_whatever_friction_play_and_delay_are() {
    for motor in ["sts3215", "sts3215-12v"] {
        for (friction, play, action_delay_ms) in
            [(1.0, 1.0, 5.0), (1.6, 0.3, 12.0), (0.7, 1.5, 0.0)]
        {
            let spec = SimulationSpec {
                friction,
                play,
                action_delay_ms,
                ..with_motor(motor)
            };
            let recordings = [recorded(&spec, 8.0, 0.1)];
            let found = candidates(&arm(SimulationSpec::default()), &recordings).unwrap();
            let found: Vec<_> = found.iter().map(|it| (it.motor, it.ratio)).collect();
            assert_eq!(found[0].0, motor, "{spec:?} {found:?}");
            assert!(
                found[0].1.unwrap() < 0.95 * found[1].1.unwrap(),
                "{found:?}"
            );
        }
    }
}

#[test]
fn friction_play_and_delay_are_found_again() {
    let truth = SimulationSpec {
        friction: 1.5,
        play: 0.4,
        action_delay_ms: 11.0,
        ..with_motor("sts3215-12v")
    };
    let recordings = [recorded(&truth, 8.0, 0.0)];
    let start = arm(with_motor("sts3215-12v"));
    let found = fit(&start, &recordings, |_, _| true).unwrap().unwrap();
    let simulation = &found.simulation;
    assert!((simulation.friction / 1.5).ln().abs() < 0.15, "{found:?}");
    assert!((simulation.action_delay_ms - 11.0).abs() < 2.0, "{found:?}");
    assert!((simulation.play - 0.4).abs() < 0.4, "{found:?}");
    assert!(found.ratio.1 < 0.4 * found.ratio.0, "{found:?}");
    // And that predicts what was not fitted.
    let other = [recorded(&truth, 4.0, 0.3)];
    let ratio = |arm: &RecordedArm| {
        let scores = score(arm, &other).unwrap().joints(&arm.degrees_per_unit());
        mean_ratio(&arm.kind, &scores).unwrap()
    };
    let (before, after) = (ratio(&start), ratio(&start.with(simulation.clone())));
    assert!(after < 0.5 * before, "{before} {after}");
}

#[test]
fn a_joint_without_actions_stays_and_numbers_that_are_none_do_no_harm() {
    let spec = with_motor("sts3215");
    let mut recording = recorded(&spec, 3.0, 0.2);
    for row in &mut recording.actions {
        row[4] = f64::NAN;
    }
    recording.actions[20][1] = f64::INFINITY;
    recording.states[30][2] = f64::NAN;
    recording.states[0][3] = f64::NAN;
    let played = play(&arm(spec.clone()), &recording).unwrap();
    assert!(
        played
            .iter()
            .flat_map(|row| row.iter())
            .all(|value| value.is_finite())
    );
    assert!((played[80][4] - recording.states[0][4]).abs() < 2.0);
    let scores = score(&arm(spec), &[recording])
        .unwrap()
        .joints(&Joints::filled(6, 1.0));
    assert_eq!((scores[2].frames, scores[1].frames), (88, 89));
    assert_eq!(scores[4].ratio(), None);
}

#[test]
fn what_cannot_be_simulated_is_named() {
    let recording = recorded(&SimulationSpec::default(), 0.5, 0.0);
    let error = play(&arm(with_motor("sts9999")), &recording).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("sts9999") && text.contains("sts3215-12v"),
        "{text}"
    );
}
