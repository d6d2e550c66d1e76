//! Values of a new feature over all frames of a dataset: one constant, a numpy file, or a column of a parquet file.
//!
//! The numpy reader is our own. `npyz` 0.9 takes as much memory as a header says that it and its numbers have (up to 4 GiB for a file of 20 bytes),
//! and multiplies the shape without looking for an overflow; what is read here comes from anywhere.

use std::path::{Path, PathBuf};

use arrow_array::{Array, ArrayRef};
use serde_json::json;

use crate::error::{DatasetError, IoContext, Result};
use crate::features::{Feature, Number};
use crate::{parquet_io, table};

/// A numpy file larger than this is refused before it fills the memory.
const MAX_BYTES: u64 = 8 << 30;
const MAX_HEADER: usize = 1 << 16;

/// A new feature's numbers, row after row; a constant has one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values {
    numbers: Vec<f64>,
    constant: bool,
}

/// Where the values of a new feature come from.
#[derive(Clone, Debug, PartialEq)]
pub enum NewValues {
    /// The same numbers in every frame.
    Constant(Vec<f64>),
    /// A `.npy` file whose first axis is the frames of the dataset.
    Numpy(PathBuf),
    /// A parquet file with a column of the feature's name, a row for each frame of the dataset.
    Parquet(PathBuf),
}

impl Values {
    /// The feature and its values for a dataset of `frames` frames. `number` overrides the type that is found.
    pub(crate) fn load(
        key: &str,
        from: &NewValues,
        number: Option<Number>,
        frames: u64,
    ) -> Result<(Feature, Values)> {
        let (numbers, shape, found) = match from {
            NewValues::Constant(row) => (row.clone(), vec![row.len()], Number::Float32),
            NewValues::Numpy(path) => numpy(path)?,
            NewValues::Parquet(path) => column(path, key)?,
        };
        let constant = matches!(from, NewValues::Constant(_));
        let width: usize = shape.iter().product();
        let rows = numbers.len() / width.max(1);
        let what = || format!("feature `{key}`");
        if width == 0 || numbers.iter().any(|v| !v.is_finite()) {
            let reason = "its values are missing, infinite or not a number";
            return Err(DatasetError::invalid(what(), reason));
        }
        if !constant && rows as u64 != frames {
            let reason = format!(
                "the file has {rows} rows, the dataset {frames} frames; give one row per frame"
            );
            return Err(DatasetError::invalid(what(), reason));
        }
        let number = number.unwrap_or(found);
        let declared = json!({
            "dtype": crate::Dtype::Number(number).name(),
            "shape": shape,
            "names": null,
        });
        let feature = Feature::parse(key, &declared)
            .map_err(|(field, reason)| DatasetError::invalid(field, reason))?;
        Ok((feature, Values { numbers, constant }))
    }

    /// The column for `frames` rows from the row `from` of the dataset on.
    pub(crate) fn column(&self, feature: &Feature, from: usize, frames: usize) -> Result<ArrayRef> {
        let width = feature.width();
        let fail =
            |reason: String| DatasetError::invalid(format!("feature `{}`", feature.key), reason);
        let number = feature.number().unwrap_or(Number::Float64);
        let column = match self.constant {
            true => table::column(number, &feature.shape, &self.numbers.repeat(frames)),
            false => {
                let wanted = self.numbers.get(from * width..(from + frames) * width);
                let wanted = wanted.ok_or_else(|| fail("has too few rows".to_owned()))?;
                table::column(number, &feature.shape, wanted)
            }
        };
        column.map_err(fail)
    }
}

type Loaded = (Vec<f64>, Vec<usize>, Number);

fn column(path: &Path, key: &str) -> Result<Loaded> {
    let columns = parquet_io::read(path, |name| name == key, None)?;
    let mut numbers = Vec::new();
    let mut shape = None;
    for batch in &columns.batches {
        let column = batch
            .column_by_name(key)
            .ok_or_else(|| DatasetError::field(path, key, "is a missing column"))?;
        for row in 0..column.len() {
            let found = table::numbers_of_row(column, row)
                .map_err(|reason| DatasetError::field(path, key, reason))?;
            if *shape.get_or_insert(found.len()) != found.len() {
                return Err(DatasetError::field(
                    path,
                    key,
                    "has rows of different lengths",
                ));
            }
            numbers.extend(found);
        }
    }
    let width =
        shape.ok_or_else(|| DatasetError::field(path, key, "is missing, or has no rows"))?;
    Ok((numbers, vec![width], Number::Float32))
}

/// Reads a numpy file of numbers in C order (format versions 1 to 3).
fn numpy(path: &Path) -> Result<Loaded> {
    let length = path.metadata().at("open", path)?.len();
    if length > MAX_BYTES {
        return Err(DatasetError::field(
            path,
            "the file",
            "is larger than 8 GiB",
        ));
    }
    let bytes = ulna_outside::files::read(path, MAX_BYTES).at("read", path)?;
    parse_numpy(&bytes).map_err(|reason| DatasetError::field(path, "the file", reason))
}

fn parse_numpy(bytes: &[u8]) -> Result<Loaded, String> {
    let rest = bytes
        .strip_prefix(b"\x93NUMPY")
        .ok_or("is not a numpy file")?;
    let (version, rest) = rest.split_at_checked(2).ok_or("ends in its header")?;
    let (length, rest) = match version[0] {
        1 => {
            let (two, rest) = rest.split_first_chunk::<2>().ok_or("ends in its header")?;
            (usize::from(u16::from_le_bytes(*two)), rest)
        }
        _ => {
            let (four, rest) = rest.split_first_chunk::<4>().ok_or("ends in its header")?;
            (u32::from_le_bytes(*four) as usize, rest)
        }
    };
    let (header, data) = rest
        .split_at_checked(length.min(MAX_HEADER))
        .ok_or("ends in its header")?;
    let header = String::from_utf8_lossy(header);
    let after = |key: &str| {
        header
            .split_once(&format!("'{key}':"))
            .map(|(_, rest)| rest.trim_start())
    };
    let kind = after("descr")
        .and_then(|rest| rest.split('\'').nth(1))
        .ok_or("has no type")?;
    if after("fortran_order").is_none_or(|rest| !rest.starts_with("False")) {
        return Err("is stored by columns; save it with numpy.ascontiguousarray".to_owned());
    }
    let shape = after("shape")
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.split(')').next())
        .ok_or("has no shape")?;
    let shape: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().map_err(|_| format!("has the size `{size}`")))
        .collect::<Result<_, String>>()?;
    let (number, size, read) = reader(kind)?;
    let count = shape
        .iter()
        .try_fold(1_usize, |all, size| all.checked_mul(*size))
        .ok_or("is too large")?;
    if shape.is_empty() || count.checked_mul(size) != Some(data.len()) {
        return Err(format!(
            "has {} bytes of numbers for the shape {shape:?}",
            data.len()
        ));
    }
    let numbers = data.chunks_exact(size).map(read).collect();
    let row = match &shape[1..] {
        [] => vec![1],
        row => row.to_vec(),
    };
    Ok((numbers, row, number))
}

type ReadNumber = fn(&[u8]) -> f64;

fn reader(kind: &str) -> Result<(Number, usize, ReadNumber), String> {
    fn of<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().unwrap_or([0; N])
    }
    Ok(match kind {
        "<f4" => (Number::Float32, 4, |b| f64::from(f32::from_le_bytes(of(b)))),
        "<f8" => (Number::Float64, 8, |b| f64::from_le_bytes(of(b))),
        "<i4" => (Number::Int32, 4, |b| f64::from(i32::from_le_bytes(of(b)))),
        "<i8" => (Number::Int64, 8, |b| i64::from_le_bytes(of(b)) as f64),
        "|u1" => (Number::UInt8, 1, |b| f64::from(b[0])),
        "|b1" => (Number::Bool, 1, |b| f64::from(u8::from(b[0] != 0))),
        other => {
            return Err(format!(
                "has numbers of type `{other}`; float32, float64, int32, int64, uint8 and bool are read"
            ));
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn numpy_files_are_read() {
        let data: Vec<u8> = [1.5_f32, -2.0, 3.0, 4.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let (numbers, shape, number) = parse_numpy(&file("<f4", "(2, 2)", &data)).unwrap();
        assert_eq!((numbers, shape), (vec![1.5, -2.0, 3.0, 4.0], vec![2]));
        assert_eq!(number, Number::Float32);
        assert_eq!(parse_numpy(&file("<f4", "(4,)", &data)).unwrap().1, vec![1]);
        assert!(parse_numpy(&file("<f4", "(5,)", &data)).is_err());
        assert!(
            parse_numpy(&file("|O", "(4,)", &data))
                .unwrap_err()
                .contains("|O")
        );
        let whole = file("<f4", "(4,)", &data);
        for cut in 0..whole.len() {
            assert!(parse_numpy(&whole[..cut]).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_numpy(&bytes);
            let _ = parse_numpy(&[b"\x93NUMPY\x01\x00".as_slice(), &bytes].concat());
        }
    }
}
