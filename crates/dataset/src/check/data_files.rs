//! The data files: which there are, in which order, and which columns they have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_schema::DataType;

use crate::check::stand_ins::StandIns;
use crate::check::{CheckReport, Finding, Severity};
use crate::features::{Dtype, Feature};
use crate::parquet_io;
use crate::reader::Dataset;
use crate::rows::Cursor;
use crate::rows::stored_width;
use crate::table;

/// What the data files' columns are like.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Declared features that a file lacks.
    pub(super) missing: BTreeSet<String>,
    /// Whether there is no list of tasks, which has its finding.
    pub(super) no_tasks: bool,
    /// Whether rows have vectors of another length than declared.
    pub(super) lengths: bool,
}

/// LeRobot reads all of `data/*/*.parquet`, and fails on columns that `info.json` doesn't declare.
pub(super) fn check(dataset: &Dataset, stand_ins: &StandIns, report: &mut CheckReport) -> Columns {
    let mut columns = Columns {
        no_tasks: dataset.tasks().is_empty() && report.findings.iter().any(|f| f.code == "tasks"),
        ..Columns::default()
    };
    let found = match parquet_io::all_files_below(&dataset.root().join("data")) {
        Ok(found) => found,
        Err(error) => {
            report.error("data", error.to_string());
            return columns;
        }
    };
    let used = places(dataset, report);
    order(dataset, &used, report);
    for path in &found {
        let name = path.display();
        let message = match () {
            () if parquet_io::is_hidden(path) => {
                format!(
                    "{name} is hidden, such as macOS's notes about a file, which LeRobot takes for data"
                )
            }
            () if !used.contains(path) && stand_ins.what(path).is_none() => {
                format!("{name} belongs to no episode")
            }
            () => continue,
        };
        // What LeRobot would come to after the last frame, it never reads.
        let harmless = !parquet_io::is_hidden(path) && used.last().is_some_and(|last| path > last);
        match harmless && Cursor::open(path, &|_| false).is_ok() {
            true => report.warning("stray-file", message),
            false => report.error("stray-file", message),
        }
    }
    let tables = dataset.root().join(crate::episodes::EPISODES_DIR);
    for path in parquet_io::all_files_below(&tables).unwrap_or_default() {
        if parquet_io::is_hidden(&path) {
            let message = format!(
                "{} is hidden, which LeRobot takes for a table",
                path.display()
            );
            report.error("stray-file", message);
        }
    }
    for feature in &dataset.info().features {
        let vector = feature.number().is_some() && feature.shape.len() == 1;
        let found = stored_width(dataset, &feature.key).filter(|_| vector);
        if let Some(found) = found.filter(|found| *found > 0 && *found != feature.width()) {
            columns.lengths = true;
            let message = format!(
                "the rows have {found} numbers of `{}`, the shape {:?} is declared",
                feature.key, feature.shape
            );
            report.error("column-type", message);
        }
    }
    for path in &used {
        if let Ok(file) = Cursor::open(path, &|_| false) {
            one_file(dataset, path, &file, &mut columns, report);
        }
    }
    columns
}

/// The files in which episodes' rows are; says where the table names others.
fn places(dataset: &Dataset, report: &mut CheckReport) -> BTreeSet<PathBuf> {
    let info = dataset.info();
    let mut used = BTreeSet::new();
    for (k, row) in dataset.episodes().iter().enumerate() {
        let stated = info
            .data_file(row.data)
            .map(|path| dataset.root().join(path));
        let found = dataset.stretches(k).unwrap_or_default();
        let elsewhere = found.iter().find(|one| {
            stated
                .as_ref()
                .ok()
                .is_none_or(|stated| **stated != *one.path)
        });
        if let (Some(one), Ok(stated)) = (elsewhere, &stated) {
            let message = format!(
                "its rows are in {}, the table says {}",
                one.path.display(),
                stated.display()
            );
            report.warning("stale-place", message);
            report.at(row.episode_index, None);
        }
        used.extend(found.iter().map(|one| one.path.to_path_buf()));
        // What cannot be read belongs to its episode all the same.
        used.extend(stated.ok().filter(|_| found.is_empty()));
    }
    used
}

/// LeRobot takes a row's place, counted over all files, for its number.
fn order(dataset: &Dataset, used: &BTreeSet<PathBuf>, report: &mut CheckReport) {
    let mut starts = BTreeMap::new();
    let mut next = 0;
    for path in used {
        starts.insert(path.as_path(), next);
        next += dataset.rows_in(path).unwrap_or(0);
    }
    let mut expected = 0;
    for (k, row) in dataset.episodes().iter().enumerate() {
        let Ok(stretches) = dataset.stretches(k) else {
            // From here on nothing is where it should be, for a reason that has its finding.
            return;
        };
        let mut at = expected;
        let off = stretches.iter().find_map(|stretch| {
            let start = starts.get(&*stretch.path)? + stretch.rows.start;
            let off = start != at;
            at += stretch.rows.len();
            off.then_some(start)
        });
        if let Some(start) = off {
            let message =
                format!("its rows begin in place {start} of all files, not in place {expected}");
            report.error("row-order", message);
            report.at(row.episode_index, None);
        }
        expected += stretches
            .iter()
            .map(|stretch| stretch.rows.len())
            .sum::<usize>();
    }
}

fn one_file(
    dataset: &Dataset,
    path: &Path,
    file: &Cursor,
    columns: &mut Columns,
    report: &mut CheckReport,
) {
    let stored: Vec<&Feature> = (dataset.info().features.iter())
        .filter(|feature| feature.dtype != Dtype::Video)
        .collect();
    for field in file.schema().fields() {
        if !stored.iter().any(|feature| feature.key == *field.name()) {
            let message = format!(
                "{} has the column `{}`, which meta/info.json doesn't declare",
                path.display(),
                field.name()
            );
            report.error("undeclared-column", message);
        }
    }
    for feature in stored {
        let key = &feature.key;
        let Ok(field) = file.schema().field_with_name(key) else {
            // Indexes and times that are missing are reported with the rows.
            if !feature.is_auto() && columns.missing.insert(key.clone()) {
                let message = format!("{} lacks the declared column `{key}`", path.display());
                let finding = Finding::new(Severity::Warning, "missing-column", message);
                report.findings.push(finding.feature(key));
            }
            continue;
        };
        if let Some(reason) = misfit(feature, field.data_type()) {
            let message = format!("{}: `{key}` {reason}", path.display());
            report.error("column-type", message);
        }
    }
}

/// Why LeRobot could not cast a column to what is declared.
fn misfit(feature: &Feature, kind: &DataType) -> Option<String> {
    let lists = table::nesting(kind);
    let expected = match feature.shape.as_slice() {
        [1] => 0,
        shape => shape.len(),
    };
    let numeric = |kind: &DataType| kind.is_numeric() || *kind == DataType::Boolean;
    match &feature.dtype {
        Dtype::Number(_) if lists != expected => {
            let what = |lists| match lists {
                0 => "a number".to_owned(),
                1 => "a list".to_owned(),
                lists => format!("lists {lists} deep"),
            };
            Some(format!(
                "is {} in each row, {} is declared",
                what(lists),
                what(expected)
            ))
        }
        Dtype::Number(_) if !numeric(table::leaf_type(kind)) => Some(format!(
            "holds {kind}, {} is declared",
            feature.dtype.name()
        )),
        Dtype::String if lists > 0 || numeric(kind) => {
            Some(format!("holds {kind}, text is declared"))
        }
        _ => None,
    }
}
