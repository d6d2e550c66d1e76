//! From the first cable to the first motion: which port is the arm's, who is on the bus, ids, calibration, recovery, and whether this
//! computer is ready.
//!
//! Reading order: [`dialogue`] and [`question`] (talking with the person who holds the arm), [`service`] (a bus to work on), [`servos`] (what is done to
//! servos), and on them the commands [`ports`], [`mod@scan`], [`mod@setup`], [`mod@calibrate`], [`mod@recover`] and [`mod@doctor`];
//! [`bridge`] looks after a board between computer and servos.

pub mod bridge;
pub mod calibrate;
pub mod dialogue;
pub mod doctor;
pub mod error;
pub mod ports;
pub mod question;
pub mod recover;
pub mod scan;
pub mod service;
pub mod servos;
pub mod setup;
pub mod wiggle;

pub use dialogue::{ChecklistStep, Dialogue, DialogueReply, StepState};
pub use error::BringupError;
