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
use crate::scene::{Scene, SceneKind, Task, one_arm};
use crate::scenes::look::file::LookSpec;
use crate::sight::Sight;
use crate::visual::Object;
use judge::ReachJudge;
use targets::Targets;

/// What is to be done.
const TASK: &str = "Bring the tool to the target";

/// What the registry says of it.
pub(crate) fn kind() -> SceneKind {
    SceneKind {
        name: "reach".to_owned(),
        summary: "A target that moves every three seconds, reported as observation.environment_state; the hand brings the tool there, and the report says how well".to_owned(),
        tasks: vec![TASK.to_owned()],
        time_limit: None,
        environment: &targets::NAMES,
        look: LookSpec::shared(),
        fits: one_arm,
        build: Arc::new(|kind, seed, _| Ok(Arc::new(Reach::new(kind, seed)) as Arc<dyn Scene>)),
    }
}

/// The operator sees the new target, and then needs a moment.
const RHYTHM: Rhythm = Rhythm {
    start: 0.15,
    beat: Targets::PERIOD,
};

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
    fn text(&self) -> Option<&str> {
        Some(TASK)
    }

    /// The targets are those of the scene; how the leader gets there is its own affair.
    fn operator(&self, leader: &RobotKind, seed: u64) -> Box<dyn Operator> {
        let targets = Arc::new(Targets::new(leader, self.seed));
        Box::new(Hand::toward(leader, seed, RHYTHM, targets))
    }

    fn judge(&self, angles: Joints<AngleMap>, _sight: &Sight) -> Box<dyn Judge> {
        Box::new(ReachJudge::new(Arc::clone(&self.targets), angles))
    }
}

#[cfg(test)]
mod tests;
