//! What one says about a simulated world.

use std::time::Instant;

use ulna_robot::{Calibration, RobotKind};

use crate::adapter::AdapterModel;
use crate::engine::PhysicsEngine;
use crate::scenes;

/// How a simulated world is made.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Name of the scene, see [`scenes::all`], or the path of its file.
    pub scene: String,
    /// Seed of everything that is random in it.
    pub seed: u64,
    /// Whether light, colours, textures, cameras' places and their noise vary with the seed, where the scene's file says how.
    pub varied: bool,
    /// The session's task in words, which says what is meant where a scene has several.
    pub task: Option<String>,
    /// What moves the arm and the things around it.
    pub physics: PhysicsEngine,
    /// An expert moves the leader, and not a hand that knows nothing of the task.
    pub expert: bool,
    /// What goes wrong on the follower's buses, see [`crate::fault::GRAMMAR`].
    pub faults: Vec<String>,
    /// What goes wrong with cameras, see [`crate::camera::CameraFaultKind::parse`].
    pub camera_faults: Vec<String>,
    /// What stands between the host and each of its buses.
    pub adapter: AdapterModel,
    /// How its servos are reached.
    pub wire: Wire,
}

/// How the servos of a simulated world are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Through ports in memory, on the virtual clock.
    InMemory,
    /// Through pseudo-terminals, in real time.
    Pty {
        /// When the run's clock began.
        epoch: Instant,
    },
}

/// One bus of a simulated robot: the joints of one arm and its calibration.
#[derive(Debug, Clone)]
pub struct SimArm {
    /// `left` or `right` in a pair, else empty.
    pub side: String,
    /// The arm. A robot of one bus has one arm, itself.
    pub kind: RobotKind,
    /// What is in its servos, and how its encoders are mounted.
    pub calibration: Calibration,
}

impl SimArm {
    /// A robot of one bus, whose servos hold this calibration.
    pub fn new(kind: &RobotKind, calibration: &Calibration) -> Self {
        Self {
            side: String::new(),
            kind: kind.clone(),
            calibration: calibration.clone(),
        }
    }
}

impl Default for WorldOptions {
    /// The default scene in memory behind ordinary adapters, with nothing wrong.
    fn default() -> Self {
        Self {
            scene: scenes::DEFAULT.to_owned(),
            seed: 0,
            varied: true,
            task: None,
            physics: PhysicsEngine::default(),
            expert: false,
            faults: Vec::new(),
            camera_faults: Vec::new(),
            adapter: AdapterModel::default(),
            wire: Wire::InMemory,
        }
    }
}
