//! Arrow columns to rows of numbers and back, whatever flavour of list and width of number a file uses.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array,
    ListArray, PrimitiveArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};

use crate::features::Number;

/// A row that is missing has no more numbers than this.
const MOST_MISSING: usize = 1 << 16;

/// Appends `array`, `width` numbers a row, to `out`. Missing numbers become NaN. The error says what
/// doesn't fit.
pub(crate) fn append_numbers(
    array: &dyn Array,
    width: usize,
    out: &mut Vec<f64>,
) -> Result<(), String> {
    if array.null_count() > 0 && nesting(array.data_type()) > 0 {
        return append_with_gaps(array, width, out);
    }
    let leaf = leaves(array, width)?;
    match leaf.data_type() {
        DataType::Boolean => {
            out.extend(
                leaf.as_boolean()
                    .iter()
                    .map(|v| v.map_or(f64::NAN, |v| f64::from(u8::from(v)))),
            );
        }
        DataType::Int8 => extend::<Int8Type>(&leaf, out, f64::from),
        DataType::Int16 => extend::<Int16Type>(&leaf, out, f64::from),
        DataType::Int32 => extend::<Int32Type>(&leaf, out, f64::from),
        DataType::Int64 => extend::<Int64Type>(&leaf, out, |v| v as f64),
        DataType::UInt8 => extend::<UInt8Type>(&leaf, out, f64::from),
        DataType::UInt16 => extend::<UInt16Type>(&leaf, out, f64::from),
        DataType::UInt32 => extend::<UInt32Type>(&leaf, out, f64::from),
        DataType::UInt64 => extend::<UInt64Type>(&leaf, out, |v| v as f64),
        DataType::Float16 => extend::<Float16Type>(&leaf, out, |v| v.to_f64()),
        DataType::Float32 => extend::<Float32Type>(&leaf, out, f64::from),
        DataType::Float64 => extend::<Float64Type>(&leaf, out, |v| v),
        other => return Err(format!("holds {other}, numbers are expected")),
    }
    Ok(())
}

/// The same of a column of lists in which rows are missing: these are NaN throughout.
fn append_with_gaps(array: &dyn Array, width: usize, out: &mut Vec<f64>) -> Result<(), String> {
    for row in 0..array.len() {
        match array.is_valid(row) {
            true => append_numbers(&array.slice(row, 1), width, out)?,
            false => out.resize(out.len() + width.min(MOST_MISSING), f64::NAN),
        }
    }
    Ok(())
}

/// The numbers of one row of a column, however they are nested; none where the row has no value.
pub(crate) fn numbers_of_row(array: &dyn Array, row: usize) -> Result<Vec<f64>, String> {
    let mut out = Vec::new();
    if array.is_valid(row) {
        let one = array.slice(row, 1);
        let leaf = strip_lists(&one)?;
        append_numbers(&leaf, 1, &mut out)?;
    }
    Ok(out)
}

/// How many numbers a row has, if all have as many.
pub(crate) fn width_of(array: &dyn Array) -> Option<usize> {
    let inner = strip_lists(array).ok()?;
    let rows = array.len().max(1);
    (inner.len() % rows == 0).then_some(inner.len() / rows)
}

/// The whole numbers of a scalar column; the error says what doesn't fit.
pub(crate) fn append_integers(array: &dyn Array, out: &mut Vec<i64>) -> Result<(), String> {
    let leaf = leaves(array, 1)?;
    if leaf.null_count() > 0 {
        return Err("has rows without a value".to_owned());
    }
    match leaf.data_type() {
        DataType::Int64 => out.extend(leaf.as_primitive::<Int64Type>().values()),
        DataType::UInt64 => {
            for value in leaf.as_primitive::<UInt64Type>().values() {
                out.push(i64::try_from(*value).map_err(|_| format!("holds {value}, too large"))?);
            }
        }
        other if other.is_integer() => {
            let mut numbers = Vec::new();
            append_numbers(&leaf, 1, &mut numbers)?;
            out.extend(numbers.into_iter().map(|v| v as i64));
        }
        other => return Err(format!("holds {other}, whole numbers are expected")),
    }
    Ok(())
}

/// The strings of a column, null as none.
pub(crate) fn strings(array: &dyn Array) -> Result<Vec<Option<String>>, String> {
    let own = |v: Option<&str>| v.map(str::to_owned);
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().map(own).collect()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().iter().map(own).collect()),
        DataType::Utf8View => Ok(array.as_string_view().iter().map(own).collect()),
        DataType::Binary => {
            let lossy = |v: &[u8]| String::from_utf8_lossy(v).into_owned();
            Ok(array
                .as_binary::<i32>()
                .iter()
                .map(|v| v.map(lossy))
                .collect())
        }
        other => Err(format!("holds {other}, text is expected")),
    }
}

/// The encoded pictures of a column: a struct with the field `bytes`, as Hugging Face `datasets` stores them, or bare
/// bytes. None where the row has no bytes.
pub(crate) fn pictures(array: &dyn Array) -> Result<Vec<Option<Arc<[u8]>>>, String> {
    let own = |v: Option<&[u8]>| v.map(Arc::from);
    match array.data_type() {
        DataType::Struct(_) => match array.as_struct().column_by_name("bytes") {
            Some(bytes) if !matches!(bytes.data_type(), DataType::Struct(_)) => pictures(bytes),
            _ => Err("is a structure without the field `bytes`".to_owned()),
        },
        DataType::Binary => Ok(array.as_binary::<i32>().iter().map(own).collect()),
        DataType::LargeBinary => Ok(array.as_binary::<i64>().iter().map(own).collect()),
        DataType::BinaryView => Ok(array.as_binary_view().iter().map(own).collect()),
        other => Err(format!("holds {other}, encoded pictures are expected")),
    }
}

/// A column of encoded pictures as Hugging Face `datasets` stores them, with a file name for each.
pub(crate) fn picture_column(pictures: &[Vec<u8>]) -> Result<ArrayRef, String> {
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter_values(pictures));
    let names = (0..pictures.len()).map(|frame| format!("frame-{frame:06}.png"));
    let fields = [named("bytes", bytes), named("path", text(names))];
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = fields.into_iter().unzip();
    let column = StructArray::try_new(fields.into(), arrays, None);
    Ok(Arc::new(column.map_err(|e| e.to_string())?))
}

/// The lists of strings of a column.
pub(crate) fn string_lists(array: &dyn Array) -> Result<Vec<Vec<String>>, String> {
    (0..array.len())
        .map(|row| {
            let list = match array.data_type() {
                _ if array.is_null(row) => return Ok(Vec::new()),
                DataType::List(_) => array.as_list::<i32>().value(row),
                DataType::LargeList(_) => array.as_list::<i64>().value(row),
                DataType::FixedSizeList(..) => array.as_fixed_size_list().value(row),
                // One text, where a list of one is expected.
                _ => array.slice(row, 1),
            };
            Ok(strings(&list)?.into_iter().flatten().collect())
        })
        .collect()
}

/// How many list layers a column has.
pub(crate) fn nesting(kind: &DataType) -> usize {
    match kind {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            1 + nesting(inner.data_type())
        }
        _ => 0,
    }
}

/// The type within all lists.
pub(crate) fn leaf_type(kind: &DataType) -> &DataType {
    match kind {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            leaf_type(inner.data_type())
        }
        other => other,
    }
}

fn extend<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    out: &mut Vec<f64>,
    to: impl Fn(T::Native) -> f64,
) {
    out.extend(
        array
            .as_primitive::<T>()
            .iter()
            .map(|v| v.map_or(f64::NAN, &to)),
    );
}

/// The values of a column without its lists, `width` a row, if they are of this type.
pub(crate) fn leaves_of(
    array: &dyn Array,
    width: usize,
    kind: &DataType,
) -> Result<Option<ArrayRef>, String> {
    let leaves = leaves(array, width)?;
    Ok((leaves.data_type() == kind).then_some(leaves))
}

/// Strips the list layers off a column, and makes sure that every row holds `width` numbers.
pub(crate) fn leaves(array: &dyn Array, width: usize) -> Result<ArrayRef, String> {
    let rows = array.len();
    let inner = strip_lists(array)?;
    if inner.len() == rows * width {
        Ok(inner)
    } else {
        Err(format!(
            "holds {} values in {rows} rows, {width} a row are expected",
            inner.len()
        ))
    }
}

/// The innermost values of lists whose rows are equally long at each level.
fn strip_lists(array: &dyn Array) -> Result<ArrayRef, String> {
    let mut inner = array.slice(0, array.len());
    loop {
        inner = match inner.data_type() {
            DataType::List(_) => {
                let list = inner.as_list::<i32>();
                let ends: Vec<usize> = list.offsets().iter().map(|o| *o as usize).collect();
                unroll(list, list.values(), &ends)?
            }
            DataType::LargeList(_) => {
                let list = inner.as_list::<i64>();
                let ends: Vec<usize> = list.offsets().iter().map(|o| *o as usize).collect();
                unroll(list, list.values(), &ends)?
            }
            DataType::FixedSizeList(_, size) => {
                let size = usize::try_from(*size).map_err(|_| "has a negative list size")?;
                let list = inner.as_fixed_size_list();
                let first = list.value_offset(0) as usize;
                list.values().slice(first, list.len() * size)
            }
            _ => return Ok(inner),
        };
    }
}

fn unroll(list: &dyn Array, values: &ArrayRef, ends: &[usize]) -> Result<ArrayRef, String> {
    if list.null_count() > 0 {
        return Err("has rows without a value".to_owned());
    }
    let (Some(first), Some(last)) = (ends.first(), ends.last()) else {
        return Ok(values.slice(0, 0));
    };
    let size = (last - first) / list.len().max(1);
    if ends.windows(2).any(|pair| pair[1] - pair[0] != size) {
        return Err("has rows of different lengths".to_owned());
    }
    Ok(values.slice(*first, last - first))
}

/// A column of `number` from flat rows, nested in fixed-size lists when the shape isn't `[1]`.
pub(crate) fn column(number: Number, shape: &[usize], values: &[f64]) -> Result<ArrayRef, String> {
    let mut array: ArrayRef = match number {
        Number::Bool => Arc::new(
            values
                .iter()
                .map(|v| Some(*v != 0.0))
                .collect::<BooleanArray>(),
        ),
        Number::Int8 => integers::<Int8Type>(values)?,
        Number::Int16 => integers::<Int16Type>(values)?,
        Number::Int32 => integers::<Int32Type>(values)?,
        Number::Int64 => integers::<Int64Type>(values)?,
        Number::UInt8 => integers::<UInt8Type>(values)?,
        Number::UInt16 => integers::<UInt16Type>(values)?,
        Number::UInt32 => integers::<UInt32Type>(values)?,
        Number::UInt64 => integers::<UInt64Type>(values)?,
        Number::Float32 => Arc::new(values.iter().map(|v| *v as f32).collect::<Float32Array>()),
        Number::Float64 => Arc::new(Float64Array::from(values.to_vec())),
        Number::Float16 => Arc::new(
            values
                .iter()
                .map(|v| Some(<Float16Type as ArrowPrimitiveType>::Native::from_f64(*v)))
                .collect::<PrimitiveArray<Float16Type>>(),
        ),
    };
    if shape != [1] {
        for size in shape.iter().rev() {
            let field = Arc::new(Field::new("element", array.data_type().clone(), true));
            let size = i32::try_from(*size).map_err(|_| "has a size beyond 2^31")?;
            array = Arc::new(
                FixedSizeListArray::try_new(field, size, array, None).map_err(|e| e.to_string())?,
            );
        }
    }
    Ok(array)
}

fn integers<T: ArrowPrimitiveType>(values: &[f64]) -> Result<ArrayRef, String>
where
    T::Native: TryFrom<i128>,
{
    let numbers = values.iter().map(|v| {
        let whole = T::Native::try_from(*v as i128).map_err(|_| format!("cannot hold {v}"))?;
        Ok(Some(whole))
    });
    Ok(Arc::new(
        numbers.collect::<Result<PrimitiveArray<T>, String>>()?,
    ))
}

/// A column of one row that holds `values` as a list.
pub(crate) fn one_list(values: ArrayRef) -> ArrayRef {
    lists(&[values.len()], values)
}

/// A column that holds each of `values` in a list of its own.
pub(crate) fn lists_of_one(values: ArrayRef) -> ArrayRef {
    lists(&vec![1; values.len()], values)
}

fn lists(lengths: &[usize], values: ArrayRef) -> ArrayRef {
    let field = Arc::new(Field::new("element", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
    Arc::new(ListArray::new(field, offsets, values, None))
}

/// A nullable column under its name.
pub(crate) fn named(name: impl Into<String>, array: ArrayRef) -> (Field, ArrayRef) {
    (Field::new(name, array.data_type().clone(), true), array)
}

/// A table from named columns of equal length.
pub(crate) fn batch(columns: Vec<(Field, ArrayRef)>) -> Result<RecordBatch, String> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    RecordBatch::try_new(schema, arrays).map_err(|e| e.to_string())
}

/// A column of text.
pub(crate) fn text<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<StringArray>())
}
