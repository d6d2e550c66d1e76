//! Opens a port, connects an arm, reads it, and moves its first joint by a few degrees and back:
//! `cargo run -p ulna-drivers --example arm -- PORT ID`, where ID is what the arm was calibrated as (`ulna calibrate --robot-id ID`).
//!
//! Without hardware: `ulna sim serve --robot-id sim` prints a PORT of simulated servos, whose ID is then `sim`; and `simulated_arm.rs` has them
//! in memory.

#![allow(clippy::print_stdout)] // what an example finds out

use std::error::Error;
use std::time::Duration;

use ulna_bus::engine::{Engine, EngineConfig};
use ulna_core::{Action, Gate, Robot, Stamp};
use ulna_drivers::{Port, ServoArm, calibration, open_port};
use ulna_robot::{ArmRole, Calibration, RobotKind, files};
use ulna_rt::{Pacer, RealClock, RealPacer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(id)) = (arguments.next(), arguments.next()) else {
        return Err(
            "two arguments: the port, and the id under which the arm was calibrated".into(),
        );
    };
    let kind = files::find("so101")?;
    let path = calibration::find(ArmRole::Follower, &kind, &id)?;
    let calibration = calibration::load(&path, &id, &kind)?;
    let port = open_port(&port, kind.bus.baud)?;
    let mut pacer = RealPacer::new(RealClock::start(), Vec::new());
    let (before, there) = read_and_move(port, &kind, &calibration, &mut pacer)?;
    println!("the first joint went from {before:.1} to {there:.1} degrees and back");
    Ok(())
}

/// Where the first joint was, and where it came to, in its unit. The arm is limp at the end.
pub(crate) fn read_and_move(
    port: Box<dyn Port>,
    kind: &RobotKind,
    calibration: &Calibration,
    pacer: &mut dyn Pacer,
) -> Result<(f64, f64), Box<dyn Error>> {
    let engine = Engine::new(EngineConfig::with_protocol(
        kind.bus.protocol,
        kind.bus.baud,
    ));
    let mut arm = ServoArm::new(port, engine, kind, calibration)?;
    // Checks every servo, compares its calibration with the file's, and switches the torque on with each goal where its joint stands.
    arm.connect(pacer, kind, calibration, ArmRole::Follower)?;
    let moved = there_and_back(&mut arm, kind, calibration, pacer);
    arm.release(pacer)?; // whatever happened
    moved
}

fn there_and_back(
    arm: &mut ServoArm,
    kind: &RobotKind,
    calibration: &Calibration,
    pacer: &mut dyn Pacer,
) -> Result<(f64, f64), Box<dyn Error>> {
    let start = arm.state().position;
    let now = Stamp::new(pacer.now());
    let mut gate = Gate::new(kind.gate_limits(calibration), &start, now);
    let (low, high) = gate.limits().range[0];
    let mut target = start;
    target[0] += if start[0] < (low + high) / 2.0 {
        10.0
    } else {
        -10.0
    };
    let mut there = start[0];
    for pose in [target, start] {
        for _ in 0..100 {
            let stamp = Stamp::new(pacer.now());
            let action = Action {
                stamp,
                target: pose,
            };
            // Whatever the action is, only what the gate makes of it can be sent.
            let (goals, _) = gate.check(stamp, Some(&action), arm.state());
            arm.send_goals(pacer, &goals)?;
            pacer.wait(stamp.since_epoch() + Duration::from_millis(20));
        }
        if pose == target {
            there = arm.state().position[0];
        }
    }
    Ok((start[0], there))
}
