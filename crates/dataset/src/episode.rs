//! The numbers of one episode in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::features::{ACTION, STATE};
use crate::table;
use crate::tasks::Tasks;

/// No batch of rows has more numbers of a column that isn't there.
const MOST_FILLED: usize = 1 << 24;

/// The numbers of one episode, one row per frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    pub(crate) index: usize,
    pub(crate) fps: f64,
    pub(crate) length: usize,
    pub(crate) columns: BTreeMap<String, Column>,
    pub(crate) timestamps: Vec<f64>,
    pub(crate) frame_index: Vec<i64>,
    pub(crate) global_index: Vec<i64>,
    pub(crate) task_index: Vec<i64>,
    /// Columns of indexes and times that the files lack.
    pub(crate) absent: Vec<&'static str>,
    pub(crate) tasks: Arc<Tasks>,
}

impl Episode {
    pub(crate) fn append(&mut self, batch: &RecordBatch, path: &Path) -> Result<()> {
        let field = |name: &str, reason: String| DatasetError::field(path, name, reason);
        let rows = batch.num_rows();
        for (key, values) in &mut self.columns {
            match batch.column_by_name(key) {
                Some(column) => table::append_numbers(column, values.width, &mut values.values)
                    .map_err(|reason| field(key, reason))?,
                // Python LeRobot fills it in like this.
                None => values.fill(rows).map_err(|reason| field(key, reason))?,
            }
        }
        let mut note = |name| {
            if !self.absent.contains(&name) {
                self.absent.push(name);
            }
        };
        match batch.column_by_name("timestamp") {
            Some(column) => table::append_numbers(column, 1, &mut self.timestamps)
                .map_err(|reason| field("timestamp", reason))?,
            None => note("timestamp"),
        }
        for (name, out) in [
            ("frame_index", &mut self.frame_index),
            ("index", &mut self.global_index),
            ("task_index", &mut self.task_index),
        ] {
            match batch.column_by_name(name) {
                Some(column) => {
                    table::append_integers(column, out).map_err(|reason| field(name, reason))?;
                }
                None => note(name),
            }
        }
        self.length += rows;
        Ok(())
    }

    /// Puts numbers in the place of the columns that the files lack.
    pub(crate) fn settle(&mut self) {
        let count = i64::try_from(self.length).unwrap_or(i64::MAX);
        if self.absent.contains(&"timestamp") {
            self.timestamps = (0..self.length).map(|k| k as f64 / self.fps).collect();
        }
        for (name, out) in [
            ("frame_index", &mut self.frame_index),
            ("index", &mut self.global_index),
        ] {
            if self.absent.contains(&name) {
                *out = (0..count).collect();
            }
        }
        if self.absent.contains(&"task_index") {
            self.task_index = vec![0; self.length];
        }
    }

    /// The episode's number.
    pub fn index(&self) -> usize {
        self.index
    }

    /// How many frames it has.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no frames.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Frames per second.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// A feature's values.
    pub fn column(&self, key: &str) -> Result<&Column> {
        self.columns.get(key).ok_or_else(|| {
            let keys: Vec<&str> = self.columns.keys().map(String::as_str).collect();
            DatasetError::MissingFeature {
                feature: key.to_owned(),
                available: keys.join(", "),
            }
        })
    }

    /// The features that were read, time stamps and indexes left out.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns
            .iter()
            .map(|(key, column)| (key.as_str(), column))
    }

    /// `observation.state`.
    pub fn state(&self) -> Result<&Column> {
        self.column(STATE)
    }

    /// `action`.
    pub fn action(&self) -> Result<&Column> {
        self.column(ACTION)
    }

    /// Seconds since the episode's start, per frame, as stored.
    pub fn timestamps(&self) -> &[f64] {
        &self.timestamps
    }

    /// The frames' numbers within the episode, as stored.
    pub fn frame_index(&self) -> &[i64] {
        &self.frame_index
    }

    /// The frames' numbers within the dataset, as stored.
    pub fn global_index(&self) -> &[i64] {
        &self.global_index
    }

    /// The task's number, per frame.
    pub fn task_index(&self) -> &[i64] {
        &self.task_index
    }

    /// The task's text at a frame; none when the list of tasks doesn't have it.
    pub fn task(&self, frame: usize) -> Option<&str> {
        self.tasks.text(*self.task_index.get(frame)?)
    }
}

/// The values of one feature over an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    width: usize,
    names: Vec<String>,
    values: Vec<f64>,
}

impl Column {
    pub(crate) fn new(feature: &Feature) -> Column {
        Column {
            width: feature.width(),
            names: feature.names.clone(),
            values: Vec::new(),
        }
    }

    /// Appends rows without a value.
    fn fill(&mut self, rows: usize) -> Result<(), String> {
        let more = rows.saturating_mul(self.width);
        if more > MOST_FILLED {
            let reason = "is declared in meta/info.json, but is not a column of this file";
            return Err(reason.to_owned());
        }
        self.values.resize(self.values.len() + more, f64::NAN);
        Ok(())
    }

    /// Numbers per frame.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The elements' names; empty when the dataset doesn't give them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// One frame's numbers; none beyond the end. A value that the file leaves out is NaN.
    pub fn row(&self, frame: usize) -> Option<&[f64]> {
        let start = frame.checked_mul(self.width)?;
        self.values.get(start..start.checked_add(self.width)?)
    }

    /// All frames in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.width)
    }

    /// All numbers, frame after frame.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}
