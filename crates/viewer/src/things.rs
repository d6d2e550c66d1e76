//! What moves around the arm: each thing is sent again when it has moved.

use std::sync::Arc;
use std::time::Duration;

use rerun::{RecordingStream, RecordingStreamResult};
use ulna_robot::VisualSpec;
use ulna_robot::display::MovingThings;

use crate::solid::Triangles;
use crate::target::{TIME, time};

/// Things that move, and where they were shown last.
#[derive(Debug)]
pub(crate) struct Things {
    moving_things: Arc<dyn MovingThings>,
    shown: Vec<(String, VisualSpec)>,
}

/// A thing that has moved less than this, m or rad, is where it was.
const STILL: f64 = 2e-4;

impl Things {
    pub(crate) fn new(moving_things: Arc<dyn MovingThings>) -> Self {
        Self {
            moving_things,
            shown: Vec::new(),
        }
    }

    /// Sends those that have moved.
    pub(crate) fn log(
        &mut self,
        stream: &RecordingStream,
        at: Duration,
    ) -> RecordingStreamResult<()> {
        for (name, thing) in self.moving_things.things() {
            let last = self.shown.iter().position(|(known, _)| *known == name);
            if last.is_some_and(|last| is_same(&self.shown[last].1, &thing)) {
                continue;
            }
            let mut triangles = Triangles::default();
            triangles.add(&thing);
            if let Some(mesh) = triangles.mesh() {
                stream.set_time(TIME, time(at));
                stream.log(format!("things/{name}"), &mesh)?;
            }
            match last {
                Some(last) => self.shown[last].1 = thing,
                None => self.shown.push((name, thing)),
            }
        }
        Ok(())
    }
}

fn is_same(one: &VisualSpec, other: &VisualSpec) -> bool {
    let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < STILL);
    near(one.frame.xyz, other.frame.xyz)
        && near(one.frame.rpy, other.frame.rpy)
        && one.shape == other.shape
        && one.colour == other.colour
}
