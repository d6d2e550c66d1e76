//! The metadata of an edited dataset: episode tables, tasks, statistics, reports, and at last `info.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::Field;
use arrow_select::concat::concat_batches;
use serde_json::Value;

use crate::episode_columns::{scalars, stats_columns};
use crate::episodes::{VideoSpan, table_path};
use crate::error::{DatasetError, Result};
use crate::format::INFO_PATH;
use crate::info::Info;
use crate::manifest::{MANIFEST_PATH, report_path};
use crate::place_file::put;
use crate::stats::{STATS_PATH, Stats, aggregate, to_value};
use crate::tasks::TASKS_PATH;
use crate::template::FileIndex;
use crate::tools::plan::Plan;
use crate::tools::work::Work;
use crate::{json, parquet_io, table, tasks};

/// Rows of an episode table in one file; beyond it, LeRobot would slow down on opening, not fail.
const TABLE_ROWS: usize = 10_000;

/// Where everything of the result is.
pub(crate) struct Places {
    pub(crate) data: Vec<FileIndex>,
    pub(crate) videos: BTreeMap<String, Vec<VideoSpan>>,
}

/// Writes all metadata, `info.json` last.
pub(crate) fn write(
    plan: &Plan,
    info: &Info,
    places: &Places,
    mut stats: Vec<Stats>,
    root: &Path,
    work: &mut Work,
) -> Result<()> {
    let fs = work.fs.clone();
    level(&mut stats);
    write_episodes(plan, info, places, &stats, root, work)?;
    if !plan.tasks.is_empty() {
        put(
            &*fs,
            root,
            Path::new(TASKS_PATH),
            &tasks::to_bytes(&plan.tasks)?,
        )?;
    }
    let parts: Vec<&Stats> = stats.iter().collect();
    let all = json::bytes(&to_value(&aggregate(&parts)));
    put(&*fs, root, Path::new(STATS_PATH), &all)?;
    write_reports(plan, root, work)?;
    put(
        &*fs,
        root,
        Path::new(INFO_PATH),
        &json::bytes(&info.stored()),
    )
}

/// All tables must have the same columns: what one episode lacks, all go without.
fn level(stats: &mut [Stats]) {
    // What has no finite number in it has no statistics that JSON could hold.
    for one in &mut *stats {
        one.retain(|_, stats| {
            stats
                .lists()
                .iter()
                .all(|(_, list)| list.iter().all(|v| v.is_finite()))
        });
    }
    let Some(first) = stats.first() else {
        return;
    };
    let keys: Vec<String> = first.keys().cloned().collect();
    let everywhere = |key: &String| stats.iter().all(|one| one.contains_key(key));
    let kept: Vec<String> = keys.into_iter().filter(everywhere).collect();
    let without_quantiles: Vec<String> = kept
        .iter()
        .filter(|key| stats.iter().any(|one| one[*key].quantiles.is_none()))
        .cloned()
        .collect();
    for one in stats {
        one.retain(|key, _| kept.contains(key));
        for key in &without_quantiles {
            if let Some(feature) = one.get_mut(key) {
                feature.quantiles = None;
            }
        }
    }
}

fn write_episodes(
    plan: &Plan,
    info: &Info,
    places: &Places,
    stats: &[Stats],
    root: &Path,
    work: &mut Work,
) -> Result<()> {
    let starts = plan.starts();
    let numbers: Vec<usize> = (0..plan.takes.len()).collect();
    let mut at = FileIndex::default();
    for numbers in numbers.chunks(TABLE_ROWS) {
        let path = table_path(at);
        let rows = numbers
            .iter()
            .map(|number| {
                let mut row = episode_row(plan, info, places, &starts, *number);
                row.extend(stats_columns(&stats[*number]));
                row.extend(scalars("meta/episodes", at));
                table::batch(row).map_err(|reason| DatasetError::parquet(&path, &reason))
            })
            .collect::<Result<Vec<RecordBatch>>>()?;
        let Some(first) = rows.first() else {
            continue;
        };
        let all =
            concat_batches(&first.schema(), &rows).map_err(|e| DatasetError::parquet(&path, &e))?;
        put(
            &*work.fs,
            root,
            &path,
            &parquet_io::episode_table(&path, &all)?,
        )?;
        at = at.next(info.chunks_size);
    }
    Ok(())
}

fn episode_row(
    plan: &Plan,
    info: &Info,
    places: &Places,
    starts: &[u64],
    number: usize,
) -> Vec<(Field, ArrayRef)> {
    let take = &plan.takes[number];
    let whole = |name: &str, value: u64| {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        table::named(name, Arc::new(Int64Array::from(vec![value])) as ArrayRef)
    };
    let length = take.tasks.len() as u64;
    let mut used: Vec<&str> = Vec::new();
    for task in &take.tasks {
        if let Some(text) = plan.tasks.get(*task as usize)
            && !used.contains(&text.as_str())
        {
            used.push(text);
        }
    }
    let mut row = vec![
        whole("episode_index", number as u64),
        table::named("tasks", table::one_list(table::text(used))),
        whole("length", length),
    ];
    row.extend(scalars("data", places.data[number]));
    row.push(whole("dataset_from_index", starts[number]));
    row.push(whole("dataset_to_index", starts[number] + length));
    for camera in info.cameras() {
        let Some(span) = places.videos.get(&camera.key).map(|spans| spans[number]) else {
            continue;
        };
        let prefix = format!("videos/{}", camera.key);
        row.extend(scalars(&prefix, span.file));
        for (name, seconds) in [("from_timestamp", span.from), ("to_timestamp", span.to)] {
            let array = Arc::new(Float64Array::from(vec![seconds]));
            row.push(table::named(format!("{prefix}/{name}"), array));
        }
    }
    row
}

/// The manifest of the first dataset that has one, and each episode's report under its new number.
fn write_reports(plan: &Plan, root: &Path, work: &mut Work) -> Result<()> {
    for source in &plan.sources {
        if let Some(manifest) = source.manifest()? {
            let bytes = json::bytes(&manifest.to_value());
            put(&*work.fs, root, Path::new(MANIFEST_PATH), &bytes)?;
            break;
        }
    }
    for (number, take) in plan.takes.iter().enumerate() {
        let source = &plan.sources[take.source];
        if let Some(mut report) = source.episode_report(take.episode)? {
            if let Value::Object(map) = &mut report
                && map.contains_key("episode")
            {
                map.insert("episode".to_owned(), number.into());
            }
            let path = PathBuf::from(report_path(number as u64));
            put(&*work.fs, root, &path, &json::bytes(&report))?;
        }
    }
    Ok(())
}
