//! Which motor an arm has: the one whose simulation is nearest to what was recorded.

use ulna_core::unit::Unit;
use ulna_robot::{RobotKind, SimulationSpec};

use super::play::PlayError;
use super::score::{JointScore, Score, geometric_mean};
use super::{RecordedArm, RecordedMotion, play};
use crate::law::ServoModel;

/// A motor that an arm may have, and how near the simulation with it comes.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its name, as `[simulation] motor` of a robot file has it.
    pub motor: &'static str,
    /// What [`mean_ratio`] makes of it; `None` if no joint can be judged.
    pub ratio: Option<f64>,
    /// How it was played.
    pub score: Score,
}

/// The motors that the servos of a robot may have, the usual ones first.
pub fn motors(kind: &RobotKind) -> Vec<&'static str> {
    let mut all = Vec::new();
    for joint in &kind.joints {
        for motor in ServoModel::motors_of(&joint.model) {
            if !all.contains(&motor) {
                all.push(motor);
            }
        }
    }
    all
}

/// Tries all motors on these recordings, nearest first. Motors that tell nothing apart stay in their order.
///
/// # Errors
/// If the arm cannot be simulated.
pub fn candidates(
    arm: &RecordedArm,
    recordings: &[RecordedMotion],
) -> Result<Vec<Candidate>, PlayError> {
    let mut all = Vec::new();
    for motor in motors(&arm.kind) {
        let simulation = SimulationSpec {
            motor: Some(motor.to_owned()),
            ..arm.kind.simulation.clone()
        };
        let arm = arm.with(simulation);
        let score = score(&arm, recordings)?;
        let ratio = mean_ratio(&arm.kind, &score.joints(&arm.degrees_per_unit()));
        all.push(Candidate {
            motor,
            ratio,
            score,
        });
    }
    let rank = |candidate: &Candidate| candidate.ratio.unwrap_or(f64::INFINITY);
    all.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
    Ok(all)
}

/// Plays recordings, several at a time, and scores them as one. The result does not depend on how many processors there are.
///
/// # Errors
/// If the arm cannot be simulated.
pub fn score(arm: &RecordedArm, recordings: &[RecordedMotion]) -> Result<Score, PlayError> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let one = |recording: &RecordedMotion| -> Result<Score, PlayError> {
        let mut score = Score::new(arm.kind.dof());
        score.add(recording, &play(arm, recording)?);
        Ok(score)
    };
    let mut all = Score::new(arm.kind.dof());
    for batch in recordings.chunks(processors.max(1)) {
        let scores: Vec<Result<Score, PlayError>> = std::thread::scope(|scope| {
            let running: Vec<_> = batch.iter().map(|it| scope.spawn(|| one(it))).collect();
            running
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(score) => score,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        for score in scores {
            all.merge(&score?);
        }
    }
    Ok(all)
}

/// The geometric mean of the ratios of the joints that can be judged. Grippers are left out, whose error is mostly the thing that they
/// hold, unless there is nothing else.
pub fn mean_ratio(kind: &RobotKind, scores: &[JointScore]) -> Option<f64> {
    let of = |gripper: bool| {
        let joints = kind.joints.iter().zip(scores);
        let joints = joints.filter(move |(joint, _)| (joint.unit == Unit::Percent) == gripper);
        geometric_mean(joints.filter_map(|(_, score)| score.ratio()))
    };
    of(false).or_else(|| of(true))
}
