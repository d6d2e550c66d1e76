//! What the commands of ulna do: rigs, sessions, the demo, benches.
//!
//! Reading order: [`robots`] (finding robot files), [`rig`] (ports, clocks and simulation), [`session`] (ticks and the one way out),
//! [`run`] (a session from connect to report), [`display`] (showing one), then the commands that use them: [`mod@teleop`], [`record`], [`replay`], [`demo`], [`mod@bench`].

pub mod bench;
pub mod datasets;
pub mod demo;
pub mod display;
pub mod error;
pub mod memory;
pub mod record;
pub mod replay;
pub mod report;
pub mod rig;
pub mod robots;
pub mod run;
pub mod session;
pub mod tap;
pub mod teleop;
pub mod view;

pub use error::AppError;
pub use ulna_core::{RobotKind, Unit};
pub use ulna_recorder::{Input, Key, Phase, Progress, RecorderError};
pub use ulna_rt::{Stop, Summary};
