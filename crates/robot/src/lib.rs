//! What is known about a *kind* of robot, as data: joints, limits, geometry, cameras, and the kinematics that follow from them.
//!
//! Nothing here does input or output or knows a device. Reading order: [`kind`] (the robot file), [`mod@calibration`] (one arm's),
//! [`kinematics`] (where its links are), [`display`] (what people are shown of a session with it).
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod calibration;
pub mod display;
pub mod kind;
pub mod kinematics;

pub use calibration::Calibration;
pub use kind::*;
