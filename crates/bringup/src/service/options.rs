//! What the user says about the bus to work on.

use ulna_robot::{ArmRole, files};

/// What the user says about the bus.
#[derive(Debug, Clone)]
pub struct WorkOptions {
    /// Name or path of the robot.
    pub robot: String,
    /// Follower or leader.
    pub role: ArmRole,
    /// The port; if absent, the only adapter that is plugged in.
    pub port: Option<String>,
    /// Simulated servos; no port is opened.
    pub sim: bool,
    /// The simulation keeps real time, for a person who looks on; else it is as fast as the computer allows.
    pub live: bool,
    /// Seed of everything that is random in the simulation.
    pub seed: u64,
    /// What goes wrong on the simulated bus.
    pub faults: Vec<String>,
    /// The USB adapter in front of the simulated bus, such as `ftdi:16`; an ordinary CDC adapter if absent.
    pub adapter: Option<String>,
}

impl Default for WorkOptions {
    fn default() -> Self {
        Self {
            robot: files::DEFAULT.to_owned(),
            role: ArmRole::Follower,
            port: None,
            sim: false,
            live: false,
            seed: 0,
            faults: Vec::new(),
            adapter: None,
        }
    }
}
