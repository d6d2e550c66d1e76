//! What a comparison and an identification come to.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value, json};
use ulna_core::Unit;
use ulna_robot::SimulationSpec;

use super::subject::Subject;
use crate::supply::compare::class::mean_ratio;
use crate::supply::compare::{Follows, JointScore, Score};

/// A finished comparison.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Episodes that were played.
    pub episodes: usize,
    /// Their frames.
    pub frames: usize,
    /// Frames per second.
    pub fps: f64,
    /// What is odd about the dataset, a sentence each.
    pub warnings: Vec<String>,
    /// The arms of the dataset.
    pub arms: Vec<ComparedArm>,
}

/// One arm of the dataset.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedArm {
    /// What its joints' names begin with in the dataset; empty if there is one arm.
    pub arm: String,
    /// Its robot.
    pub robot: String,
    /// The motor of its servos that was simulated; none if no joint shows which it is.
    pub class: Option<String>,
    /// `data` or `robot file`.
    pub class_from: &'static str,
    /// The motors that were tried, with the geometric mean of their ratios on a sample, nearest first.
    pub candidates: Vec<(String, Option<f64>)>,
    /// The unit of the body joints.
    pub units: Unit,
    /// Where the unit was taken from.
    pub units_from: String,
    /// Friction, play (both in parts of the motor's) and delay of actions (ms) that were simulated.
    pub friction: f64,
    /// See `friction`.
    pub play: f64,
    /// See `friction`.
    pub action_delay_ms: f64,
    /// Geometric mean of the ratios of the joints that can be judged, the gripper left out.
    pub geometric_mean: Option<f64>,
    /// The joints, in the robot's order.
    pub joints: Vec<(String, ComparedJoint)>,
    /// Joints that are not in the mean, and why.
    pub left_out: Vec<(String, String)>,
}

/// What was found about an arm.
#[derive(Debug, Clone)]
pub struct IdentifiedArm {
    /// The comparison on what was not fitted, with the numbers that were written.
    pub held_out: ComparedArm,
    /// Mean ratio there with nothing known but motor and ranges.
    pub held_out_before: Option<f64>,
    /// Episodes and frames there.
    pub held_out_size: (usize, usize),
    /// Mean ratio on what was fitted, before and after.
    pub fitted: (f64, f64),
    /// Episodes and frames that were fitted.
    pub fitted_size: (usize, usize),
    /// What was written.
    pub simulation: SimulationSpec,
}

/// One joint of an arm.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ComparedJoint {
    /// RMS of the simulated arm's error in parts of the best pure delay's; none if the joint cannot be judged.
    pub ratio: Option<f64>,
    /// RMS of the simulated minus the recorded state, in the joint's unit.
    pub rms: Option<f64>,
    /// The same in degrees.
    pub rms_degrees: Option<f64>,
    /// RMS of the recorded action, delayed by the best whole number of frames, minus the recorded state.
    pub delay_rms: Option<f64>,
    /// The same in degrees.
    pub delay_rms_degrees: Option<f64>,
    /// That number of frames.
    pub delay_frames: usize,
    /// Mean of the simulated minus the recorded state, degrees.
    pub bias_degrees: Option<f64>,
    /// The joint's whole range that was simulated, degrees.
    pub range_degrees: f64,
    /// `data`, `calibration` or `robot file`.
    pub range_from: &'static str,
    /// Frames that were compared.
    pub frames: usize,
    /// Whether it counts in the mean.
    pub in_mean: bool,
}

impl ComparedArm {
    pub(super) fn new(subject: &Subject, score: &Score) -> Self {
        let arm = &subject.arm;
        let degrees = arm.degrees_per_unit();
        let scores = score.joints(&degrees);
        let geometric_mean = mean_ratio(&arm.kind, &scores);
        // With nothing else to judge by, the gripper is.
        let body = |joint: usize| arm.kind.joints[joint].unit != Unit::Percent;
        let any_body =
            (0..scores.len()).any(|joint| body(joint) && scores[joint].ratio().is_some());
        let (mut joints, mut left_out) = (Vec::new(), Vec::new());
        for (index, found) in scores.iter().enumerate() {
            let spec = &arm.kind.joints[index];
            let why = match subject.found.state[index].and(subject.found.action[index]) {
                None => Some("the dataset has no such joint".to_owned()),
                Some(_) if subject.found.idle[index] => {
                    Some("it does not follow its actions, so it was held where it began".to_owned())
                }
                Some(_) => unjudged(found).or_else(|| {
                    let held = "its error is mostly what it holds";
                    (!body(index) && any_body).then(|| held.to_owned())
                }),
            };
            let joint = ComparedJoint {
                ratio: found.ratio(),
                rms: finite(found.rms),
                rms_degrees: finite(found.rms * degrees[index]),
                delay_rms: finite(found.delay_rms),
                delay_rms_degrees: finite(found.delay_rms * degrees[index]),
                delay_frames: found.delay_frames,
                bias_degrees: finite(found.bias * degrees[index]),
                range_degrees: (spec.upper - spec.lower).to_degrees(),
                range_from: subject.ranges_from[index].word(),
                frames: found.frames,
                in_mean: why.is_none(),
            };
            joints.push((spec.name.clone(), joint));
            left_out.extend(why.map(|why| (spec.name.clone(), why)));
        }
        let tried = subject.candidates.iter();
        let known = geometric_mean.is_some() || subject.class_given;
        let simulation = &arm.kind.simulation;
        let usual = || arm.kind.joints.first().map(|joint| joint.model.clone());
        Self {
            arm: subject.found.name.clone(),
            robot: arm.kind.name.clone(),
            class: simulation.motor.clone().or_else(usual).filter(|_| known),
            class_from: if subject.class_given {
                "robot file"
            } else {
                "data"
            },
            candidates: tried.map(|it| (it.motor.to_owned(), it.ratio)).collect(),
            units: arm
                .kind
                .joints
                .iter()
                .map(|joint| joint.unit)
                .find(|unit| *unit != Unit::Percent)
                .unwrap_or(Unit::Percent),
            units_from: subject.units_from.clone(),
            friction: simulation.friction,
            play: simulation.play,
            action_delay_ms: simulation.action_delay_ms,
            geometric_mean,
            joints,
            left_out,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut all = json!(self);
        let named = |pairs: Vec<(String, Value)>| Value::Object(pairs.into_iter().collect());
        let joints = self
            .joints
            .iter()
            .map(|(name, joint)| (name.clone(), json!(joint)));
        all["joints"] = named(joints.collect());
        let tried = self
            .candidates
            .iter()
            .map(|(name, ratio)| (name.clone(), json!(ratio)));
        all["candidates"] = named(tried.collect());
        let left_out = self
            .left_out
            .iter()
            .map(|(name, why)| (name.clone(), json!(why)));
        all["left_out"] = named(left_out.collect());
        all
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Why a joint cannot be judged.
fn unjudged(score: &JointScore) -> Option<String> {
    let why = match score.follows {
        Follows::Yes if score.ratio().is_none() => "a pure delay has no error at all",
        Follows::Yes => return None,
        Follows::Still => "it does not move",
        Follows::No => "it does not follow its actions",
        Follows::Unknown => "there is no frame with an action and a state",
    };
    Some(why.to_owned())
}

impl Comparison {
    /// Whether any joint of any arm could be judged.
    pub fn is_judged(&self) -> bool {
        self.arms.iter().any(|arm| arm.geometric_mean.is_some())
    }

    /// The command's JSON. What is said of the only arm is also said of the whole; of several, the class if they have the same.
    pub fn to_json(&self) -> Value {
        let mut all = Map::new();
        all.insert("dataset".into(), json!(self.dataset.display().to_string()));
        all.insert("episodes".into(), json!(self.episodes));
        all.insert("frames".into(), json!(self.frames));
        all.insert("fps".into(), crate::datasets::number(self.fps));
        all.insert("warnings".into(), json!(self.warnings));
        let arms: Vec<Value> = self.arms.iter().map(ComparedArm::to_json).collect();
        match arms.as_slice() {
            [only] => {
                let own = only.as_object().into_iter().flatten();
                all.extend(own.map(|(key, value)| (key.clone(), value.clone())));
            }
            [first, others @ ..] => {
                let class = &first["class"];
                let same = others.iter().all(|arm| arm["class"] == *class);
                all.insert(
                    "class".into(),
                    if same { class.clone() } else { Value::Null },
                );
            }
            [] => {}
        }
        all.insert("arms".into(), Value::Array(arms));
        Value::Object(all)
    }
}
