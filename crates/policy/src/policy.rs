//! One inference: from what is observed, in robot units, to a chunk of targets in robot units.

use std::fmt;
use std::num::NonZeroUsize;

use ulna_core::Joints;

use crate::bundle::{Bundle, ChunkSettings, GoldenImage, Seen};
use crate::contract::{Contract, InputKind, joints_of};
use crate::engine::Engine;
use crate::error::PolicyError;
use crate::noise::Noise;
use crate::observation::Observation;
use crate::picture;

mod fill;
mod networks;

use networks::Networks;

/// Something that turns observations into chunks: a [`Policy`], or what a test puts in its place.
pub trait Predict: fmt::Debug + Send {
    /// The targets at `stamp + i / fps` of the last observation, in robot units. `history` holds as many observations as the policy's
    /// `n_obs_steps` says, from the oldest on, one step apart.
    ///
    /// # Errors
    /// [`PolicyError`] if an observation does not fit, the engine fails, or a target is NaN or infinite.
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError>;
}

/// A policy in an engine, ready to run.
#[derive(Debug)]
pub struct Policy {
    name: String,
    contract: Contract,
    chunks: ChunkSettings,
    engine: String,
    networks: Networks,
    noise: Noise,
    seed: u32,
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
        let graphs = bundle.graphs();
        let (networks, seed) = (Networks::open(graphs, engine, threads)?, graphs.seed());
        Ok(Self {
            name: bundle.name().to_owned(),
            inputs: vec![Vec::new(); contract.inputs.len()],
            contract,
            chunks: *bundle.chunks(),
            engine: engine.info().to_string(),
            networks,
            noise: Noise::seeded(seed),
            seed,
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

    /// Starts the noise of a diffusion policy from its seed, as `torch.manual_seed` does; `None` is the bundle's own seed.
    pub fn reseed(&mut self, seed: Option<u32>) {
        self.noise = Noise::seeded(seed.unwrap_or(self.seed));
    }

    /// What it answers to an input like the golden one, in robot units.
    ///
    /// # Errors
    /// [`PolicyError`] if the engine fails or a target is NaN or infinite.
    pub fn answer(&mut self, seen: &[Seen]) -> Result<Vec<Joints<f64>>, PolicyError> {
        self.show(seen);
        let output = self.run_engine()?;
        self.chunk_of(output)
    }

    /// The same from noise that is given in place of the noise that the chunk begins with: horizon times joints numbers.
    ///
    /// # Errors
    /// As [`answer`](Self::answer), and if the policy uses no noise, or other many numbers of it.
    pub fn answer_from(
        &mut self,
        seen: &[Seen],
        noise: Vec<f32>,
    ) -> Result<Vec<Joints<f64>>, PolicyError> {
        let wrong = |reason: String| PolicyError::Observation {
            policy: self.name.clone(),
            reason,
        };
        match self.networks.noise() {
            0 => return Err(wrong("it uses no noise, and some is given".to_owned())),
            wanted if wanted != noise.len() => {
                return Err(wrong(format!(
                    "`noise` has {} numbers, and a chunk begins with {wanted}",
                    noise.len()
                )));
            }
            _ => {}
        }
        self.show(seen);
        let output = self.run(Some(noise))?;
        self.chunk_of(output)
    }

    /// Makes the inputs of what is seen, without running anything.
    pub(crate) fn show(&mut self, seen: &[Seen]) {
        let mut camera = 0;
        for (input, values) in self.contract.inputs.iter().zip(&mut self.inputs) {
            values.clear();
            for seen in seen {
                let start = values.len();
                match input.kind {
                    InputKind::State(_) => values.extend(&seen.state),
                    InputKind::EnvironmentState(_) => values.extend(&seen.environment_state),
                    InputKind::Image { .. } => match seen.images.get(camera) {
                        Some(GoldenImage::Planes(planes)) => values.extend(planes),
                        Some(GoldenImage::Pixels(pixels)) => picture::planes(pixels, values),
                        None => {}
                    },
                }
                input.normaliser.normalise(&mut values[start..]);
            }
            camera += usize::from(input.camera().is_some());
        }
    }

    /// How far another engine's output for the whole network is from `wanted`, in robot units.
    #[cfg(feature = "tract")]
    pub(crate) fn distance(
        &self,
        output: &[f32],
        wanted: &[Joints<f64>],
    ) -> Result<f64, PolicyError> {
        let given = self.chunk_of(output.to_vec())?;
        let pairs = given.iter().zip(wanted);
        let apart = pairs.flat_map(|(given, wanted)| given.iter().zip(wanted.iter()));
        Ok(apart.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
    }

    /// How far another engine's answer to the first step of denoising is from this one's, in robot units. `inputs` are its own: the condition
    /// is held against this engine's, too.
    #[cfg(feature = "tract")]
    pub(crate) fn first_step(
        &mut self,
        inputs: &[Vec<f32>],
        answer: &[f32],
    ) -> Result<f64, PolicyError> {
        let mine = self.networks.first_step(&self.inputs, inputs);
        let mine = mine.map_err(|reason| PolicyError::Inference {
            engine: self.engine.clone(),
            policy: self.name.clone(),
            reason,
        })?;
        let mine = self.chunk_of(mine)?;
        self.distance(answer, &mine)
    }

    /// The inputs as they were last made: what the network is given.
    #[cfg(feature = "tract")]
    pub(crate) fn inputs(&self) -> &[Vec<f32>] {
        &self.inputs
    }

    /// Runs the engine on the inputs as they were last made.
    pub(crate) fn run_engine(&mut self) -> Result<Vec<f32>, PolicyError> {
        self.run(None)
    }

    fn run(&mut self, begin: Option<Vec<f32>>) -> Result<Vec<f32>, PolicyError> {
        let output = self.networks.run(&self.inputs, &mut self.noise, begin);
        output.map_err(|reason| PolicyError::Inference {
            engine: self.engine.clone(),
            policy: self.name.clone(),
            reason,
        })
    }

    fn take(&mut self, history: &[Observation]) -> Result<(), PolicyError> {
        let wrong = |reason| PolicyError::Observation {
            policy: self.name.clone(),
            reason,
        };
        if history.len() != self.chunks.n_obs_steps {
            return Err(wrong(format!(
                "it sees {} observations, and there are {}",
                self.chunks.n_obs_steps,
                history.len()
            )));
        }
        let mut camera = 0;
        for (input, values) in self.contract.inputs.iter().zip(&mut self.inputs) {
            values.clear();
            for observation in history {
                let start = values.len();
                fill::fill(input, values, observation, camera).map_err(wrong)?;
                input.normaliser.normalise(&mut values[start..]);
            }
            camera += usize::from(input.camera().is_some());
        }
        self.far().map_or(Ok(()), |reason| {
            Err(PolicyError::Observation {
                policy: self.name.clone(),
                reason,
            })
        })
    }

    /// What of the inputs, as they were last made, is so far from all of training that an answer would mean nothing.
    pub(crate) fn far(&self) -> Option<String> {
        let vectors = self.contract.inputs.iter().zip(&self.inputs);
        let mut vectors = vectors.filter(|(input, _)| input.camera().is_none());
        vectors.find_map(|(input, values)| {
            let len = input.shape().iter().product();
            let mut moments = values.chunks(len);
            let (index, value) = moments.find_map(|moment| {
                let index = input.normaliser.far(moment)?;
                Some((index, moment[index]))
            })?;
            let element = self.contract.element(input, index);
            if value.is_nan() {
                return Some(format!("{element} is NaN"));
            }
            let constant = input.normaliser.constant().into_iter();
            let was = constant.filter(|(constant, _)| *constant == index);
            let was = was.map(|(_, value)| value).next();
            let was = was.map_or_else(String::new, |value| format!(" (it was {value} throughout)"));
            Some(format!(
                "{element} is {value:.0e} standard deviations from what it was in training{was}; bring it there, or train on data in which it changes"
            ))
        })
    }

    fn chunk_of(&self, mut output: Vec<f32>) -> Result<Vec<Joints<f64>>, PolicyError> {
        let joints = self.contract.joints.len();
        let mut knots = Vec::with_capacity(self.chunks.chunk_size);
        let rows = output[self.networks.skip()..].chunks_mut(joints);
        for (step, row) in rows.take(self.chunks.chunk_size).enumerate() {
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
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        self.take(history)?;
        let output = self.run_engine()?;
        self.chunk_of(output)
    }
}
