//! From a sweep to a calibration: where the middle of a turn goes, and what is odd about the joint.

use std::f64::consts::TAU;
use std::fmt;

use serde::Serialize;
use ulna_bus::family::{DriveMode, Family};
use ulna_core::{JointCalibration, Unit};
use ulna_robot::JointSpec;
use ulna_robot::{Calibration, RobotKind};

use super::sweep::Swept;

/// Of the range in the robot file: less than this was no sweep at all, ...
const HARDLY: f64 = 0.10;
/// ... and less, or more, than these looks as if an end was missed, or as if it was another joint.
const SHORT: f64 = 0.75;
const LONG: f64 = 1.25;

/// What is odd about a joint's sweep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum SweepFinding {
    /// It never answered.
    Unseen,
    /// It was not moved.
    HardlyMoved {
        /// How far it was moved, degrees.
        degrees: f64,
        /// How far the robot file says it goes, degrees.
        expected: f64,
    },
    /// It was moved less far than it goes.
    Short {
        /// How far it was moved, degrees.
        degrees: f64,
        /// How far the robot file says it goes, degrees.
        expected: f64,
    },
    /// It was moved further than it should go.
    Long {
        /// How far it was moved, degrees.
        degrees: f64,
        /// How far the robot file says it goes, degrees.
        expected: f64,
    },
    /// It was moved by more than a turn, which its servo cannot distinguish from less.
    MoreThanATurn {
        /// How far it was moved, degrees.
        degrees: f64,
    },
    /// It turns against what the robot file says, and the calibration turns its values round.
    TurnedRound,
    /// It turns against what the robot file says, and LeRobot's degrees cannot be turned round.
    Reversed,
}

impl SweepFinding {
    /// No calibration can be made from it.
    pub fn is_fatal(self) -> bool {
        matches!(
            self,
            Self::Unseen | Self::HardlyMoved { .. } | Self::MoreThanATurn { .. }
        )
    }
}

impl fmt::Display for SweepFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Unseen => f.write_str("never answered"),
            Self::HardlyMoved { degrees, expected } => write!(
                f,
                "moved by {degrees:.0}° only, of about {expected:.0}°: move it from one end of its range to the other"
            ),
            Self::Short { degrees, expected } => write!(
                f,
                "moved by {degrees:.0}°, but the robot file gives it {expected:.0}°: was it moved to both ends?"
            ),
            Self::Long { degrees, expected } => write!(
                f,
                "moved by {degrees:.0}°, but the robot file gives it {expected:.0}°: is this the joint, and is its horn tight?"
            ),
            Self::MoreThanATurn { degrees } => write!(
                f,
                "moved by {degrees:.0}°, more than a turn: the servo cannot count turns, so keep within one, and check that its horn is tight"
            ),
            Self::TurnedRound => f.write_str(
                "turns the other way than the robot file says; the calibration turns its values round (drive_mode 1)",
            ),
            Self::Reversed => f.write_str(
                "turns the other way than the robot file says, or the arm is not in its resting pose. LeRobot's file cannot \
                 turn it round (degrees never, Dynamixels only by Drive_Mode in the robot file): mount the servo as the assembly guide says, then \
                 calibrate again",
            ),
        }
    }
}

/// A joint's calibration, and what is odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The values.
    pub value: JointCalibration,
    /// What its owner should know.
    pub findings: Vec<SweepFinding>,
}

/// Chooses the homing offset of a joint after its sweep, so that the middle of the swept range reads the middle of the turn, 2047.
///
/// A joint that turns all the way round has no ends: as in LeRobot, the place where it was first reads 2047 and its range is the whole
/// turn. A wheel has no place at all: as in LeRobot, its offset is 0.
///
/// # Errors
/// The findings, when no calibration can be made.
pub fn choose(
    joint: &JointSpec,
    swept: &Swept,
    family: &Family,
) -> Result<Chosen, Vec<SweepFinding>> {
    let turn = i32::try_from(joint.resolution).unwrap_or(i32::MAX);
    let half = (turn - 1) / 2;
    let (Some((low, high)), Some((start, _))) = (swept.range(), swept.ends()) else {
        return Err(vec![SweepFinding::Unseen]);
    };
    let mut findings = Vec::new();
    if !joint.full_turn {
        findings.extend(judge_span(joint, high - low, turn));
    }
    if findings.iter().any(|finding| finding.is_fatal()) {
        return Err(findings);
    }
    let centre = if joint.full_turn {
        start
    } else {
        low + (high - low) / 2
    };
    // The servo reports raw + sign * offset, so the centre reads `half` with this one, or with any a whole turn away.
    let offset = (family.homing.factor() * (half - centre) + half).rem_euclid(turn) - half;
    let offset = match joint.is_wheel() {
        true => 0,
        false => offset.clamp(-family.largest_offset, family.largest_offset),
    };
    let reads = |raw: i32| (raw + family.homing.factor() * offset).rem_euclid(turn);
    let (range_min, range_max) = if joint.full_turn {
        (0, turn - 1)
    } else {
        let from = reads(centre) - (centre - low);
        (from.max(0), (from + high - low).min(turn - 1))
    };
    let value = JointCalibration {
        id: joint.id,
        drive_mode: 0,
        homing_offset: offset,
        range_min,
        range_max,
    };
    Ok(Chosen { value, findings })
}

fn judge_span(joint: &JointSpec, span: i32, turn: i32) -> Option<SweepFinding> {
    let degrees = f64::from(span) / f64::from(turn) * 360.0;
    let expected = (joint.upper - joint.lower).to_degrees().min(360.0);
    if span >= turn - 1 {
        return Some(SweepFinding::MoreThanATurn { degrees });
    }
    match degrees / expected {
        part if part < HARDLY => Some(SweepFinding::HardlyMoved { degrees, expected }),
        part if part < SHORT => Some(SweepFinding::Short { degrees, expected }),
        part if part > LONG => Some(SweepFinding::Long { degrees, expected }),
        _ => None,
    }
}

/// In the resting pose a joint must be at least this far from its middle for its side to show its direction, rad ...
const DECISIVE: f64 = 0.5;
/// ... and must be measured at least this far from it, rad.
const CLEAR: f64 = 0.26;

/// Compares where the joints are measured (steps, as the newly calibrated servos report them) with the resting pose of the robot file, in
/// which the arm is said to be: joints on the other side of their middle are reversed. What the calibration can turn round, it does; the
/// findings say which joints, by index. Joints that rest near their middle show nothing.
pub fn judge_pose(
    kind: &RobotKind,
    calibration: &mut Calibration,
    family: &Family,
    steps: &[Option<i32>],
) -> Vec<(usize, SweepFinding)> {
    let mut findings = Vec::new();
    let entries = kind.joints.iter().zip(&mut calibration.joints).zip(steps);
    for (index, ((joint, (_, value)), steps)) in entries.enumerate() {
        let (Some(rest), Some(steps)) = (kind.exit.park.get(&joint.name), steps) else {
            continue;
        };
        let expected = rest.to_radians() - joint.middle();
        let measured = (f64::from(*steps) - value.middle()) / f64::from(joint.resolution) * TAU;
        if expected.abs() < DECISIVE || measured.abs() < CLEAR || expected * measured > 0.0 {
            continue;
        }
        findings.push((index, turn_round(joint, value, family)));
    }
    findings
}

fn turn_round(joint: &JointSpec, value: &mut JointCalibration, family: &Family) -> SweepFinding {
    match joint.unit {
        Unit::Degrees | Unit::Velocity => SweepFinding::Reversed,
        _ if family.drive_mode == DriveMode::InServo => SweepFinding::Reversed,
        Unit::M100 | Unit::Percent => {
            value.drive_mode = 1;
            SweepFinding::TurnedRound
        }
    }
}

#[cfg(test)]
mod tests;
