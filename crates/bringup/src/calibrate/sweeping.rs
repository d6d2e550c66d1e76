//! The part of a calibration in which the user moves the arm.

use std::time::Duration;

use ulna_bus::registers::Role;
use ulna_robot::{ArmRole, Calibration};
use ulna_sim::hand::SweepHand;

use crate::dialogue::Dialogue;
use crate::error::BringupError;
use crate::question::{Pressed, Question, ask, forget_typed, pressed};
use crate::service::{ServiceSession, SimOperator};
use crate::servos::calibrate::{Sweep, Swept, offsets, prepare};

/// How things are whenever the user interrupts before anything is written.
pub(super) const LEFT: &str = "the old calibration is untouched, the arm is limp";
/// From one reading of all positions to the next; LeRobot's rhythm.
const PERIOD: Duration = Duration::from_millis(20);
/// From one picture of the ranges to the next.
const SHOW: Duration = Duration::from_millis(100);
/// A servo without an answer for longer than this is named.
const SILENT: Duration = Duration::from_millis(500);

/// Makes the arm limp, with a warning if it holds itself, and sets what changes the meaning of positions.
pub(super) fn release(
    work: &mut ServiceSession,
    role: ArmRole,
    unattended: bool,
    talk: &mut dyn Dialogue,
) -> Result<(), BringupError> {
    let ids: Vec<u8> = work.kind.joints.iter().map(|joint| joint.id).collect();
    let mut holds = false;
    for id in ids {
        holds |= work.line.get(&mut *work.pacer, id, Role::TorqueEnable)? != 0;
    }
    if holds && !unattended && !work.is_simulated() {
        let question = Question {
            text: "The arm holds itself and will go limp: hold it, then press Enter",
            enter: "makes it limp",
            keys: &[],
            left: "nothing was changed",
        };
        ask(talk, &question)?;
    }
    let registers = &role.spec(&work.kind).registers;
    let own = role == ArmRole::Follower;
    prepare(&mut work.line, &mut *work.pacer, &work.kind, registers, own)?;
    Ok(())
}

/// A sweep under way.
pub(super) struct Sweeping {
    sweep: Sweep,
    ids: Vec<u8>,
    /// What each servo makes of its raw position now, steps.
    shifts: Vec<i32>,
    answered: Vec<Duration>,
}

/// Has the arm brought to its middle, and reads the positions there.
pub(super) fn begin(
    work: &mut ServiceSession,
    unattended: bool,
    talk: &mut dyn Dialogue,
) -> Result<Sweeping, BringupError> {
    let full_turns: Vec<&str> = work
        .kind
        .joints
        .iter()
        .filter(|joint| joint.full_turn && !joint.is_wheel())
        .map(|joint| joint.name.as_str())
        .collect();
    if !unattended && !full_turns.is_empty() {
        let text = format!(
            "Turn {} to the middle: that is where zero will be (the other joints may stand anywhere). Then press Enter",
            full_turns.join(" and ")
        );
        let question = Question {
            text: &text,
            enter: "goes on",
            keys: &[],
            left: LEFT,
        };
        ask(talk, &question)?;
    }
    let sign = work.family().homing.factor();
    let shifts = offsets(&mut work.line, &mut *work.pacer, &work.kind)?;
    let turns = work.kind.joints.iter();
    let turns = turns.map(|joint| u16::try_from(joint.resolution).unwrap_or(u16::MAX));
    Ok(Sweeping {
        sweep: Sweep::new(turns),
        ids: work.kind.joints.iter().map(|joint| joint.id).collect(),
        shifts: shifts.into_iter().map(|offset| sign * offset).collect(),
        answered: vec![work.pacer.now(); work.kind.dof()],
    })
}

impl Sweeping {
    /// Follows the arm until Enter is pressed, or for so long.
    pub(super) fn run(
        &mut self,
        work: &mut ServiceSession,
        seconds: Option<Duration>,
        talk: &mut dyn Dialogue,
    ) -> Result<(), BringupError> {
        self.read(work)?;
        let mut limit = seconds;
        if let Some(SimOperator::MovesArm(hand)) = &work.operator {
            hand.sweep();
            limit = limit.or(Some(SweepHand::duration(work.kind.dof()) + PERIOD));
        }
        talk.say(
            "Now move every joint slowly through its whole range, from one end to the other, in any order. Press Enter when all are done \
             (q ends without writing).",
        );
        forget_typed(talk, LEFT)?;
        let start = work.pacer.now();
        let (mut next, mut shown) = (start, start);
        loop {
            self.read(work)?;
            let now = work.pacer.now();
            if now >= shown {
                talk.show(&self.table(work, now));
                shown = now + SHOW;
            }
            work.check_stop(LEFT)?;
            if limit.is_some_and(|limit| now >= start + limit)
                || seconds.is_none() && pressed(talk, LEFT)?
            {
                break;
            }
            next = (next + PERIOD).max(now);
            work.pacer.wait(next);
        }
        let end = work.pacer.now();
        talk.clear();
        talk.say(&self.table(work, end));
        Ok(())
    }

    pub(super) fn joints(&self) -> &[Swept] {
        self.sweep.joints()
    }

    fn read(&mut self, work: &mut ServiceSession) -> Result<(), BringupError> {
        let positions = work.line.positions(&mut *work.pacer, &self.ids)?;
        let now = work.pacer.now();
        for (index, position) in positions.into_iter().enumerate() {
            if let Some(position) = position {
                self.sweep.see(now, index, position - self.shifts[index]);
                self.answered[index] = now;
            }
        }
        Ok(())
    }

    fn table(&self, work: &ServiceSession, now: Duration) -> String {
        let mut lines = vec![format!(
            "{:<16}{:>7}{:>7}{:>7}{:>8}",
            "joint", "min", "now", "max", "swept"
        )];
        for (index, (joint, swept)) in work.kind.joints.iter().zip(self.joints()).enumerate() {
            let mut line = match (swept.range(), swept.ends()) {
                (Some((low, high)), Some((_, at))) => {
                    let degrees = f64::from(swept.span()) / swept.turn() * 360.0;
                    format!("{:<16}{low:>7}{at:>7}{high:>7}{degrees:>7.0}°", joint.name)
                }
                _ => format!("{:<16}{:>7}", joint.name, "-"),
            };
            if now > self.answered[index] + SILENT {
                line.push_str("  NO ANSWER");
            }
            lines.push(line);
        }
        lines.join("\n")
    }
}

/// Has the arm laid down in its resting pose, and says what the servos would report there with this calibration; `None` if that
/// is left out.
pub(super) fn rest(
    work: &mut ServiceSession,
    unattended: bool,
    calibration: &Calibration,
    talk: &mut dyn Dialogue,
) -> Result<Option<Vec<Option<i32>>>, BringupError> {
    let pose: Vec<String> = work
        .kind
        .exit
        .park
        .iter()
        .map(|(joint, degrees)| format!("{joint} {degrees:.0}°"))
        .collect();
    if pose.is_empty() || unattended && !work.is_simulated() {
        return Ok(None);
    }
    if !unattended {
        let text = format!(
            "To see whether a joint is mounted the wrong way round: lay the arm down in its resting pose ({}; the gripper closed), then press Enter",
            pose.join(", ")
        );
        let question = Question {
            text: &text,
            enter: "looks",
            keys: &[('s', "leaves that out")],
            left: LEFT,
        };
        if ask(talk, &question)? == Pressed::Key('s') {
            return Ok(None);
        }
    }
    if let Some(SimOperator::MovesArm(hand)) = &work.operator {
        hand.rest();
        let there = work.pacer.now() + SweepHand::way_to_rest() + PERIOD;
        work.pacer.wait(there);
    }
    let sign = work.family().homing.factor();
    let now = offsets(&mut work.line, &mut *work.pacer, &work.kind)?;
    let ids: Vec<u8> = work.kind.joints.iter().map(|joint| joint.id).collect();
    let positions = work.line.positions(&mut *work.pacer, &ids)?;
    let joints = work.kind.joints.iter().zip(calibration.values());
    let steps =
        joints
            .zip(positions.iter().zip(now))
            .map(|((joint, value), (position, offset))| {
                let turn = i32::try_from(joint.resolution).unwrap_or(i32::MAX);
                let shift = sign * (value.homing_offset - offset);
                position.map(|position| (position + shift).rem_euclid(turn))
            });
    Ok(Some(steps.collect()))
}
