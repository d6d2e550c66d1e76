use super::*;
use crate::arm::{Arm, ArmOptions};
use crate::expert::aim::{Aim, Aimer};
use crate::grasp::table;
use crate::plant::{Drive, Physics, Plant};
use crate::visual::Shape;
use core::time::Duration;
use ulna_robot::kinematics::Chain;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

fn cube(side: f64, mass: f64, friction: f64) -> Matter {
    Matter {
        shape: Shape::Box {
            half: [side / 2.0; 3],
        },
        mass,
        friction,
    }
}

/// An arm that holds its resting pose, with these cubes at these places.
fn world(matter: &[Matter], poses: &[Isometry3<f64>]) -> Arm {
    let kind = so101();
    let options = ArmOptions {
        start: Some(crate::arm::resting_angles(&kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(&kind, &kind.nominal_calibration(), options).unwrap();
    let mut arm = arm.among(&kind, &[table()]).unwrap();
    arm.lay_out(matter, poses);
    arm
}

fn run(arm: &mut Arm, seconds: f64) {
    let drives = [Drive::default(); 6];
    arm.advance(Duration::from_secs_f64(seconds), &drives);
}

#[test]
fn a_cube_falls_on_the_table_and_comes_to_rest_there() {
    let mut arm = world(
        &[cube(0.03, 0.03, 0.8)],
        &[Isometry3::translation(0.25, 0.1, 0.06)],
    );
    run(&mut arm, 1.0);
    let z = arm.bodies()[0].translation.z;
    assert!((z - 0.015).abs() < 2e-4, "{z}");
    let contacts = arm.contacts().unwrap();
    assert!(!contacts.bodies()[0].awake);
    let x = arm.bodies()[0].translation.x;
    assert!((x - 0.25).abs() < 1e-3, "{x}");
}

#[test]
fn five_cubes_stand_on_each_other() {
    let poses: Vec<_> = (0..5)
        .map(|i| Isometry3::translation(0.25, 0.1, 0.0151 + 0.0302 * f64::from(i)))
        .collect();
    let mut arm = world(&[cube(0.03, 0.03, 0.8); 5], &poses);
    run(&mut arm, 10.0);
    for (i, pose) in arm.bodies().iter().enumerate() {
        let ideal = 0.015 + 0.03 * i as f64;
        assert!((pose.translation.z - ideal).abs() < 5e-4, "{i}: {pose}");
        assert!((pose.translation.x - 0.25).abs() < 5e-4, "{i}: {pose}");
    }
}

// Coulomb's cone: on a slope of 0.3 rad a cube slides with friction 0.2 as physics has it, and stays with 0.4.
#[test]
fn a_cube_slides_as_its_friction_says() {
    for (friction, slides) in [(0.2, true), (0.4, false)] {
        let slope = nalgebra::UnitQuaternion::from_euler_angles(0.0, 0.3, 0.0);
        let lay = |height: f64| {
            Isometry3::from_parts(
                (slope * Vector3::new(0.0, 0.0, height) + Vector3::new(0.6, 0.6, 0.5)).into(),
                slope,
            )
        };
        let kind = so101();
        let fixture = Fixture {
            shape: Shape::Box {
                half: [0.5, 0.5, 0.05],
            },
            pose: lay(-0.05),
            friction: 1.0,
        };
        let arm = Arm::new(&kind, &kind.nominal_calibration(), ArmOptions::default()).unwrap();
        let mut arm = arm.among(&kind, &[fixture]).unwrap();
        arm.lay_out(&[cube(0.03, 0.05, friction)], &[lay(0.015)]);
        run(&mut arm, 0.5);
        let way = (arm.bodies()[0].translation.vector - lay(0.015).translation.vector).norm();
        let ideal = 9.80665 * (0.3f64.sin() - friction * 0.3f64.cos()) * 0.125;
        match slides {
            true => assert!((way - ideal).abs() < 0.05 * ideal, "{way} {ideal}"),
            false => assert!(way < 1e-4, "{way}"),
        }
    }
}

// No contact makes energy: three cubes that fall on each other lose what they have.
#[test]
fn contact_makes_no_energy() {
    let poses: Vec<_> = (0..3)
        .map(|i| {
            let turn = Vector3::new(0.3, 0.5, 0.2) * f64::from(i + 1);
            Isometry3::new(Vector3::new(0.25, 0.1, 0.05 + 0.06 * f64::from(i)), turn)
        })
        .collect();
    let mut arm = world(&[cube(0.03, 0.03, 0.6); 3], &poses);
    let energy = |arm: &Arm| -> f64 {
        let bodies = arm.contacts().unwrap().bodies().iter();
        bodies
            .map(|body| body.kinetic_energy() + 0.03 * GRAVITY * body.pose.translation.z)
            .sum()
    };
    let mut last = energy(&arm);
    for tick in 1..3000 {
        run(&mut arm, f64::from(tick) * 1e-3);
        let now = energy(&arm);
        assert!(now < last + 2e-5, "{tick}: {last} -> {now}");
        last = now;
    }
    assert!(arm.contacts().unwrap().deepest() < 1e-3);
}

/// What became of a cube that was squeezed, lifted 7 cm and held, all in the hand's frame.
#[derive(Debug)]
struct Held {
    /// How far it is from where it was after the lift, m.
    slip: f64,
    /// The deepest overlap while it was held, m.
    depth: f64,
    height: f64,
    grip: f64,
    current: f64,
}

/// Closes the hand on a cube that stands before it, by `squeeze` rad more than it takes to touch it, lifts it and holds it.
fn grasp(matter: Matter, yaw: f64, squeeze: f64, seconds: f64) -> Held {
    let kind = so101();
    let aimer = Aimer::new(&kind).unwrap();
    let Shape::Box { half } = matter.shape else {
        unreachable!()
    };
    let at = Vector3::new(0.22, 0.03, half[0]);
    let jaw = Vector3::new(-yaw.sin(), yaw.cos(), 0.0);
    let aim = |height: f64| Aim {
        point: at - jaw * (half[0] + 0.001) + Vector3::z() * (height + 0.012 - half[0]),
        fingers: -Vector3::z(),
        jaw,
    };
    let mut near = Joints::from_slice(&[0.1, -0.2, 0.5, 1.2, 0.0, 0.8]).unwrap();
    let (low, _) = aimer.angles(&aim(0.0), &near);
    let options = ArmOptions {
        start: Some(low),
        ..ArmOptions::default()
    };
    let arm = Arm::new(&kind, &kind.nominal_calibration(), options).unwrap();
    let mut arm = arm.among(&kind, &[table()]).unwrap();
    let turn = nalgebra::UnitQuaternion::from_euler_angles(0.0, 0.0, yaw);
    arm.lay_out(&[matter], &[Isometry3::from_parts(at.into(), turn)]);

    let mut drives = [Drive::default(); 6];
    let mut now = 0.0;
    let mut go = |arm: &mut Arm, to: &Joints<f64>, seconds: f64| {
        let from: [f64; 6] = core::array::from_fn(|i| drives[i].goal);
        let ticks = (seconds * 100.0) as u32;
        let mut depth: f64 = 0.0;
        for tick in 1..=ticks {
            let part = f64::from(tick) / f64::from(ticks);
            for i in 0..6 {
                let goal = arm.mount(i).unwrap().steps(to[i]);
                drives[i] = Drive {
                    torque: true,
                    goal: from[i] + (goal - from[i]) * part,
                    gains: [16.0, 0.0, 32.0],
                    torque_limit: if i == 5 { 0.5 } else { 1.0 },
                    ..Drive::default()
                };
                if from[i] == 0.0 {
                    drives[i].goal = goal;
                }
            }
            now += 0.01;
            arm.advance(Duration::from_secs_f64(now), &drives);
            depth = depth.max(arm.contacts().unwrap().deepest());
        }
        depth
    };
    go(&mut arm, &low, 0.5);
    near = low;
    // The jaw touches the cube at about this angle.
    near[5] = (half[0] * 2.0 - 0.016) / 0.078 - squeeze;
    go(&mut arm, &near, 0.8);
    let (mut high, _) = aimer.angles(&aim(0.07), &near);
    high[5] = near[5];
    go(&mut arm, &high, 1.2);
    go(&mut arm, &high, 0.5);
    let chain = Chain::new(&kind);
    let in_hand = |arm: &Arm| {
        let hand = chain.pose(arm.angles()).links()[4];
        (hand.inv_mul(&arm.bodies()[0])).translation.vector
    };
    let before = in_hand(&arm);
    let depth = go(&mut arm, &high, seconds);
    Held {
        slip: (in_hand(&arm) - before).norm(),
        depth,
        height: arm.bodies()[0].translation.z - half[0],
        grip: arm.contacts().unwrap().grip(0),
        current: arm.sense(5).current,
    }
}

// The lightest, the widest and one that engines for rigid bodies drop: none slips or sinks in by a millimetre, and the servo feels what it squeezes.
#[test]
fn a_cube_is_lifted_and_held() {
    for (side, mass, friction, squeeze) in [
        (0.03, 0.03, 0.8, 0.1),
        (0.02, 0.05, 0.6, 0.3),
        (0.04, 0.05, 0.6, 0.3),
        (0.03, 0.2, 0.6, 0.1),
    ] {
        let held = grasp(cube(side, mass, friction), 0.0, squeeze, 3.0);
        assert!(held.height > 0.03, "{side} {mass}: {held:?}");
        assert!(held.slip < 1e-3 && held.depth < 1e-3, "{held:?}");
        let weight = mass * GRAVITY;
        assert!(held.grip > weight / friction, "{held:?}");
        assert!((0.3..1.5).contains(&held.current), "{held:?}");
    }
}
