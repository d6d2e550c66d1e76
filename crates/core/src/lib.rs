//! The types that everything in ulna shares: joints and their units, robot descriptions, states,
//! actions, and the safety gate.
//!
//! Nothing here does input or output, reads a clock, starts a thread or looks a joint up by name:
//! a joint is an index into fixed-capacity, `Copy` arrays, and its name is data for people.
//!
//! Reading order: [`stamp`] (when), [`joints`] (how many), [`calibration`] and [`mod@unit`] (what the numbers
//! mean), [`state`] (what is measured and wanted), [`gate`] (what may be sent), [`traits`] (who takes part),
//! [`camera`] (pictures), [`display`] (what people are shown), [`robot`] (the robot file) and [`kinematics`] (where the links are).
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

extern crate alloc;

pub mod calibration;
pub mod camera;
pub mod display;
pub mod gate;
pub mod joints;
pub mod kinematics;
pub mod robot;
pub mod stamp;
pub mod state;
pub mod traits;
pub mod unit;

pub use calibration::{Calibration, JointCalibration};
pub use camera::{Camera, CameraFault, Frame};
pub use gate::{Gate, GateLimits, GateNote, SafeGoals};
pub use joints::{Joints, MAX_JOINTS, TooManyJoints};
pub use robot::RobotKind;
pub use stamp::Stamp;
pub use state::{Action, Health, State};
pub use traits::{ActionSource, Environment, LinkLost, Progress, Robot};
pub use unit::Unit;
