//! Showing a session while it runs: the bounded queues between the control loop, the cameras and a [`Display`].
//!
//! In real time the display has a thread of its own, and nothing waits for it: what finds no room is dropped and counted. A display
//! that still does not come back when the session is over is left behind. On the virtual clock it is called in step with
//! the session, which waits for it, so nothing is ever dropped.

mod counts;
mod feed;
mod pictures;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use ulna_robot::display::SessionInfo;

use crate::cameras::{CameraHub, CameraUse};
use counts::Counts;
use feed::{PICTURES_WAITING, tick_feed};
use pictures::{DisplaySink, PictureSource};
use worker::DisplayWorker;

pub use counts::DisplayReport;
pub use feed::TickFeed;
pub use ulna_robot::display::{Display, DisplayFault};
pub use worker::DisplayHandle;

/// How long a session that is over waits for its display to take the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// A display that is to show a session.
pub struct DisplaySetup {
    display: Box<dyn Display>,
    patience: Duration,
}

impl fmt::Debug for DisplaySetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisplaySetup")
            .field("display", &self.display)
            .finish_non_exhaustive()
    }
}

/// Pictures that are only looked at: small, and fewer than one would record.
const LOOKED_AT: ((u32, u32), f64) = ((320, 240), 15.0);
/// The most of pictures that are recorded or that a policy sees.
const SHARED: ((u32, u32), f64) = ((640, 480), 30.0);

impl DisplaySetup {
    /// This display, which may be waited for some seconds when the session is over.
    pub fn new(display: Box<dyn Display>) -> Self {
        Self {
            display,
            patience: PATIENCE,
        }
    }

    /// Waits no longer than this for the display when the session is over.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Ready to begin: ticks come at `rate_hz`, and pictures of the cameras that `info` names from the hub.
    pub fn prepare(
        self,
        info: SessionInfo,
        rate_hz: f64,
        cameras: &mut CameraHub,
    ) -> DisplayHandle {
        let counts = Arc::<Counts>::default();
        let sources = info.cameras.iter().map(|camera| {
            let (sender, receiver) = sync_channel(PICTURES_WAITING);
            let sink = DisplaySink::new(sender, Arc::clone(&counts), self.display.shows_jpeg());
            let (size, fps) = match cameras.is_used(camera) {
                true => SHARED,
                false => LOOKED_AT,
            };
            cameras.add(camera, CameraUse::Display, size, fps, Box::new(sink));
            PictureSource {
                camera: camera.clone(),
                receiver,
            }
        });
        let pictures = sources.collect();
        let (feed, ticks) = tick_feed(rate_hz, &counts);
        let worker = DisplayWorker {
            display: self.display,
            info: Some(info),
            ticks,
            pictures,
            counts: Arc::clone(&counts),
        };
        DisplayHandle::new(feed, worker, counts, self.patience)
    }
}

#[cfg(test)]
mod tests;
