//! What a saved episode puts into the data file and into its row of the episode table.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use arrow_schema::Field;

use crate::commit::next_video;
use crate::episode_writer::Rows;
use crate::error::{DatasetError, Result};
use crate::features::{Feature, Number};
use crate::hf_metadata::huggingface;
use crate::info::Info;
use crate::quantile::Precision;
use crate::stats::{FeatureStats, Stats};
use crate::template::FileIndex;
use crate::writer::Writer;
use crate::{parquet_io, table};

/// The values of all columns of an episode, in the order of the dataset's features.
pub(crate) struct EpisodeColumns {
    columns: Vec<(Feature, Number, Vec<f64>)>,
}

impl EpisodeColumns {
    pub(crate) fn new(writer: &Writer, rows: &Rows, tasks: &[String]) -> EpisodeColumns {
        let info = &writer.info;
        let frames = rows.len();
        let width = writer.layout.width();
        let columns = info.features.iter().filter_map(|feature| {
            let number = feature.number()?;
            let per_frame = |f: &dyn Fn(usize) -> f64| (0..frames).map(f).collect::<Vec<f64>>();
            let values = match feature.key.as_str() {
                "timestamp" => per_frame(&|k| k as f64 / f64::from(info.fps)),
                "frame_index" => per_frame(&|k| k as f64),
                "episode_index" => per_frame(&|_| info.total_episodes as f64),
                "index" => per_frame(&|k| (info.total_frames + k as u64) as f64),
                "task_index" => per_frame(&|k| {
                    let text = rows.texts.get(rows.tasks[k] as usize);
                    let index = text.and_then(|text| tasks.iter().position(|t| t == text));
                    index.unwrap_or(0) as f64
                }),
                key => {
                    let range = writer.layout.range(key)?;
                    let rows = rows.values.chunks_exact(width.max(1));
                    rows.flat_map(|row| &row[range.clone()]).copied().collect()
                }
            };
            Some((feature.clone(), number, values))
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
            .map(|(feature, number, values)| {
                let array = table::column(*number, &feature.shape, values)
                    .map_err(|reason| fail(format!("`{}` {reason}", feature.key)))?;
                Ok(table::named(&feature.key, array))
            })
            .collect::<Result<_>>()?;
        let batch = table::batch(columns).map_err(fail)?;
        parquet_io::to_bytes(path, &batch, &[("huggingface", huggingface(info))])
    }

    pub(crate) fn stats(&self) -> Stats {
        let entries = self.columns.iter().map(|(feature, number, values)| {
            let exact = matches!(number, Number::Float64) || feature.is_auto();
            // Statistics describe what is stored; LeRobot takes time stamps before they are rounded.
            let stored: Vec<f64> = match number {
                Number::Float32 if !exact => values.iter().map(|v| f64::from(*v as f32)).collect(),
                _ => values.clone(),
            };
            let precision = match feature.is_auto() {
                true => Precision::Double,
                false => Precision::of(*number),
            };
            let width = feature.shape.last().copied().unwrap_or(1);
            let stats = FeatureStats::of_rows(&stored, width, precision);
            (feature.key.clone(), stats)
        });
        entries.collect()
    }
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

pub(crate) fn episode_row(writer: &Writer, rows: &Rows, episode: u64) -> Vec<(Field, ArrayRef)> {
    let frames = rows.len() as u64;
    let from = writer.info.total_frames;
    let mut row = vec![
        integer("episode_index".to_owned(), episode),
        table::named("tasks", table::one_list(table::text(&rows.texts))),
        integer("length".to_owned(), frames),
    ];
    row.extend(scalars("data", writer.next.data));
    row.push(integer("dataset_from_index".to_owned(), from));
    row.push(integer("dataset_to_index".to_owned(), from + frames));
    for camera in writer.info.cameras() {
        let prefix = format!("videos/{}", camera.key);
        row.extend(scalars(&prefix, next_video(writer, &camera.key)));
        let end = frames as f64 / f64::from(writer.info.fps);
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
