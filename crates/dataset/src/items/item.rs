//! One frame with its windows.

use std::sync::Arc;

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature};
use crate::pictures::Picture;
use crate::values::Numbers;

/// A feature as items hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemColumn {
    /// The feature's key.
    pub key: String,
    /// How it is stored.
    pub dtype: Dtype,
    /// The shape of one step: of the array, or height, width and colours.
    pub shape: Vec<usize>,
    pub(super) width: usize,
}

impl ItemColumn {
    pub(super) fn of(feature: &Feature) -> ItemColumn {
        ItemColumn {
            key: feature.key.clone(),
            dtype: feature.dtype.clone(),
            shape: feature.shape.clone(),
            width: feature.width(),
        }
    }
}

/// One frame.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number in the dataset.
    pub index: u64,
    /// Its episode.
    pub episode: usize,
    /// Its number in the episode.
    pub frame: usize,
    /// Seconds since the episode's start, as stored.
    pub timestamp: f64,
    /// The number of its task.
    pub task_index: i64,
    /// The text of its task; none when the list of tasks doesn't have it.
    pub task: Option<Arc<str>>,
    pub(super) columns: Arc<[ItemColumn]>,
    pub(super) values: Vec<Value>,
}

impl Item {
    /// The value of a feature.
    pub fn value(&self, key: &str) -> Result<&Value> {
        let at = self.columns.iter().position(|column| column.key == key);
        at.and_then(|at| self.values.get(at)).ok_or_else(|| {
            let keys: Vec<&str> = self.columns.iter().map(|c| c.key.as_str()).collect();
            DatasetError::MissingFeature {
                feature: key.to_owned(),
                available: keys.join(", "),
            }
        })
    }

    /// All features with their values.
    pub fn values(&self) -> impl Iterator<Item = (&ItemColumn, &Value)> {
        self.columns.iter().zip(&self.values)
    }
}

/// A feature's value at one frame, or over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// One step after another.
    pub data: ValueData,
    /// For each step of a window, whether it lies outside the episode; such a step repeats the episode's first or last
    /// frame. Empty when no window was asked for.
    pub is_pad: Vec<bool>,
}

/// What a [`Value`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueData {
    /// The numbers of all steps, arrays in row-major order.
    Numbers(Numbers),
    /// One text per step; none where the file has no value.
    Texts(Vec<Option<String>>),
    /// One picture per step.
    Pictures(Vec<Arc<Picture>>),
}

impl Value {
    /// The numbers, if it is made of numbers.
    pub fn numbers(&self) -> Option<&Numbers> {
        match &self.data {
            ValueData::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// The numbers, if they are float32, which states and actions are.
    pub fn as_f32(&self) -> Option<&[f32]> {
        self.numbers()?.as_f32()
    }

    /// The texts, if it is made of texts.
    pub fn texts(&self) -> Option<&[Option<String>]> {
        match &self.data {
            ValueData::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The pictures, if it is a camera's.
    pub fn pictures(&self) -> Option<&[Arc<Picture>]> {
        match &self.data {
            ValueData::Pictures(pictures) => Some(pictures),
            _ => None,
        }
    }
}
