//! Simulated servos that speak the real wire protocol, and the simulated arm they move.
//!
//! Nothing here is a shortcut past the hardware path: a driver that works with these servos talks to them in packets, waits for
//! their answers on the wire, and meets their faults. To a session this crate is a supplier of ports and cameras ([`world`]).
//!
//! Reading order: [`plant`] (the boundary between electronics and mechanics), [`law`] (one servo's motor), [`arm`] (the arm it
//! moves), [`contact`] (what that touches), [`engine`] (or another engine in its place), [`hand`] (what moves a leader), [`mod@bench`] (servos on a table), [`servo`] (registers and protections), [`wire`],
//! [`adapter`] and [`bus`] (bytes in time), [`workbench`] (servos in every state), [`fault`] (what goes wrong), [`memory`] and [`pty`] (all of it
//! behind a port), [`board`] (a bridge board in front of it); [`visual`], [`render`], [`camera`] and [`pose_slot`] (what a camera sees, and when),
//! [`sight`] (what a person sees); [`scene`] and [`scenes`] (what stands around the arm, and what is to be done there); [`world`] (everything
//! together); [`compare`] (all of that against recordings of real arms).

pub mod adapter;
pub mod arm;
pub mod bench;
pub mod board;
pub mod bus;
pub mod camera;
pub mod compare;
pub mod contact;
pub mod engine;
pub(crate) mod expert;
pub mod fault;
pub mod grasp;
pub mod hand;
pub mod law;
pub mod memory;
#[cfg(feature = "mujoco")]
pub(crate) mod mujoco;
pub mod plant;
pub mod pose_slot;
pub mod pty;
pub mod render;
pub mod scene;
pub mod scenes;
pub mod servo;
pub mod sight;
pub mod visual;
pub mod wire;
pub mod workbench;
pub mod world;
