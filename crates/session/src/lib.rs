//! What the commands of ulna do: rigs, sessions, the demo.
//!
//! Reading order: [`rig`] (ports, clocks and simulation), [`session`] (ticks and the one way out),
//! [`run`] (a session from connect to report), [`display`] (showing one), then the commands that use them: [`mod@teleop`], [`record`],
//! [`replay`], [`policies`], [`demo`].

pub mod datasets;
pub mod demo;
pub mod display;
pub mod error;
pub mod policies;
pub mod record;
pub mod replay;
pub mod report;
pub mod rig;
pub mod run;
pub mod session;
pub mod shipped;
pub mod tap;
pub mod teleop;
pub mod view;

pub use error::AppError;
pub use ulna_core::{Health, Unit};
pub use ulna_policy::{EngineChoice, EngineKind};
pub use ulna_recorder::{Input, Key, Phase, Progress, RecorderError};
pub use ulna_robot::RobotKind;
pub use ulna_rt::{Stop, Summary};
