//! The networks of a policy in an engine, and how a chunk is made with them: the other half of `bundle/graphs.rs`.

use std::num::NonZeroUsize;

use crate::bundle::Graphs;
use crate::diffusion::Scheduler;
use crate::engine::Engine;
use crate::engine::network::Network;
use crate::error::PolicyError;
use crate::noise::Noise;

/// Networks that are loaded.
#[derive(Debug)]
pub(super) enum Networks {
    /// One run gives the chunk.
    Whole(Network),
    /// One run of the encoder and many of the denoiser.
    Diffusion {
        encoder: Network,
        denoiser: Network,
        scheduler: Scheduler,
    },
}

impl Networks {
    /// Loads them.
    ///
    /// # Errors
    /// [`PolicyError`] if the engine does not take them.
    pub(super) fn open(
        graphs: &Graphs,
        engine: &Engine,
        threads: NonZeroUsize,
    ) -> Result<Self, PolicyError> {
        let open = |graph| Network::open(engine, graph, threads);
        Ok(match graphs {
            Graphs::Whole(graph) => Self::Whole(open(graph)?),
            Graphs::Diffusion {
                encoder,
                denoiser,
                scheduler,
                ..
            } => Self::Diffusion {
                encoder: open(encoder)?,
                denoiser: open(denoiser)?,
                scheduler: scheduler.clone(),
            },
        })
    }

    /// How many random numbers a chunk begins with.
    pub(super) fn noise(&self) -> usize {
        match self {
            Self::Whole(_) => 0,
            Self::Diffusion { scheduler, .. } => scheduler.numbers,
        }
    }

    /// How many numbers of the output lie before the step that is now.
    pub(super) fn skip(&self) -> usize {
        match self {
            Self::Whole(_) => 0,
            Self::Diffusion { scheduler, .. } => scheduler.skip,
        }
    }

    /// From the inputs to a normalised chunk; `begin` stands for the noise that it begins with.
    ///
    /// # Errors
    /// What the engine says.
    pub(super) fn run(
        &mut self,
        inputs: &[Vec<f32>],
        noise: &mut Noise,
        begin: Option<Vec<f32>>,
    ) -> Result<Vec<f32>, String> {
        match self {
            Self::Whole(network) => network.run(inputs),
            Self::Diffusion {
                encoder,
                denoiser,
                scheduler,
            } => {
                let sample = begin.unwrap_or_else(|| {
                    let mut sample = vec![0.0; scheduler.numbers];
                    noise.fill(&mut sample);
                    sample
                });
                let denoising = Denoising {
                    scheduler,
                    denoiser,
                    noise,
                };
                let condition = encoder.run(inputs)?;
                denoising.run(sample, condition)
            }
        }
    }

    /// The first step of denoising on the noisy chunk and the timestep in `step`, with a condition of its own.
    #[cfg(feature = "tract")]
    pub(super) fn first_step(
        &mut self,
        inputs: &[Vec<f32>],
        step: &[Vec<f32>],
    ) -> Result<Vec<f32>, String> {
        match self {
            Self::Whole(network) => network.run(inputs),
            Self::Diffusion {
                encoder, denoiser, ..
            } => {
                let condition = encoder.run(inputs)?;
                denoiser.run(&[step[0].clone(), step[1].clone(), condition])
            }
        }
    }
}

/// From noise to a chunk.
struct Denoising<'a> {
    scheduler: &'a Scheduler,
    denoiser: &'a mut Network,
    noise: &'a mut Noise,
}

impl Denoising<'_> {
    fn run(self, sample: Vec<f32>, condition: Vec<f32>) -> Result<Vec<f32>, String> {
        let mut inputs = [sample, vec![0.0], condition];
        for index in 0..self.scheduler.len() {
            inputs[1][0] = self.scheduler.timestep(index);
            let answer = self.denoiser.run(&inputs)?;
            self.scheduler
                .step(index, &answer, &mut inputs[0], self.noise);
        }
        let [sample, ..] = inputs;
        Ok(sample)
    }
}
