//! How far the follower has to go to its first goal, and whether it may.
//!
//! A user knows the pose in which the follower was left, and rarely thinks of the leader's, or of the first frame of an episode. The gate's ramp keeps
//! the way slow, not short. So a real follower that is far from its first goal moves only once a person, or `--yes`, has agreed.

use std::time::Duration;

use ulna_core::unit::AngleMap;
use ulna_core::{Action, Joints, Unit};
use ulna_robot::{Calibration, RobotKind};
use ulna_rt::{Pacer, Stop};

use crate::client::{EventSender, SessionEvent};
use crate::error::SessionError;
use crate::failure::Interruption;
use crate::options::FarMoves;
use crate::question::OpenQuestion;
use crate::usage::UsageError;

/// A joint that is further than this from its first goal has a far way to go, degrees.
const FAR: f64 = 30.0;
/// From one look for an answer to the next.
const POLL: Duration = Duration::from_millis(20);

/// What a session needs to let the follower go to its first goal, or not.
#[derive(Debug, Clone)]
pub(crate) struct FirstMove {
    labels: Vec<String>,
    maps: Joints<AngleMap>,
    /// The joints that count: arms, not wheels. A jaw goes with them, but is no reason to ask.
    arms: u32,
    wheels: u32,
    ranges: Joints<(f64, f64)>,
    ramp: f64,
    far_moves: FarMoves,
    question: OpenQuestion,
    events: EventSender,
    asked: Asked,
}

/// How far the question is, for a source that says its first goal only once it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    NotYet,
    Waiting,
    Allowed,
    Refused,
}

impl FirstMove {
    pub(crate) fn new(
        robot: &RobotKind,
        calibration: &Calibration,
        far_moves: FarMoves,
        question: &OpenQuestion,
        events: &EventSender,
    ) -> Self {
        let set = |is: &dyn Fn(Unit) -> bool| {
            let units = robot.joints.iter().map(|joint| joint.unit).enumerate();
            units.fold(0, |set, (joint, unit)| set | u32::from(is(unit)) << joint)
        };
        Self {
            labels: robot.labels(),
            maps: robot.angle_maps(calibration),
            arms: set(&|unit| matches!(unit, Unit::Degrees | Unit::M100)),
            wheels: set(&|unit| unit == Unit::Velocity),
            ranges: robot.gate_limits(calibration).range,
            ramp: robot.gate.ramp_velocity,
            far_moves,
            question: question.clone(),
            events: events.clone(),
            asked: match far_moves {
                FarMoves::Allow => Asked::Allowed,
                FarMoves::Ask | FarMoves::Refuse => Asked::NotYet,
            },
        }
    }

    /// Degrees from `here` to `first`, as far as the gate lets the follower go.
    fn degrees(&self, joint: usize, here: &Joints<f64>, first: &Joints<f64>) -> f64 {
        let (low, high) = self.ranges[joint];
        let way = first[joint].clamp(low, high) - here[joint];
        (way * self.maps[joint].scale).to_degrees().abs()
    }

    fn is_far(&self, here: &Joints<f64>, first: &Joints<f64>) -> bool {
        let joints = 0..self.maps.len().min(here.len()).min(first.len());
        let mut arms = joints.filter(|joint| self.arms >> joint & 1 != 0);
        // NaN is no goal: the gate holds.
        arms.any(|joint| self.degrees(joint, here, first) > FAR)
    }

    /// The way in words, the furthest joint first.
    fn in_words(&self, here: &Joints<f64>, first: &Joints<f64>) -> String {
        let joints = (0..self.labels.len().min(here.len()).min(first.len()))
            .filter(|joint| self.wheels >> joint & 1 == 0);
        let mut ways: Vec<(f64, &str)> = joints
            .map(|joint| {
                (
                    self.degrees(joint, here, first),
                    self.labels[joint].as_str(),
                )
            })
            .filter(|(way, _)| *way > FAR)
            .collect();
        ways.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ways = ways
            .iter()
            .map(|(way, joint)| format!("{joint} by {way:.0}°"));
        ways.collect::<Vec<_>>().join(", ")
    }

    /// Before the torque: lets the follower go from `here` to `first`, or not.
    ///
    /// # Errors
    /// If the way is far and there is no yes: nothing has moved.
    pub(crate) fn settle(
        &mut self,
        here: &Joints<f64>,
        first: &Joints<f64>,
        stop: &Stop,
        pacer: &mut dyn Pacer,
    ) -> Result<(), SessionError> {
        if self.asked == Asked::Allowed || !self.is_far(here, first) {
            self.asked = Asked::Allowed;
            return Ok(());
        }
        if self.far_moves == FarMoves::Refuse {
            return Err(self.refused(Some((here, first))));
        }
        self.ask(here, first);
        loop {
            if stop.requested().is_some() {
                return Err(Interruption::AtQuestion.into());
            }
            match self.question.answered() {
                Some(true) => break,
                Some(false) => return Err(declined()),
                None => {
                    let now = pacer.now();
                    pacer.wait(now + POLL);
                }
            }
        }
        self.asked = Asked::Allowed;
        Ok(())
    }

    fn ask(&self, here: &Joints<f64>, first: &Joints<f64>) {
        self.question.open();
        self.events.send(SessionEvent::Question {
            text: format!(
                "The follower will move {}, at {:.0}°/s, to its first goal: keep clear of it",
                self.in_words(here, first),
                self.ramp.to_degrees()
            ),
        });
    }

    /// In the control loop: the first action of a source whose first goal was not known before. `None` while the question is open: the gate holds.
    /// (The question itself takes memory, once, while the arm is held.)
    pub(crate) fn passes(&mut self, action: Action, here: &Joints<f64>) -> Option<Action> {
        match self.asked {
            Asked::Allowed => Some(action),
            Asked::NotYet if !self.is_far(here, &action.target) => {
                self.asked = Asked::Allowed;
                Some(action)
            }
            Asked::NotYet if self.far_moves == FarMoves::Ask => {
                self.ask(here, &action.target);
                self.asked = Asked::Waiting;
                None
            }
            Asked::NotYet | Asked::Refused => {
                self.asked = Asked::Refused;
                None
            }
            Asked::Waiting => {
                match self.question.answered() {
                    Some(true) => self.asked = Asked::Allowed,
                    Some(false) => self.asked = Asked::Refused,
                    None => {}
                }
                None
            }
        }
    }

    /// True once the first goal was refused.
    pub(crate) fn is_refused(&self) -> bool {
        self.asked == Asked::Refused
    }

    /// Why a session that ran was refused its first move, if so.
    pub(crate) fn refusal(&self) -> Option<SessionError> {
        self.is_refused().then(|| match self.far_moves {
            FarMoves::Refuse => self.refused(None),
            FarMoves::Ask | FarMoves::Allow => declined(),
        })
    }

    fn refused(&self, way: Option<(&Joints<f64>, &Joints<f64>)>) -> SessionError {
        let way = way.map_or_else(
            || format!("a joint by more than {FAR:.0}°"),
            |(here, first)| self.in_words(here, first),
        );
        UsageError::FarFromFirstGoal { way }.into()
    }
}

fn declined() -> SessionError {
    Interruption::Declined.into()
}
