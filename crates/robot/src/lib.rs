#![doc = include_str!("../README.md")]
//! Nothing here knows a device, or, without the feature `files`, does input or output. Reading order: [`kind`] (the robot file), [`role`] (follower or leader), [`mod@calibration`] (one arm's),
//! [`kinematics`] (where its links are), [`display`] (what people are shown of a session with it). Behind the feature `files`: the robot
//! files that come with ulna and those of the user's folder.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "files")]
extern crate std;

pub mod calibration;
pub mod display;
#[cfg(feature = "files")]
pub mod files;
pub mod kind;
pub mod kinematics;
pub mod role;

pub use calibration::Calibration;
pub use kind::*;
pub use role::ArmRole;
