//! Reach: a target appears in front of the arm, and every three seconds another; the tool has to be there in the end.
//!
//! `observation.environment_state` is the present target in the base frame, m.

mod judge;
mod targets;

use std::sync::Arc;

use ulna_core::joints::Joints;
use ulna_core::unit::AngleMap;
use ulna_core::{Environment, Judge, Stamp};
use ulna_robot::RobotKind;

use crate::hand::{Hand, Operator, Rhythm};
use crate::scene::{Scene, SceneError, SceneKind, Task};
use crate::visual::Object;
use judge::ReachJudge;
use targets::Targets;

/// What the registry says of it.
pub(crate) const KIND: SceneKind = SceneKind {
    name: "reach",
    summary: "A target that moves every three seconds, reported as observation.environment_state; the hand brings the tool there, and the report says how well",
    task: Some("Bring the tool to the target"),
    environment: &targets::NAMES,
    fits,
    build: |kind, seed| Arc::new(Reach::new(kind, seed)),
};

/// The operator sees the new target, and then needs a moment.
const RHYTHM: Rhythm = Rhythm {
    start: 0.15,
    beat: Targets::PERIOD,
};

fn fits(kind: &RobotKind) -> Result<(), SceneError> {
    if kind.sides.is_empty() && kind.base.is_none() {
        return Ok(());
    }
    Err(SceneError::WrongRobot {
        scene: KIND.name,
        wants: "one arm on a table",
        robot: kind.name.clone(),
        but: "is more than that",
    })
}

#[derive(Debug)]
struct Reach {
    seed: u64,
    targets: Arc<Targets>,
}

impl Reach {
    fn new(kind: &RobotKind, seed: u64) -> Self {
        let targets = Arc::new(Targets::new(kind, seed));
        Self { seed, targets }
    }
}

impl Scene for Reach {
    /// The mark at the target.
    fn moving(&self, now: Stamp, objects: &mut Vec<Object>) {
        objects.push(self.targets.marker(now));
    }

    fn environment(&self) -> Option<Arc<dyn Environment>> {
        Some(Arc::clone(&self.targets) as Arc<dyn Environment>)
    }

    fn task(&self) -> Option<&dyn Task> {
        Some(self)
    }
}

impl Task for Reach {
    /// The targets are those of the scene; how the leader gets there is its own affair.
    fn operator(&self, leader: &RobotKind, seed: u64) -> Box<dyn Operator> {
        let targets = Arc::new(Targets::new(leader, self.seed));
        Box::new(Hand::toward(leader, seed, RHYTHM, targets))
    }

    fn judge(&self, angles: Joints<AngleMap>) -> Box<dyn Judge> {
        Box::new(ReachJudge::new(Arc::clone(&self.targets), angles))
    }
}

#[cfg(test)]
mod tests;
