//! The path of real hardware, with simulated servos at the other end of the ports: ports that are missing, busy or full of
//! garbage, links that break, a control thread that panics.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ulna_bus::families::sts3215;
use ulna_bus::families::sts3215::STS3215;
use ulna_control::TickPlan;
use ulna_core::{Action, ActionSource, Stamp};
use ulna_drivers::calibration;
use ulna_drivers::{PortError, SerialPort};
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::controlled::{ControlledArm, TickInputs, TicksEnded};
use ulna_session::report::ClockKind;
use ulna_session::run::SessionOutcome;
use ulna_session::{Rig, RigOptions, SessionError, SessionEvent, SessionLink, client};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::pty::PtyBus;

fn so101() -> RobotKind {
    ulna_robot::files::find("so101").unwrap()
}

/// Six servos out of the box but for ids and calibration: whatever the robot file wants, connecting has to write.
fn plugged_in(missing: &[u8]) -> (PtyBus<Arm>, Calibration) {
    let kind = so101();
    let calibration = kind.nominal_calibration();
    let arm = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap();
    let models: Vec<_> = kind
        .joints
        .iter()
        .map(|joint| (joint.id, STS3215))
        .collect();
    let mut bus = ServoBus::with_models(&models, arm, BusOptions::default()).unwrap();
    for (index, value) in calibration.values().enumerate() {
        let servo = bus.servo_mut(index).unwrap();
        servo
            .set(sts3215::MIN_POSITION_LIMIT, value.range_min)
            .unwrap();
        servo
            .set(sts3215::MAX_POSITION_LIMIT, value.range_max)
            .unwrap();
        if missing.contains(&value.id) {
            servo.set(sts3215::ID, 100 + i32::from(value.id)).unwrap();
        }
    }
    (
        PtyBus::spawn(bus, "test", Instant::now()).unwrap(),
        calibration,
    )
}

fn path(bus: &PtyBus<Arm>) -> String {
    bus.path().to_str().unwrap().to_owned()
}

/// Options for hardware, with calibrations under ids of this test's own.
fn options(follower: &str, leader: &str) -> RigOptions {
    let kind = so101();
    let id = format!("test-{}", std::process::id());
    for (role, robot_type) in [
        (ArmRole::Follower, "so_follower"),
        (ArmRole::Leader, "so_leader"),
    ] {
        calibration::save(
            &calibration::path(role, robot_type, &id).unwrap(),
            &kind.nominal_calibration(),
        )
        .unwrap();
    }
    RigOptions {
        robot_port: Some(follower.to_owned()),
        teleop_port: Some(leader.to_owned()),
        robot_id: Some(id.clone()),
        teleop_id: Some(id),
        ..RigOptions::default()
    }
}

/// One process, one calibration folder, set before any thread of a test reads it.
fn in_own_folder() {
    static FOLDER: std::sync::LazyLock<tempfile::TempDir> =
        std::sync::LazyLock::new(|| tempfile::tempdir().unwrap());
    calibration::use_folder(FOLDER.path());
}

fn teleop(options: &RigOptions, seconds: u64, stop: &Stop) -> Result<SessionOutcome, SessionError> {
    let duration = Some(Duration::from_secs(seconds));
    ulna_session::teleop::teleop(options, duration, None, &mut SessionLink::alone(stop))
}

#[test]
fn arms_behind_real_ports_are_configured_and_teleoperated() {
    in_own_folder();
    let ((follower, _), (leader, _)) = (plugged_in(&[]), plugged_in(&[]));
    let done = teleop(&options(&path(&follower), &path(&leader)), 2, &Stop::new()).unwrap();
    assert!(
        !done.report.simulated && done.report.exit.as_asked,
        "{:?}",
        done.report.exit
    );
    let bus = follower.stop().unwrap();
    for servo in bus.servos() {
        assert_eq!(servo.get(sts3215::P_COEFFICIENT), 16);
        assert_eq!(servo.get(sts3215::RETURN_DELAY_TIME), 0);
        assert_eq!(servo.get(sts3215::TORQUE_ENABLE), 0, "released at the end");
    }
    assert_eq!(bus.servos()[5].get(sts3215::MAX_TORQUE_LIMIT), 500);
    assert_eq!(
        leader.stop().unwrap().servos()[0].get(sts3215::P_COEFFICIENT),
        32,
        "a leader keeps its gains"
    );
}

#[test]
fn missing_servos_are_named_all_at_once_with_advice_that_fits() {
    in_own_folder();
    let fails = |missing: &[u8]| {
        let ((follower, _), (leader, _)) = (plugged_in(missing), plugged_in(&[]));
        teleop(&options(&path(&follower), &path(&leader)), 1, &Stop::new())
            .unwrap_err()
            .to_string()
    };
    let tail = fails(&[4, 5, 6]);
    assert!(
        ["`wrist_flex`", "`wrist_roll`", "`gripper`", "the cable"]
            .iter()
            .all(|part| tail.contains(part)),
        "{tail}"
    );
    let one = fails(&[2]);
    assert!(
        one.contains("servo 2 (`shoulder_lift`)") && one.contains("The others answer"),
        "{one}"
    );
    let all = fails(&[1, 2, 3, 4, 5, 6]);
    assert!(all.contains("power supply"), "{all}");
}

#[test]
fn another_calibration_in_the_servos_is_refused() {
    in_own_folder();
    let ((follower, _), (leader, _)) = (plugged_in(&[]), plugged_in(&[]));
    let mut bus = follower.stop().unwrap();
    bus.servo_mut(1)
        .unwrap()
        .set(sts3215::HOMING_OFFSET, -300)
        .unwrap();
    let follower = PtyBus::spawn(bus, "test", Instant::now()).unwrap();
    let error = teleop(&options(&path(&follower), &path(&leader)), 1, &Stop::new())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("shoulder_lift Homing_Offset -300, file 0"),
        "{error}"
    );
}

#[test]
fn a_port_has_one_owner() {
    let (bus, _) = plugged_in(&[]);
    let first = SerialPort::open(&path(&bus), 1_000_000).unwrap();
    assert!(matches!(
        SerialPort::open(&path(&bus), 1_000_000),
        Err(PortError::Busy { .. })
    ));
    drop(first);
    SerialPort::open(&path(&bus), 1_000_000).unwrap();
}

#[test]
fn garbage_is_no_arm() {
    in_own_folder();
    use std::io::Write;
    let master =
        rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY)
            .unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let name = rustix::pty::ptsname(&master, Vec::new())
        .unwrap()
        .into_string()
        .unwrap();
    let (leader, _) = plugged_in(&[]);
    let noise = Arc::new(Mutex::new(true));
    let talking = Arc::clone(&noise);
    let talker = thread::spawn(move || {
        let mut file = std::fs::File::from(master);
        let mut byte = 0u8;
        while *talking.lock().unwrap() {
            byte = byte.wrapping_mul(37).wrapping_add(255);
            let _ = file.write(&[byte, 0xFF, 0xFF, 1, 4, byte]);
            thread::sleep(Duration::from_millis(1));
        }
    });
    let error = teleop(&options(&name, &path(&leader)), 1, &Stop::new())
        .unwrap_err()
        .to_string();
    *noise.lock().unwrap() = false;
    talker.join().unwrap();
    assert!(
        error.contains(&name) && error.contains("servo 1 (`shoulder_pan`)"),
        "{error}"
    );
}

#[test]
fn a_port_that_goes_away_ends_the_session_in_words() {
    in_own_folder();
    let ((follower, _), (leader, _)) = (plugged_in(&[]), plugged_in(&[]));
    let options = options(&path(&follower), &path(&leader));
    let session = client::spawn(&Stop::new(), move |link| {
        ulna_session::teleop::teleop(&options, Some(Duration::from_secs(60)), None, link)
    });
    let mut follower = Some(follower);
    let mut ticks = 0;
    let ended = session.unwrap().follow(|event| {
        ticks += u32::from(matches!(event, SessionEvent::Tick(_)));
        if ticks > 3 {
            follower = None;
        }
    });
    let error = ended.unwrap_err().to_string();
    assert!(
        error.contains("follower's port") && error.contains("hold their last goal"),
        "{error}"
    );
}

/// A source that fails in the middle of a session.
struct Bomb(u32);

impl ActionSource for Bomb {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.0 += 1;
        assert!(self.0 < 100, "a bug in the control thread");
        Some(Action {
            stamp: now,
            target: ulna_core::Joints::filled(6, 5.0),
        })
    }
}

#[test]
fn a_panic_on_the_control_thread_parks_the_arm_too() {
    let options = RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        ..RigOptions::default()
    };
    let link = SessionLink::alone(&Stop::new());
    let mut rig = Rig::open(&options, &link).unwrap();
    let mut pacer = VirtualClock::new();
    rig.follower.connect(&mut pacer).unwrap();
    let period = rig.period();
    let mut arm = ControlledArm::new(
        &mut *rig.follower,
        &rig.robot,
        &rig.calibration,
        period,
        pacer.now(),
    );
    let drive = TickInputs {
        source: &mut Bomb(0),
        observer: &mut (),
        stop: &Stop::new(),
        plan: TickPlan {
            start: pacer.now(),
            period,
            end: Duration::MAX,
        },
    };
    let finished = arm.drive(drive, &mut pacer, |_| ());
    assert_eq!(finished.ended, TicksEnded::Panicked);
    assert_eq!(finished.exit.happened, "parked, torque off");
    assert!(finished.exit.seconds < rig.robot.exit.limit_s + 1.0);
    rig.follower.read_again(&mut pacer).unwrap();
    let lift = rig.follower.state().position[1];
    assert!(
        (lift + 97.0).abs() < 6.0,
        "the arm is at {lift}°, not in its resting pose"
    );
}
