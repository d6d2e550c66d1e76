//! What one frame holds besides the cameras' videos: numbers in a flat row, one feature after another, then texts
//! and pictures.

use crate::error::{DatasetError, Result};
use crate::features::{Dtype, Feature, Number};
use crate::images::png_size;
use crate::info::Info;
use crate::values::half;

const MAX_DIMENSIONS: usize = 5;
const MAX_TEXT: usize = 1 << 20;
const MAX_IMAGE: usize = 32 << 20;

/// The order and widths of the values of a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct RowLayout {
    features: Vec<Feature>,
    texts: Vec<Feature>,
    images: Vec<Feature>,
    cameras: Vec<Feature>,
    width: usize,
}

/// What one frame holds besides the cameras' videos.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameValues<'a> {
    /// What the robot is asked to do.
    pub task: &'a str,
    /// The numbers of [`RowLayout::features`], one feature after another, arrays in row-major order.
    pub numbers: &'a [f64],
    /// One text for each of [`RowLayout::texts`].
    pub texts: &'a [&'a str],
    /// A PNG for each of [`RowLayout::images`], as [`encode_png`](crate::encode_png) makes them.
    pub images: &'a [&'a [u8]],
}

impl RowLayout {
    /// The layout of a dataset's rows; refuses features that the writer cannot fill.
    pub(crate) fn new(info: &Info) -> Result<RowLayout> {
        let mut layout = RowLayout {
            features: Vec::new(),
            texts: Vec::new(),
            images: Vec::new(),
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
            let colours = matches!(feature.shape[..], [_, _, 3]);
            match feature.dtype {
                Dtype::Number(_) if feature.shape.len() > MAX_DIMENSIONS => {
                    return refuse("arrays of more than five dimensions cannot be written");
                }
                Dtype::Number(_) => {
                    layout.width += feature.width();
                    layout.features.push(feature.clone());
                }
                Dtype::String if feature.shape == [1] => layout.texts.push(feature.clone()),
                Dtype::String => return refuse("a text has the shape [1]"),
                Dtype::Image | Dtype::Video if feature.is_depth() => {
                    return refuse(
                        "depth maps need an encoder for 12 bits a pixel, which ulna doesn't have; \
                         store them as an array of uint16 instead",
                    );
                }
                Dtype::Image if colours => layout.images.push(feature.clone()),
                Dtype::Video if colours => layout.cameras.push(feature.clone()),
                Dtype::Image | Dtype::Video => {
                    return refuse("only pictures of the shape [height, width, 3] can be written");
                }
                Dtype::Other(_) => {
                    return refuse("only numbers, texts, images and videos can be written");
                }
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

    /// The features that are a text per frame.
    pub fn texts(&self) -> &[Feature] {
        &self.texts
    }

    /// The cameras whose pictures stand in the data files.
    pub fn images(&self) -> &[Feature] {
        &self.images
    }

    /// The cameras whose pictures are videos.
    pub fn cameras(&self) -> &[Feature] {
        &self.cameras
    }

    /// Refuses frames with too few or too many values, and values that their feature cannot hold.
    pub(crate) fn check(&self, frame: &FrameValues) -> Result<()> {
        self.count("numbers", frame.numbers.len(), self.width)?;
        self.count("texts", frame.texts.len(), self.texts.len())?;
        self.count("pictures", frame.images.len(), self.images.len())?;
        let refuse = |feature: &Feature, reason: String| {
            DatasetError::invalid(format!("feature `{}`", feature.key), reason)
        };
        let mut rest = frame.numbers;
        for feature in &self.features {
            let (values, tail) = rest.split_at(feature.width());
            rest = tail;
            let number = feature.number().unwrap_or(Number::Float64);
            if let Some(value) = values.iter().find(|v| !holds(number, **v)) {
                let reason = format!("{} cannot hold {value}", feature.dtype.name());
                return Err(refuse(feature, reason));
            }
        }
        for (feature, text) in self.texts.iter().zip(frame.texts) {
            if text.len() > MAX_TEXT {
                let reason = format!("a text of {} bytes is too long", text.len());
                return Err(refuse(feature, reason));
            }
        }
        for (feature, image) in self.images.iter().zip(frame.images) {
            if image.len() > MAX_IMAGE {
                let reason = format!("a picture of {} bytes is too large", image.len());
                return Err(refuse(feature, reason));
            }
            let (width, height) =
                png_size(image).map_err(|wrong| refuse(feature, wrong.to_string()))?;
            if feature.shape[..2] != [height, width] {
                let [rows, columns] = [feature.shape[0], feature.shape[1]];
                let reason = format!("a picture is {width}x{height}, not {columns}x{rows}");
                return Err(refuse(feature, reason));
            }
        }
        Ok(())
    }

    fn count(&self, what: &str, found: usize, expected: usize) -> Result<()> {
        if found == expected {
            return Ok(());
        }
        let reason = format!("has {found} {what}, {expected} are expected");
        Err(DatasetError::invalid("a row", reason))
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
        Number::Float16 => half(value).is_finite(),
        Number::Float32 => (value as f32).is_finite(),
        Number::Float64 => value.is_finite(),
    }
}
