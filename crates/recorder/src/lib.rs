//! From control ticks and pictures to the episodes of a LeRobot dataset.
//!
//! Three things meet here that have nothing to do with each other's pace: ticks at a few hundred hertz, pictures whenever a camera has
//! one, and rows on the exact grid of the dataset's frame rate. The [`Sampler`] brings them together by one rule, that **row k
//! holds what was newest at t_k**; [`Phases`] decides which rows belong to an episode; the [`EpisodeSink`] turns them into files on
//! threads of its own. The [`Recorder`] is the machine that connects the three. Under the virtual clock the same parts run on one
//! thread, wait for each other and drop nothing.
//!
//! Nothing here knows a device, and nothing ever makes the control thread wait: it pushes one [`TickRecord`](ulna_core::TickRecord) per tick into a ring.
//!
//! Reading order: [`feed`] (the way in), [`sampler`], [`phases`], [`columns`] (what a row consists of), [`sink`] (the way to the
//! disk), [`recorder`].
#![forbid(unsafe_code)]

pub mod columns;
mod encoding;
mod error;
pub mod feed;
pub mod phases;
pub mod recorder;
mod replayed;
pub mod report;
pub mod sampler;
mod saving;
pub mod sink;
pub mod space;
mod worker;

pub use columns::{CameraSpec, Columns};
pub use encoding::PictureEncoder;
pub use error::RecorderError;
pub use feed::{CameraSource, PictureSink, TickSink, TickSource, picture_queue, tick_feed};
pub use phases::{Key, Phase, Phases};
pub use recorder::{Input, Inputs, OnInterrupt, OnLate, Options, Outcome, Recorder};
pub use replayed::ReplayedCamera;
pub use report::{CameraReport, EpisodeReport, Progress};
pub use sampler::{Sampled, Sampler};
pub use sink::{EpisodeSink, Workers};
