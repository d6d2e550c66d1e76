use ulna_core::{Stamp, State};

use core::time::Duration;

use super::*;
use crate::plant::{Drive, Plant};
use crate::scene::SceneError;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

fn arms(kind: &RobotKind) -> Vec<SimArm> {
    vec![SimArm {
        side: String::new(),
        kind: kind.clone(),
        calibration: kind.nominal_calibration(),
    }]
}

/// Two arms of six joints, `left_shoulder_pan` to `right_gripper`.
fn pair() -> (RobotKind, Vec<SimArm>) {
    let one = so101();
    let mut both = one.clone();
    both.joints.clear();
    let mut sides = Vec::new();
    for side in ["left", "right"] {
        let prefixed = one.joints.iter().cloned().map(|mut joint| {
            joint.name = format!("{side}_{}", joint.name);
            joint
        });
        both.joints.extend(prefixed);
        sides.push(SimArm {
            side: side.to_owned(),
            kind: one.clone(),
            calibration: one.nominal_calibration(),
        });
    }
    (both, sides)
}

fn world(options: &WorldOptions) -> Result<SimWorld, SimError> {
    let kind = so101();
    SimWorld::new(&kind, &arms(&kind), &arms(&kind.as_leader()), options)
}

fn picture(world: &SimWorld, at: u64) -> Vec<u8> {
    let mut camera = world.open_camera("front", (64, 48), 10.0).unwrap();
    let mut now = Stamp::new(Duration::from_millis(at));
    loop {
        if let Some(frame) = camera.poll(now).unwrap() {
            return frame.pixels.to_vec();
        }
        now = camera.next_due(now);
    }
}

#[test]
fn ports_are_given_away_once() {
    let mut world = world(&WorldOptions::default()).unwrap();
    assert_eq!(world.follower_ports().unwrap().len(), 1);
    assert_eq!(world.leader_ports().unwrap().len(), 1);
    assert_eq!(world.follower_ports().unwrap().len(), 0);
    assert!(world.devices().is_empty());
    assert_eq!(world.fallen(), None);
}

#[test]
fn in_real_time_every_bus_has_a_terminal_until_the_world_ends() {
    let options = WorldOptions {
        wire: Wire::Pty {
            epoch: std::time::Instant::now(),
        },
        ..WorldOptions::default()
    };
    let mut world = world(&options).unwrap();
    let roles: Vec<String> = world
        .devices()
        .iter()
        .map(|(role, _)| (*role).to_owned())
        .collect();
    assert_eq!(roles, ["follower", "leader"]);
    let ports = world.follower_ports().unwrap();
    let device = world.devices()[0].1.to_string_lossy().into_owned();
    assert_eq!(ports[0].name(), device);
    assert_eq!(world.fallen(), None);
    drop(world);
    assert!(!std::path::Path::new(&device).exists());
}

#[test]
fn cameras_see_where_the_robot_is_placed_and_fail_as_asked() {
    let options = WorldOptions {
        camera_faults: vec!["wrist:gone@0s".to_owned()],
        ..WorldOptions::default()
    };
    let world = world(&options).unwrap();
    assert_eq!(world.camera_names(), ["front", "wrist", "top"]);
    assert_eq!(world.faulty_cameras(), ["wrist"]);
    let before = picture(&world, 0);
    assert_eq!(before, picture(&world, 0));
    world.place(&Joints::filled(6, f64::NAN));
    assert_eq!(before, picture(&world, 0));
    world.place(&Joints::filled(6, 0.2));
    assert_ne!(before, picture(&world, 0));
    let mut wrist = world.open_camera("wrist", (64, 48), 10.0).unwrap();
    assert!(wrist.poll(Stamp::ZERO).is_err());
    let error = world.open_camera("back", (64, 48), 10.0).unwrap_err();
    assert!(error.is_usage());
    assert_eq!(
        error.to_string(),
        "robot `so101` has no camera `back`; it has: front, wrist, top"
    );
}

#[test]
fn pictures_vary_with_the_seed_and_the_attempt_and_with_nothing_else() {
    let lift = |seed, varied| {
        let options = WorldOptions {
            scene: "lift".to_owned(),
            seed,
            varied,
            ..WorldOptions::default()
        };
        world(&options).unwrap()
    };
    let first = lift(3, true);
    let before = picture(&first, 0);
    assert_eq!(before, picture(&lift(3, true), 0));
    assert_ne!(before, picture(&lift(4, true), 0));
    assert_ne!(before, picture(&lift(3, false), 0));
    first.attendant().lay_out(1);
    let second = picture(&first, 0);
    assert_ne!(before, second);
    first.attendant().lay_out(0);
    assert_eq!(before, picture(&first, 0));
    // A camera that was there before sees the new attempt as one that is opened for it.
    let mut camera = first.open_camera("front", (64, 48), 10.0).unwrap();
    let mut next = || loop {
        let now = camera.next_due(Stamp::ZERO);
        if let Some(frame) = camera.poll(now).unwrap() {
            return frame;
        }
    };
    next();
    first.attendant().lay_out(1);
    let mut shown = next();
    while shown.sequence < 3 {
        shown = next();
    }
    let same = shown.pixels.iter().zip(&second);
    // But for the noise of its sensor.
    assert!(same.map(|(a, b)| a.abs_diff(*b)).max().unwrap() <= 12);
    // Without variation two attempts look alike, but for the cube.
    let plain = lift(3, false);
    let one = picture(&plain, 0);
    plain.attendant().lay_out(1);
    let other = picture(&plain, 0);
    let differ = one.iter().zip(&other).filter(|(a, b)| a != b).count();
    assert!(differ > 0 && differ < one.len() / 10, "{differ}");
}

#[test]
fn a_scene_with_a_task_has_an_environment_a_judge_and_a_moving_mark() {
    let table = world(&WorldOptions::default()).unwrap();
    assert!(table.environment().is_none());
    let maps = so101().angle_maps(&so101().nominal_calibration());
    assert!(table.judge(maps).is_none());
    assert_eq!(table.objects().len(), 1);
    let options = WorldOptions {
        scene: "reach".to_owned(),
        ..WorldOptions::default()
    };
    let reach = world(&options).unwrap();
    assert_eq!(reach.scene().name, "reach");
    assert_eq!(reach.objects().len(), 0);
    assert_ne!(picture(&reach, 0), picture(&reach, 3000));
    let environment = reach.environment().unwrap();
    let mut values = vec![0.0; environment.names().len()];
    environment.read(Stamp::ZERO, &mut values);
    assert!(values.iter().any(|value| *value != 0.0), "{values:?}");
    let mut judge = reach.judge(maps).unwrap();
    judge.observe(&State {
        stamp: Stamp::ZERO,
        position: Joints::filled(6, 0.0),
        measured: Joints::filled(6, Stamp::ZERO),
    });
    assert_eq!(judge.score().name, "reach");
}

#[test]
fn what_is_wrong_is_said() {
    let options = |scene: &str, fault: &str, camera: &str| WorldOptions {
        scene: scene.to_owned(),
        faults: vec![fault.to_owned()],
        camera_faults: vec![camera.to_owned()],
        ..WorldOptions::default()
    };
    for (options, text) in [
        (
            options("moon", "", "front:gone@1s"),
            "there is no such scene",
        ),
        (
            options("table", "dead:knee@1s", "front:gone@1s"),
            "no servo `knee`",
        ),
        (options("table", "", "front:late"), "not complete"),
    ] {
        let error = world(&options).unwrap_err();
        assert!(
            error.is_usage() && error.to_string().contains(text),
            "{error}"
        );
    }
    let (mut both, sides) = pair();
    both.sides = sides
        .iter()
        .map(|arm| ulna_robot::Side {
            name: arm.side.clone(),
            kind: arm.kind.clone(),
        })
        .collect();
    let reach = WorldOptions {
        scene: "reach".to_owned(),
        ..WorldOptions::default()
    };
    let error = SimWorld::new(&both, &sides, &[], &reach).unwrap_err();
    assert!(matches!(
        error,
        SimError::Scene(SceneError::WrongRobot { .. })
    ));
}

#[test]
fn faults_of_a_pair_happen_on_the_bus_of_their_joint_or_on_both() {
    let (_, arms) = pair();
    let texts = ["dead:right_gripper@1s,drop:1%".to_owned()];
    let plans = faults::plans(&texts, 5, &arms).unwrap();
    assert_eq!(plans[0].faults.len(), 1);
    assert_eq!(plans[1].faults.len(), 2);
    assert_eq!((plans[0].seed, plans[1].seed), (5, 6));
    let unknown = faults::plans(&["dead:gripper@1s".to_owned()], 0, &arms).unwrap_err();
    assert!(
        unknown.to_string().contains("no servo `gripper`"),
        "{unknown}"
    );
}

// The joints of one bus go on under the drives that it gave last while the other bus is spoken to.
#[test]
fn two_slices_move_one_robot() {
    let (both, arms) = pair();
    let physics = mechanics(
        &both,
        &arms,
        &*scenes::table::kind().set_up(&both, 0, None).unwrap(),
        PhysicsEngine::Ulna,
    )
    .unwrap();
    let mut slices = physics.slices([6, 6]);
    let mut right = slices.pop().unwrap();
    let mut left = slices.pop().unwrap();
    let goal = |slice: &PlantSlice| {
        let mut drives = [Drive::default(); 6];
        drives[5] = Drive {
            torque: true,
            goal: f64::from(slice.sense(5).position + 100),
            ..Drive::default()
        };
        drives
    };
    let (before, drives) = (right.sense(5).position, goal(&right));
    right.advance(Duration::from_millis(10), &drives);
    let pose = physics.pose().read();
    left.advance(Duration::from_secs(1), &[]);
    assert!((right.sense(5).position - before - 100).abs() < 8);
    let (now, slot) = (physics.pose().read(), physics.pose());
    assert!((now[11] - pose[11]).abs() > 0.1);
    assert_eq!(slot.read(), now);
}
