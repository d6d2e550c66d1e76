//! How good each episode is to train on.

use crate::setters::setters;
use std::collections::BTreeMap;

/// How good an episode is to train on: the worst that one of its findings allows ([`Finding::grade`](crate::Finding)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing to be done; it may have notes.
    #[default]
    Good,
    /// It has warnings: usable, and better after what they advise.
    Fair,
    /// It has an error, or a warning of something that it teaches wrongly: leave it out of training, or mend it.
    Poor,
}

impl Grade {
    /// The word for it, as `--json` has it.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Good => "good",
            Grade::Fair => "fair",
            Grade::Poor => "poor",
        }
    }
}

/// What [`grade`](crate::grade) looks at besides the structure.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CheckOptions {
    /// Which pictures are decoded.
    pub pictures: Pictures,
    /// How fast joints can move, by their names in the dataset (with or without `.pos`), in the dataset's units per
    /// second. Joints that are not here get a default that fits hobby servos, if the dataset's units are known.
    pub speeds: BTreeMap<String, f64>,
}

setters!(CheckOptions {
    pictures: Pictures,
    speeds: BTreeMap<String, f64>,
});

/// Which pictures are decoded and looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pictures {
    /// None.
    None,
    /// Two a second of each camera, at least three and at most forty of an episode.
    #[default]
    Some,
    /// Every one.
    All,
}

/// One episode: its grade, and what was measured of it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EpisodeGrade {
    /// The episode.
    pub episode: u64,
    /// How good it is.
    pub grade: Grade,
    /// The codes of the findings that lowered the grade, each once.
    pub reasons: Vec<&'static str>,
    /// Its frames, as the episode table has them.
    pub frames: u64,
    /// Its length, s.
    pub seconds: f64,
    /// Rows per second that the dataset declares.
    pub declared_fps: f64,
    /// Newly measured states per second, from `ulna.time`; none if the dataset has no measured times, as LeRobot's own
    /// recordings, whose time stamps are computed from the frame number.
    pub achieved_fps: Option<f64>,
    /// The longest time between two measured states, s; none as above.
    pub longest_gap_s: Option<f64>,
    /// How old the oldest joint's value was at worst, s; none as above.
    pub oldest_state_s: Option<f64>,
    /// Control ticks per second, from the episode's timing report; none without one.
    pub control_hz: Option<f64>,
    /// How long the arm stands still before it moves, s.
    pub idle_head_s: f64,
    /// How long it stands still at the end, s.
    pub idle_tail_s: f64,
    /// Whether any joint moves.
    pub moves: bool,
    /// The cameras, in the order of the features.
    pub cameras: Vec<CameraGrade>,
}

/// One camera over one episode.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CameraGrade {
    /// Its feature, such as `observation.images.front`.
    pub camera: String,
    /// New pictures per second, from their measured ages; none if the dataset has none.
    pub achieved_fps: Option<f64>,
    /// How old a picture was at worst, s; none as above.
    pub oldest_s: Option<f64>,
    /// How many pictures were looked at.
    pub pictures: u64,
    /// Mean brightness of those, 0 to 255; none if there are none.
    pub brightness: Option<f64>,
    /// For how long the picture stood still while the arm moved, s.
    pub frozen_s: f64,
}
