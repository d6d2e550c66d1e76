#![doc = include_str!("../README.md")]
//! A [`Bundle`] is a policy as files, checked when it is opened. An [`Engine`] runs networks: ONNX Runtime if one is found,
//! else tract. [`prepare`] brings the two together, holds the policy against the robot and its golden output, and only then
//! gives a [`Policy`] that turns [`Observation`]s into chunks of targets. [`runner`](crate::runner()) connects it to a control loop: an
//! [`ObservationSlot`] takes the loop's states, the machine [`Inference`] makes [`Chunk`]s of them, in real time on a thread of its own
//! and in lockstep with a configured latency, and a [`PolicySource`] plays them at the motors' rate without locks or allocation.
//!
//! Reading order: [`mod@bundle`] (what is on disk), [`contract`] (for which robot), [`engine`], [`policy`] (one inference), [`mod@check`],
//! [`chunk`], [`ensemble`], [`mod@runner`].

pub mod bench;
pub mod bundle;
pub mod check;
pub mod chunk;
pub mod contract;
mod diffusion;
pub mod engine;
pub mod ensemble;
mod error;
pub mod import;
pub mod infer;
mod noise;
pub mod normalise;
mod observation;
mod picture;
pub mod policy;
pub mod runner;

pub use bundle::{Bundle, ChunkSettings};
pub use check::{Report, check, prepare};
pub use chunk::Chunk;
pub use contract::{CameraContract, Contract, RobotContract};
pub use engine::{Engine, EngineChoice, EngineInfo, EngineKind, Provider};
pub use error::{PolicyError, UnknownWord};
pub use observation::Observation;
pub use policy::{Policy, Predict};
pub use runner::{
    FrameSlot, FrameWatcher, Inference, InferenceReport, Merge, ObservationSlot, PolicySource,
    Runner, RunnerOptions, SourceReport, frame_slot, runner,
};
