//! One inference on tensors from a file, for people who compare.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use safetensors::tensor::Dtype;
use ulna_core::Joints;

use crate::bundle::golden::{little_endian, read_seen, write_tensors};
use crate::bundle::tensors::{TensorFile, Values};
use crate::bundle::{Bundle, Graphs};
use crate::contract::ACTION;
use crate::engine::Engine;
use crate::error::PolicyError;
use crate::policy::Policy;

/// The tensor that stands for the noise that a diffusion policy begins with.
pub const NOISE: &str = "noise";

/// What a policy answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Targets in robot units: what LeRobot's `predict_action_chunk` gives after its post-processor. That is the whole chunk of ACT, and
    /// `n_action_steps` steps of Diffusion.
    pub action: Vec<Joints<f64>>,
    /// Seconds for pre-processing, network and post-processing.
    pub seconds: f64,
    /// Tensors of the file that the policy does not look at.
    pub unseen: Vec<String>,
}

/// Runs the policy once on the tensors in `input`, by LeRobot's keys and in robot units: `observation.state` `[n]`, pictures as uint8 `[height, width, 3]` or floats
/// 0..1 [3, height, width], with a history of `n_obs_steps` before the shape where the policy sees one. `seed` is of the noise of a diffusion
/// policy, as for `torch.manual_seed`; a tensor `noise` [horizon, joints] takes its place at the beginning.
///
/// # Errors
/// [`PolicyError`] if a tensor is missing or has the wrong shape, or the engine does not run the network.
pub fn infer(
    bundle: &Bundle,
    engine: &Engine,
    threads: NonZeroUsize,
    input: &Path,
    seed: Option<u32>,
) -> Result<Answer, PolicyError> {
    let file = TensorFile::read(input)?;
    let contract = bundle.contract();
    let seen = read_seen(&file, contract, bundle.chunks())?;
    let unseen = file.keys().filter(|name| {
        let known = contract.inputs.iter().any(|input| input.key == *name);
        !known && *name != NOISE && *name != ACTION
    });
    let unseen = unseen.map(str::to_owned).collect();
    let noise = match file.get(NOISE).map(|tensor| &tensor.values) {
        None => None,
        Some(Values::F32(noise)) if noise.iter().all(|value| value.is_finite()) => {
            Some(noise.clone())
        }
        Some(_) => {
            return Err(file.error(format!(
                "`{NOISE}` is not made of finite floating-point numbers"
            )));
        }
    };
    let mut policy = Policy::load(bundle, engine, threads)?;
    policy.reseed(seed);
    let start = Instant::now();
    let mut action = match noise {
        Some(noise) => policy.answer_from(&seen, noise)?,
        None => policy.answer(&seen)?,
    };
    let seconds = start.elapsed().as_secs_f64();
    if matches!(bundle.graphs(), Graphs::Diffusion { .. }) {
        action.truncate(bundle.chunks().n_action_steps);
    }
    Ok(Answer {
        action,
        seconds,
        unseen,
    })
}

/// Writes `action` [chunk, joints] as float32 into a safetensors file.
///
/// # Errors
/// [`PolicyError::Write`].
pub fn write(path: &Path, action: &[Joints<f64>]) -> Result<(), PolicyError> {
    #[allow(clippy::cast_possible_truncation)] // they were single before
    let numbers = action
        .iter()
        .flat_map(|knot| knot.iter())
        .map(|value| *value as f32);
    let numbers: Vec<f32> = numbers.collect();
    let joints = action.first().map_or(0, |knot| knot.len());
    let shape = vec![action.len(), joints];
    let tensor = (
        ACTION.to_owned(),
        Dtype::F32,
        shape,
        little_endian(&numbers),
    );
    write_tensors(path, &[tensor])
}
