use std::time::Duration;

use proptest::prelude::*;
use ulna_bus::Family;

use super::super::Sweep;
use super::*;
use ulna_bus::families::sts3215::FAMILY as FEETECH;
use ulna_bus::families::x_series::FAMILY as DYNAMIXEL;

fn so101() -> RobotKind {
    ulna_robot::files::find("so101").unwrap()
}

/// A joint swept from raw step `from` through `span` steps and back.
fn swept(from: i32, span: i32) -> Swept {
    let mut sweep = Sweep::new([4096]);
    let mut way: Vec<i32> = (0..span).step_by(40).chain([span]).collect();
    way.extend(way.clone().into_iter().rev());
    for (tick, at) in (0..).zip(way) {
        let raw = (from + at).rem_euclid(4096);
        sweep.see(Duration::from_millis(20 * tick), 0, raw);
    }
    sweep.joints()[0].clone()
}

/// What the servo reports of a raw step.
fn reads(raw: i32, value: &JointCalibration, family: &Family) -> i32 {
    (raw + family.homing.factor() * value.homing_offset).rem_euclid(4096)
}

proptest! {
    // Wherever the encoder's wrap is: after calibration it lies outside the travel, the middle reads 2047 (or a step off it), and
    // every step of the travel reads within the range.
    #[test]
    fn the_wrap_is_never_inside_the_travel(from in 0i32..4096, span in 1700i32..2700, x: bool) {
        let family = if x { &DYNAMIXEL } else { &FEETECH };
        let joint = &so101().joints[1];
        let chosen = choose(joint, &swept(from, span), family).unwrap();
        let value = chosen.value;
        prop_assert!(value.homing_offset.abs() <= family.largest_offset);
        prop_assert_eq!(value.range_max - value.range_min, span);
        let mut last = reads(from, &value, family);
        prop_assert_eq!(last, value.range_min);
        for at in 1..=span {
            let now = reads(from + at, &value, family);
            prop_assert_eq!(now, last + 1, "the wrap is inside the travel");
            last = now;
        }
        let middle = reads(from + span / 2, &value, family);
        // An offset of half a turn does not fit Feetech's eleven bits: there, one step less has to do.
        let far = value.homing_offset.abs() == family.largest_offset;
        prop_assert!((2046..=2047 + i32::from(far)).contains(&middle), "{}", middle);
    }

    #[test]
    fn a_whole_turn_is_centred_on_where_it_began(from in 0i32..4096) {
        let joint = &so101().joints[4];
        let value = choose(joint, &swept(from, 900), &FEETECH).unwrap().value;
        prop_assert_eq!((value.range_min, value.range_max), (0, 4095));
        let far = value.homing_offset.abs() == FEETECH.largest_offset;
        prop_assert!((2046..=2047 + i32::from(far)).contains(&reads(from, &value, &FEETECH)));
    }

    #[test]
    fn a_wheel_keeps_its_offset_of_zero(from in 0i32..4096, span in 0i32..4000) {
        let lekiwi = ulna_robot::files::find("lekiwi").unwrap();
        let wheel = lekiwi.joints.iter().find(|joint| joint.is_wheel()).unwrap();
        let value = choose(wheel, &swept(from, span), &FEETECH).unwrap().value;
        prop_assert_eq!((value.homing_offset, value.range_min, value.range_max), (0, 0, 4095));
    }
}

#[test]
fn odd_sweeps_are_named() {
    let kind = so101();
    let joint = &kind.joints[0]; // 220°
    let findings = |span| match choose(joint, &swept(100, span), &FEETECH) {
        Ok(chosen) => chosen.findings,
        Err(findings) => findings,
    };
    assert_eq!(findings(2500), []);
    assert!(matches!(
        findings(100)[..],
        [SweepFinding::HardlyMoved { .. }]
    ));
    assert!(matches!(findings(1500)[..], [SweepFinding::Short { .. }]));
    assert!(matches!(findings(3500)[..], [SweepFinding::Long { .. }]));
    assert!(matches!(
        findings(4200)[..],
        [SweepFinding::MoreThanATurn { .. }]
    ));
    let unseen = choose(joint, &Sweep::new([4096]).joints()[0], &FEETECH);
    assert_eq!(unseen, Err(vec![SweepFinding::Unseen]));
    let sentence = findings(100)[0].to_string();
    assert!(
        sentence.contains("9°") && sentence.contains("220°"),
        "{sentence}"
    );
}

#[test]
fn the_resting_pose_tells_reversed_joints() {
    let kind = so101();
    let rest = |calibration: &Calibration, mirrored: &[usize]| -> Vec<Option<i32>> {
        let joints = kind.joints.iter().zip(calibration.values()).enumerate();
        joints
            .map(|(index, (joint, value))| {
                let angle = kind.exit.park[&joint.name].to_radians() - joint.middle();
                let angle = if mirrored.contains(&index) {
                    -angle
                } else {
                    angle
                };
                #[allow(clippy::cast_possible_truncation)]
                Some((value.middle() + angle / TAU * 4096.0) as i32)
            })
            .collect()
    };
    let mut calibration = kind.nominal_calibration();
    let right = rest(&calibration, &[]);
    assert_eq!(judge_pose(&kind, &mut calibration, &FEETECH, &right), []);
    let wrong = rest(&calibration, &[2, 5]);
    assert_eq!(
        judge_pose(&kind, &mut calibration, &FEETECH, &wrong),
        [(2, SweepFinding::Reversed), (5, SweepFinding::TurnedRound)]
    );
    assert_eq!(calibration.joints[5].1.drive_mode, 1);
    assert_eq!(calibration.joints[2].1.drive_mode, 0);
}
