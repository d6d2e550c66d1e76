//! The networks of a policy, and how they are run: each layout is a variant here, and its running in `policy/networks.rs`.

use std::path::Path;

use crate::chunk::MAX_KNOTS;
use crate::contract::{ACTION, Contract};
use crate::diffusion::{self, Scheduler};
use crate::error::PolicyError;

use super::chunks::ChunkSettings;
use super::graph::{GraphFile, Port};
use super::manifest::{DiffusionSpec, Manifest};

/// The most numbers that describe observations to a denoiser.
const MAX_CONDITION: usize = 1 << 20;

/// The networks of a policy.
#[derive(Debug, Clone)]
pub(crate) enum Graphs {
    /// From observation to chunk.
    Whole(GraphFile),
    /// From observations to a condition, then denoising on the host.
    Diffusion {
        encoder: GraphFile,
        denoiser: GraphFile,
        scheduler: Scheduler,
        seed: u32,
    },
}

impl Graphs {
    /// Opens the files that the manifest names.
    ///
    /// # Errors
    /// [`PolicyError`] if they do not form a layout that is run, or take or give something else than the manifest says.
    pub(super) fn open(
        dir: &Path,
        manifest: &Manifest,
        contract: &Contract,
        chunks: &ChunkSettings,
        wrong: &dyn Fn(String) -> PolicyError,
    ) -> Result<Self, PolicyError> {
        let joints = contract.joints.len();
        let port = |name: &str, shape: &[usize], feature: &str| Port {
            name: name.to_owned(),
            shape: [&[1], shape].concat(),
            feature: feature.to_owned(),
        };
        let inputs = contract.inputs.iter().map(|input| {
            let history = Some(chunks.n_obs_steps).filter(|steps| *steps > 1);
            let shape: Vec<usize> = history.into_iter().chain(input.shape()).collect();
            port(&input.tensor, &shape, &input.key)
        });
        let inputs = inputs.collect();
        match files(manifest).map_err(wrong)? {
            Files::Whole(file) => {
                let shape = [chunks.chunk_size, joints];
                let output = port(&contract.action_tensor, &shape, ACTION);
                GraphFile::open(dir, file, inputs, output).map(Self::Whole)
            }
            Files::Diffusion {
                encoder,
                denoiser,
                spec,
            } => {
                let scheduler = scheduler(spec, chunks, joints).map_err(wrong)?;
                let condition = port("condition", &[spec.condition], "the condition");
                let encoder = GraphFile::open(dir, encoder, inputs, condition.clone())?;
                let chunk = [spec.horizon, joints];
                let inputs = vec![
                    port("sample", &chunk, "the noisy chunk"),
                    port("timestep", &[1], "the step of denoising"),
                    condition,
                ];
                let prediction = port("prediction", &chunk, "the denoiser's answer");
                Ok(Self::Diffusion {
                    encoder,
                    denoiser: GraphFile::open(dir, denoiser, inputs, prediction)?,
                    scheduler,
                    seed: spec.seed,
                })
            }
        }
    }

    /// Of the noise that chunks begin with.
    pub(crate) fn seed(&self) -> u32 {
        match self {
            Self::Whole(_) => 0,
            Self::Diffusion { seed, .. } => *seed,
        }
    }
}

/// The files of a policy's graphs.
#[derive(Debug)]
enum Files<'a> {
    /// From observation to chunk.
    Whole(&'a str),
    /// From observations to a condition, and one step of denoising.
    Diffusion {
        encoder: &'a str,
        denoiser: &'a str,
        spec: &'a DiffusionSpec,
    },
}

fn files(manifest: &Manifest) -> Result<Files<'_>, String> {
    let roles: Vec<&str> = manifest.graphs.keys().map(String::as_str).collect();
    let file = |role: &str| manifest.graphs[role].as_str();
    match (roles.as_slice(), &manifest.diffusion) {
        (["policy"], None) => Ok(Files::Whole(file("policy"))),
        (["denoiser", "encoder"], Some(spec)) => Ok(Files::Diffusion {
            encoder: file("encoder"),
            denoiser: file("denoiser"),
            spec,
        }),
        (["denoiser", "encoder"], None) => Err(
            "its graphs are an encoder and a denoiser, and the section [diffusion], which says how to denoise, is missing".to_owned(),
        ),
        (_, Some(_)) => Err(format!(
            "it has a section [diffusion], and its graphs are [{}]; `encoder` and `denoiser` belong to that section",
            roles.join(", ")
        )),
        _ => Err(format!(
            "its graphs are [{}], and two layouts are run: one graph named `policy`, from an observation to a chunk of actions, or an \
             `encoder` and a `denoiser` with a section [diffusion]",
            roles.join(", ")
        )),
    }
}

/// The scheduler that the section [diffusion] describes.
fn scheduler(
    spec: &DiffusionSpec,
    chunks: &ChunkSettings,
    joints: usize,
) -> Result<Scheduler, String> {
    let later = (spec.horizon + 1).saturating_sub(chunks.n_obs_steps);
    if chunks.chunk_size > later {
        return Err(format!(
            "chunk_size is {}, and a horizon of {} with n_obs_steps {} has {later} steps from now on",
            chunks.chunk_size, spec.horizon, chunks.n_obs_steps
        ));
    }
    if !(1..=MAX_CONDITION).contains(&spec.condition) || spec.horizon > MAX_KNOTS {
        return Err(format!(
            "condition is {} and horizon {}, and 1 to {MAX_CONDITION} numbers and at most {MAX_KNOTS} steps are possible",
            spec.condition, spec.horizon
        ));
    }
    Scheduler::new(&diffusion::Settings {
        noise_scheduler_type: &spec.noise_scheduler_type,
        num_train_timesteps: spec.num_train_timesteps,
        num_inference_steps: spec.num_inference_steps,
        beta_schedule: &spec.beta_schedule,
        beta_start: spec.beta_start,
        beta_end: spec.beta_end,
        prediction_type: &spec.prediction_type,
        clip: spec.clip_sample.then_some(spec.clip_sample_range),
        numbers: spec.horizon * joints,
        skip: (chunks.n_obs_steps - 1) * joints,
    })
}
