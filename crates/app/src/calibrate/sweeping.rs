//! The part of a calibration in which somebody moves the arm.

use std::time::Duration;

use ulna_core::Calibration;
use ulna_drivers::calibrate::{Sweep, Swept, offsets, prepare};
use ulna_sim::hand::SweepHand;

use crate::dialogue::{Answer, Dialogue, Question, ask, forget_typed, pressed};
use crate::error::AppError;
use crate::workplace::{Part, Person, Workplace};

/// How things are whenever somebody interrupts before anything is written.
pub(super) const LEFT: &str = "the old calibration is untouched, the arm is limp";
/// From one reading of all positions to the next; LeRobot's rhythm.
const PERIOD: Duration = Duration::from_millis(20);
/// From one picture of the ranges to the next.
const SHOW: Duration = Duration::from_millis(100);
/// A servo without an answer for longer than this is named.
const SILENT: Duration = Duration::from_millis(500);

/// What is known of one joint during the sweep.
#[derive(Debug, Clone)]
pub struct LiveRange {
    /// Its name.
    pub joint: String,
    /// Lowest place, newest place and highest place, steps across the wrap; `None` before the first answer.
    pub steps: Option<(i32, i32, i32)>,
    /// It has not answered lately.
    pub silent: bool,
}

/// Makes the arm limp, with a warning if it holds itself, and sets what changes the meaning of positions.
pub(super) fn release(
    work: &mut Workplace,
    part: Part,
    alone: bool,
    talk: &mut dyn Dialogue,
) -> Result<(), AppError> {
    let torque = work.family().registers.torque;
    let ids: Vec<u8> = work.kind.joints.iter().map(|joint| joint.id).collect();
    let mut holds = false;
    for id in ids {
        holds |= work.line.read(&mut *work.pacer, id, torque)? != 0;
    }
    if holds && !alone && !work.person.is_simulated() {
        let question = Question {
            text: "The arm holds itself and will go limp: hold it, then press Enter",
            enter: "makes it limp",
            keys: &[],
            left: "nothing was changed",
        };
        ask(talk, &question)?;
    }
    let registers = &part.spec(&work.kind).registers;
    let own = part == Part::Follower;
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
    work: &mut Workplace,
    alone: bool,
    talk: &mut dyn Dialogue,
) -> Result<Sweeping, AppError> {
    let full_turns: Vec<&str> = work
        .kind
        .joints
        .iter()
        .filter(|joint| joint.full_turn)
        .map(|joint| joint.name.as_str())
        .collect();
    if !alone && !full_turns.is_empty() {
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
    let sign = work.family().offset_sign();
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
        work: &mut Workplace,
        seconds: Option<Duration>,
        talk: &mut dyn Dialogue,
    ) -> Result<(), AppError> {
        self.read(work)?;
        let mut limit = seconds;
        if let Person::Mover(hand) = &work.person {
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

    fn read(&mut self, work: &mut Workplace) -> Result<(), AppError> {
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

    fn table(&self, work: &Workplace, now: Duration) -> String {
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

/// Has the arm laid down in its resting pose, and says what the servos would report there with this calibration; `None` if that is
/// left out.
pub(super) fn rest(
    work: &mut Workplace,
    alone: bool,
    calibration: &Calibration,
    talk: &mut dyn Dialogue,
) -> Result<Option<Vec<Option<i32>>>, AppError> {
    let tells: Vec<String> = work
        .kind
        .exit
        .park
        .iter()
        .map(|(joint, degrees)| format!("{joint} {degrees:.0}°"))
        .collect();
    if tells.is_empty() || alone && !work.person.is_simulated() {
        return Ok(None);
    }
    if !alone {
        let text = format!(
            "To see whether a joint is mounted the wrong way round: lay the arm down in its resting pose ({}; the gripper closed), then press Enter",
            tells.join(", ")
        );
        let question = Question {
            text: &text,
            enter: "looks",
            keys: &[('s', "leaves that out")],
            left: LEFT,
        };
        if ask(talk, &question)? == Answer::Key('s') {
            return Ok(None);
        }
    }
    if let Person::Mover(hand) = &work.person {
        hand.rest();
        let there = work.pacer.now() + SweepHand::way_to_rest() + PERIOD;
        work.pacer.wait(there);
    }
    let sign = work.family().offset_sign();
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
