//! The simulation's own engine against MuJoCo, the same servos in both. `ULNA_TRIALS=60` makes the whole of the trials that `ulna bench sim --grasp` makes.
#![cfg(feature = "mujoco")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use nalgebra::{Isometry3, UnitQuaternion, Vector3};
use ulna_core::Joints;
use ulna_robot::RobotKind;
use ulna_sim::arm::{ArmOptions, Mount, resting_angles};
use ulna_sim::contact::{Fixture, Matter};
use ulna_sim::engine::PhysicsEngine;
use ulna_sim::grasp::GraspTrial;
use ulna_sim::plant::{Drive, Physics};
use ulna_sim::visual::Shape;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../configs/so101.toml")).unwrap()
}

fn arm(engine: PhysicsEngine, start: &Joints<f64>, fixtures: &[Fixture]) -> Box<dyn Physics> {
    let kind = so101();
    let options = ArmOptions {
        start: Some(*start),
        ..ArmOptions::default()
    };
    let calibration = kind.nominal_calibration();
    engine
        .build(&kind, &calibration, options, Some(fixtures))
        .unwrap()
}

fn drives(goals: [f64; 6]) -> Vec<Drive> {
    let kind = so101();
    let calibration = kind.nominal_calibration();
    let joints = kind.joints.iter().zip(calibration.values()).zip(goals);
    let drive = joints.map(|((joint, value), goal)| Drive {
        torque: true,
        goal: Mount::new(joint, value).steps(goal),
        gains: [16.0, 0.0, 32.0],
        ..Drive::default()
    });
    drive.collect()
}

fn seconds(time: f64) -> Duration {
    Duration::from_secs_f64(time)
}

/// The largest difference of a joint between two arms, rad.
fn apart(one: &dyn Physics, other: &dyn Physics) -> f64 {
    let joints = one.joint_angles().iter().zip(other.joint_angles().iter());
    joints.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

// Free motion is the same: play, friction, sag and gravity agree, tick by tick.
#[test]
fn an_arm_that_touches_nothing_moves_the_same() {
    let start = Joints::from_slice(&[0.0, -0.4, 0.3, 0.2, 0.0, 0.2]).unwrap();
    let [mut own, mut reference] = PhysicsEngine::ALL.map(|engine| arm(engine, &start, &[]));
    let (mut furthest, mut moved) = (0.0_f64, 0.0_f64);
    let goals = [
        [0.6, -0.9, 0.9, 0.5, -0.7, 1.2],
        [-0.4, 0.2, -0.5, 0.9, 1.1, 0.0],
        [0.0, -0.4, 0.3, 0.2, 0.0, 0.2],
    ];
    for (leg, goals) in goals.into_iter().enumerate() {
        let drives = drives(goals);
        for step in 1..=200 {
            let now = seconds(2.0 * leg as f64 + 0.01 * f64::from(step));
            own.advance(now, &drives);
            reference.advance(now, &drives);
            furthest = furthest.max(apart(&*own, &*reference));
            moved = moved.max((own.joint_angles()[1] - start[1]).abs());
        }
    }
    println!("furthest apart: {:.4} degrees", furthest.to_degrees());
    assert!(moved > 0.3, "{moved}");
    assert!(
        furthest < 0.3_f64.to_radians(),
        "{} degrees",
        furthest.to_degrees()
    );
}

// Limp, it falls on its stops and comes to rest there.
#[test]
fn a_limp_arm_falls_the_same() {
    let start = Joints::from_slice(&[0.2, 0.3, -0.3, 0.2, 0.0, 0.6]).unwrap();
    let [mut own, mut reference] = PhysicsEngine::ALL.map(|engine| arm(engine, &start, &[]));
    let limp = [Drive::default(); 6];
    for tenth in 1..=40 {
        own.advance(seconds(f64::from(tenth) * 0.1), &limp);
        reference.advance(seconds(f64::from(tenth) * 0.1), &limp);
    }
    let apart = apart(&*own, &*reference).to_degrees();
    println!("apart: {apart:.4} degrees; {:?}", own.joint_angles());
    assert!((own.joint_angles()[1] - start[1]).abs() > 0.3);
    assert!(apart < 0.01, "{apart} degrees");
}

// Friction is the smaller of two, and Coulomb's: a cube slides down a slope of 0.3 rad with 0.2, and stays with 0.4.
#[test]
fn a_cube_slides_the_same() {
    let slope = UnitQuaternion::from_euler_angles(0.0, 0.3, 0.0);
    let lay = |height: f64| {
        let up = slope * Vector3::new(0.0, 0.0, height);
        Isometry3::from_parts((up + Vector3::new(0.6, 0.6, 0.5)).into(), slope)
    };
    let fixture = Fixture {
        shape: Shape::Box {
            half: [0.5, 0.5, 0.05],
        },
        pose: lay(-0.05),
        friction: 1.0,
    };
    for (friction, slides) in [(0.2, true), (0.4, false)] {
        let ways = PhysicsEngine::ALL.map(|engine| {
            let mut arm = arm(engine, &resting_angles(&so101()), &[fixture]);
            let matter = Matter {
                shape: Shape::Box { half: [0.015; 3] },
                mass: 0.05,
                friction,
            };
            arm.lay_out(&[matter], &[lay(0.015)]);
            arm.advance(seconds(0.5), &[Drive::default(); 6]);
            (arm.bodies()[0].translation.vector - lay(0.015).translation.vector).norm()
        });
        let ideal = 9.80665 * (0.3_f64.sin() - friction * 0.3_f64.cos()) * 0.125;
        println!("friction {friction}: {ways:?}, and {ideal}");
        for way in ways {
            match slides {
                true => assert!((way - ideal).abs() < 0.05 * ideal, "{way} {ideal}"),
                false => assert!(way < 1e-3, "{way}"),
            }
        }
    }
}

#[test]
fn the_engines_say_the_same_of_drawn_grasps() {
    let asked = std::env::var("ULNA_TRIALS").ok();
    let trials = asked.and_then(|text| text.parse().ok()).unwrap_or(12);
    let kind = so101();
    let (mut agree, mut held) = (0, 0);
    for number in 0..trials {
        let [own, reference] = PhysicsEngine::ALL.map(|engine| {
            let trial = GraspTrial {
                seconds: if trials < 60 { 2.0 } else { 10.0 },
                ..GraspTrial::drawn(0, number)
            };
            trial.run(&kind, engine).unwrap()
        });
        println!("{number}: {own:?}\n   {reference:?}");
        agree += u64::from(own.held == reference.held);
        held += u64::from(reference.held);
        // What is held stands in nothing.
        assert!(!own.held || own.overlap < 1e-3, "{number}: {own:?}");
    }
    println!("{agree} of {trials} agree; MuJoCo holds {held}");
    assert!(agree * 60 >= trials * 50, "{agree} of {trials}");
    assert!(held > trials / 4 && held < trials, "{held} of {trials}");
}

#[test]
fn a_run_is_the_same_twice() {
    let trial = GraspTrial {
        seconds: 0.5,
        ..GraspTrial::drawn(0, 5)
    };
    let run = || trial.run(&so101(), PhysicsEngine::Mujoco).unwrap();
    assert_eq!(run(), run());
}
