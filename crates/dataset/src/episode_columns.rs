//! What a saved episode puts into the data file and into its row of the episode table.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use arrow_schema::Field;

use crate::episode_writer::Rows;
use crate::error::{DatasetError, Result};
use crate::features::{Feature, Number};
use crate::hf_metadata::huggingface;
use crate::images::decode_png;
use crate::info::Info;
use crate::quantile::Precision;
use crate::stats::{FeatureStats, Stats};
use crate::template::FileIndex;
use crate::values::half;
use crate::video::PictureHistogram;
use crate::writer_state::WriterState;
use crate::{parquet_io, table};

/// The values of all columns of an episode, in the order of the dataset's features.
pub(crate) struct EpisodeColumns {
    columns: Vec<(Feature, Values)>,
}

enum Values {
    Numbers(Number, Vec<f64>),
    Texts(Vec<String>),
    Images(Vec<Vec<u8>>),
}

impl EpisodeColumns {
    pub(crate) fn new(state: &WriterState, rows: &Rows, tasks: &[String]) -> EpisodeColumns {
        let info = &state.info;
        let frames = rows.len();
        let width = state.layout.width();
        let columns = info.features.iter().filter_map(|feature| {
            let Some(number) = feature.number() else {
                return Some((feature.clone(), other_values(state, rows, feature)?));
            };
            let per_frame = |f: &dyn Fn(usize) -> f64| (0..frames).map(f).collect::<Vec<f64>>();
            let values = match feature.key.as_str() {
                "timestamp" => per_frame(&|k| k as f64 / info.fps),
                "frame_index" => per_frame(&|k| k as f64),
                "episode_index" => per_frame(&|_| info.total_episodes as f64),
                "index" => per_frame(&|k| (info.total_frames + k as u64) as f64),
                "task_index" => per_frame(&|k| {
                    let text = rows.texts.get(rows.tasks[k] as usize);
                    let index = text.and_then(|text| tasks.iter().position(|t| t == text));
                    index.unwrap_or(0) as f64
                }),
                key => {
                    let range = state.layout.range(key)?;
                    let rows = rows.values.chunks_exact(width.max(1));
                    rows.flat_map(|row| &row[range.clone()]).copied().collect()
                }
            };
            Some((feature.clone(), Values::Numbers(number, values)))
        });
        EpisodeColumns {
            columns: columns.collect(),
        }
    }

    pub(crate) fn to_parquet(&self, info: &Info, path: &Path) -> Result<Vec<u8>> {
        let fail = |reason: String| DatasetError::parquet(path, &reason);
        let columns = self
            .columns
            .iter()
            .map(|(feature, values)| {
                let array = match values {
                    Values::Numbers(number, values) => {
                        table::column(*number, &feature.shape, values)
                    }
                    Values::Texts(texts) => Ok(table::text(texts)),
                    Values::Images(images) => table::picture_column(images),
                };
                let array = array.map_err(|reason| fail(format!("`{}` {reason}", feature.key)))?;
                Ok(table::named(&feature.key, array))
            })
            .collect::<Result<_>>()?;
        let batch = table::batch(columns).map_err(fail)?;
        parquet_io::to_bytes(path, &batch, &[("huggingface", huggingface(info))])
    }

    pub(crate) fn stats(&self) -> Stats {
        let entries = self.columns.iter().filter_map(|(feature, values)| {
            let (number, values) = match values {
                Values::Numbers(number, values) => (number, values),
                Values::Texts(_) => return None,
                Values::Images(images) => {
                    return Some((feature.key.clone(), image_stats(images)));
                }
            };
            let exact = matches!(number, Number::Float64) || feature.is_auto();
            // Statistics describe what is stored; LeRobot takes time stamps before they are rounded.
            let stored: Vec<f64> = match number {
                Number::Float32 if !exact => values.iter().map(|v| f64::from(*v as f32)).collect(),
                Number::Float16 => values.iter().map(|v| half(*v)).collect(),
                _ => values.clone(),
            };
            let precision = match feature.is_auto() {
                true => Precision::Double,
                false => Precision::of(*number),
            };
            let stats = FeatureStats::of_feature(feature, &stored, precision);
            Some((feature.key.clone(), stats))
        });
        entries.collect()
    }
}

/// The values of a feature that isn't made of numbers; none for those that aren't columns.
fn other_values(state: &WriterState, rows: &Rows, feature: &Feature) -> Option<Values> {
    let place = |among: &[Feature]| {
        let at = among.iter().position(|f| f.key == feature.key)?;
        Some((at, among.len()))
    };
    if let Some((at, each)) = place(state.layout.texts()) {
        let texts = rows.strings.iter().skip(at).step_by(each).cloned();
        return Some(Values::Texts(texts.collect()));
    }
    let (at, each) = place(state.layout.images())?;
    let images = rows.images.iter().skip(at).step_by(each).cloned();
    Some(Values::Images(images.collect()))
}

/// Statistics of the pictures that LeRobot would sample. They were checked when they came in; one that doesn't
/// decode nevertheless is left out.
fn image_stats(images: &[Vec<u8>]) -> FeatureStats {
    let mut histogram = PictureHistogram::new();
    for at in sampled(images.len()) {
        if let Some(Ok(picture)) = images.get(at).map(|image| decode_png(image)) {
            histogram.add(&picture.rgb, picture.width, picture.height);
        }
    }
    histogram.stats()
}

/// The pictures that LeRobot 0.6 takes for an episode's statistics: at least 100 if there are so many, about
/// length^0.75 of longer ones, evenly spread.
fn sampled(length: usize) -> Vec<usize> {
    let wanted = (length as f64).powf(0.75) as usize;
    let count = wanted.min(10_000).max(length.min(100));
    let step = length.saturating_sub(1) as f64 / count.saturating_sub(1).max(1) as f64;
    (0..count)
        .map(|k| (k as f64 * step).round_ties_even() as usize)
        .collect()
}

fn integer(name: String, value: u64) -> (Field, ArrayRef) {
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    table::named(name, Arc::new(Int64Array::from(vec![value])))
}

pub(crate) fn scalars(prefix: &str, at: FileIndex) -> [(Field, ArrayRef); 2] {
    [
        integer(format!("{prefix}/chunk_index"), at.chunk),
        integer(format!("{prefix}/file_index"), at.file),
    ]
}

pub(crate) fn episode_row(
    state: &WriterState,
    rows: &Rows,
    episode: u64,
) -> Vec<(Field, ArrayRef)> {
    let frames = rows.len() as u64;
    let from = state.info.total_frames;
    let mut row = vec![
        integer("episode_index".to_owned(), episode),
        table::named("tasks", table::one_list(table::text(&rows.texts))),
        integer("length".to_owned(), frames),
    ];
    row.extend(scalars("data", state.next.data));
    row.push(integer("dataset_from_index".to_owned(), from));
    row.push(integer("dataset_to_index".to_owned(), from + frames));
    for camera in state.info.cameras() {
        let prefix = format!("videos/{}", camera.key);
        row.extend(scalars(&prefix, state.next.video(&camera.key)));
        let end = frames as f64 / state.info.fps;
        for (name, seconds) in [("from_timestamp", 0.0), ("to_timestamp", end)] {
            let array = Arc::new(Float64Array::from(vec![seconds]));
            row.push(table::named(format!("{prefix}/{name}"), array));
        }
    }
    row
}

pub(crate) fn stats_columns(stats: &Stats) -> Vec<(Field, ArrayRef)> {
    let mut out = Vec::new();
    for (key, one) in stats {
        for (name, list) in one.lists() {
            let values: ArrayRef = Arc::new(Float64Array::from(list.clone()));
            let nested = match one.picture {
                true => table::lists_of_one(table::lists_of_one(values)),
                false => values,
            };
            let column = table::one_list(nested);
            out.push(table::named(format!("stats/{key}/{name}"), column));
            if name == "std" {
                let count = i64::try_from(one.count).unwrap_or(i64::MAX);
                let column = table::one_list(Arc::new(Int64Array::from(vec![count])));
                out.push(table::named(format!("stats/{key}/count"), column));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_is_lerobots() {
        // Counts and places that LeRobot 0.6.1 gives.
        assert_eq!(sampled(1), [0]);
        assert_eq!(sampled(99).len(), 99);
        let of_500 = sampled(500);
        assert_eq!((of_500.len(), of_500[1], of_500[2]), (105, 5, 10));
        assert_eq!(of_500.last(), Some(&499));
        assert_eq!(sampled(10_000).len(), 1000);
    }
}
