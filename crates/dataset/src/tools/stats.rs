//! Statistics of an edited dataset: those of episodes that stay whole are taken over, others computed anew by
//! LeRobot's rules.

use std::path::Path;

use arrow_array::RecordBatch;

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::info::Info;
use crate::quantile::Precision;
use crate::reader::Dataset;
use crate::stats::{FeatureStats, Stats};
use crate::table;
use crate::tools::plan::{Column, Plan, Take};
use crate::tools::work::Work;
use crate::video::PictureHistogram;

/// The statistics of one episode's rows; those that count frames are left to [`auto_stats`].
pub(crate) fn row_stats(plan: &Plan, batch: &RecordBatch, path: &Path) -> Result<Stats> {
    let mut out = Stats::new();
    for Column { feature, .. } in &plan.columns {
        let Some(number) = feature.number().filter(|_| !feature.is_auto()) else {
            continue;
        };
        let Some(column) = batch.column_by_name(&feature.key) else {
            continue;
        };
        let mut values = Vec::new();
        table::append_numbers(column, feature.width(), &mut values)
            .map_err(|reason| DatasetError::field(path, &feature.key, reason))?;
        let width = feature.shape.last().copied().unwrap_or(1);
        let stats = FeatureStats::of_rows(&values, width, Precision::of(number));
        out.insert(feature.key.clone(), stats);
    }
    Ok(out)
}

/// The statistics of the columns that LeRobot fills by itself.
fn auto_stats(number: usize, start: u64, tasks: &[u32], fps: u32) -> Stats {
    let frames = tasks.len();
    let of = |f: &dyn Fn(usize) -> f64| {
        let values: Vec<f64> = (0..frames).map(f).collect();
        FeatureStats::of_rows(&values, 1, Precision::Double)
    };
    Stats::from([
        // LeRobot takes time stamps before they are rounded to single precision.
        ("timestamp".to_owned(), of(&|k| k as f64 / f64::from(fps))),
        ("frame_index".to_owned(), of(&|k| k as f64)),
        ("episode_index".to_owned(), of(&|_| number as f64)),
        ("index".to_owned(), of(&|k| (start + k as u64) as f64)),
        ("task_index".to_owned(), of(&|k| f64::from(tasks[k]))),
    ])
}

/// The statistics of every episode of the result. `rows` are those computed from rows that were written.
pub(crate) fn of_episodes(
    plan: &Plan,
    info: &Info,
    rows: Vec<Option<Stats>>,
    work: &mut Work,
) -> Result<Vec<Stats>> {
    let starts = plan.starts();
    let known: Vec<Vec<Stats>> = plan
        .sources
        .iter()
        .map(Dataset::episode_stats)
        .collect::<Result<_>>()?;
    work.step("statistics", plan.frames())?;
    let mut out = Vec::with_capacity(plan.takes.len());
    for (number, (take, rows)) in plan.takes.iter().zip(rows).enumerate() {
        let source = &plan.sources[take.source];
        let whole = take.frames.len() as u64 == source.episode_row(take.episode)?.length;
        let before = known[take.source].get(take.episode);
        let mut stats = auto_stats(number, starts[number], &take.tasks, info.fps);
        stats.extend(rows.unwrap_or_default());
        for feature in &info.features {
            if stats.contains_key(&feature.key) {
                continue;
            }
            let kept = before
                .and_then(|before| before.get(&feature.key))
                .filter(|_| whole);
            let anew = plan.anew.picture_statistics && feature.is_camera() && !feature.is_depth();
            let found = match (&feature.dtype, kept) {
                (_, Some(kept)) if !anew => Some(kept.clone()),
                (Dtype::Number(_), _) => Some(of_numbers(source, take, feature)?),
                (Dtype::Video | Dtype::Image, _) if !feature.is_depth() => {
                    Some(of_pictures(source, take, &feature.key)?)
                }
                // Text has none, and depth, which nothing here decodes, keeps those it had.
                (_, _) => before.and_then(|before| before.get(&feature.key)).cloned(),
            };
            if let Some(found) = found {
                stats.insert(feature.key.clone(), found);
            }
        }
        work.advance(take.frames.len() as u64)?;
        out.push(stats);
    }
    Ok(out)
}

fn of_numbers(source: &Dataset, take: &Take, feature: &Feature) -> Result<FeatureStats> {
    let episode = source.episode_columns(take.episode, &[&feature.key])?;
    let values = episode.column(&feature.key)?.values();
    let width = feature.width();
    let wanted = take.frames.start * width..take.frames.end * width;
    let values = values.get(wanted).unwrap_or_default();
    let last = feature.shape.last().copied().unwrap_or(1);
    let precision = feature.number().map_or(Precision::Double, Precision::of);
    Ok(FeatureStats::of_rows(values, last, precision))
}

fn of_pictures(source: &Dataset, take: &Take, camera: &str) -> Result<FeatureStats> {
    let mut pictures = source.pictures(camera)?;
    let mut histogram = PictureHistogram::new();
    for frame in take.frames.clone() {
        let picture = pictures.read(take.episode, frame)?;
        histogram.add(&picture.rgb, picture.width, picture.height);
    }
    Ok(histogram.stats())
}
