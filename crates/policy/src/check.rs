//! Before anything moves: is this the right policy for this robot, and does the engine run it as it was made?

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::bundle::Bundle;
use crate::contract::{self, RobotContract};
use crate::engine::{Engine, EngineInfo};
use crate::error::PolicyError;
use crate::policy::Policy;

/// What was held against what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The policy's name.
    pub policy: String,
    /// The engine in use.
    pub engine: EngineInfo,
    /// The robot that it fits, if it was held against one.
    pub robot_type: Option<String>,
    /// The features that the policy sees.
    pub inputs: Vec<String>,
    /// Joints, in the order of state and action.
    pub joints: Vec<String>,
    /// Steps per second.
    pub fps: f64,
    /// Steps in a chunk.
    pub chunk_size: usize,
    /// Steps that are carried out of each.
    pub n_action_steps: usize,
    /// How far the engine misses the golden output at most, robot units.
    pub golden_difference: f64,
    /// What the bundle allows, robot units.
    pub golden_tolerance: f64,
    /// What is odd, and not wrong.
    pub notes: Vec<String>,
    /// How long one inference took here; the better of two, since the first may have had to warm up. No part of the report in words: it is another one
    /// each time.
    #[serde(skip)]
    pub took: Duration,
}

/// Checks a policy and gives it back ready to run.
///
/// # Errors
/// [`PolicyError::Robot`] if it was made for another robot, [`PolicyError::Golden`] if the engine misses the golden output by more
/// than the bundle allows, others if the engine does not take the network.
pub fn prepare(
    bundle: &Bundle,
    engine: &Engine,
    threads: NonZeroUsize,
    robot: Option<&RobotContract>,
) -> Result<(Policy, Report), PolicyError> {
    let contract = bundle.contract();
    let faults = robot.map_or_else(Vec::new, |robot| contract::faults(contract, robot));
    if !faults.is_empty() {
        return Err(PolicyError::Robot {
            policy: bundle.name().to_owned(),
            faults,
        });
    }
    let mut policy = Policy::load(bundle, engine, threads)?;
    let start = Instant::now();
    let (difference, place) = miss(bundle, &mut policy)?;
    let first = start.elapsed();
    if difference > bundle.tolerance() {
        // Where the input itself is out of all bounds, the difference says nothing.
        if let Some(reason) = policy.far() {
            return Err(PolicyError::Observation {
                policy: bundle.name().to_owned(),
                reason: format!("in its golden pair, {reason}"),
            });
        }
        return Err(PolicyError::Golden {
            policy: bundle.name().to_owned(),
            engine: engine.info().to_string(),
            difference,
            place,
            tolerance: bundle.tolerance(),
        });
    }
    let start = Instant::now();
    policy.run_engine()?;
    let took = first.min(start.elapsed());
    policy.reseed(None);
    let (name, info) = (bundle.name(), engine.info());
    tracing::info!(policy = name, engine = %info, difference, ?took, "the policy is checked");
    let report = Report {
        policy: bundle.name().to_owned(),
        engine: engine.info().clone(),
        robot_type: robot.map(|robot| robot.robot_type.clone()),
        inputs: contract
            .inputs
            .iter()
            .map(|input| input.key.clone())
            .collect(),
        joints: contract.joints.clone(),
        fps: contract.fps,
        chunk_size: bundle.chunks().chunk_size,
        n_action_steps: bundle.chunks().n_action_steps,
        golden_difference: difference,
        golden_tolerance: bundle.tolerance(),
        notes: contract.constant(),
        took,
    };
    Ok((policy, report))
}

/// Checks a policy.
///
/// # Errors
/// As [`prepare`].
pub fn check(
    bundle: &Bundle,
    engine: &Engine,
    robot: Option<&RobotContract>,
) -> Result<Report, PolicyError> {
    prepare(bundle, engine, NonZeroUsize::MIN, robot).map(|(_, report)| report)
}

/// The largest difference from the golden output, and where it is.
fn miss(bundle: &Bundle, policy: &mut Policy) -> Result<(f64, String), PolicyError> {
    let golden = bundle.golden();
    policy.reseed(None);
    let answer = policy.answer(&golden.seen);
    policy.reseed(None);
    let answer = answer?;
    let mut worst = (0.0, 0, 0);
    for (step, (given, wanted)) in answer.iter().zip(&golden.action).enumerate() {
        for (joint, (given, wanted)) in given.iter().zip(wanted.iter()).enumerate() {
            let difference = (given - wanted).abs();
            if difference > worst.0 {
                worst = (difference, step, joint);
            }
        }
    }
    let joint = &bundle.contract().joints[worst.2];
    Ok((worst.0, format!("joint `{joint}`, step {}", worst.1)))
}
