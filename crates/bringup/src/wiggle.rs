//! Wiggling one servo, to see which one it is: a few degrees to and fro with little torque.
//!
//! It is the motion of a session in small: the arm's driver with one joint, the control tick, the safety gate. However it ends (time,
//! Ctrl-C, an error, a panic, a lost port), the servo is made limp, in bounded time.

mod motion;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use ulna_bus::engine::Engine;
use ulna_control::{End, Tick, TickPlan};
use ulna_core::{Gate, GateLimits, JointCalibration, Joints, Stamp, Unit};
use ulna_drivers::arm::{ServoArm, engine_config};
use ulna_drivers::servo_bus::{ServoBus, TorqueLimit};
use ulna_robot::{Calibration, RobotKind};
use ulna_rt::{Distribution, run};

use crate::error::{BringupError, WiggleError};
use crate::service::ServiceSession;
use crate::servos::recover::look;
use motion::{AMPLITUDE, ToAndFro, Travel};

/// From one goal to the next.
const PERIOD: Duration = Duration::from_millis(20);
/// What the gate allows, degrees per second.
const FASTEST: f64 = 60.0;

/// What came of a wiggle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Wiggled {
    /// How far it really moved, from end to end, degrees.
    pub degrees: f64,
}

/// Wiggles the servo `id`, which is that of joint `index`, or is taken for it. However it ends, the servo is limp afterwards.
///
/// # Errors
/// If the servo stands where it may not go, does not answer, or the user interrupts; [`WiggleError`] says how the servo was left.
pub(crate) fn wiggle(
    work: &mut ServiceSession,
    id: u8,
    index: usize,
) -> Result<Wiggled, BringupError> {
    let condition = look(&mut work.line, &mut *work.pacer, id)?;
    if !condition.inside_limits() {
        let (low, high) = condition.limits;
        return Err(WiggleError::OutsideLimits {
            id,
            position: condition.position,
            low,
            high,
        }
        .into());
    }
    let family = work.family();
    if family.gentle_torque.is_none() {
        let family = family.name;
        return Err(WiggleError::NoTorqueLimit { id, family }.into());
    }
    let limit = work.line.limit_torque(&mut *work.pacer, id)?;
    // What a panic leaves behind is sound enough for the way out: driver, gate and ticks are dropped, and the bus begins each transaction
    // afresh.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        to_and_fro(work, id, index, condition.position)
    }));
    let released = make_limp(work, id, &limit);
    let left = match &released {
        Ok(()) => format!("servo {id} is limp"),
        Err(why) => format!(
            "servo {id} may still hold, with little torque, until its power is switched off: {why}"
        ),
    };
    let (end, wiggled) = match ended {
        Ok(ended) => ended?,
        Err(_) => return Err(WiggleError::Panicked { id, left }.into()),
    };
    if end == End::RobotLost {
        let port = work.line.name().to_owned();
        return Err(WiggleError::Lost { port, id, left }.into());
    }
    released.map_err(|_| WiggleError::NotReleased {
        id,
        left: left.clone(),
    })?;
    work.check_stop(&left)?;
    Ok(wiggled)
}

/// Torque off first, whatever happened; the limit matters only under torque. A panic here is caught, too, and the servo gets a second
/// try.
fn make_limp(work: &mut ServiceSession, id: u8, limit: &TorqueLimit) -> Result<(), String> {
    let mut attempt = || {
        catch_unwind(AssertUnwindSafe(|| {
            work.line.release(&mut *work.pacer, id)?;
            work.line.restore_torque_limit(&mut *work.pacer, limit)
        }))
    };
    match attempt().or_else(|_| attempt()) {
        Ok(released) => released.map_err(|error| error.to_string()),
        Err(_) => Err("its torque could not be switched off (see above)".to_owned()),
    }
}

/// Holds the servo where it stands, moves it, and says why that ended and how far it went.
fn to_and_fro(
    work: &mut ServiceSession,
    id: u8,
    index: usize,
    position: i32,
) -> Result<(End, Wiggled), BringupError> {
    let (line, pacer) = (&mut work.line, &mut *work.pacer);
    let (kind, calibration) = one_joint(&work.kind, id, index, line);
    let engine = Engine::new(engine_config(&kind));
    let mut arm = ServoArm::new(Box::new(work.port.clone()), engine, &kind, &calibration)
        .map_err(WiggleError::from)?;
    line.hold_here(pacer, id)?;
    arm.know_link_of(line);

    let (resolution, whole_turn) = (kind.joints[0].resolution, &calibration.joints[0].1);
    let degrees = |steps: i32| Unit::Degrees.normalise(f64::from(steps), whole_turn, resolution);
    let here = degrees(position);
    let ends = (degrees(whole_turn.range_min), degrees(whole_turn.range_max));
    let plan = TickPlan {
        start: pacer.now() + PERIOD,
        period: PERIOD,
        end: Duration::MAX,
    };
    let start = Stamp::new(plan.start);
    let mut gate = Gate::new(limits(here, ends), &Joints::filled(1, here), start);
    let mut source = ToAndFro::new(here, start);
    let mut travel = Travel::from(here);
    let mut tick = Tick::new(
        &mut arm,
        &mut source,
        &mut gate,
        &mut travel,
        &work.stop,
        plan,
    );
    run(&mut tick, pacer, &mut Distribution::new());
    let end = tick.end().unwrap_or(End::Elapsed);
    Ok((
        end,
        Wiggled {
            degrees: travel.degrees(),
        },
    ))
}

/// The robot that is this one joint in degrees, behind the servo `id`, whose calibration is its whole turn: a servo out of the box has no
/// other.
fn one_joint(kind: &RobotKind, id: u8, index: usize, line: &ServoBus) -> (RobotKind, Calibration) {
    let mut joint = kind.joints[index].clone();
    (joint.id, joint.unit, joint.full_turn) = (id, Unit::Degrees, true);
    let whole_turn = JointCalibration {
        id,
        drive_mode: 0,
        homing_offset: 0,
        range_min: 0,
        range_max: i32::try_from(joint.resolution).unwrap_or(i32::MAX) - 1,
    };
    let calibration = Calibration {
        joints: vec![(joint.name.clone(), whole_turn)],
    };
    let mut kind = kind.clone();
    // The bus as it is, whatever the file says of it.
    (kind.bus.baud, kind.bus.protocol) = (line.baud(), line.family().protocol());
    (kind.base, kind.joints) = (None, vec![joint]);
    (kind, calibration)
}

/// What the gate lets through, degrees: a little to both sides of `here`, and not beyond the ends of the turn.
fn limits(here: f64, (lowest, highest): (f64, f64)) -> GateLimits {
    let range = (
        (here - AMPLITUDE).max(lowest),
        (here + AMPLITUDE).min(highest),
    );
    GateLimits {
        range: Joints::filled(1, range),
        max_velocity: Joints::filled(1, FASTEST),
        jump: Joints::filled(1, 2.0 * AMPLITUDE),
        ramp_velocity: Joints::filled(1, FASTEST),
        stale_after: PERIOD * 4,
        speeds: 0,
    }
}

#[cfg(test)]
mod tests;
