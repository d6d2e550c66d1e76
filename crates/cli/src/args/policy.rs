//! `ulna policy`, and what all commands that run a policy take.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ulna_session::policies::{ImportOptions, PolicyOptions};
use ulna_session::{EngineChoice, Merge, Provider};

use super::replay::UnitsArg;
use super::values::{seconds_or_none, threads};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyAction {
    /// Is it whole, does it fit the robot, and does the engine here answer as it was made to? Exits with 1 if not
    #[command(after_help = "\
Examples:
  ulna policy check datasets/so101-reach
  ulna policy check BUNDLE --robot mine.toml --engine tract --json")]
    Check(CheckArgs),

    /// How long one inference takes, and how long the bare engine takes in the same run
    #[command(after_help = "\
Examples:
  ulna policy bench datasets/so101-reach
  ulna policy bench BUNDLE --engine ort --threads 2 --json")]
    Bench(BundleArgs),

    /// Make a bundle of a LeRobot checkpoint (ACT or Diffusion), without Python
    #[command(after_help = "\
Examples:
  ulna policy import outputs/train/act_pick/checkpoints/last --output pick
  ulna policy import CHECKPOINT --dataset DATASET             joints, units and rate as in the dataset that it was trained on
  ulna policy import CHECKPOINT --robot koch --fps 30 --json

A checkpoint says neither its robot nor its rate. What is not said by --robot, --units, --fps or --dataset is assumed, and the answer
says so. The golden pair is made by the engine in use and, if that is ONNX Runtime, checked by tract.")]
    Import(ImportArgs),

    /// One inference on tensors from a file, in robot units, for comparing
    #[command(after_help = "\
Examples:
  ulna policy infer BUNDLE --input observation.safetensors
  ulna policy infer BUNDLE --input observation.safetensors --output action.safetensors --seed 7 --json

The file has a tensor for each of the policy's inputs by LeRobot's key: observation.state [n], observation.images.NAME uint8 [h, w, 3] or
float [3, h, w] in 0..1; where the policy sees a history, that is the first dimension, or the one moment stands for all of it. The answer
is `action` [chunk, n]: what LeRobot's predict_action_chunk gives after its post-processor. The noise of a diffusion policy is that of
torch.manual_seed(SEED), or begins with the tensor `noise` [horizon, n].")]
    Infer(InferArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Folder of the checkpoint: config.json, model.safetensors and the processor files
    checkpoint: PathBuf,

    /// Folder of the bundle, a new one; the checkpoint's name and `-bundle` in the current folder unless given
    #[arg(long, value_name = "BUNDLE")]
    output: Option<PathBuf>,

    /// What people call the policy; the checkpoint's name unless given
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// The robot that it was trained on: a built-in name, or the path of a robot file
    #[arg(long, value_name = "F")]
    robot: Option<String>,

    /// Units of its joints
    #[arg(long)]
    units: Option<UnitsArg>,

    /// Steps per second: the frame rate of the dataset that it was trained on
    #[arg(long, value_name = "HZ")]
    fps: Option<f64>,

    /// Folder of the dataset that it was trained on, which says the robot, its joints and the rate
    #[arg(long, value_name = "DIR")]
    dataset: Option<PathBuf>,

    /// Import although config.json has this field, which is not known
    #[arg(long, value_name = "FIELD")]
    ignore: Vec<String>,

    /// Where Python LeRobot is installed: hold the bundle against PyTorch
    #[arg(long)]
    verify: bool,

    /// With --verify: the Python that has LeRobot
    #[arg(
        long,
        value_name = "PYTHON",
        default_value = "python3",
        requires = "verify"
    )]
    python: PathBuf,

    #[command(flatten)]
    engine: ComputeArgs,
}

impl ImportArgs {
    pub(crate) fn options(&self) -> ImportOptions {
        ImportOptions {
            checkpoint: self.checkpoint.clone(),
            output: self.output.clone(),
            name: self.name.clone(),
            robot: self.robot.clone(),
            unit: self.units.map(Into::into),
            fps: self.fps,
            dataset: self.dataset.clone(),
            ignore: self.ignore.clone(),
            verify: self.verify.then(|| self.python.clone()),
        }
    }

    pub(crate) fn policy(&self) -> PolicyOptions {
        self.engine.options(PathBuf::new())
    }
}

#[derive(Debug, Args)]
pub(crate) struct InferArgs {
    /// Folder of the bundle
    bundle: PathBuf,

    /// The observation, a safetensors file
    #[arg(long, value_name = "OBSERVATION.safetensors")]
    pub(crate) input: PathBuf,

    /// Where the action goes, a safetensors file; printed unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Of the noise of a diffusion policy, as for torch.manual_seed; the bundle's own unless given
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,

    #[command(flatten)]
    engine: ComputeArgs,
}

impl InferArgs {
    pub(crate) fn options(&self) -> PolicyOptions {
        self.engine.options(self.bundle.clone())
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,

    /// The robot: a built-in name, or the path of a robot file; the first known one that fits unless given
    #[arg(long, value_name = "F")]
    pub(crate) robot: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    /// Folder of the bundle: policy.toml and the files that it names
    bundle: PathBuf,

    #[command(flatten)]
    engine: ComputeArgs,
}

impl BundleArgs {
    pub(crate) fn options(&self) -> PolicyOptions {
        self.engine.options(self.bundle.clone())
    }
}

/// What runs the network.
#[derive(Debug, Args)]
#[command(next_help_heading = "Engine")]
pub(super) struct ComputeArgs {
    /// What runs the network: `ort` is ONNX Runtime, found at run time; `tract` is built in; `auto` is the first that can be had
    #[arg(long, default_value = "auto", value_name = "auto|ort|tract")]
    engine: EngineChoice,

    /// Threads for the network; tract always takes one
    #[arg(long, default_value = "1", value_name = "N", value_parser = threads)]
    threads: NonZeroUsize,

    /// What ONNX Runtime computes with; one that it does not have is an error, and nothing takes its place
    #[arg(
        long,
        default_value = "cpu",
        value_name = "cpu|cuda|tensorrt|openvino|coreml|directml|xnnpack"
    )]
    provider: Provider,
}

impl ComputeArgs {
    fn options(&self, bundle: PathBuf) -> PolicyOptions {
        PolicyOptions {
            engine: self.engine,
            threads: self.threads,
            provider: self.provider,
            ..PolicyOptions::new(bundle)
        }
    }
}

/// The same, and how chunks are carried out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct EngineArgs {
    #[command(flatten)]
    compute: ComputeArgs,

    /// A new chunk while an old one is carried out: `append` it, as LeRobot's queue; `aligned`: enter it where the time is; `blended`: fade into it
    #[arg(
        long,
        default_value = "aligned",
        value_name = "append|aligned|blended",
        help_heading = "Policy"
    )]
    merge: Merge,

    /// With --merge blended: over how many steps; grippers are not blended
    #[arg(long, default_value = "8", value_name = "N", help_heading = "Policy")]
    blend_steps: usize,

    /// Ask for the next chunk at least so long before the end of this one, s; the worst recent latency and a step are kept in any case
    #[arg(long, default_value = "0", value_name = "S", value_parser = seconds_or_none, help_heading = "Policy")]
    refill: Duration,

    /// On the virtual clock: how long an inference takes, s; in real time it takes what it takes
    #[arg(long, default_value = "0.02", value_name = "S", value_parser = seconds_or_none, help_heading = "Policy")]
    latency: Duration,
}

impl EngineArgs {
    pub(super) fn options(&self, bundle: PathBuf) -> PolicyOptions {
        PolicyOptions {
            latency: self.latency,
            merge: self.merge,
            blend_steps: self.blend_steps,
            refill: self.refill,
            ..self.compute.options(bundle)
        }
    }
}
