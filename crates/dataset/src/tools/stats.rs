//! Statistics of an edited dataset. Those of numbers are computed from the rows, whatever the tables say of them; those of
//! pictures are taken over where they can be true, since computing them takes as long as decoding every picture.

use std::path::Path;

use arrow_array::RecordBatch;

use crate::episode::Episode;
use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::info::Info;
use crate::quantile::Precision;
use crate::reader::Dataset;
use crate::stats::{FeatureStats, Stats};
use crate::table;
use crate::tools::plan::{Column, Plan};
use crate::tools::take::Take;
use crate::tools::work::{Edited, Work};
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
        let stats = FeatureStats::of_feature(feature, &values, Precision::of(number));
        out.insert(feature.key.clone(), stats);
    }
    Ok(out)
}

/// The same of an episode whose rows stay where they are.
pub(crate) fn of_episode(plan: &Plan, take: &Take, episode: &Episode) -> Stats {
    let columns = plan.columns.iter().filter_map(|column| {
        let feature = &column.feature;
        let number = feature.number().filter(|_| !feature.is_auto())?;
        let values = episode.column(&column.from).ok()?.values();
        let width = feature.width();
        let wanted = take.frames.start * width..take.frames.end * width;
        let values = values.get(wanted).filter(|values| !values.is_empty())?;
        let stats = FeatureStats::of_feature(feature, values, Precision::of(number));
        Some((feature.key.clone(), stats))
    });
    columns.collect()
}

/// The statistics of the columns that LeRobot fills by itself.
fn auto_stats(number: usize, start: u64, tasks: &[u32], fps: f64) -> Stats {
    let frames = tasks.len();
    let of = |f: &dyn Fn(usize) -> f64| {
        let values: Vec<f64> = (0..frames).map(f).collect();
        FeatureStats::of_rows(&values, 1, Precision::Double)
    };
    Stats::from([
        // LeRobot takes time stamps before they are rounded to single precision.
        ("timestamp".to_owned(), of(&|k| k as f64 / fps)),
        ("frame_index".to_owned(), of(&|k| k as f64)),
        ("episode_index".to_owned(), of(&|_| number as f64)),
        ("index".to_owned(), of(&|k| (start + k as u64) as f64)),
        ("task_index".to_owned(), of(&|k| f64::from(tasks[k]))),
    ])
}

/// The statistics of every episode of the result. `rows` are those computed from rows.
pub(crate) fn of_episodes(
    plan: &Plan,
    info: &Info,
    rows: Vec<Option<Stats>>,
    work: &mut Work,
    edited: &mut Edited,
) -> Result<Vec<Stats>> {
    let starts = plan.starts();
    let cameras = info.features.iter().any(Feature::is_camera);
    let known: Vec<Vec<Stats>> = match cameras {
        true => plan
            .sources
            .iter()
            .map(|source| source.episode_stats().unwrap_or_default())
            .collect(),
        false => vec![Vec::new(); plan.sources.len()],
    };
    work.step("statistics", plan.frames())?;
    let mut computed = 0_u64;
    let mut out = Vec::with_capacity(plan.takes.len());
    for (number, (take, rows)) in plan.takes.iter().zip(rows).enumerate() {
        let source = &plan.sources[take.source];
        let whole = take.frames.len() as u64 == source.episode_row(take.episode)?.length;
        let before = known[take.source].get(take.episode);
        let mut stats = auto_stats(number, starts[number], &take.tasks, info.fps);
        stats.extend(rows.unwrap_or_default());
        for column in plan
            .columns
            .iter()
            .filter(|column| column.feature.is_camera())
        {
            let feature = &column.feature;
            let before = before.and_then(|before| before.get(&column.from)).cloned();
            // Depth, which nothing here decodes, keeps those it had.
            if feature.is_depth() {
                stats.extend(before.map(|before| (feature.key.clone(), before)));
                continue;
            }
            let kept = before.filter(|before| {
                whole && !plan.recompute.picture_statistics && can_be_true(before, feature)
            });
            let found = match kept {
                Some(kept) => kept,
                None => {
                    computed += u64::from(!plan.recompute.picture_statistics && whole);
                    of_pictures(source, take, &column.from)?
                }
            };
            stats.insert(feature.key.clone(), found);
        }
        work.advance(take.frames.len() as u64)?;
        out.push(stats);
    }
    if computed > 0 {
        edited.notes.push(format!(
            "the statistics of pictures of {computed} episodes were computed from the pictures, since the dataset has none that can be true"
        ));
    }
    Ok(out)
}

/// Whether statistics of pictures can be those of a camera: a number in 0..1 for each colour, in their order.
fn can_be_true(stats: &FeatureStats, feature: &Feature) -> bool {
    let colours = feature.picture_shape().map_or(3, |[_, _, colours]| colours);
    let share = |list: &Vec<f64>| list.iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(v));
    let ordered = |low: &Vec<f64>, high: &Vec<f64>| {
        low.iter().zip(high).all(|(low, high)| *low <= high + 1e-6)
    };
    let lists = stats.lists();
    matches!(feature.dtype, Dtype::Video | Dtype::Image)
        && stats.count > 0
        && lists
            .iter()
            .all(|(_, list)| list.len() == colours && share(list))
        && ordered(&stats.min, &stats.mean)
        && ordered(&stats.mean, &stats.max)
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
