//! What a session is given, and what comes of it.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use crate::error::RecorderError;
use crate::feed::{CameraSource, TickSource};
use crate::phases::{Key, Plan};
use crate::report::EpisodeReport;
use crate::sink::SinkOptions;

/// What comes in besides ticks and pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// The robot's side has failed, for this reason.
    Abort(String),
}

/// Where everything comes from.
#[derive(Debug)]
pub struct Inputs {
    /// The control thread.
    pub ticks: TickSource,
    /// The cameras, in the order of the columns.
    pub cameras: Vec<CameraSource>,
    /// The keyboard and the session.
    pub inputs: Receiver<Input>,
}

/// What becomes of the running episode when the session is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInterrupt {
    /// It is saved as far as it went.
    #[default]
    Save,
    /// It is thrown away.
    Discard,
}

/// What becomes of the running episode when a picture, or a control tick, is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnLate {
    /// It goes on; its late rows are marked and counted.
    #[default]
    Mark,
    /// It is thrown away, and recorded again after a reset.
    Discard,
    /// It is saved as far as it went, and the session ends.
    Stop,
}

/// How a session is recorded.
#[derive(Debug)]
pub struct Options {
    /// Rows per second.
    pub fps: u32,
    /// How many episodes and how long.
    pub plan: Plan,
    /// How long a row waits for pictures whose light fell before it.
    pub grace: Duration,
    /// A picture that is older than this is late; so is a control tick.
    pub oldest: Duration,
    /// A camera that gives no picture for so long is broken, which ends the session.
    pub longest_silence: Duration,
    /// Without control ticks for so long, an episode ends where that began.
    pub longest_pause: Duration,
    /// What lateness does with the running episode.
    pub on_late: OnLate,
    /// What an interruption does with the running episode.
    pub on_interrupt: OnInterrupt,
    /// The way to the disk.
    pub sink: SinkOptions,
}

impl Options {
    /// Rows wait for a quarter of a second at most; pictures may be half a second old, as in LeRobot 0.6.2, where older ones end the
    /// session. A camera may be silent for ten seconds, and the control loop for two.
    pub fn new(fps: u32, plan: Plan, sink: SinkOptions) -> Self {
        Self {
            fps,
            plan,
            grace: Duration::from_millis(250),
            oldest: Duration::from_millis(500),
            longest_silence: Duration::from_secs(10),
            longest_pause: Duration::from_secs(2),
            on_late: OnLate::Mark,
            on_interrupt: OnInterrupt::Save,
            sink,
        }
    }
}

/// A session that is over.
#[derive(Debug)]
pub struct Outcome {
    /// Episodes that this session saved.
    pub episodes: u64,
    /// Their rows.
    pub rows: u64,
    /// Episodes that were thrown away.
    pub discarded: u64,
    /// Rows of the episode that a fault ended and that was saved as far as it went.
    pub cut_short: Option<u64>,
    /// The reports of the episodes that were kept.
    pub reports: Vec<EpisodeReport>,
    /// Why the session ended before its time, if it did.
    pub error: Option<RecorderError>,
}
