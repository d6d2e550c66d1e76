#![doc = include_str!("../README.md")]
//! What comes from outside, and may mean harm: text that is shown ([`text`]), names that become files ([`name`]), and files that others
//! have put there ([`files`], with the feature `std`); and durations as people type them ([`duration()`]).
//!
//! Each of these rules has one place, here, so that all commands keep it in the same way.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod duration;
#[cfg(feature = "std")]
pub mod files;
pub mod name;
pub mod text;

pub use duration::duration;
pub use text::{Lines, Printable, Shell, Text};
