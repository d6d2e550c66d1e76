//! What is known of the arm that was recorded: the ranges that its units are parts of, and where its servos stop.

use std::path::Path;

use ulna_core::{Joints, Unit};
use ulna_drivers::calibration;
use ulna_robot::{Calibration, RobotKind, TravelSpec};

use super::arms::FoundArm;
use super::source::value;
use crate::error::SessionError;
use crate::supply::compare::grid::Values;
use crate::supply::compare::{Delays, Follows, RecordedArm};

/// An action this far beyond every state is not obeyed, degrees: more than friction and weight leave between them.
const BEYOND: f64 = 3.0;
/// A state this near to its end is at its end, degrees.
const AT_END: f64 = 1.0;
/// For so many frames an arm has to be at the end while the action is beyond, in parts of a second.
const LONG_ENOUGH: f64 = 0.25;
/// What a joint in degrees may turn beyond its file's limits more than was recorded, degrees.
const SLACK: f64 = 2.0;

/// Where the range of a joint was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RangeFrom {
    /// The encoder's grid, or the extent of degrees.
    Data,
    /// The calibration file.
    Calibration,
    /// The robot file.
    Robot,
}

impl RangeFrom {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Calibration => "calibration",
            Self::Robot => "robot file",
        }
    }
}

/// What was recorded of one joint, end to end.
#[derive(Debug, Clone, Default)]
pub(super) struct JointSeen {
    pub(super) states: Values,
    pub(super) actions: Values,
    /// Numbers that are none among actions and states.
    pub(super) no_numbers: usize,
    /// Whether states have to do with actions.
    delays: Delays,
    /// Frames at the lower and the upper end of the states while the action was beyond.
    held: [usize; 2],
}

impl JointSeen {
    pub(super) fn look(
        &mut self,
        arm: &FoundArm,
        joint: usize,
        episode: &ulna_dataset::Episode,
    ) -> Result<(), SessionError> {
        let (action, state) = (episode.action()?, episode.state()?);
        let values = |column: &ulna_dataset::Column, place: Option<usize>| -> Vec<f64> {
            column.rows().map(|row| value(row, place)).collect()
        };
        let actions = values(action, arm.action[joint]);
        let states = values(state, arm.state[joint]);
        let places = [arm.action[joint], arm.state[joint]];
        for (values, place) in [&actions, &states].into_iter().zip(places) {
            let none = values.iter().filter(|value| !value.is_finite()).count();
            self.no_numbers += if place.is_some() { none } else { 0 };
        }
        self.delays.add(&actions, &states);
        self.count_ends(&actions, &states);
        self.actions.add(actions.into_iter());
        self.states.add(states.into_iter());
        Ok(())
    }

    /// Whether the states follow the actions; `degrees` are in one unit.
    pub(super) fn follows(&self, degrees: f64) -> Follows {
        let extents = [&self.actions, &self.states].map(|it| it.extent().unwrap_or((0.0, 0.0)));
        self.delays.follows(extents, degrees)
    }

    /// Counts frames at the ends of what has been seen so far; a new end starts from zero.
    fn count_ends(&mut self, actions: &[f64], states: &[f64]) {
        let before = self.states.extent();
        let lowest = states.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = states.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = before.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
        if lowest < low - AT_END {
            self.held[0] = 0;
        }
        if highest > high + AT_END {
            self.held[1] = 0;
        }
        let (low, high) = (low.min(lowest), high.max(highest));
        for (action, state) in actions.iter().zip(states) {
            self.held[0] += usize::from(*state < low + AT_END && *action < low - BEYOND);
            self.held[1] += usize::from(*state > high - AT_END && *action > high + BEYOND);
        }
    }

    /// Where a servo of degrees stopped: at the end of its states if actions led beyond for a while, else nowhere that was seen.
    fn stops(&self, fps: f64) -> (f64, f64) {
        let Some((low, high)) = self.states.extent() else {
            return (f64::NEG_INFINITY, f64::INFINITY);
        };
        let long = (LONG_ENOUGH * fps).max(2.0);
        let held = self.held.map(|frames| frames as f64 >= long);
        (
            if held[0] { low } else { f64::NEG_INFINITY },
            if held[1] { high } else { f64::INFINITY },
        )
    }
}

/// The arm, and where the range of each joint was taken from.
///
/// # Errors
/// If the calibration file does not fit.
pub(super) fn arm(
    kind: &RobotKind,
    unit: Unit,
    fps: f64,
    seen: &[JointSeen],
    file: Option<&Path>,
) -> Result<(RecordedArm, Vec<RangeFrom>), SessionError> {
    let mut kind = kind.clone().in_unit(unit);
    let mut from = vec![RangeFrom::Robot; kind.dof()];
    let calibration = match file {
        Some(file) => Some(of_file(file, &kind)?),
        None => None,
    };
    for (joint, seen) in seen.iter().enumerate() {
        let spec = &kind.joints[joint];
        let range = match &calibration {
            Some(calibration) => {
                let value = &calibration.joints[joint].1;
                Some((
                    (value.range_max - value.range_min).unsigned_abs(),
                    RangeFrom::Calibration,
                ))
            }
            None => {
                let steps = seen.states.steps_in_range(spec.unit, spec.resolution);
                steps.map(|steps| (steps, RangeFrom::Data))
            }
        };
        let travel = match range {
            Some((steps, source)) => {
                from[joint] = source;
                Some(of_steps(&kind, joint, steps))
            }
            None => widened(&kind, joint, seen),
        };
        if let Some(travel) = travel {
            if spec.unit == Unit::Degrees {
                from[joint] = range.map_or(RangeFrom::Data, |(_, source)| source);
            }
            travel.put(&mut kind.joints[joint]);
        }
    }
    let calibration = calibration.unwrap_or_else(|| kind.nominal_calibration());
    let stops = Joints::from_fn(kind.dof(), |joint| {
        let spec = &kind.joints[joint];
        let value = &kind.on_wire(&calibration.joints[joint].1);
        let (low, high) = spec.unit.range(value, spec.resolution);
        match (spec.unit, file) {
            (Unit::Degrees, None) => {
                let (lower, upper) = seen[joint].stops(fps);
                (low.max(lower), high.min(upper))
            }
            _ => (low, high),
        }
    });
    let arm = RecordedArm {
        kind,
        calibration,
        stops,
    };
    Ok((arm, from))
}

/// The arm's own calibration, as if its servos had no homing offsets.
fn of_file(file: &Path, kind: &RobotKind) -> Result<Calibration, SessionError> {
    let mut calibration = calibration::load(file, &file.display().to_string(), kind)?;
    for (_, value) in &mut calibration.joints {
        value.homing_offset = 0;
    }
    Ok(calibration)
}

/// The ends of a joint whose calibrated range has so many steps. A gripper's closed end stays where the file has it.
fn of_steps(kind: &RobotKind, joint: usize, steps: u32) -> TravelSpec {
    let spec = &kind.joints[joint];
    let travel = f64::from(steps) / f64::from(spec.resolution) * std::f64::consts::TAU;
    match spec.unit {
        Unit::Percent => TravelSpec {
            lower: spec.lower,
            upper: spec.lower + travel,
        },
        _ => TravelSpec {
            lower: spec.middle() - travel / 2.0,
            upper: spec.middle() + travel / 2.0,
        },
    }
}

/// The ends of a joint in degrees that was seen beyond its file's.
fn widened(kind: &RobotKind, joint: usize, seen: &JointSeen) -> Option<TravelSpec> {
    let spec = &kind.joints[joint];
    let (low, high) = seen
        .states
        .extent()
        .filter(|_| spec.unit == Unit::Degrees)?;
    let half = (high.max(-low) + SLACK).to_radians();
    let turn = std::f64::consts::TAU * f64::from(spec.resolution - 1) / f64::from(spec.resolution);
    let half = half.min(turn / 2.0);
    (half > (spec.upper - spec.lower) / 2.0).then(|| TravelSpec {
        lower: spec.middle() - half,
        upper: spec.middle() + half,
    })
}
