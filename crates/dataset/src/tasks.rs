//! `meta/tasks.parquet`: the task texts, whose position is the `task_index` of the data files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_schema::{DataType, Schema};
use serde_json::json;

use crate::budget::Budget;
use crate::deviation::Deviation;
use crate::error::{DatasetError, Result};
use crate::parquet_source::Source;
use crate::{parquet_io, table};

/// Where the tasks stand in a dataset.
pub const TASKS_PATH: &str = "meta/tasks.parquet";

/// The task texts by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tasks {
    /// In the order of their numbers.
    texts: Vec<String>,
    /// Ascending.
    numbers: Vec<i64>,
}

impl Tasks {
    /// The tasks of a map from number to text.
    pub(crate) fn of(by_number: BTreeMap<i64, String>) -> Tasks {
        let (numbers, texts) = by_number.into_iter().unzip();
        Tasks { texts, numbers }
    }

    /// The text of the task with this number.
    pub(crate) fn text(&self, number: i64) -> Option<&str> {
        let at = self.numbers.binary_search(&number).ok()?;
        self.texts.get(at).map(String::as_str)
    }

    /// All texts, in the order of their numbers.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The numbers, ascending.
    pub(crate) fn numbers(&self) -> &[i64] {
        &self.numbers
    }
}

/// What a task takes in memory with all that is made of it, bytes.
const WEIGHT: u64 = 512;
/// A task is a sentence or a page, bytes.
const LONGEST: usize = 1 << 14;

/// Refuses a text that is no task.
pub(crate) fn not_too_long(task: &str) -> Result<(), String> {
    match task.len() {
        0..=LONGEST => Ok(()),
        bytes => Err(format!(
            "holds a task of {bytes} bytes; at most {LONGEST} are read"
        )),
    }
}

/// Reads the tasks, and says what is unusual about their table.
pub(crate) fn read(root: &Path) -> Result<(Tasks, Vec<Deviation>)> {
    let path = root.join(TASKS_PATH);
    if !path.exists() {
        return Err(DatasetError::MissingFile {
            what: "the list of tasks".to_owned(),
            path,
        });
    }
    let source = Source::open(&path)?;
    let mut budget = Budget::of(WEIGHT);
    let columns = parquet_io::read_from(&path, &source, |_| true, None, &mut budget)?;
    let field = |name: &str, reason: String| DatasetError::field(&path, name, reason);
    let text = text_column(&columns.schema).ok_or_else(|| {
        field(
            "task",
            "is a missing column: the table has no texts".to_owned(),
        )
    })?;
    let mut indexes = Vec::new();
    let mut texts = Vec::new();
    for batch in &columns.batches {
        let column = batch.column_by_name(&text);
        let column = column.ok_or_else(|| field(&text, "is a missing column".to_owned()))?;
        texts.extend(table::strings(column).map_err(|r| field(&text, r))?);
        // Each frame, each row and each message may get a text of its own.
        let mut long = texts.iter().flatten().map(|task| not_too_long(task));
        long.try_for_each(|fits| fits.map_err(|reason| field(&text, reason)))?;
        // Without numbers, the position is one.
        match batch.column_by_name("task_index") {
            Some(column) => {
                table::append_integers(column, &mut indexes).map_err(|r| field("task_index", r))?;
            }
            None => indexes.extend(indexes.len() as i64..texts.len() as i64),
        }
    }
    let mut deviations = Vec::new();
    if !has_index(&path, &text) {
        let message = format!(
            "{TASKS_PATH} does not say that its texts are pandas' index; LeRobot hands out numbers instead of them"
        );
        deviations.push(Deviation::fatal("tasks", message));
    }
    let mut by_number = BTreeMap::new();
    for (position, (index, text)) in indexes.iter().zip(texts).enumerate() {
        if i64::try_from(position) != Ok(*index) && deviations.is_empty() {
            let message = format!(
                "{TASKS_PATH} has task {index} in row {position}; LeRobot takes the row for the number, so frames get the text of another task, or none"
            );
            deviations.push(Deviation::fatal("tasks", message));
        }
        match text {
            Some(text) => {
                by_number.entry(*index).or_insert(text);
            }
            None => {
                let message = format!("{TASKS_PATH}: task {index} has no text");
                deviations.push(Deviation::fatal("tasks", message));
            }
        }
    }
    Ok((Tasks::of(by_number), deviations))
}

/// Whether pandas takes a column for the index of the table.
fn has_index(path: &Path, column: &str) -> bool {
    let pandas = parquet_io::key_value(path, "pandas");
    let pandas: Option<serde_json::Value> =
        pandas.and_then(|text| serde_json::from_str(&text).ok());
    let columns = pandas
        .as_ref()
        .and_then(|pandas| pandas.get("index_columns")?.as_array());
    columns
        .into_iter()
        .flatten()
        .any(|name| name.as_str() == Some(column))
}

/// The column of the texts: pandas stores an index without a name as `__index_level_0__`.
fn text_column(schema: &Schema) -> Option<String> {
    let is_text = |kind: &DataType| {
        matches!(
            kind,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary
        )
    };
    let fields = schema.fields().iter().filter(|f| is_text(f.data_type()));
    let names: Vec<&String> = fields.map(|field| field.name()).collect();
    let mut known = ["task", "__index_level_0__"].into_iter();
    let known = known.find_map(|known| names.iter().find(|name| **name == known));
    known.or(names.first()).map(|name| (*name).clone())
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
