//! Simulated servos that speak the real wire protocol, and the simulated arm they move.
//!
//! Nothing here is a shortcut past the hardware path: a driver that works with these servos talks to them in packets, waits for
//! their answers on the wire, and meets their faults.
//!
//! Reading order: [`plant`] (the boundary between electronics and mechanics), [`law`] (one servo's motor), [`arm`] (the arm it
//! moves), [`task`] (what there is to do), [`hand`] (who moves a leader), [`mod@bench`] (servos on a table), [`servo`] (registers and protections), [`wire`] and [`bus`] (bytes in time), [`workbench`] (servos in every state),
//! [`fault`] (what goes wrong), [`pty`] (all of it behind a terminal, in real time); [`scene`], [`render`] and [`camera`] (what a
//! camera sees, and when).

pub mod arm;
pub mod bench;
pub mod bus;
pub mod camera;
pub mod fault;
pub mod hand;
pub mod law;
pub mod memory;
pub mod plant;
#[cfg(unix)]
pub mod pty;
pub mod render;
pub mod scene;
pub mod servo;
pub mod task;
pub mod wire;
pub mod workbench;
