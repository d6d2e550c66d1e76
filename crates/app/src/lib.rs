//! What the commands of ulna do: rigs, sessions, the demo, benches.
//!
//! Reading order: [`robots`] (finding robot files), [`rig`] (ports, clocks and simulation), [`session`] (ticks and the one way out),
//! [`run`] (a session from connect to report), [`display`] (showing one), then the commands that use them: [`mod@teleop`], [`record`],
//! [`replay`], [`policies`], [`demo`], [`mod@bench`].
//!
//! From the first cable to the first motion: [`dialogue`] (talking with whoever holds the arm) and [`workplace`] (a bus to work on), and
//! on them [`ports`], [`scan`], [`setup`], [`calibrate`], [`recover`] and [`doctor`].

pub mod bench;
pub mod calibrate;
pub mod datasets;
pub mod demo;
pub mod dialogue;
pub mod display;
pub mod doctor;
pub mod error;
pub mod memory;
pub mod policies;
pub mod ports;
pub mod record;
pub mod recover;
pub mod replay;
pub mod report;
pub mod rig;
pub mod robots;
pub mod run;
pub mod scan;
pub mod session;
pub mod setup;
pub mod shipped;
pub mod tap;
pub mod teleop;
pub mod view;
pub mod wiggle;
pub mod workplace;

pub use dialogue::{Dialogue, Step, StepState, Told};
pub use error::AppError;
pub use ulna_core::{Health, RobotKind, Unit};
pub use ulna_policy::{EngineChoice, Merge, Provider};
pub use ulna_recorder::{Input, Key, Phase, Progress, RecorderError};
pub use ulna_rt::{Stop, Summary};
