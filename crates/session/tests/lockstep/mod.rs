//! A rig of simulated arms on the virtual clock, driven by its teleoperator without a session around it.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::time::Duration;

use ulna_control::{Observer, TickPlan};
use ulna_core::Stamp;
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::controlled::{ControlledArm, Finished, TickInputs};
use ulna_session::device::Start;
use ulna_session::report::ClockKind;
use ulna_session::{Rig, RigOptions, SessionLink};

pub const PERIOD: Duration = Duration::from_millis(5);

pub fn open(robot: &str, seed: u64, faults: &[&str]) -> Rig {
    open_behind("cdc", robot, seed, faults)
}

pub fn open_behind(adapter: &str, robot: &str, seed: u64, faults: &[&str]) -> Rig {
    let options = RigOptions {
        robot: robot.to_owned(),
        sim: true,
        adapter: Some(adapter.to_owned()),
        clock: ClockKind::Virtual,
        seed,
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        ..RigOptions::default()
    };
    Rig::open(&options, &SessionLink::alone(&Stop::new())).unwrap()
}

/// Connects both sides, and lets the teleoperator drive for so long.
pub fn drive(
    rig: &mut Rig,
    pacer: &mut VirtualClock,
    observer: &mut dyn Observer,
    lasting: Duration,
) -> Finished {
    rig.teleoperator.connect(pacer).unwrap();
    rig.follower.connect(pacer).unwrap();
    let now = pacer.now();
    let mut arm = ControlledArm::new(
        &mut *rig.follower,
        &rig.robot,
        &rig.calibration,
        PERIOD,
        now,
    );
    let start = now + PERIOD;
    rig.teleoperator.start(&Start {
        at: Stamp::new(start),
        here: arm.gate.hold(Stamp::ZERO).goals(),
        limits: arm.gate.limits(),
    });
    let inputs = TickInputs {
        source: &mut *rig.teleoperator,
        observer,
        stop: &Stop::new(),
        plan: TickPlan {
            start,
            period: PERIOD,
            end: start + lasting,
        },
    };
    arm.drive(inputs, pacer, |_| ())
}
