//! Simulated servos that speak the real wire protocol, and the simulated arm they move.

pub mod arm;
pub mod bus;
pub mod fault;
pub mod hand;
pub mod law;
pub mod plant;
#[cfg(unix)]
pub mod pty;
pub mod servo;
pub mod wire;
