//! `policy.toml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The name of a bundle's main file.
pub const MANIFEST: &str = "policy.toml";

/// The only version of the file that there is.
pub(crate) const SCHEMA: u32 = 1;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Version of the file.
    pub(crate) schema: u32,
    /// What people call the policy.
    pub(crate) name: String,
    /// One line for people.
    #[serde(default)]
    pub(crate) summary: String,
    /// LeRobot's names of the robot classes it is meant for.
    pub(crate) robot_type: OneOrMore,
    /// LeRobot's motor names, in the order of state and action.
    pub(crate) joints: Vec<String>,
    /// Unit of all joints but grippers, which are 0..100 always.
    pub(crate) units: Units,
    /// Steps of a chunk per second.
    pub(crate) fps: f64,
    /// Role → ONNX file.
    pub(crate) graphs: BTreeMap<String, String>,
    /// How a network of an encoder and a denoiser is run.
    pub(crate) diffusion: Option<DiffusionSpec>,
    /// What the network sees.
    pub(crate) inputs: Vec<FeatureSpec>,
    /// What it answers.
    pub(crate) action: ActionSpec,
    /// How its chunks are used.
    pub(crate) chunk: ChunkSpec,
    /// What it is known to answer.
    pub(crate) golden: GoldenSpec,
}

/// A word or a list of words.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// What the numbers of joints mean.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Units {
    Degrees,
    M100,
}

/// An input, by LeRobot's feature key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeatureSpec {
    pub(crate) key: String,
    /// The network's name for it; the key if absent.
    pub(crate) tensor: Option<String>,
    /// Without the batch dimension, as LeRobot writes it.
    pub(crate) shape: Vec<usize>,
    #[serde(default)]
    pub(crate) normalisation: Mode,
    pub(crate) statistics: Option<StatisticsSpec>,
    /// What to do with pictures of another size.
    pub(crate) resize: Option<Resize>,
}

/// The output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionSpec {
    /// The network's name for it; `action` if absent.
    pub(crate) tensor: Option<String>,
    pub(crate) shape: Vec<usize>,
    #[serde(default)]
    pub(crate) normalisation: Mode,
    pub(crate) statistics: Option<StatisticsSpec>,
}

/// LeRobot's `NormalizationMode`, and `BAKED`: the graph does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Mode {
    MeanStd,
    MinMax,
    Quantiles,
    #[serde(rename = "QUANTILE10")]
    Quantile10,
    #[default]
    Identity,
    Baked,
}

/// Statistics: a file of LeRobot's processor, or the numbers themselves by LeRobot's names.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum StatisticsSpec {
    File(String),
    Inline(BTreeMap<String, Vec<f32>>),
}

/// How a picture is brought to the network's size.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resize {
    Bilinear,
}

/// How chunks are used, by LeRobot's names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChunkSpec {
    pub(crate) chunk_size: usize,
    pub(crate) n_action_steps: usize,
    #[serde(default = "one")]
    pub(crate) n_obs_steps: usize,
    pub(crate) temporal_ensemble_coeff: Option<f64>,
}

/// How a chunk is denoised, by LeRobot's names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffusionSpec {
    /// Numbers in what the encoder gives.
    pub(crate) condition: usize,
    pub(crate) horizon: usize,
    pub(crate) noise_scheduler_type: String,
    pub(crate) num_train_timesteps: usize,
    pub(crate) num_inference_steps: usize,
    pub(crate) beta_schedule: String,
    pub(crate) beta_start: f64,
    pub(crate) beta_end: f64,
    pub(crate) prediction_type: String,
    pub(crate) clip_sample: bool,
    pub(crate) clip_sample_range: f64,
    /// Of the noise, as for `torch.manual_seed`.
    #[serde(default)]
    pub(crate) seed: u32,
}

fn one() -> usize {
    1
}

/// The golden pair.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GoldenSpec {
    pub(crate) file: String,
    /// Largest difference that is allowed, robot units.
    pub(crate) tolerance: f64,
}
