//! Simulated servos that speak the real wire protocol, and the simulated arm they move.

pub mod plant;
pub mod render;
pub mod scene;
