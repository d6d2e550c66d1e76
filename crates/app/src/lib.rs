//! What the commands of ulna do: rigs, sessions, the demo, benches.
//!
//! Reading order: [`robots`] (finding robot files), [`rig`] (ports, clocks and simulation), [`session`] (ticks and the one way out),
//! [`run`] (a session from connect to report), then the commands that use them: [`record`], [`replay`], [`policies`], [`demo`], [`mod@bench`].

pub mod bench;
pub mod datasets;
pub mod demo;
pub mod error;
pub mod memory;
pub mod policies;
pub mod record;
pub mod replay;
pub mod report;
pub mod rig;
pub mod robots;
pub mod run;
pub mod session;
pub mod shipped;
pub mod tap;

pub use error::AppError;
pub use ulna_core::{RobotKind, Unit};
pub use ulna_policy::EngineChoice;
pub use ulna_recorder::{Input, Key, Phase, Progress, RecorderError};
pub use ulna_rt::{Stop, Summary};
