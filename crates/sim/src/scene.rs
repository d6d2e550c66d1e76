//! What a scene and a task are.
//!
//! A scene is what stands around a robot; a task is what is to be done there. Scenes of things that can be touched are files of `configs/scenes`
//! ([`things`](crate::scenes::things)); another kind is a file of [`crate::scenes`] that implements [`Scene`] and describes itself in a
//! [`SceneKind`]. All are functions of a seed and of time, so that an operator, a policy and a judge see the same.

use core::fmt;
use std::sync::Arc;

use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Environment, Judge, Stamp};
use ulna_outside::Printable;
use ulna_robot::RobotKind;

use crate::contact::Fixture;
use crate::hand::Operator;
use crate::scenes::look::Look;
use crate::scenes::look::file::LookSpec;
use crate::scenes::things::Layout;
use crate::sight::Sight;
use crate::visual::{Object, VisualScene};

/// One kind of scene, before it is set up around a robot.
#[derive(Clone)]
pub struct SceneKind {
    /// Its name on the command line, e.g. `table`.
    pub name: String,
    /// What it is, in one line.
    pub summary: String,
    /// What is to be done there, as the text of a LeRobot task; several where the session's task says which; empty if there is nothing to do.
    pub tasks: Vec<String>,
    /// How long an attempt may take, s, if it is limited.
    pub time_limit: Option<f64>,
    /// Names of the values of its environment; empty if it has none.
    pub environment: &'static [&'static str],
    /// Its table, room, lights and cameras.
    pub look: Arc<LookSpec>,
    /// Says whether it can be set up around this robot.
    pub fits: fn(&RobotKind) -> Result<(), SceneError>,
    pub(crate) build: Builder,
}

/// Sets a scene up around a robot that it fits, in the way of this seed, for the task in these words.
pub(crate) type Builder =
    Arc<dyn Fn(&RobotKind, u64, Option<&str>) -> Result<Arc<dyn Scene>, SceneError> + Send + Sync>;

impl fmt::Debug for SceneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SceneKind")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl SceneKind {
    /// Sets it up around a robot, in the way of this seed. `words` is the session's task.
    ///
    /// # Errors
    /// If it is for other robots, has no room for its things, or the words do not say which task is meant.
    pub fn set_up(
        &self,
        kind: &RobotKind,
        seed: u64,
        words: Option<&str>,
    ) -> Result<Arc<dyn Scene>, SceneError> {
        (self.fits)(kind)?;
        (self.build)(kind, seed, words)
    }
}

/// A scene that is set up around one robot.
pub trait Scene: fmt::Debug + Send + Sync {
    /// Names and solids that stand still; `surroundings` is what cameras see anyway, such as the table.
    fn fixtures(&self, surroundings: &VisualScene) -> Vec<(String, Object)> {
        let _ = surroundings;
        Vec::new()
    }

    /// Adds what moves by itself, as cameras see it at this moment.
    fn moving(&self, now: Stamp, objects: &mut Vec<Object>) {
        let _ = (now, objects);
    }

    /// What stands still and can be touched; `None` if nothing can.
    fn touchable(&self) -> Option<Vec<Fixture>> {
        None
    }

    /// Where the things that can be moved lie at the beginning of an attempt.
    fn layout(&self, number: u64) -> Option<Layout> {
        let _ = number;
        None
    }

    /// How it looks in the attempt of this number, if not as every scene does; without variation always the same.
    fn look(&self, number: u64, varied: bool) -> Option<Look> {
        let _ = (number, varied);
        None
    }

    /// Names of the things that can be moved.
    fn names(&self) -> Vec<String> {
        Vec::new()
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
    /// In words, as the text of a LeRobot task.
    fn text(&self) -> Option<&str>;

    /// How long an attempt may take, s, if it is limited.
    fn time_limit(&self) -> Option<f64> {
        None
    }

    /// The operator who moves a leader arm if no expert does; the operators of a pair have different seeds.
    fn operator(&self, leader: &RobotKind, seed: u64) -> Box<dyn Operator>;

    /// The operator who shows how it is done, and sees the world as `sight` does; `None` if there is none for this robot.
    fn expert(&self, leader: &RobotKind, seed: u64, sight: &Sight) -> Option<Box<dyn Operator>> {
        let _ = sight;
        Some(self.operator(leader, seed))
    }

    /// Who says how well it is done. `angles` lead from the robot's joint values to rad.
    fn judge(&self, angles: Joints<AngleMap>, sight: &Sight) -> Box<dyn Judge>;
}

/// Scenes with a task are for one arm that stands on the table.
pub(crate) fn one_arm(kind: &RobotKind) -> Result<(), SceneError> {
    if kind.sides.is_empty() && kind.base.is_none() {
        return Ok(());
    }
    Err(SceneError::WrongRobot {
        wants: "one arm on a table",
        robot: kind.name.clone(),
        but: "is more than that",
    })
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
    #[error(
        "this scene is for {wants}, and `{robot}` {but}: use another robot, or `--scene table`"
    )]
    WrongRobot {
        /// Which robots it is for.
        wants: &'static str,
        /// Name of the robot.
        robot: String,
        /// What the robot is instead.
        but: &'static str,
    },
    /// The scene's file cannot be read.
    #[error("--scene {}: {reason}", Printable(path))]
    Unreadable {
        /// Its path.
        path: String,
        /// Why not.
        reason: String,
    },
    /// The scene's file is no scene.
    #[error("scene file {}: {problem}", Printable(origin))]
    Malformed {
        /// Its path.
        origin: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// The things of the scene have no room.
    #[error(
        "--scene {}: its things have no room in layout {number}: give them more of it (`x`, `y`), or make them smaller",
        Printable(scene)
    )]
    NoRoom {
        /// Name of the scene.
        scene: String,
        /// The number of the layout.
        number: u64,
    },
    /// The session's task does not say which of the scene's is meant.
    #[error(
        "--scene {}: the task `{}` does not say which is meant: pass --task {}",
        Printable(scene),
        Printable(task),
        Printable(known)
    )]
    UnclearTask {
        /// Name of the scene.
        scene: String,
        /// The session's task.
        task: String,
        /// Those that there are.
        known: String,
    },
    /// A camera of the scene is nowhere on this robot.
    #[error("--scene {}: {problem}", Printable(scene))]
    Camera {
        /// Name of the scene.
        scene: String,
        /// Which, and why.
        problem: String,
    },
    /// There is no expert for what this robot has to do.
    #[error("--expert: {}", Printable(reason))]
    NoExpert {
        /// Why not.
        reason: String,
    },
}
