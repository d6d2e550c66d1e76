#![doc = include_str!("../README.md")]
//! The format written is the one that Python LeRobot 0.6.2 reads and writes (`codebase_version` v3.x). This crate
//! knows files, not robots, and starts no threads but those of [`Items::batches`] and those that listen to an `ffmpeg`.
//!
//! Reading:
//!
//! ```no_run
//! # fn main() -> ulna_dataset::Result<()> {
//! let dataset = ulna_dataset::Dataset::open("so101-pick")?;
//! let episode = dataset.episode(0)?;
//! for (action, time) in episode.action()?.rows().zip(episode.timestamps()) {
//!     eprintln!("{time:.3} s: {action:?}");
//! }
//! let mut front = dataset.pictures("observation.images.front")?;
//! let picture = front.read(0, 12)?;
//! assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
//! # Ok(())
//! # }
//! ```
//!
//! [`Dataset::items`] reads single frames in any order, with windows around them (LeRobot's `delta_timestamps`), and
//! [`Items::batches`] makes shuffled batches of them ahead of time, for training code.
//!
//! Writing, in the folder `examples`: `write_dataset.rs`. An episode is saved when [`Writer::commit`] returns, and
//! then no crash takes it away; [`repair`] recovers the episode that was running when the program ended, and
//! [`check`] compares a dataset with the format, and [`grade`] looks at its content too and grades each episode. The module
//! [`tools`] edits datasets, [`write_page`] makes a report of one for people, [`write_card`] its `README.md`.

// What only some features use lies with what it is about, and is idle without them.
#![cfg_attr(
    not(all(feature = "report", feature = "video")),
    allow(dead_code, unused_imports)
)]

mod advice;
#[cfg(feature = "video")]
pub mod bare;
mod budget;
#[cfg(feature = "tools")]
mod card;
#[cfg(feature = "tools")]
mod check;
mod commit;
mod derived;
mod deviation;
mod disk;
mod episode;
mod episode_columns;
mod episode_writer;
mod episodes;
mod error;
#[cfg(feature = "tools")]
mod facts;
mod features;
mod footer;
mod format;
mod fs;
mod hf_metadata;
mod hidden_names;
mod images;
mod info;
mod inside;
mod items;
mod json;
mod layout;
mod leftovers;
mod lock;
mod manifest;
#[cfg(feature = "tools")]
mod movement;
mod next_files;
mod opening;
mod own_columns;
#[cfg(feature = "report")]
mod page;
mod pages;
mod parquet_io;
mod parquet_source;
mod paths;
mod pictures;
mod place_file;
mod placeholder;
mod plural;
mod quantile;
mod rate;
mod reader;
mod record_log;
mod repair;
mod rows;
mod runs;
mod setters;
mod splits;
mod spool;
mod stats;
mod table;
mod tasks;
mod template;
#[cfg(feature = "tools")]
pub mod tools;
mod uniform_tables;
mod units;
mod v2;
mod values;
mod video;
mod writer;
mod writer_state;

#[cfg(feature = "tools")]
pub use card::{CARD_PATH, Card, CardOptions, card, refresh_card, refresh_card_on, write_card};
#[cfg(feature = "tools")]
pub use check::{
    CameraGrade, CheckOptions, CheckReport, EpisodeGrade, Finding, Grade, Group, Kind, Pictures,
    Severity, check, grade,
};
pub use disk::free_bytes;
pub use episode::{Column, Episode};
pub use episode_writer::{EpisodeParts, EpisodeStarter, EpisodeWriter};
pub use episodes::{EpisodeRow, VideoSpan};
pub use error::{DatasetError, Result};
pub use features::{ACTION, AUTO_FEATURES, Dtype, Feature, Number, STATE};
pub use format::{Format, INFO_PATH};
pub use fs::{Fs, FsFile, RealFs};
pub use images::{PictureError, decode_picture, encode_png};
pub use info::Info;
pub use items::{BatchOptions, Batches, Item, ItemColumn, ItemOptions, Items, Value, ValueData};
pub use layout::{FrameValues, RowLayout};
pub use manifest::{MANIFEST_PATH, Manifest};
#[cfg(feature = "report")]
pub use page::{Page, PageOptions, write_page};
pub use pictures::{Picture, PictureReader};
pub use plural::plural;
pub use quantile::QUANTILES;
pub use reader::{Dataset, EpisodeReader};
pub use repair::{RepairReport, repair, repair_on};
pub use spool::PictureSpool;
pub use stats::{FeatureStats, STATS_PATH, Stats, aggregate};
pub use tasks::TASKS_PATH;
pub use template::{FileIndex, PathTemplate, TemplateError};
pub use units::JointUnits;
pub use values::Numbers;
pub use video::{Encoding, GOP, VideoEncoder, VideoPart};
pub use writer::{Spec, Writer};
