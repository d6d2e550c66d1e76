//! Wiggling one servo, to see which one it is: a few degrees to and fro with little torque, through the safety gate, and limp again
//! afterwards.

use std::f64::consts::TAU;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{
    Action, Gate, GateLimits, JointCalibration, Joints, SafeGoals, Stamp, State, Unit,
};
use ulna_drivers::ServoBusError;
use ulna_drivers::recover::look;

use crate::error::AppError;
use crate::workplace::Workplace;

/// How far to each side, degrees, ...
const AMPLITUDE: f64 = 4.0;
/// ... how often, and how long each takes.
const ROUNDS: u32 = 2;
const ROUND: Duration = Duration::from_millis(800);
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

/// Wiggles the servo `id`, which has `resolution` steps per turn. However it ends, the servo is limp afterwards.
///
/// # Errors
/// If the servo stands where it may not go, does not answer, or somebody interrupts.
pub(crate) fn wiggle(work: &mut Workplace, id: u8, resolution: u32) -> Result<Wiggled, AppError> {
    let condition = look(&mut work.line, &mut *work.pacer, id)?;
    if !condition.inside_limits() {
        let (low, high) = condition.limits;
        return Err(AppError::Session(format!(
            "servo {id} stands at {}, outside its own limits {low} to {high}: under torque it would jump there, so it is not wiggled. Move it by \
             hand, or calibrate the arm first",
            condition.position
        )));
    }
    if work.family().gentle_torque.is_none() {
        return Err(AppError::Session(format!(
            "{} servos cannot be told to use little torque, so servo {id} is not wiggled",
            work.family().name
        )));
    }
    let limit = work.line.limit_torque(&mut *work.pacer, id)?;
    let moved = to_and_fro(work, id, resolution, condition.position);
    // Limp first, whatever happened; the limit matters only under torque.
    let released = work.line.release(&mut *work.pacer, id);
    let restored = work.line.restore_torque_limit(&mut *work.pacer, &limit);
    let moved = moved?;
    released?;
    restored?;
    work.check_stop(&format!("servo {id} is limp"))?;
    Ok(moved)
}

fn to_and_fro(
    work: &mut Workplace,
    id: u8,
    resolution: u32,
    position: i32,
) -> Result<Wiggled, ServoBusError> {
    let last = i32::try_from(resolution).unwrap_or(i32::MAX) - 1;
    let whole_turn = JointCalibration {
        id,
        drive_mode: 0,
        homing_offset: 0,
        range_min: 0,
        range_max: last,
    };
    let degrees = |steps: i32| Unit::Degrees.normalise(f64::from(steps), &whole_turn, resolution);
    let here = degrees(position);
    let (line, pacer) = (&mut work.line, &mut *work.pacer);
    line.hold_here(pacer, id)?;
    let range = (
        (here - AMPLITUDE).max(degrees(0)),
        (here + AMPLITUDE).min(degrees(last)),
    );
    let limits = GateLimits {
        range: Joints::filled(1, range),
        max_velocity: Joints::filled(1, FASTEST),
        jump: Joints::filled(1, 2.0 * AMPLITUDE),
        ramp_velocity: Joints::filled(1, FASTEST),
        stale_after: ROUND,
        speeds: 0,
    };
    let start = pacer.now();
    let mut gate = Gate::new(limits, &Joints::filled(1, here), Stamp::new(start));
    let servos = [(id, Unit::Degrees, whole_turn, resolution)];
    let (mut low, mut high) = (here, here);
    let mut measured = Stamp::new(start);
    loop {
        let now = pacer.now();
        let part = (now - start).as_secs_f64() / ROUND.as_secs_f64();
        if part >= f64::from(ROUNDS) || work.stop.requested().is_some() {
            break;
        }
        let target = here + AMPLITUDE * (part * TAU).sin();
        let stamp = Stamp::new(now);
        let action = Action {
            stamp,
            target: Joints::filled(1, target),
        };
        let state = State {
            stamp,
            position: Joints::filled(1, here),
            measured: Joints::filled(1, measured),
        };
        let (goals, _): (SafeGoals, _) = gate.check(stamp, Some(&action), &state);
        line.send_goals(pacer, &goals, &servos)?;
        if let Some(Some(steps)) = line.positions(pacer, &[id])?.first() {
            measured = Stamp::new(pacer.now());
            low = low.min(degrees(*steps));
            high = high.max(degrees(*steps));
        }
        pacer.wait(now + PERIOD);
    }
    Ok(Wiggled {
        degrees: high - low,
    })
}
