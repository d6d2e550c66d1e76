#![doc = include_str!("../README.md")]
//! Nothing here does input or output, reads a clock, starts a thread or looks a joint up by name:
//! a joint is an index into fixed-capacity, `Copy` arrays, and its name is data for people.
//!
//! Reading order: [`stamp`] (when), [`joints`] (how many), [`calibration`] and [`mod@unit`] (what the numbers
//! mean), [`state`] (what is measured and wanted), [`gate`] (what may be sent), [`traits`] (who takes part), [`tick`] (what came of it).
//!
//! ```
//! use ulna_core::calibration::JointCalibration;
//! use ulna_core::unit::Unit;
//!
//! let pan = JointCalibration { id: 1, drive_mode: 0, homing_offset: -12, range_min: 905, range_max: 3187 };
//! let degrees = Unit::Degrees.normalise(2500.0, &pan, 4096);
//! assert_eq!(Unit::Degrees.denormalise(degrees, &pan, 4096), 2500);
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod calibration;
#[cfg(feature = "alloc")]
pub mod camera;
#[cfg(feature = "alloc")]
pub mod environment;
pub mod gate;
pub mod joints;
#[cfg(feature = "alloc")]
pub mod judge;
pub mod stamp;
pub mod state;
pub mod tick;
pub mod traits;
pub mod unit;

pub use calibration::JointCalibration;
#[cfg(feature = "alloc")]
pub use camera::{Camera, CameraFault, Frame, FrameSink, JpegFrame};
#[cfg(feature = "alloc")]
pub use environment::Environment;
pub use gate::{Gate, GateLimits, GateNote, SafeGoals, SafeSlice};
pub use joints::{Joints, MAX_JOINTS, TooManyJoints};
#[cfg(feature = "alloc")]
pub use judge::{Count, Figure, Judge, TaskScore};
pub use stamp::Stamp;
pub use state::{Action, Health, State};
pub use tick::TickRecord;
pub use traits::{ActionSource, LinkLost, Progress, Robot};
pub use unit::Unit;
