//! Showing a session while it runs: the bounded queues between the control loop, the cameras and a [`Display`].
//!
//! In real time the display has a thread of its own, and nobody waits for it: what finds no room is dropped and counted. A display
//! that still does not come back when the session is over is left behind. On the virtual clock it is called in step with
//! the session, which waits for it, so nothing is ever dropped.

mod pictures;
mod presenter;
mod rigged;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use rtrb::{Producer, RingBuffer};
use serde::Serialize;
use ulna_core::Camera;
use ulna_core::tick::Telemetry;
use ulna_robot as robot;
use ulna_robot::display::Stage;
use ulna_robot::{ShapeSpec, VisualSpec};
use ulna_sim::scene::{Object, Shape};

pub use ulna_robot::display::{Display, DisplayFault};

pub(crate) use pictures::Watched;
pub use presenter::Presented;
pub use rigged::{of_rig, watch};

use pictures::{Mirror, PictureSource};

/// What was shown of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisplayReport {
    /// Ticks that were shown.
    pub ticks: u64,
    /// Ticks that were not, because the display was too slow.
    pub dropped_ticks: u64,
    /// Pictures that were shown.
    pub pictures: u64,
    /// Pictures that were not, because the display was too slow.
    pub dropped_pictures: u64,
    /// What went wrong, in words.
    pub trouble: Option<String>,
}

/// How much was offered to the display, and how much it took.
#[derive(Debug, Default)]
struct Counts {
    ticks_offered: AtomicU64,
    ticks_shown: AtomicU64,
    pictures_offered: AtomicU64,
    pictures_shown: AtomicU64,
}

impl Counts {
    fn report(&self, trouble: Option<String>) -> DisplayReport {
        let [ticks, pictures] = [&self.ticks_shown, &self.pictures_shown]
            .map(|counter| counter.load(Ordering::Relaxed));
        let [ticks_offered, pictures_offered] = [&self.ticks_offered, &self.pictures_offered]
            .map(|counter| counter.load(Ordering::Relaxed));
        DisplayReport {
            ticks,
            dropped_ticks: ticks_offered.saturating_sub(ticks),
            pictures,
            dropped_pictures: pictures_offered.saturating_sub(pictures),
            trouble,
        }
    }
}

/// How long the display may be held up before ticks are dropped.
const RING_SECONDS: f64 = 5.0;

/// How many pictures of one camera may wait for the display.
const PICTURES_WAITING: usize = 8;

/// How long a session that is over waits for its display to take the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// The control thread's end of the way to the display: wait-free, and without a heap.
#[derive(Debug)]
pub struct TickFeed {
    ring: Producer<Telemetry>,
    counts: Arc<Counts>,
}

impl TickFeed {
    /// Offers a tick; one that finds no room is dropped.
    pub fn push(&mut self, tick: Telemetry) {
        self.counts.ticks_offered.fetch_add(1, Ordering::Relaxed);
        // A tick that was offered and not shown is counted as dropped in the end.
        let _ = self.ring.push(tick);
    }
}

/// A display, and what it is to show beside the ticks.
pub struct Show {
    display: Box<dyn Display>,
    things: Vec<(String, VisualSpec)>,
    sources: Vec<PictureSource>,
    watched: Vec<Watched>,
    counts: Arc<Counts>,
    patience: Duration,
}

impl fmt::Debug for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Show")
            .field("display", &self.display)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

impl Show {
    /// This display, with the ticks alone.
    pub fn new(display: Box<dyn Display>) -> Self {
        Self {
            display,
            things: Vec::new(),
            sources: Vec::new(),
            watched: Vec::new(),
            counts: Arc::default(),
            patience: PATIENCE,
        }
    }

    /// Waits no longer than this for the display when the session is over.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Shows a solid that stands in the base frame.
    pub fn add_thing(&mut self, name: &str, object: &Object) {
        self.things.push((name.to_owned(), solid(object)));
    }

    /// The same camera; whatever pictures others take from it are shown as well.
    pub fn mirror(&mut self, camera: Box<dyn Camera>) -> Box<dyn Camera> {
        let (sender, receiver) = sync_channel(PICTURES_WAITING);
        self.sources.push(PictureSource {
            camera: camera.name().to_owned(),
            receiver,
        });
        Box::new(Mirror {
            camera,
            sender,
            counts: Arc::clone(&self.counts),
        })
    }

    /// Shows the pictures of a camera that nobody else reads.
    pub fn watch(&mut self, camera: Box<dyn Camera>) {
        let camera = self.mirror(camera);
        self.watched.push(Watched { camera });
    }

    /// Ready to begin: `stage` is the session's, and is given what this shows beside its ticks, which come at `rate_hz`.
    pub fn prepare(self, mut stage: Stage, rate_hz: f64) -> Presented {
        stage.things.extend(self.things);
        let cameras = self.sources.iter().map(|source| source.camera.clone());
        stage.cameras.extend(cameras);
        let capacity = (rate_hz * RING_SECONDS).ceil().clamp(16.0, 100_000.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (ring, ticks) = RingBuffer::new(capacity as usize);
        let feed = TickFeed {
            ring,
            counts: Arc::clone(&self.counts),
        };
        let presenter = presenter::Presenter {
            display: self.display,
            stage: Some(stage),
            ticks,
            pictures: self.sources,
            counts: Arc::clone(&self.counts),
        };
        Presented::new(feed, presenter, self.watched, self.counts, self.patience)
    }
}

/// A simulated object as the display knows solids.
fn solid(object: &Object) -> VisualSpec {
    let doubled = |halves: [f64; 2]| halves.map(|half| half * 2.0);
    let shape = match object.shape {
        Shape::Box { half } => ShapeSpec::Box(half.map(|half| half * 2.0)),
        Shape::Cylinder {
            radius,
            half_length,
        } => ShapeSpec::Cylinder(robot::CylinderSpec {
            radius,
            length: half_length * 2.0,
        }),
        Shape::Taper {
            low,
            high,
            shift,
            half_length,
        } => ShapeSpec::Taper(robot::TaperSpec {
            low: doubled(low),
            high: doubled(high),
            shift,
            length: half_length * 2.0,
        }),
    };
    let (roll, pitch, yaw) = object.pose.rotation.euler_angles();
    VisualSpec {
        joint: None,
        frame: robot::FrameSpec {
            xyz: object.pose.translation.vector.into(),
            rpy: [roll, pitch, yaw],
        },
        colour: object.colour,
        shape,
    }
}

#[cfg(test)]
mod tests;
