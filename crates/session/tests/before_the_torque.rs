//! Before a follower gets torque: every joint stands where its calibration says that it can, on whichever turn its servo counts; and a real arm that
//! is far from its first goal goes there only with a yes.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use ulna_bus::engine::{EchoMode, Engine};
use ulna_bus::families::{sts3215, xl330};
use ulna_control::TickPlan;
use ulna_core::{Action, ActionSource, Joints, Stamp};
use ulna_drivers::arm::engine_config;
use ulna_drivers::{Arms, ServoArm, calibration};
use ulna_robot::files as robots;
use ulna_robot::{ArmRole, Calibration, ExitAction, RobotKind};
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::client::spawn;
use ulna_session::controlled::{ControlledArm, TickInputs};
use ulna_session::device::{Follower, Teleoperator};
use ulna_session::run::{SessionPlan, run};
use ulna_session::servo_follower::ServoFollower;
use ulna_session::{
    FarMoves, Rig, RigOptions, SessionCommand, SessionError, SessionEvent, SessionLink,
};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::memory::MemoryPort;
use ulna_sim::pty::PtyBus;
use ulna_sim::workbench::Workbench;

const PERIOD: Duration = Duration::from_millis(5);

/// A follower of this kind with this calibration in its servos, standing at `angles`.
fn bus(kind: &RobotKind, calibration: &Calibration, angles: Joints<f64>) -> ServoBus<Arm> {
    let options = ArmOptions {
        start: Some(angles),
        ..ArmOptions::default()
    };
    let plant = Arm::new(kind, calibration, options).unwrap();
    let registers = &kind.follower.registers;
    let servos = Workbench::calibrated(kind, calibration, registers, true).unwrap();
    servos.into_bus(plant, BusOptions::default()).unwrap()
}

fn follower(kind: &RobotKind, calibration: &Calibration, bus: ServoBus<Arm>) -> ServoFollower {
    let engine = Engine::new(engine_config(kind).with_echo(EchoMode::Never));
    let arm = ServoArm::new(Box::new(MemoryPort(bus)), engine, kind, calibration).unwrap();
    ServoFollower::new(Arms::from(arm), kind.clone(), calibration.clone())
}

/// Says the same goal all the time.
struct Says(Joints<f64>);

impl ActionSource for Says {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        Some(Action {
            stamp: now,
            target: self.0,
        })
    }
}

#[test]
fn a_dynamixel_that_counts_on_another_turn_is_unwrapped() {
    for offset in [-1500, 1500, 2300, -6400, 0] {
        let mut kind = robots::find("koch").unwrap();
        kind.exit.then = ExitAction::Hold;
        let mut calibration = kind.nominal_calibration();
        calibration.joints[2].1.homing_offset = offset;
        let rest = kind.resting_angles();
        let mut follower = follower(&kind, &calibration, bus(&kind, &calibration, rest));
        let mut pacer = VirtualClock::new();
        follower.connect(&mut pacer).unwrap();
        let stands = |follower: &ServoFollower| ulna_core::Robot::state(follower).position;
        let here = stands(&follower);
        let expected = kind.park_pose(&calibration, &here);
        let close = |a: f64, b: f64| (a - b).abs() < 6.0;
        assert!(
            close(here[2], expected[2]),
            "offset {offset}: {} of {}",
            here[2],
            expected[2]
        );
        // It holds there, and goes where it is sent.
        for target in [here[2], 0.0, -60.0] {
            let mut goal = here;
            goal[2] = target;
            let now = pacer.now();
            let mut arm = ControlledArm::new(&mut follower, &kind, &calibration, PERIOD, now);
            let start = now + PERIOD;
            let drive = TickInputs {
                source: &mut Says(goal),
                observer: &mut (),
                stop: &Stop::new(),
                plan: TickPlan {
                    start,
                    period: PERIOD,
                    end: start + Duration::from_secs(4),
                },
            };
            arm.drive(drive, &mut pacer, |_| ());
            let there = stands(&follower);
            assert!(
                close(there[2], target),
                "offset {offset}: {} instead of {target}",
                there[2]
            );
        }
    }
}

#[test]
fn a_joint_outside_its_range_gets_no_torque_and_is_named() {
    for (robot, torque) in [
        ("so101", sts3215::TORQUE_ENABLE),
        ("koch", xl330::TORQUE_ENABLE),
    ] {
        let kind = robots::find(robot).unwrap();
        let mut calibration = kind.nominal_calibration();
        // A narrow range in the middle, in the file and in the servo: the folded arm is far outside.
        let lift = &mut calibration.joints[1].1;
        (lift.range_min, lift.range_max) = (1800, 2300);
        let nominal = kind.nominal_calibration();
        let plant = Arm::new(
            &kind,
            &nominal,
            ArmOptions {
                start: Some(kind.resting_angles()),
                ..ArmOptions::default()
            },
        )
        .unwrap();
        let registers = &kind.follower.registers;
        let servos = Workbench::calibrated(&kind, &calibration, registers, true).unwrap();
        let bus = servos.into_bus(plant, BusOptions::default()).unwrap();
        let pty = PtyBus::spawn(bus, "test", Instant::now()).unwrap();
        let port =
            ulna_drivers::SerialPort::open(pty.path().to_str().unwrap(), kind.bus.baud).unwrap();
        let engine = Engine::new(engine_config(&kind));
        let arm = ServoArm::new(Box::new(port), engine, &kind, &calibration).unwrap();
        let mut follower = ServoFollower::new(Arms::from(arm), kind.clone(), calibration);
        let clock = ulna_rt::RealClock::start();
        let mut pacer = ulna_rt::RealPacer::new(clock, follower.wait_handles());
        let error = follower.connect(&mut pacer).unwrap_err().to_string();
        assert!(
            error.contains("`shoulder_lift`")
                && error.contains("its calibrated range 1800 to 2300"),
            "{robot}: {error}"
        );
        drop(follower);
        let bus = pty.stop().unwrap();
        for servo in bus.servos() {
            assert_eq!(servo.get(torque), 0, "{robot}");
        }
    }
}

/// One process, one calibration folder, set before any thread of a test reads it.
fn in_own_folder() {
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    calibration::use_folder(FOLDER.path());
}

/// A follower at rest and a leader whose shoulder is turned by `degrees`, both behind terminals, and options for them.
fn rig(degrees: f64, far_moves: FarMoves) -> (PtyBus<Arm>, PtyBus<Arm>, RigOptions) {
    in_own_folder();
    let kind = robots::find("so101").unwrap();
    let nominal = kind.nominal_calibration();
    for (role, folder) in [
        (ArmRole::Follower, "so_follower"),
        (ArmRole::Leader, "so_leader"),
    ] {
        let path = calibration::path(role, folder, "far").unwrap();
        calibration::save(&path, &nominal).unwrap();
    }
    let (rest, mut turned) = (kind.resting_angles(), kind.resting_angles());
    turned[0] += degrees.to_radians();
    let spawn =
        |angles| PtyBus::spawn(bus(&kind, &nominal, angles), "test", Instant::now()).unwrap();
    let (follower, leader) = (spawn(rest), spawn(turned));
    let path = |bus: &PtyBus<Arm>| Some(bus.path().to_str().unwrap().to_owned());
    let options = RigOptions {
        robot_port: path(&follower),
        teleop_port: path(&leader),
        robot_id: Some("far".to_owned()),
        teleop_id: Some("far".to_owned()),
        far_moves,
        ..RigOptions::default()
    };
    (follower, leader, options)
}

fn pan(bus: PtyBus<Arm>) -> (i32, i32) {
    let bus = bus.stop().unwrap();
    let servo = &bus.servos()[0];
    (
        servo.get(sts3215::PRESENT_POSITION),
        servo.get(sts3215::TORQUE_ENABLE),
    )
}

fn teleop(options: &RigOptions, link: &mut SessionLink) -> Result<(), SessionError> {
    let time = Some(Duration::from_secs(1));
    ulna_session::teleop::teleop(options, time, None, link).map(|_| ())
}

#[test]
fn a_far_move_without_a_yes_is_wrong_usage_before_any_torque() {
    let (follower, _leader, options) = rig(50.0, FarMoves::Refuse);
    let error = teleop(&options, &mut SessionLink::alone(&Stop::new())).unwrap_err();
    let text = error.to_string();
    assert!(error.is_usage() && text.contains("--yes"), "{text}");
    assert!(
        text.contains("shoulder_pan by 50°") || text.contains("shoulder_pan by 49°"),
        "{text}"
    );
    let (at, torque) = pan(follower);
    assert_eq!(torque, 0);
    assert!((at - 2047).abs() < 20, "{at}");
}

#[test]
fn near_moves_and_allowed_ones_are_not_asked_about() {
    for (degrees, far_moves) in [(25.0, FarMoves::Refuse), (50.0, FarMoves::Allow)] {
        let (_follower, _leader, options) = rig(degrees, far_moves);
        teleop(&options, &mut SessionLink::alone(&Stop::new())).unwrap();
    }
}

#[test]
fn a_client_is_asked_once_and_its_answer_counts() {
    for yes in [true, false] {
        let (follower, _leader, options) = rig(50.0, FarMoves::Ask);
        let session = spawn(&Stop::new(), move |link| teleop(&options, link)).unwrap();
        let commands = session.commands.clone();
        let mut questions = Vec::new();
        let outcome = session.follow(|event| {
            if let SessionEvent::Question { text } = event {
                questions.push(text.clone());
                commands.send(match yes {
                    true => SessionCommand::Confirm,
                    false => SessionCommand::Decline,
                });
            }
        });
        assert_eq!(questions.len(), 1, "{questions:?}");
        assert!(questions[0].contains("shoulder_pan by"), "{questions:?}");
        match outcome {
            Ok(()) => assert!(yes),
            Err(error) => assert!(!yes && error.is_interruption(), "{error}"),
        }
        if !yes {
            let (at, torque) = pan(follower);
            assert!(torque == 0 && (at - 2047).abs() < 20, "{at}");
        }
    }
}

/// Knows its first goal only once it sees the arm, as a policy does: the shoulder, turned by so much.
#[derive(Debug)]
struct Decides {
    first: Joints<f64>,
    asked: u32,
}

impl ActionSource for Decides {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.asked += 1;
        (self.asked > 20).then_some(Action {
            stamp: now,
            target: self.first,
        })
    }
}

impl Teleoperator for Decides {}

/// A session of a teleoperator that decides so; the shoulder's goal, of -100 to 100, is `goal`.
fn decided(options: &RigOptions, goal: f64, link: &mut SessionLink) -> Result<(), SessionError> {
    let rig = Rig::open_for(options, link, |request| {
        let joints = request.robot.dof();
        let rest = request
            .robot
            .park_pose(request.calibration, &Joints::filled(joints, 0.0));
        let mut first = rest;
        first[0] = goal;
        Ok(Box::new(Decides { first, asked: 0 }))
    })?;
    let plan = SessionPlan {
        command: "test",
        duration: Some(Duration::from_secs(2)),
        display: None,
        recording: None,
        watch: None,
    };
    run(rig, plan, link).map(|_| ())
}

#[test]
fn a_source_that_decides_late_is_held_until_the_far_move_is_allowed() {
    // The whole range of the shoulder is 200, some 220 degrees.
    let (far, near) = (60.0, 10.0);
    let (follower, _leader, options) = rig(0.0, FarMoves::Refuse);
    let error = decided(&options, far, &mut SessionLink::alone(&Stop::new())).unwrap_err();
    let text = error.to_string();
    assert!(error.is_usage() && text.contains("--yes"), "{text}");
    let (at, torque) = pan(follower);
    assert!(torque == 0 && (at - 2047).abs() < 20, "{at}");

    let (_follower, _leader, options) = rig(0.0, FarMoves::Refuse);
    decided(&options, near, &mut SessionLink::alone(&Stop::new())).unwrap();

    for yes in [true, false] {
        let (follower, _leader, options) = rig(0.0, FarMoves::Ask);
        let session = spawn(&Stop::new(), move |link| decided(&options, far, link)).unwrap();
        let commands = session.commands.clone();
        let (mut questions, mut furthest) = (Vec::new(), 0.0_f64);
        let outcome = session.follow(|event| match event {
            SessionEvent::Question { text } => {
                questions.push(text.clone());
                commands.send(match yes {
                    true => SessionCommand::Confirm,
                    false => SessionCommand::Decline,
                });
            }
            SessionEvent::Tick(tick) => furthest = furthest.max(tick.sent[0].abs()),
            _ => {}
        });
        assert_eq!(questions.len(), 1, "{questions:?}");
        assert!(questions[0].contains("shoulder_pan by"), "{questions:?}");
        match outcome {
            Ok(()) => assert!(yes && furthest > 30.0, "{furthest}"),
            Err(error) => {
                assert!(!yes && error.is_interruption(), "{error}");
                assert!(furthest < 1.0, "{furthest}");
                let (at, torque) = pan(follower);
                assert!(torque == 0 && (at - 2047).abs() < 20, "{at}");
            }
        }
    }
}
