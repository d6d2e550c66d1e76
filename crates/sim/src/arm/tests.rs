//! The arm as a whole.

use super::*;
use core::f64::consts::TAU;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

fn arm() -> Arm {
    let kind = so101();
    Arm::new(&kind, &kind.nominal_calibration(), ArmOptions::default()).unwrap()
}

fn hold(arm: &Arm, angles: &[f64]) -> Vec<Drive> {
    let drive = |(index, angle): (usize, &f64)| Drive {
        torque: true,
        goal: arm.mount(index).unwrap().steps(*angle),
        gains: [16.0, 0.0, 32.0],
        ..Drive::default()
    };
    angles.iter().enumerate().map(drive).collect()
}

const POSE: [f64; 6] = [0.3, -0.5, 0.4, 0.6, -0.2, 0.5];

#[test]
fn it_goes_to_its_goal_and_sags_a_little() {
    let mut arm = arm();
    arm.place(&Joints::from_slice(&[0.0; 6]).unwrap());
    let drives = hold(&arm, &POSE);
    arm.advance(Duration::from_secs(3), &drives);
    for (index, (angle, goal)) in arm.angles().iter().zip(POSE).enumerate() {
        assert!(
            (angle - goal).abs() < 0.12,
            "joint {index}: {angle} for {goal}"
        );
    }
    assert!(
        (arm.angles()[1] - POSE[1]).abs() > 0.005,
        "no sag at the shoulder"
    );
}

#[test]
fn the_motion_does_not_depend_on_how_often_it_is_advanced() {
    let (mut once, mut often) = (arm(), arm());
    let drives = hold(&once, &POSE);
    once.advance(Duration::from_millis(700), &drives);
    for micros in (0..=700_000).step_by(370) {
        often.advance(Duration::from_micros(micros), &drives);
    }
    often.advance(Duration::from_millis(700), &drives);
    assert_eq!(once.angles(), often.angles());
    assert_eq!(once.sense(1), often.sense(1));
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut arm = arm();
    let drives = hold(&arm, &POSE);
    arm.advance(Duration::from_millis(100), &drives);
    let mut copy = arm.clone();
    arm.advance(Duration::from_millis(900), &drives);
    copy.advance(Duration::from_millis(900), &drives);
    assert_eq!(arm.angles(), copy.angles());
}

#[test]
fn without_torque_it_falls_to_rest_and_gains_no_energy() {
    let mut arm = arm();
    arm.place(&Joints::from_slice(&[0.2, -0.3, -0.2, 0.3, 0.4, 0.8]).unwrap());
    let limp = [Drive::default(); 6];
    let start = arm.energy();
    for millis in 1..8000 {
        arm.advance(Duration::from_millis(millis), &limp);
        assert!(
            arm.energy() <= start + 1e-3,
            "{millis} ms: {} J of {start} J",
            arm.energy()
        );
    }
    assert!(start - arm.energy() > 0.1, "it did not fall");
    let rest = *arm.angles();
    arm.advance(Duration::from_secs(12), &limp);
    for (before, after) in rest.iter().zip(arm.angles().iter()) {
        assert!((before - after).abs() < 1e-3, "still moving");
    }
}

#[test]
fn the_stops_hold_against_full_torque() {
    let mut arm = arm();
    let kind = so101();
    let drives = hold(&arm, &[3.0, 3.0, 3.0, 3.0, 4.0, 3.0]);
    arm.advance(Duration::from_secs(3), &drives);
    for (joint, angle) in kind.joints.iter().zip(arm.angles().iter()) {
        assert!(
            (joint.upper - 0.01..joint.upper + 0.03).contains(angle),
            "{}: {angle}",
            joint.name
        );
    }
}

#[test]
fn the_supply_sags_under_load() {
    let mut arm = arm();
    assert_eq!(arm.sense(0).voltage, 7.4);
    let drives = hold(&arm, &[3.0, 3.0, 3.0, 3.0, 4.0, 3.0]);
    arm.advance(Duration::from_secs(3), &drives);
    let voltage = arm.sense(0).voltage;
    assert!((4.5..7.2).contains(&voltage), "{voltage}");
}

#[test]
fn sensed_steps_are_the_true_angles() {
    let kind = so101();
    let mut calibration = kind.nominal_calibration();
    calibration.joints[2].1.homing_offset = 777;
    let start = Joints::from_slice(&POSE).unwrap();
    let options = ArmOptions {
        start: Some(start),
        ..ArmOptions::default()
    };
    let arm = Arm::new(&kind, &calibration, options).unwrap();
    let raw = f64::from(arm.sense(2).position);
    let reported = raw - 777.0;
    let angle = (reported - calibration.joints[2].1.middle()) * TAU / 4096.0;
    assert!((angle - POSE[2]).abs() < 1e-3, "{angle}");
}

#[test]
fn what_cannot_be_simulated_is_named() {
    let mut kind = so101();
    let calibration = kind.nominal_calibration();
    let mut short = calibration.clone();
    short.joints.pop();
    let error = Arm::new(&kind, &short, ArmOptions::default()).unwrap_err();
    assert!(error.to_string().contains("5 joints"), "{error}");
    kind.joints[3].model = "mg90s".into();
    let error = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap_err();
    assert!(error.to_string().contains("wrist_flex"), "{error}");
}
