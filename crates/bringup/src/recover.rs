//! `ulna recover`: servos that a protection has switched off come back, without moving the arm.

use std::time::Duration;

use serde::Serialize;
use ulna_bus::ErrorFlags;
use ulna_drivers::ServoBusError;
use ulna_rt::Stop;

use crate::dialogue::Dialogue;
use crate::error::BringupError;
use crate::question::{Question, ask};
use crate::service::{ServiceSession, SimScenario, WorkOptions};
use crate::servos::recover::{Condition, clear, look};

/// What the user says.
#[derive(Debug, Clone, Default)]
pub struct RecoverOptions {
    /// The bus.
    pub work: WorkOptions,
    /// Ask nothing.
    pub yes: bool,
    /// Leave what was cleared limp, also where the torque was on.
    pub release: bool,
    /// Longest to wait until a hot servo has cooled down.
    pub cool_down: Duration,
}

/// How one servo was and is.
#[derive(Debug, Clone, Serialize)]
pub struct Recovered {
    /// Its joint.
    pub joint: String,
    /// Its id.
    pub id: u8,
    /// How it was; absent if it did not answer.
    pub before: Option<Condition>,
    /// How it is now, if anything was done.
    pub after: Option<Condition>,
    /// What was wrong and what became of it, in words; empty if nothing was wrong.
    #[serde(rename = "told")]
    pub outcome: String,
    /// Nothing is wrong with it now.
    pub well: bool,
}

/// How the arm is.
#[derive(Debug, Clone, Serialize)]
pub struct Recovery {
    /// The robot.
    pub robot: String,
    /// The port.
    pub port: String,
    /// No port was opened.
    pub simulated: bool,
    /// Its servos, in the order of the joints.
    pub servos: Vec<Recovered>,
    /// Nothing is wrong with any of them now.
    pub well: bool,
}

/// From one look at a hot servo to the next.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A servo is given back its torque when it is this much cooler than its limit, °C.
const COOLER: i32 = 5;
/// How long a servo that holds again is watched.
const WATCH: Duration = Duration::from_millis(700);

/// Looks at every servo of an arm and clears what is latched.
///
/// # Errors
/// If the port cannot be opened or goes away; if the user interrupts.
pub fn recover(
    options: &RecoverOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<Recovery, BringupError> {
    let mut work = ServiceSession::open(&options.work, SimScenario::LeftAlone, stop)?;
    let before = look_at_all(&mut work)?;
    let ill = before
        .iter()
        .flatten()
        .filter(|condition| condition.alarm_bits != 0);
    if ill.clone().count() > 0 && !options.yes && !work.is_simulated() {
        if ill.clone().any(|condition| condition.torque) {
            talk.say("A servo's alarm is cleared by switching its torque off for a moment, so the arm may sink there.");
        }
        let question = Question {
            text: "Hold the arm with one hand, then press Enter",
            enter: "clears the alarms",
            keys: &[],
            left: "nothing was changed",
        };
        ask(talk, &question)?;
    }
    let mut servos = Vec::new();
    for (index, before) in before.into_iter().enumerate() {
        let joint = &work.kind.joints[index];
        let (joint, id) = (joint.name.clone(), joint.id);
        let (after, outcome) = match &before {
            None => (
                None,
                "does not answer. A servo that is switched off by its protection, or whose cable is loose, does that: switch the arm's \
                 power off and on, check its cable, and try again"
                    .to_owned(),
            ),
            Some(condition) if condition.alarm_bits == 0 => (None, String::new()),
            Some(condition) => {
                talk.say(&format!("{joint}: {}", explain(&work, condition)));
                treat(&mut work, options, talk, condition)?
            }
        };
        let well = match (&before, &after) {
            (_, Some(after)) => after.alarm_bits == 0,
            (Some(before), None) => before.alarm_bits == 0,
            (None, None) => false,
        };
        servos.push(Recovered {
            joint,
            id,
            before,
            after,
            outcome,
            well,
        });
    }
    talk.clear();
    Ok(Recovery {
        robot: work.kind.name.clone(),
        port: work.line.name().to_owned(),
        simulated: options.work.sim,
        well: servos.iter().all(|servo| servo.well),
        servos,
    })
}

fn look_at_all(work: &mut ServiceSession) -> Result<Vec<Option<Condition>>, BringupError> {
    let mut conditions = Vec::new();
    for index in 0..work.kind.dof() {
        let id = work.kind.joints[index].id;
        conditions.push(match look(&mut work.line, &mut *work.pacer, id) {
            Ok(condition) => Some(condition),
            Err(ServoBusError::Servo { .. }) => None,
            Err(error) => return Err(error.into()),
        });
    }
    Ok(conditions)
}

/// What the alarms of a servo mean for its owner.
fn explain(work: &ServiceSession, condition: &Condition) -> String {
    let Condition {
        alarms,
        temperature,
        voltage,
        load,
        ..
    } = condition;
    let mut text =
        format!("complains of {alarms} ({temperature} °C, {voltage:.1} V, load {load:.0} %).");
    if condition.latched {
        text.push_str(
            " It has pushed against something for too long and has switched its torque off or down since, to save its motor. That alarm stays until it is cleared.",
        );
    }
    if condition.too_hot {
        text.push_str(&format!(
            " It is over its limit of {} °C and has to cool down.",
            condition.max_temperature
        ));
    }
    let flags = work.family().complaints(condition.alarm_bits);
    let explained = work.family().alarms.latching.union(ErrorFlags::OVERHEAT);
    if flags.0 & !explained.0 != 0 {
        text.push_str(
            " What remains ends with its cause: check the power supply's voltage (a 7.4 V arm needs 5 to 8.4 V, a 12 V arm 9 to 12.6 V) and the plugs.",
        );
    }
    text
}

fn treat(
    work: &mut ServiceSession,
    options: &RecoverOptions,
    talk: &mut dyn Dialogue,
    before: &Condition,
) -> Result<(Option<Condition>, String), BringupError> {
    let id = before.id;
    let mut now = clear(&mut work.line, &mut *work.pacer, id)?;
    if now.too_hot {
        now = wait_until_cool(work, options, talk, now)?;
    }
    if now.alarm_bits != 0 {
        let outcome = format!(
            "still complains of {} and is limp ({} °C, {:.1} V)",
            now.alarms, now.temperature, now.voltage
        );
        return Ok((Some(now), outcome));
    }
    let held = before.torque && !options.release;
    if !held {
        return Ok((Some(now), "cleared; it is limp".to_owned()));
    }
    if !now.inside_limits() {
        let outcome = format!(
            "cleared; it is limp, because it stands at {} outside its limits {} to {} and would jump there",
            now.position, now.limits.0, now.limits.1
        );
        return Ok((Some(now), outcome));
    }
    work.line.hold_here(&mut *work.pacer, id)?;
    let watched = work.pacer.now() + WATCH;
    work.pacer.wait(watched);
    let now = look(&mut work.line, &mut *work.pacer, id)?;
    if now.alarm_bits != 0 {
        work.line.release(&mut *work.pacer, id)?;
        let outcome = format!(
            "complains of {} again as soon as it holds, and is limp now: something still blocks or loads it",
            now.alarms
        );
        return Ok((Some(now), outcome));
    }
    Ok((
        Some(now),
        "cleared; it holds again where it stands".to_owned(),
    ))
}

fn wait_until_cool(
    work: &mut ServiceSession,
    options: &RecoverOptions,
    talk: &mut dyn Dialogue,
    mut now: Condition,
) -> Result<Condition, BringupError> {
    let goal = now.max_temperature - COOLER;
    let (hottest, begun) = (now.temperature, work.pacer.now());
    while (now.temperature > goal || now.too_hot) && work.pacer.now() < begun + options.cool_down {
        let done = u64::try_from(hottest - now.temperature).unwrap_or(0);
        let of = u64::try_from(hottest - goal).unwrap_or(1).max(1);
        talk.progress(
            done,
            of,
            &format!(
                "servo {} cools down: {} °C, wanted {goal} °C",
                now.id, now.temperature
            ),
        );
        work.check_stop(&format!(
            "servo {} is limp and cools down; the others are as they were",
            now.id
        ))?;
        let next = work.pacer.now() + LOOK_AGAIN;
        work.pacer.wait(next);
        now = look(&mut work.line, &mut *work.pacer, now.id)?;
    }
    talk.clear();
    Ok(now)
}
