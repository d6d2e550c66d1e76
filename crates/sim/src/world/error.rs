//! Why a world cannot be simulated.

use ulna_drivers::PortError;
use ulna_outside::Printable;

use crate::adapter::AdapterParseError;
use crate::arm::MechanicsError;
use crate::bus::WrongPlant;
use crate::engine::UnknownEngine;
use crate::fault::FaultParseError;
use crate::pty::PtyError;
use crate::render::PictureSizeError;
use crate::scene::SceneError;
use crate::workbench::WorkbenchError;

/// Why a simulated world, or a part of it, cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// There is no such scene, or it is for other robots.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// A fault that is not written as it must be.
    #[error(transparent)]
    Fault(#[from] FaultParseError),
    /// An adapter that is not written as it must be.
    #[error(transparent)]
    Adapter(#[from] AdapterParseError),
    /// An engine that there is not.
    #[error("--physics: {0}")]
    Engine(#[from] UnknownEngine),
    /// The robot has no such camera.
    #[error(
        "robot `{robot}` has no camera `{}`; it has: {known}",
        Printable(camera)
    )]
    UnknownCamera {
        /// Name of the robot.
        robot: String,
        /// The camera that was asked for.
        camera: String,
        /// Those that there are.
        known: String,
    },
    /// Pictures of this size cannot be drawn.
    #[error(transparent)]
    PictureSize(#[from] PictureSizeError),
    /// The arm's mechanics.
    #[error(transparent)]
    Arm(#[from] MechanicsError),
    /// The arm's servos.
    #[error(transparent)]
    Servos(#[from] WorkbenchError),
    /// Servos and mechanics that do not go together.
    #[error(transparent)]
    Plant(#[from] WrongPlant),
    /// The pseudo-terminal of a bus.
    #[error(transparent)]
    Pty(#[from] PtyError),
    /// The thread that moves the mechanics in real time.
    #[error("no thread can be started for the simulated mechanics: {0}")]
    Thread(#[from] std::io::Error),
    /// The port on such a terminal.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl SimError {
    /// Whether what was asked for is wrong, rather than something on this computer.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Scene(_)
                | Self::Engine(_)
                | Self::Fault(_)
                | Self::Adapter(_)
                | Self::UnknownCamera { .. }
                | Self::PictureSize(_)
                | Self::Arm(MechanicsError::NoMujoco)
        )
    }
}
