//! What a scene and a task are.
//!
//! A scene is what stands around a robot; a task is what is to be done there. Each scene is a file of [`crate::scenes`] that
//! implements [`Scene`] and describes itself in a [`SceneKind`]. Both are functions of a seed and of time, so that an operator, a
//! policy and a judge see the same.

use core::fmt;
use std::sync::Arc;

use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Environment, Judge, Stamp};
use ulna_outside::Printable;
use ulna_robot::RobotKind;

use crate::hand::Operator;
use crate::visual::{Object, VisualScene};

/// One kind of scene, before it is set up around a robot.
#[derive(Debug, Clone, Copy)]
pub struct SceneKind {
    /// Its name on the command line, e.g. `table`.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// What is to be done there, as the text of a LeRobot task; `None` if there is nothing to do.
    pub task: Option<&'static str>,
    /// Names of the values of its environment; empty if it has none.
    pub environment: &'static [&'static str],
    /// Says whether it can be set up around this robot.
    pub fits: fn(&RobotKind) -> Result<(), SceneError>,
    /// Sets it up around a robot that it fits, in the way of this seed.
    pub build: fn(&RobotKind, u64) -> Arc<dyn Scene>,
}

/// A scene that is set up around one robot.
pub trait Scene: fmt::Debug + Send + Sync {
    /// Names and solids that stand still; `surroundings` is what cameras see anyway, such as the table.
    fn fixtures(&self, surroundings: &VisualScene) -> Vec<(String, Object)> {
        let _ = surroundings;
        Vec::new()
    }

    /// Adds what moves, as cameras see it at this moment.
    fn moving(&self, now: Stamp, objects: &mut Vec<Object>) {
        let _ = (now, objects);
    }

    /// The values of its environment, if it has any: [`SceneKind::environment`] has their names.
    fn environment(&self) -> Option<Arc<dyn Environment>> {
        None
    }

    /// What is to be done there.
    fn task(&self) -> Option<&dyn Task> {
        None
    }
}

/// What is to be done in a scene.
pub trait Task: fmt::Debug + Send + Sync {
    /// The operator who shows how it is done on a leader arm; the operators of a pair have different seeds.
    fn operator(&self, leader: &RobotKind, seed: u64) -> Box<dyn Operator>;

    /// Who says how well it is done. `angles` lead from the robot's joint values to rad.
    fn judge(&self, angles: Joints<AngleMap>) -> Box<dyn Judge>;
}

/// Why there is no such scene.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// No scene has this name.
    #[error(
        "--scene {}: there is no such scene; there are {known}",
        Printable(name)
    )]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The scene is for other robots.
    #[error("--scene {scene} is for {wants}, and `{robot}` {but}")]
    WrongRobot {
        /// Name of the scene.
        scene: &'static str,
        /// Which robots it is for.
        wants: &'static str,
        /// Name of the robot.
        robot: String,
        /// What the robot is instead.
        but: &'static str,
    },
}
