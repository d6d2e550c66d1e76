//! Connecting: a slow moment is no missing servo, whichever the robot; and what is really wrong is named, all of it, with advice
//! that fits.

#![allow(missing_docs, clippy::unwrap_used)]

mod lockstep;

use std::io;
use std::time::Duration;

use ulna_bus::engine::{EchoMode, Engine};
use ulna_bus::models;
use ulna_bus::registers::{Register, Role as Use};
use ulna_drivers::arm::engine_config;
use ulna_drivers::connect::ConnectError;
use ulna_drivers::{Arms, Port, ServoArm};
use ulna_robot::ArmRole;
use ulna_robot::RobotKind;
use ulna_robot::files as robots;
use ulna_rt::{Pacer, VirtualClock};
use ulna_sim::bench::Bench;
use ulna_sim::bus::BusOptions;
use ulna_sim::fault::FaultPlan;
use ulna_sim::memory::MemoryPort;
use ulna_sim::workbench::Workbench;

/// Connects to the servos of a workbench, of which `faults` go wrong.
fn connect(
    kind: &RobotKind,
    role: ArmRole,
    servos: Workbench,
    faults: FaultPlan,
) -> Result<ServoArm, ConnectError> {
    let calibration = kind.nominal_calibration();
    let bench = Bench::loose(kind, &calibration).unwrap();
    let options = BusOptions {
        faults,
        ..BusOptions::default()
    };
    let port = MemoryPort(servos.into_bus(bench, options).unwrap());
    let engine = Engine::new(engine_config(kind).with_echo(EchoMode::Never));
    let mut arm = ServoArm::new(Box::new(port), engine, kind, &calibration).unwrap();
    arm.connect(&mut VirtualClock::new(), kind, &calibration, role)?;
    Ok(arm)
}

/// Servos that have been calibrated, and that were never connected to before.
fn calibrated(kind: &RobotKind) -> Workbench {
    let (calibration, nothing) = (
        kind.nominal_calibration(),
        std::collections::BTreeMap::new(),
    );
    Workbench::calibrated(kind, &calibration, &nothing, false).unwrap()
}

/// Every kind of arm in both roles, but for pairs, whose arms are these.
fn arms() -> Vec<(RobotKind, ArmRole)> {
    let kinds = ["so101", "so100", "koch", "omx", "lekiwi"].map(|name| robots::find(name).unwrap());
    let leaders = kinds.iter().map(|kind| (kind.as_leader(), ArmRole::Leader));
    let leaders: Vec<_> = leaders.collect();
    let followers = kinds.iter().cloned().map(|kind| (kind, ArmRole::Follower));
    followers.chain(leaders).collect()
}

#[test]
fn a_thousand_connects_with_slow_answers_all_succeed() {
    let arms = arms();
    for seed in 0..1000u64 {
        let (kind, role) = &arms[usize::try_from(seed).unwrap() % arms.len()];
        // From what is late for a control loop to what LeRobot takes for a missing servo many times over.
        let late = ["late:30ms@3%", "late:120ms@1%", "late:400ms@0.5%"];
        let faults = FaultPlan::parse(late, seed, &[]).unwrap();
        let connected = connect(kind, *role, calibrated(kind), faults);
        assert!(
            connected.is_ok(),
            "{} seed {seed}: {connected:?}",
            kind.name
        );
    }
}

/// What connecting a follower says of the servos that `break_it` leaves.
fn complaint(name: &str, break_it: impl FnOnce(Workbench) -> Workbench) -> String {
    let kind = robots::find(name).unwrap();
    let servos = break_it(calibrated(&kind));
    let error = connect(&kind, ArmRole::Follower, servos, FaultPlan::default()).unwrap_err();
    error.to_string()
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

fn register(model: &str, part: Use) -> Register {
    models::by_name(model).unwrap().table.find(part).unwrap()
}

#[test]
fn every_fault_is_named_with_advice_that_fits() {
    for name in ["so101", "koch", "omx"] {
        let kind = robots::find(name).unwrap();
        let without = |bench: Workbench, joints: &[&str]| {
            joints
                .iter()
                .fold(bench, |bench, joint| bench.without(joint).unwrap())
        };
        let all: Vec<&str> = kind.names().collect();
        let text = complaint(name, |bench| without(bench, &all));
        says(
            &text,
            &["`shoulder_pan`", "`gripper`", "power supply", "baud"],
        );
        let text = complaint(name, |bench| without(bench, &all[3..]));
        says(
            &text,
            &[
                "`wrist_flex`",
                "`wrist_roll`",
                "`gripper`",
                "the cable into the first",
            ],
        );
        assert!(!text.contains("`elbow_flex`"), "{text}");
        let text = complaint(name, |bench| {
            without(bench, &["shoulder_lift", "wrist_flex"])
        });
        says(
            &text,
            &["`shoulder_lift`", "`wrist_flex`", "The others answer"],
        );
    }
    let number = register("xl430-w250", Use::ModelNumber);
    let other = |bench: Workbench, joint: &str| bench.with_register(joint, number, 1190).unwrap();
    let text = complaint("koch", |bench| other(bench, "gripper"));
    says(
        &text,
        &[
            "servo 6 (`gripper`) is a xl330-m077, not a xl330-m288",
            "wrong id",
        ],
    );
    let kind = robots::find("koch").unwrap();
    let text = complaint("koch", |bench| kind.names().fold(bench, other));
    says(&text, &["the leader's instead of the follower's"]);
}

#[test]
fn an_odd_firmware_and_another_calibration_are_named() {
    let minor = register("sts3215", Use::FirmwareMinor);
    let text = complaint("so101", |bench| {
        bench.with_register("elbow_flex", minor, 3).unwrap()
    });
    says(
        &text,
        &[
            "servo 3 (`elbow_flex`) has firmware",
            ".3, most have",
            "up to date",
        ],
    );
    for (name, joint, part, value, complained) in [
        (
            "so101",
            "gripper",
            Use::HomingOffset,
            5,
            "gripper Homing_Offset 5, file 0",
        ),
        (
            "koch",
            "wrist_flex",
            Use::DriveMode,
            1,
            "wrist_flex Drive_Mode 1, file 0",
        ),
    ] {
        let kind = robots::find(name).unwrap();
        let model = kind.joints.iter().find(|spec| spec.name == joint).unwrap();
        let register = register(&model.model, part);
        let text = complaint(name, |bench| {
            bench.with_register(joint, register, value).unwrap()
        });
        says(&text, &["another calibration", complained]);
    }
}

#[test]
fn faults_of_both_arms_of_a_pair_are_reported_at_once() {
    let pair = robots::find("bi_koch").unwrap();
    let calibration = pair.nominal_calibration();
    let arms = pair
        .sides
        .iter()
        .zip(["wrist_flex", "shoulder_pan"])
        .map(|(side, missing)| {
            let kind = &side.kind;
            let bench = Bench::loose(kind, &kind.nominal_calibration()).unwrap();
            let servos = calibrated(kind).without(missing).unwrap();
            let port = MemoryPort(servos.into_bus(bench, BusOptions::default()).unwrap());
            let engine = Engine::new(engine_config(kind));
            let arm = ServoArm::new(Box::new(port), engine, kind, &kind.nominal_calibration());
            (side.name.clone(), arm.unwrap())
        });
    let mut arms = Arms::new(arms.collect());
    let error = arms.connect(
        &mut VirtualClock::new(),
        &pair,
        &calibration,
        ArmRole::Follower,
    );
    let text = error.unwrap_err().to_string();
    says(
        &text,
        &["left arm:", "`wrist_flex`", "right arm:", "`shoulder_pan`"],
    );
}

/// Behind an ordinary adapter a question takes 2 ms whatever it asks; 180 of them were asked of each arm when every register had its own.
#[test]
fn connecting_asks_for_blocks_of_registers() {
    for (robot, most) in [("so101", 0.4), ("koch", 0.4), ("lekiwi", 0.5)] {
        let mut rig = lockstep::open(robot, 7, &[]);
        let mut pacer = VirtualClock::new();
        rig.teleoperator.connect(&mut pacer).unwrap();
        rig.follower.connect(&mut pacer).unwrap();
        let took = pacer.now().as_secs_f64();
        println!("{robot}: leader and follower in {took:.3} s");
        assert!(took < most, "{robot}: {took} s");
    }
}

/// Servos that answer no more than one register at a time.
struct OneByOne(MemoryPort<Bench>);

impl Port for OneByOne {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        // Requests are written one at a time. Feetech: FF FF id length 02 address count; Dynamixel: FF FF FD 00 id length 02 address count.
        let asked_for = match bytes {
            [0xFF, 0xFF, 0xFD, 0, _, _, _, 2, _, _, count, 0, ..]
            | [0xFF, 0xFF, _, 4, 2, _, count, _] => *count,
            _ => 0,
        };
        match asked_for > 4 {
            true => Ok(()),
            false => self.0.write(now, bytes),
        }
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(now, into)
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.0.set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.0.next_arrival()
    }

    fn name(&self) -> &str {
        "servos of another age"
    }
}

#[test]
fn servos_that_answer_no_block_are_asked_register_by_register() {
    for name in ["so101", "koch"] {
        let kind = robots::find(name).unwrap();
        let calibration = kind.nominal_calibration();
        let bench = Bench::loose(&kind, &calibration).unwrap();
        let bus = calibrated(&kind).into_bus(bench, BusOptions::default());
        let port = OneByOne(MemoryPort(bus.unwrap()));
        let engine = Engine::new(engine_config(&kind));
        let mut arm = ServoArm::new(Box::new(port), engine, &kind, &calibration).unwrap();
        let mut pacer = VirtualClock::new();
        let connected = arm.connect(&mut pacer, &kind, &calibration, ArmRole::Follower);
        let took = pacer.now();
        connected.unwrap();
        assert!(took < Duration::from_millis(1500), "{name}: {took:?}");
    }
}
