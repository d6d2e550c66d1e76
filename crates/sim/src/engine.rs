//! What moves a simulated arm and the things around it: ulna's own engine, or MuJoCo, to measure ours against.

use core::fmt;
use core::str::FromStr;

use ulna_robot::{Calibration, RobotKind};

use crate::arm::{Arm, ArmOptions, MechanicsError};
use crate::contact::Fixture;
use crate::plant::Physics;

/// An engine for rigid bodies with contact. The servos are the same in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PhysicsEngine {
    /// Ulna's own: contact is solved together with the servos.
    #[default]
    Ulna,
    /// MuJoCo, where it is built in (feature `mujoco`).
    Mujoco,
}

/// A name that no engine has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no physics engine of this name; there are ulna and mujoco")]
pub struct UnknownEngine;

impl PhysicsEngine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ulna, Self::Mujoco];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ulna => "ulna",
            Self::Mujoco => "mujoco",
        }
    }

    /// Whether this program has it.
    #[must_use]
    pub fn is_built_in(self) -> bool {
        match self {
            Self::Ulna => true,
            Self::Mujoco => cfg!(feature = "mujoco"),
        }
    }

    /// How it is set up, to be printed next to every figure that it gave.
    #[must_use]
    pub fn settings(self) -> &'static str {
        match self {
            Self::Ulna => crate::contact::SETTINGS,
            #[cfg(feature = "mujoco")]
            Self::Mujoco => crate::mujoco::SETTINGS,
            #[cfg(not(feature = "mujoco"))]
            Self::Mujoco => "not built in",
        }
    }

    /// The arm of a validated robot file whose encoders are mounted as this calibration found them, among `fixtures`, if anything there can be touched.
    ///
    /// # Errors
    /// If the arm cannot be simulated, or this engine is not built in.
    pub fn build(
        self,
        kind: &RobotKind,
        calibration: &Calibration,
        options: ArmOptions,
        fixtures: Option<&[Fixture]>,
    ) -> Result<Box<dyn Physics>, MechanicsError> {
        match self {
            Self::Ulna => {
                let arm = Arm::new(kind, calibration, options)?;
                Ok(Box::new(match fixtures {
                    Some(fixtures) => arm.among(kind, fixtures)?,
                    None => arm,
                }))
            }
            #[cfg(feature = "mujoco")]
            Self::Mujoco => {
                let fixtures = fixtures.unwrap_or_default();
                let arm = crate::mujoco::MujocoArm::new(kind, calibration, options, fixtures)?;
                Ok(Box::new(arm))
            }
            #[cfg(not(feature = "mujoco"))]
            Self::Mujoco => Err(MechanicsError::NoMujoco),
        }
    }
}

impl fmt::Display for PhysicsEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PhysicsEngine {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, UnknownEngine> {
        let mut all = Self::ALL.into_iter();
        all.find(|engine| engine.name() == text)
            .ok_or(UnknownEngine)
    }
}
