//! Simulated servos that speak the real wire protocol, and the simulated arm they move.

pub mod arm;
pub mod hand;
pub mod law;
pub mod plant;
