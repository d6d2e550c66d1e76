//! What a simulation of the robot needs to know beyond its joints.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::RobotFileError;
use super::validate::{FACTOR, LATENESS, short, within};

/// How the servos are simulated; what is absent is as the servo's model has it. `ulna sim identify` writes this table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulationSpec {
    /// The motor of every servo that is made with several: servos of one model on the bus differ in it, e.g. `sts3215-12v`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motor: Option<String>,
    /// Friction of motor and gears, in parts of the model's.
    pub friction: f64,
    /// Play of the gears, in parts of the model's.
    pub play: f64,
    /// From the beginning of a frame until the program that recorded an arm has brought the action into its servos, ms. `ulna sim compare`
    /// plays recordings with it; in a session the simulated bus has its own timing.
    pub action_delay_ms: f64,
}

impl Default for SimulationSpec {
    /// Servos as their models are; LeRobot's loop reads the state and the leader, about 5 ms, before it sends.
    fn default() -> Self {
        Self {
            motor: None,
            friction: 1.0,
            play: 1.0,
            action_delay_ms: 5.0,
        }
    }
}

impl SimulationSpec {
    /// Whether nothing is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn validate(&self) -> Result<(), RobotFileError> {
        if let Some(motor) = &self.motor {
            short("simulation.motor", motor)?;
        }
        within("simulation.friction", self.friction, &FACTOR)?;
        within("simulation.play", self.play, &FACTOR)?;
        within(
            "simulation.action_delay_ms",
            self.action_delay_ms,
            &LATENESS,
        )
    }
}
