//! The robot file: what is known about one *kind* of robot, as data.
//!
//! Adding an arm made of known servos means adding such a file; no code branches on a robot's name. What belongs to one
//! particular arm (port, calibration) lives elsewhere.

mod base;
mod compose;
mod frame;
mod joint;
mod leader;
mod limits;
mod look;
mod protocol;
mod simulation;
mod spec;
mod travel;
mod validate;

pub use base::{BaseSpec, Omni};
pub use compose::{ComposedFile, ExtendsSpec, PairSpec};
pub use frame::FrameSpec;
pub use joint::{JointGateSpec, JointSpec, LeaderJointSpec, LinkSpec};
pub use look::{
    Colour, ColourError, CylinderSpec, MountedCamera, ShapeSpec, TaperSpec, VisualSpec,
};
pub use simulation::SimulationSpec;
pub use spec::{
    BusSpec, ExitAction, ExitSpec, GateSpec, KinematicsSpec, RobotKind, RoleSpec, Side,
};
pub use travel::TravelSpec;
pub use ulna_bus::Protocol;
pub use validate::RobotFileError;

#[cfg(test)]
mod tests;
