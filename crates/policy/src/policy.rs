//! One inference: from an observation in robot units to a chunk of targets in robot units.

use std::fmt;
use std::num::NonZeroUsize;

use ulna_core::{Frame, Joints};

use crate::bundle::{Bundle, ChunkSettings, Golden, GoldenImage, joints_of};
use crate::contract::{Contract, Input, InputKind};
use crate::engine::Engine;
use crate::engine::network::Network;
use crate::error::PolicyError;
use crate::observation::Observation;
use crate::picture;

/// Something that turns observations into chunks: a [`Policy`], or what a test puts in its place.
pub trait Predict: fmt::Debug + Send {
    /// The targets at `observation.stamp + i / fps`, in robot units.
    ///
    /// # Errors
    /// [`PolicyError`] if the observation does not fit, the engine fails, or a target is no number.
    fn predict(&mut self, observation: &Observation) -> Result<Vec<Joints<f64>>, PolicyError>;
}

/// A policy in an engine, ready to run.
#[derive(Debug)]
pub struct Policy {
    name: String,
    contract: Contract,
    chunks: ChunkSettings,
    engine: String,
    network: Network,
    /// The network's inputs, in the contract's order; their memory is used again.
    inputs: Vec<Vec<f32>>,
}

impl Policy {
    /// Loads a bundle's network. It has not been held against a robot or its golden output: see [`prepare`](crate::prepare).
    pub(crate) fn load(
        bundle: &Bundle,
        engine: &Engine,
        threads: NonZeroUsize,
    ) -> Result<Self, PolicyError> {
        let contract = bundle.contract().clone();
        Ok(Self {
            name: bundle.name().to_owned(),
            inputs: vec![Vec::new(); contract.inputs.len()],
            contract,
            chunks: *bundle.chunks(),
            engine: engine.info().to_string(),
            network: Network::open(engine, bundle.graph(), threads)?,
        })
    }

    /// What it sees and answers.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How its chunks are used.
    pub fn chunks(&self) -> &ChunkSettings {
        &self.chunks
    }

    /// What it answers to the golden input.
    pub(crate) fn answer(&mut self, golden: &Golden) -> Result<Vec<Joints<f64>>, PolicyError> {
        let mut images = golden.images.iter();
        for (input, values) in self.contract.inputs.iter().zip(&mut self.inputs) {
            match input.kind {
                InputKind::State => fill(values, golden.state.iter().map(|value| single(*value))),
                InputKind::EnvironmentState(_) => {
                    fill(values, golden.environment_state.iter().copied());
                }
                InputKind::Image { .. } => match images.next() {
                    Some(GoldenImage::Planes(planes)) => fill(values, planes.iter().copied()),
                    Some(GoldenImage::Pixels(pixels)) => picture::planes(pixels, values),
                    None => values.clear(),
                },
            }
            input.normaliser.normalise(values);
        }
        let output = self.run_engine()?;
        self.chunk_of(output)
    }

    /// Runs the engine on the inputs as they were last made.
    pub(crate) fn run_engine(&mut self) -> Result<Vec<f32>, PolicyError> {
        let output = self.network.run(&self.inputs);
        output.map_err(|reason| PolicyError::Inference {
            engine: self.engine.clone(),
            policy: self.name.clone(),
            reason,
        })
    }

    fn take(&mut self, observation: &Observation) -> Result<(), PolicyError> {
        let mut images = observation.images.iter();
        for (input, values) in self.contract.inputs.iter().zip(&mut self.inputs) {
            let joints = self.contract.joints.len();
            let filled = fill_input(input, joints, values, observation, &mut images);
            filled.map_err(|reason| PolicyError::Observation {
                policy: self.name.clone(),
                reason,
            })?;
            input.normaliser.normalise(values);
        }
        Ok(())
    }

    fn chunk_of(&self, mut output: Vec<f32>) -> Result<Vec<Joints<f64>>, PolicyError> {
        let joints = self.contract.joints.len();
        let mut knots = Vec::with_capacity(self.chunks.chunk_size);
        for (step, row) in output.chunks_mut(joints).enumerate() {
            self.contract.action.denormalise(row);
            if let Some((joint, value)) = row.iter().enumerate().find(|(_, v)| !v.is_finite()) {
                return Err(PolicyError::NotFinite {
                    policy: self.name.clone(),
                    joint: self.contract.joints[joint].clone(),
                    step,
                    value: *value,
                });
            }
            knots.push(joints_of(row));
        }
        Ok(knots)
    }
}

impl Predict for Policy {
    fn predict(&mut self, observation: &Observation) -> Result<Vec<Joints<f64>>, PolicyError> {
        self.take(observation)?;
        let output = self.run_engine()?;
        self.chunk_of(output)
    }
}

fn fill_input<'a>(
    input: &Input,
    joints: usize,
    values: &mut Vec<f32>,
    observation: &'a Observation,
    images: &mut impl Iterator<Item = &'a Frame>,
) -> Result<(), String> {
    let short = |wanted: usize, have: usize| {
        format!(
            "`{}` has {have} numbers, and {wanted} are needed",
            input.key
        )
    };
    match input.kind {
        InputKind::State => {
            if observation.state.len() != joints {
                return Err(short(joints, observation.state.len()));
            }
            fill(values, observation.state.iter().map(|value| single(*value)));
        }
        InputKind::EnvironmentState(len) => {
            if observation.environment_state.len() != len {
                return Err(short(len, observation.environment_state.len()));
            }
            fill(values, observation.environment_state.iter().copied());
        }
        InputKind::Image {
            width,
            height,
            resize,
        } => {
            let frame = images
                .next()
                .ok_or_else(|| format!("there is no picture for `{}`", input.key))?;
            let size = (frame.width as usize, frame.height as usize);
            if size.0 == 0 || size.1 == 0 || frame.pixels.len() != size.0 * size.1 * 3 {
                return Err(format!("the picture for `{}` is not whole", input.key));
            }
            if size == (width, height) {
                picture::planes(&frame.pixels, values);
            } else if resize {
                picture::planes(&picture::resize(frame, width, height), values);
            } else {
                return Err(format!(
                    "the picture for `{}` has {}x{} pixels, and {width}x{height} are needed",
                    input.key, size.0, size.1
                ));
            }
        }
    }
    Ok(())
}

fn fill(values: &mut Vec<f32>, from: impl Iterator<Item = f32>) {
    values.clear();
    values.extend(from);
}

/// Networks compute in single precision.
#[allow(clippy::cast_possible_truncation)]
fn single(value: f64) -> f32 {
    value as f32
}
