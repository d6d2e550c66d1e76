//! How one frame's numbers lie in a flat row: the user's numeric features one after another.

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature, Number};
use crate::info::Info;

/// The order and widths of the numbers in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct RowLayout {
    features: Vec<Feature>,
    cameras: Vec<Feature>,
    width: usize,
}

impl RowLayout {
    /// The layout of a dataset's rows; refuses features that the writer cannot fill.
    pub(crate) fn new(info: &Info) -> Result<RowLayout> {
        let mut layout = RowLayout {
            features: Vec::new(),
            cameras: Vec::new(),
            width: 0,
        };
        for feature in info.features.iter().filter(|f| !f.is_auto()) {
            let refuse = |reason: &str| {
                Err(DatasetError::invalid(
                    format!("feature `{}`", feature.key),
                    reason,
                ))
            };
            match feature.dtype {
                Dtype::Number(Number::Float16) => return refuse("float16 cannot be written"),
                Dtype::Number(_) => {
                    layout.width += feature.width();
                    layout.features.push(feature.clone());
                }
                Dtype::Video if feature.shape.len() == 3 && feature.shape[2] == 3 => {
                    layout.cameras.push(feature.clone());
                }
                Dtype::Video => {
                    return refuse("only pictures of the shape [height, width, 3] can be written");
                }
                _ => return refuse("only numbers and videos can be written"),
            }
        }
        Ok(layout)
    }

    /// How many numbers a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Where a feature's numbers lie in a row.
    pub fn range(&self, key: &str) -> Option<std::ops::Range<usize>> {
        let mut start = 0;
        for feature in &self.features {
            let end = start + feature.width();
            if feature.key == key {
                return Some(start..end);
            }
            start = end;
        }
        None
    }

    /// The numeric features, in row order.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The cameras.
    pub fn cameras(&self) -> &[Feature] {
        &self.cameras
    }

    /// Refuses rows of another width, and numbers that their feature cannot hold.
    pub(crate) fn check(&self, row: &[f64]) -> Result<()> {
        if row.len() != self.width {
            let reason = format!("has {} numbers, {} are expected", row.len(), self.width);
            return Err(DatasetError::invalid("a row", reason));
        }
        let mut rest = row;
        for feature in &self.features {
            let (values, tail) = rest.split_at(feature.width());
            rest = tail;
            let number = feature.number().unwrap_or(Number::Float64);
            if let Some(value) = values.iter().find(|v| !holds(number, **v)) {
                return Err(DatasetError::invalid(
                    format!("feature `{}`", feature.key),
                    format!("{} cannot hold {value}", feature.dtype.name()),
                ));
            }
        }
        Ok(())
    }
}

/// Whether a numeric type represents a value; infinities and NaN would spoil the statistics' JSON.
fn holds(number: Number, value: f64) -> bool {
    let whole = |min: f64, max: f64| value.fract() == 0.0 && (min..=max).contains(&value);
    match number {
        Number::Bool => value == 0.0 || value == 1.0,
        Number::Int8 => whole(-128.0, 127.0),
        Number::Int16 => whole(-32_768.0, 32_767.0),
        Number::Int32 => whole(f64::from(i32::MIN), f64::from(i32::MAX)),
        Number::UInt8 => whole(0.0, 255.0),
        Number::UInt16 => whole(0.0, 65_535.0),
        Number::UInt32 => whole(0.0, f64::from(u32::MAX)),
        // Beyond 2^53 an f64 skips whole numbers.
        Number::Int64 => whole(-9_007_199_254_740_992.0, 9_007_199_254_740_992.0),
        Number::UInt64 => whole(0.0, 9_007_199_254_740_992.0),
        Number::Float16 | Number::Float32 => (value as f32).is_finite(),
        Number::Float64 => value.is_finite(),
    }
}
