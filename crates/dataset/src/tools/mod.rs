//! Editing datasets. An edit never changes a file in place: it builds the new dataset next to the old one, checks it, and
//! puts it in its place in one step (`replace.rs`).
//!
//! Reading order: `plan.rs` says what a result consists of, `build.rs` carries a plan out, the other files do its parts,
//! and `select.rs`, `merge.rs`, `trim.rs`, `retask.rs`, `columns.rs` and `rewrite.rs` are the tools.

mod build;
mod carry;
mod columns;
mod data;
mod diff;
mod encode;
mod export;
mod import;
mod merge;
mod packets;
mod plan;
mod replace;
mod retask;
mod rewrite;
mod room;
mod rows;
mod select;
mod splice;
mod stats;
mod tables;
mod take;
mod trim;
mod values;
mod video_runs;
mod videos;
mod work;

pub use crate::Encoding;
pub use columns::{FeatureChanges, NewFeature, change_features};
pub use diff::{Difference, diff};
pub use export::{Exported, Format, export};
pub use import::import;
pub use merge::merge;
pub use retask::{TaskChanges, change_tasks};
pub use rewrite::{compact, recompute_stats, reencode};
pub use select::{Choice, Parts, delete, select, split};
pub use trim::{Cut, trim};
pub use values::NewValues;
pub use work::{Edited, OnProgress, Progress, Target, Work};
