//! Edits that change how a dataset is stored, not what it says: compacting, statistics, codecs.

use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::reader::Dataset;
use crate::tools::build::carry_out;
use crate::tools::plan::{Packing, Plan};
use crate::tools::work::{Edited, Target, Work};
use crate::video::Encoding;

/// Merges the files of single episodes up to the limits that `meta/info.json` states (100 MB of rows, 200 MB of video,
/// 1000 files in a folder, if it states LeRobot's). Pictures are not re-encoded.
pub fn compact(dir: impl AsRef<Path>, target: &Target, work: &mut Work) -> Result<Edited> {
    let mut plan = Plan::of(Dataset::open(dir)?)?;
    plan.packing = Packing::Fill;
    carry_out(&plan, target, work)
}

/// Computes the statistics of every episode from its rows, with `pictures` also from its pictures, and those of
/// the dataset from them.
pub fn recompute_stats(
    dir: impl AsRef<Path>,
    pictures: bool,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let mut plan = Plan::of(Dataset::open(dir)?)?;
    plan.recompute.picture_statistics = pictures;
    carry_out(&plan, target, work)
}

/// Re-encodes all pictures.
pub fn reencode(
    dir: impl AsRef<Path>,
    encoding: &Encoding,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    encoding.check()?;
    let dataset = Dataset::open(dir)?;
    let is_depth = |camera: &&Feature| camera.is_depth() || camera.shape.last() != Some(&3);
    if let Some(depth) = dataset.info().cameras().find(is_depth) {
        return Err(DatasetError::invalid(
            format!("camera `{}`", depth.key),
            "holds depth, which an 8-bit codec would spoil; it cannot be re-encoded",
        ));
    }
    if dataset.info().cameras().next().is_none() {
        let what = dataset.root().display().to_string();
        return Err(DatasetError::invalid(what, "has no videos to re-encode"));
    }
    let fps = dataset.info().whole_fps();
    let mut plan = Plan::of(dataset)?;
    for column in &mut plan.columns {
        if column.feature.dtype == crate::Dtype::Video {
            column.feature = encoding.declared(&column.feature, fps);
        }
    }
    plan.recompute.videos = Some(encoding.clone());
    carry_out(&plan, target, work)
}
