//! `meta/tasks.parquet`: the task texts, whose position is the `task_index` of the data files.

use std::path::Path;
use std::sync::Arc;

use arrow_array::Int64Array;
use serde_json::json;

use crate::budget::Budget;
use crate::error::{DatasetError, Result};
use crate::parquet_io::Source;
use crate::{parquet_io, table};

/// Where the tasks stand in a dataset.
pub const TASKS_PATH: &str = "meta/tasks.parquet";

/// Reads the tasks in the order of their index.
pub(crate) fn read(root: &Path) -> Result<Vec<String>> {
    let path = root.join(TASKS_PATH);
    if !path.exists() {
        return Err(DatasetError::MissingFile {
            what: "the list of tasks".to_owned(),
            path,
        });
    }
    // pandas stores an unnamed index as `__index_level_0__`.
    let is_text = |name: &str| name == "task" || name == "__index_level_0__";
    let wanted = |name: &str| is_text(name) || name == "task_index";
    let source = Source::open(&path)?;
    // Each task is a text of its own in memory.
    let columns = parquet_io::read_from(&path, &source, wanted, None, &mut Budget::of(64))?;
    let field = |name: &str, reason: String| DatasetError::field(&path, name, reason);
    let mut indexes = Vec::new();
    let mut texts = Vec::new();
    for batch in &columns.batches {
        for (position, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let name = position.name();
            if is_text(name) {
                texts.extend(table::strings(column).map_err(|r| field(name, r))?);
            } else {
                table::append_integers(column, &mut indexes).map_err(|r| field(name, r))?;
            }
        }
    }
    if texts.len() != indexes.len() {
        let reason = format!(
            "has {} texts for {} indexes (columns `task` and `task_index` are needed)",
            texts.len(),
            indexes.len()
        );
        return Err(field("task", reason));
    }
    let mut rows: Vec<(i64, Option<String>)> = indexes.into_iter().zip(texts).collect();
    rows.sort();
    rows.into_iter()
        .enumerate()
        .map(|(position, (index, text))| match text {
            Some(text) if i64::try_from(position) == Ok(index) => Ok(text),
            _ => Err(field(
                "task_index",
                format!("holds {index} where {position} is expected, or a task without text"),
            )),
        })
        .collect()
}

/// The bytes of the file, with the pandas metadata that makes the text the table's index: without it
/// LeRobot hands out numbers instead of texts.
pub(crate) fn to_bytes(tasks: &[String]) -> Result<Vec<u8>> {
    let count = i64::try_from(tasks.len()).unwrap_or(i64::MAX);
    let columns = vec![
        table::named("task_index", Arc::new((0..count).collect::<Int64Array>())),
        table::named("task", table::text(tasks)),
    ];
    let path = Path::new(TASKS_PATH);
    let batch = table::batch(columns).map_err(|reason| DatasetError::parquet(path, &reason))?;
    let pandas = json!({
        "index_columns": ["task"],
        "column_indexes": [{
            "name": null, "field_name": null, "pandas_type": "unicode", "numpy_type": "object",
            "metadata": {"encoding": "UTF-8"},
        }],
        "columns": [
            {"name": "task_index", "field_name": "task_index", "pandas_type": "int64",
             "numpy_type": "int64", "metadata": null},
            {"name": "task", "field_name": "task", "pandas_type": "unicode",
             "numpy_type": "object", "metadata": null},
        ],
        "attributes": {},
        "pandas_version": "2.3.3",
    });
    parquet_io::to_bytes(path, &batch, &[("pandas", pandas.to_string())])
}
