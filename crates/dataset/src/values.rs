//! Numbers in the type that `info.json` declares, as training code wants them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use crate::features::Number;
use crate::table;

/// A run of numbers of one type. float16 is widened to float32, which holds all of its values.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are the element types")]
pub enum Numbers {
    Bool(Vec<bool>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// The same expression for whatever vector `$numbers` holds.
macro_rules! each {
    ($numbers:expr, $values:ident => $body:expr) => {
        match $numbers {
            Numbers::Bool($values) => $body,
            Numbers::I8($values) => $body,
            Numbers::I16($values) => $body,
            Numbers::I32($values) => $body,
            Numbers::I64($values) => $body,
            Numbers::U8($values) => $body,
            Numbers::U16($values) => $body,
            Numbers::U32($values) => $body,
            Numbers::U64($values) => $body,
            Numbers::F32($values) => $body,
            Numbers::F64($values) => $body,
        }
    };
}

/// The same for two runs of the same type; none for others.
macro_rules! pairs {
    ($left:expr, $right:expr, $a:ident, $b:ident => $body:expr) => {
        match ($left, $right) {
            (Numbers::Bool($a), Numbers::Bool($b)) => Some($body),
            (Numbers::I8($a), Numbers::I8($b)) => Some($body),
            (Numbers::I16($a), Numbers::I16($b)) => Some($body),
            (Numbers::I32($a), Numbers::I32($b)) => Some($body),
            (Numbers::I64($a), Numbers::I64($b)) => Some($body),
            (Numbers::U8($a), Numbers::U8($b)) => Some($body),
            (Numbers::U16($a), Numbers::U16($b)) => Some($body),
            (Numbers::U32($a), Numbers::U32($b)) => Some($body),
            (Numbers::U64($a), Numbers::U64($b)) => Some($body),
            (Numbers::F32($a), Numbers::F32($b)) => Some($body),
            (Numbers::F64($a), Numbers::F64($b)) => Some($body),
            _ => None,
        }
    };
}

impl Numbers {
    /// An empty run of a type.
    pub fn empty(number: Number) -> Numbers {
        match number {
            Number::Bool => Numbers::Bool(Vec::new()),
            Number::Int8 => Numbers::I8(Vec::new()),
            Number::Int16 => Numbers::I16(Vec::new()),
            Number::Int32 => Numbers::I32(Vec::new()),
            Number::Int64 => Numbers::I64(Vec::new()),
            Number::UInt8 => Numbers::U8(Vec::new()),
            Number::UInt16 => Numbers::U16(Vec::new()),
            Number::UInt32 => Numbers::U32(Vec::new()),
            Number::UInt64 => Numbers::U64(Vec::new()),
            Number::Float16 | Number::Float32 => Numbers::F32(Vec::new()),
            Number::Float64 => Numbers::F64(Vec::new()),
        }
    }

    /// `count` times NaN; none for types that have no such value.
    pub(crate) fn nan(number: Number, count: usize) -> Option<Numbers> {
        match number {
            Number::Float16 | Number::Float32 => Some(Numbers::F32(vec![f32::NAN; count])),
            Number::Float64 => Some(Numbers::F64(vec![f64::NAN; count])),
            _ => None,
        }
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        each!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers as float32, if that is their type.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match self {
            Numbers::F32(values) => Some(values),
            _ => None,
        }
    }

    /// The numbers as int64, if that is their type.
    pub fn as_i64(&self) -> Option<&[i64]> {
        match self {
            Numbers::I64(values) => Some(values),
            _ => None,
        }
    }

    /// All numbers in double precision, true as 1; whole numbers beyond 2^53 are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Numbers::Bool(values) => values.iter().map(|v| f64::from(u8::from(*v))).collect(),
            Numbers::I8(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::I16(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::I32(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::I64(values) => values.iter().map(|v| *v as f64).collect(),
            Numbers::U8(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::U16(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::U32(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::U64(values) => values.iter().map(|v| *v as f64).collect(),
            Numbers::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Numbers::F64(values) => values.clone(),
        }
    }

    /// Bytes of memory that the numbers take.
    pub(crate) fn bytes(&self) -> usize {
        each!(self, values => size_of_val(values.as_slice()))
    }

    /// An empty run of the same type, with room for `count` numbers.
    pub(crate) fn empty_like(&self, count: usize) -> Numbers {
        macro_rules! room {
            ($($kind:ident),*) => {
                match self {
                    $(Numbers::$kind(_) => Numbers::$kind(Vec::with_capacity(count)),)*
                }
            };
        }
        room!(Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64)
    }

    /// Appends numbers `start..start + count` of a run of the same type; false when they aren't there.
    pub(crate) fn extend(&mut self, from: &Numbers, start: usize, count: usize) -> bool {
        let end = start.saturating_add(count);
        pairs!(self, from, to, values => match values.get(start..end) {
            Some(part) => {
                to.extend_from_slice(part);
                true
            }
            None => false,
        })
        .unwrap_or(false)
    }

    /// A column's numbers, `width` a row, in the declared type, whatever the file stores them as. Missing ones
    /// become NaN where the type has that. The error says what doesn't fit.
    pub(crate) fn from_column(
        array: &dyn Array,
        number: Number,
        width: usize,
    ) -> Result<Numbers, String> {
        let floats = matches!(number, Number::Float16 | Number::Float32 | Number::Float64);
        if floats && array.null_count() > 0 && table::nesting(array.data_type()) > 0 {
            let mut values = Vec::new();
            table::append_numbers(array, width, &mut values)?;
            return Ok(match number {
                Number::Float64 => Numbers::F64(values),
                _ => Numbers::F32(values.into_iter().map(|v| v as f32).collect()),
            });
        }
        let leaf = table::leaves(array, width)?;
        Ok(match number {
            Number::Bool => Numbers::Bool(booleans(&leaf)?),
            Number::Int8 => Numbers::I8(integers(&leaf)?),
            Number::Int16 => Numbers::I16(integers(&leaf)?),
            Number::Int32 => Numbers::I32(integers(&leaf)?),
            Number::Int64 => match plain::<Int64Type>(&leaf) {
                Some(values) => Numbers::I64(values),
                None => Numbers::I64(integers(&leaf)?),
            },
            Number::UInt8 => Numbers::U8(integers(&leaf)?),
            Number::UInt16 => Numbers::U16(integers(&leaf)?),
            Number::UInt32 => Numbers::U32(integers(&leaf)?),
            Number::UInt64 => Numbers::U64(integers(&leaf)?),
            Number::Float16 | Number::Float32 => match plain::<Float32Type>(&leaf) {
                Some(values) => Numbers::F32(values),
                None => Numbers::F32(doubles(&leaf)?.into_iter().map(|v| v as f32).collect()),
            },
            Number::Float64 => match plain::<Float64Type>(&leaf) {
                Some(values) => Numbers::F64(values),
                None => Numbers::F64(doubles(&leaf)?),
            },
        })
    }
}

/// The values of a column that is stored as it is wanted, without gaps.
fn plain<T: arrow_array::types::ArrowPrimitiveType>(leaf: &ArrayRef) -> Option<Vec<T::Native>> {
    let array = leaf.as_primitive_opt::<T>()?;
    (array.null_count() == 0).then(|| array.values().to_vec())
}

fn doubles(leaf: &ArrayRef) -> Result<Vec<f64>, String> {
    let mut out = Vec::with_capacity(leaf.len());
    table::append_numbers(leaf, 1, &mut out)?;
    Ok(out)
}

fn booleans(leaf: &ArrayRef) -> Result<Vec<bool>, String> {
    no_gaps(leaf)?;
    match leaf.as_boolean_opt() {
        Some(values) => Ok(values.values().iter().collect()),
        None => Ok(doubles(leaf)?.into_iter().map(|v| v != 0.0).collect()),
    }
}

/// Whole numbers by way of the widest type, so that none is cut off unseen.
fn integers<T: TryFrom<i128>>(leaf: &ArrayRef) -> Result<Vec<T>, String> {
    no_gaps(leaf)?;
    macro_rules! widened {
        ($kind:ty) => {
            leaf.as_primitive::<$kind>()
                .values()
                .iter()
                .map(|v| fit(i128::from(*v)))
                .collect()
        };
    }
    match leaf.data_type() {
        DataType::Int8 => widened!(Int8Type),
        DataType::Int16 => widened!(Int16Type),
        DataType::Int32 => widened!(Int32Type),
        DataType::Int64 => widened!(Int64Type),
        DataType::UInt8 => widened!(UInt8Type),
        DataType::UInt16 => widened!(UInt16Type),
        DataType::UInt32 => widened!(UInt32Type),
        DataType::UInt64 => widened!(UInt64Type),
        DataType::Boolean => booleans(leaf)?
            .into_iter()
            .map(|v| fit(i128::from(v)))
            .collect(),
        // pandas stores whole numbers with gaps as floats.
        DataType::Float16 | DataType::Float32 | DataType::Float64 => doubles(leaf)?
            .into_iter()
            .map(|v| match v.fract() == 0.0 {
                true => fit(v as i128),
                false => Err(format!("holds {v}, whole numbers are expected")),
            })
            .collect(),
        other => Err(format!("holds {other}, whole numbers are expected")),
    }
}

fn fit<T: TryFrom<i128>>(value: i128) -> Result<T, String> {
    T::try_from(value).map_err(|_| format!("holds {value}, which its declared type cannot"))
}

fn no_gaps(leaf: &ArrayRef) -> Result<(), String> {
    match leaf.null_count() {
        0 => Ok(()),
        count => Err(format!("has {count} values missing")),
    }
}

/// The float16 closest to a number, as the writer stores it, back in double precision.
pub(crate) fn half(value: f64) -> f64 {
    <Float16Type as arrow_array::types::ArrowPrimitiveType>::Native::from_f64(value).to_f64()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, Int64Array, UInt64Array};

    use super::*;

    #[test]
    fn whole_numbers_stay_exact_and_are_never_cut_off() {
        let large = i64::MAX - 1;
        let column = Int64Array::from(vec![large, i64::MIN]);
        let found = Numbers::from_column(&column, Number::Int64, 1).unwrap();
        assert_eq!(found.as_i64().unwrap(), [large, i64::MIN]);
        assert!(Numbers::from_column(&column, Number::Int32, 1).is_err());
        let unsigned = UInt64Array::from(vec![u64::MAX]);
        assert!(Numbers::from_column(&unsigned, Number::Int64, 1).is_err());
        let found = Numbers::from_column(&unsigned, Number::UInt64, 1).unwrap();
        assert_eq!(found, Numbers::U64(vec![u64::MAX]));
    }

    #[test]
    fn gaps_are_nan_in_floats_and_refused_in_whole_numbers() {
        let column = Float64Array::from(vec![Some(1.5), None]);
        let found = Numbers::from_column(&column, Number::Float32, 1).unwrap();
        assert!(found.as_f32().unwrap()[1].is_nan());
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        assert!(Numbers::from_column(&column, Number::Int64, 1).is_err());
        let fraction = Float64Array::from(vec![0.5]);
        assert!(Numbers::from_column(&fraction, Number::UInt8, 1).is_err());
    }

    #[test]
    fn half_precision_rounds_to_even() {
        assert_eq!(half(0.1), 0.099_975_585_937_5);
        assert!(half(1e6).is_infinite());
    }
}
