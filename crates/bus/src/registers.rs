//! What a register is, and how a table of them is searched.
//!
//! The tables themselves stand with the servos that have them, in [`crate::families`]. A [`Table`] finds a register by LeRobot's name, by
//! address, or by its [`Role`], the word that all families share: code that asks for roles works with every family.

mod register;
mod role;
mod table;

pub use register::{Access, Register, RegisterBytes};
pub use role::{Role, STATE_ROLES};
pub use table::{Span, Table};
