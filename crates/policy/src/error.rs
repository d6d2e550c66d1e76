//! What can go wrong before anything moves, and while it does.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A word that names none of a few things.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is no {what}; there are {known}")]
#[non_exhaustive]
pub struct UnknownWord {
    /// The word.
    pub word: String,
    /// What it should name.
    pub what: &'static str,
    /// What there is.
    pub known: &'static str,
}

/// Why a policy cannot be used. Each text says what failed, why, and what to do next.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file of the bundle cannot be read.
    #[error("cannot read `{}`: {source}; a bundle is a folder with a policy.toml and the files that it names", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is larger than anything that belongs into a bundle.
    #[error("`{}` has {bytes} bytes, and at most {limit} are read from such a file; check that it is the right one", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// A path in `policy.toml` or in a graph leads out of the bundle.
    #[error("the bundle `{}` names the file `{file}`, which {why}; a bundle's files lie inside its folder", bundle.display())]
    Outside {
        /// The bundle's folder.
        bundle: PathBuf,
        /// The path as it is written.
        file: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What is named is no bundle.
    #[error("`{}` is {what}, not a bundle; {next}", path.display())]
    NotABundle {
        /// The file or folder.
        path: PathBuf,
        /// What it is.
        what: String,
        /// What to do.
        next: String,
    },
    /// A LeRobot checkpoint cannot be imported.
    #[error("`{}` cannot be imported: {reason}", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The folder of a new bundle is there already.
    #[error("`{}` is there already, and an import replaces nothing; name another folder with --output", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the bundle cannot be written.
    #[error("cannot write `{}`: {source}; choose another folder, or make room there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// `policy.toml` is not what it should be.
    #[error("`{}` is no usable policy: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A file of tensors is not what it should be.
    #[error("the tensors in `{}` are not usable: {reason}", path.display())]
    Tensors {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A network is not what `policy.toml` says, or cannot be run.
    #[error("the network `{}` is not usable: {reason}", path.display())]
    Graph {
        /// The ONNX file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The policy was made for another robot.
    #[error("policy `{policy}` does not fit this robot: {}; use the policy with the robot, units and cameras that it was trained on", faults.join("; "))]
    Robot {
        /// The policy's name.
        policy: String,
        /// What does not fit, one sentence each.
        faults: Vec<String>,
    },
    /// The golden input does not give the golden output.
    #[error(
        "policy `{policy}` on {engine} misses its golden output by {difference:e} robot units ({place}), and {tolerance:e} are allowed; \
         the network, its statistics or the engine is not the one that the bundle was made with: export the bundle again or try the other engine"
    )]
    Golden {
        /// The policy's name.
        policy: String,
        /// The engine in use.
        engine: String,
        /// The largest difference, robot units; infinite if one of them is NaN.
        difference: f64,
        /// Where it is.
        place: String,
        /// What is allowed, robot units.
        tolerance: f64,
    },
    /// An ONNX Runtime that was asked for by its path cannot be used.
    #[error(
        "cannot use the ONNX Runtime `{}`, which ORT_DYLIB_PATH names: {reason}; \
         correct the variable, or unset it to have ulna look elsewhere", path.display()
    )]
    ExplicitLibrary {
        /// The library.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// ONNX Runtime was asked for, and there is none that can be used.
    #[error(
        "no ONNX Runtime of version 1.{needs} or newer was found ({tried}); `cargo run -p xtask -- fetch-ort` fetches one, ORT_DYLIB_PATH names one, \
         `--engine tract` does without"
    )]
    NoLibrary {
        /// The oldest minor version that will do.
        needs: u32,
        /// Where it was looked for, and what was wrong with what was there.
        tried: String,
    },
    /// The pure-Rust engine is needed, and this build lacks it.
    #[error(
        "no ONNX Runtime can be used, and the engine tract is not part of this build{why}; build with the feature `tract`, or fetch an ONNX Runtime with `cargo run -p xtask -- fetch-ort`"
    )]
    NoTract {
        /// Why each ONNX Runtime that was found would not do, each after a separator.
        why: String,
    },
    /// Another engine is in use already.
    #[error(
        "this process runs policies on {in_use} already and cannot switch to {wanted}; start it again with the engine that you want"
    )]
    EngineChosen {
        /// The engine in use.
        in_use: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// An execution provider that was asked for is not there.
    #[error(
        "cannot compute with the provider `{provider}`: {reason}; `--provider cpu` does without"
    )]
    Provider {
        /// Its name.
        provider: &'static str,
        /// Why not, and what would help.
        reason: String,
    },
    /// The engine itself would not start.
    #[error("{engine} does not start: {reason}; try the other engine with `--engine`")]
    Engine {
        /// The engine.
        engine: String,
        /// What it says.
        reason: String,
    },
    /// An inference failed.
    #[error(
        "{engine} failed to run policy `{policy}`: {reason}; `ulna policy check` tells whether it is the bundle"
    )]
    Inference {
        /// The engine in use.
        engine: String,
        /// The policy's name.
        policy: String,
        /// What it says.
        reason: String,
    },
    /// An observation is not what the policy's contract says.
    #[error("an observation does not fit policy `{policy}`: {reason}")]
    Observation {
        /// The policy's name.
        policy: String,
        /// What does not fit.
        reason: String,
    },
    /// The network's output contains NaN or infinity.
    #[error(
        "policy `{policy}` gave {value} for joint `{joint}`, step {step} of its chunk; the chunk is refused and the arm holds"
    )]
    NotFinite {
        /// The policy's name.
        policy: String,
        /// The joint.
        joint: String,
        /// Which step of the chunk.
        step: usize,
        /// The value.
        value: f32,
    },
}
