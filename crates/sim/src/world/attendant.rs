//! The hands next to the arm: they say when an attempt begins, and lay things out again for the next.

use std::sync::Arc;

use ulna_robot::VisualSpec;

use super::shared::SharedPhysics;
use crate::scene::Scene;
use crate::sight::Sight;

/// What is done to a world between two attempts. A clone acts on the same world.
#[derive(Debug, Clone)]
pub struct Attendant {
    pub(super) scene: Arc<dyn Scene>,
    pub(super) physics: SharedPhysics,
    pub(super) sight: Sight,
    pub(super) varied: bool,
}

impl Attendant {
    /// An expert is to begin.
    pub fn begin(&self) {
        self.sight.want(true);
    }

    /// An expert is to take its hand away.
    pub fn clear(&self) {
        self.sight.want(false);
    }

    /// Whether the expert's hand is away.
    pub fn is_clear(&self) -> bool {
        self.sight.is_away()
    }

    /// Whether this attempt has succeeded.
    pub fn is_solved(&self) -> bool {
        self.sight.is_solved()
    }

    /// How long an attempt may take, s, if that is limited.
    pub fn time_limit(&self) -> Option<f64> {
        self.scene.task()?.time_limit()
    }

    /// Names of the things, and how a display draws them where they are now.
    pub fn things(&self) -> Vec<(String, VisualSpec)> {
        let seen = self.sight.look();
        let painted = seen.layout.painted.len();
        let marks = (0..painted).map(|number| format!("mark_{number}"));
        let names = marks.chain(self.scene.names());
        let objects = seen.objects().map(|object| object.spec());
        names.zip(objects).collect()
    }

    /// Lays the things out as attempt `number` begins.
    pub fn lay_out(&self, number: u64) {
        if let Some(mut layout) = self.scene.layout(number) {
            let look = self.scene.look(number, self.varied);
            layout.look = look.map(Arc::new);
            self.physics.lay_out(layout);
        }
    }
}
