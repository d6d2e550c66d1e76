//! What is known of tensors before a network runs: shapes, and the values of small constants of whole numbers.

use std::collections::BTreeMap;

use crate::bundle::onnx::{self, Node, Tensor, ValueInfo};

/// The most elements of a tensor that a network makes: half a gigabyte of float32.
const MAX_MADE: u64 = 1 << 27;
/// Constants with more values are no shapes.
const MAX_VALUES: usize = 64;

/// What is known of a tensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    shape: Option<Vec<u64>>,
    values: Option<Vec<i64>>,
}

impl Known {
    fn of_shape(shape: Vec<u64>) -> Known {
        Known {
            shape: Some(shape),
            values: None,
        }
    }

    fn of_values(values: Vec<i64>) -> Known {
        Known {
            shape: Some(vec![values.len() as u64]),
            values: (values.len() <= MAX_VALUES).then_some(values),
        }
    }

    /// A tensor of the file.
    pub(super) fn stored(tensor: &Tensor) -> Known {
        let dims = tensor.dims.iter().map(|dim| u64::try_from(*dim).ok());
        let shape: Option<Vec<u64>> = dims.collect();
        let count = shape.as_deref().and_then(volume);
        let small = count.is_some_and(|count| count <= MAX_VALUES as u64);
        Known {
            shape,
            values: small.then(|| numbers(tensor)).flatten(),
        }
    }

    /// An input of a graph, as far as its shape is declared.
    pub(super) fn declared(info: &ValueInfo) -> Known {
        let tensor = info.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
        let dims = tensor
            .and_then(|tensor| tensor.shape.as_ref())
            .map(|shape| &shape.dims);
        let sizes = dims.and_then(|dims| {
            let sizes = dims.iter().map(|dim| u64::try_from(dim.value?).ok());
            sizes.collect::<Option<Vec<u64>>>()
        });
        Known {
            shape: sizes,
            values: None,
        }
    }
}

/// The whole numbers of a small tensor.
fn numbers(tensor: &Tensor) -> Option<Vec<i64>> {
    let (eight, _) = tensor.raw.as_chunks::<8>();
    let (four, _) = tensor.raw.as_chunks::<4>();
    match tensor.element {
        onnx::INT64 if tensor.raw.is_empty() => Some(tensor.int64s.clone()),
        onnx::INT64 => Some(eight.iter().map(|b| i64::from_le_bytes(*b)).collect()),
        onnx::INT32 if tensor.raw.is_empty() => {
            Some(tensor.int32s.iter().map(|n| i64::from(*n)).collect())
        }
        onnx::INT32 => {
            let values = four.iter().map(|b| i64::from(i32::from_le_bytes(*b)));
            Some(values.collect())
        }
        _ => None,
    }
}

/// What is known by name, in a graph and in those around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    own: BTreeMap<&'a str, Known>,
    outer: Option<&'a Scope<'a>>,
}

impl<'a> Scope<'a> {
    /// The scope of a graph within another.
    pub(super) fn within(outer: &'a Scope<'a>) -> Scope<'a> {
        Scope {
            own: BTreeMap::new(),
            outer: Some(outer),
        }
    }

    pub(super) fn set(&mut self, name: &'a str, known: Known) {
        self.own.insert(name, known);
    }

    pub(super) fn set_if_unknown(&mut self, name: &'a str, known: Known) {
        self.own.entry(name).or_insert(known);
    }

    fn get(&self, name: &str) -> Option<&Known> {
        let own = self.own.get(name);
        own.or_else(|| self.outer.as_ref()?.get(name))
    }

    /// The values of a constant.
    pub(super) fn values(&self, name: &str) -> Option<Vec<i64>> {
        self.get(name)?.values.clone()
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<Vec<u64>> {
        self.get(name)?.shape.clone()
    }
}

fn volume(shape: &[u64]) -> Option<u64> {
    shape
        .iter()
        .try_fold(1_u64, |all, dim| all.checked_mul(*dim))
}

/// An operation, for messages.
pub(super) fn named(node: &Node) -> String {
    match node.name.is_empty() {
        true => format!("`{}`", node.op),
        false => format!("`{}` (`{}`)", node.op, node.name.escape_debug()),
    }
}

/// Works out what a node makes, and refuses a tensor that is too large.
pub(super) fn infer<'a>(node: &'a Node, scope: &mut Scope<'a>) -> Result<(), String> {
    let made = of(node, scope).unwrap_or_default();
    if let Some(shape) = &made.shape {
        let elements = volume(shape);
        if elements.is_none_or(|elements| elements > MAX_MADE) {
            return Err(format!(
                "its operation {} makes a tensor of the shape {shape:?}; at most {MAX_MADE} elements are possible",
                named(node)
            ));
        }
    }
    for (place, output) in node.outputs.iter().enumerate() {
        let known = if place == 0 {
            made.clone()
        } else {
            Known::default()
        };
        scope.set(output, known);
    }
    Ok(())
}

/// What is known of a node's first output; none where nothing is.
fn of(node: &Node, scope: &Scope) -> Option<Known> {
    let input = |place: usize| node.inputs.get(place).map(String::as_str);
    let shape = |place: usize| scope.shape(input(place)?);
    let values = |place: usize| scope.values(input(place)?);
    let attribute = |name: &str| node.attributes.iter().find(|a| a.name == name);
    Some(match node.op.as_str() {
        "Constant" => constant(node)?,
        "ConstantOfShape" => filled(node, sizes(&values(0)?))?,
        "Expand" => Known::of_shape(broadcast(
            &shape(0).unwrap_or_default(),
            &sizes(&values(1)?)?,
        )),
        "Tile" => {
            let repeats = sizes(&values(1)?)?;
            let of_input = shape(0).unwrap_or_else(|| vec![1; repeats.len()]);
            Known::of_shape(each(&of_input, &repeats, u64::saturating_mul)?)
        }
        "Range" => Known::of_shape(vec![steps(&values(0)?, &values(1)?, &values(2)?)?]),
        "OneHot" => {
            let mut out = shape(0).unwrap_or_default();
            out.push(*sizes(&values(1)?)?.first()?);
            Known::of_shape(out)
        }
        "RandomNormal" | "RandomUniform" => Known::of_shape(sizes(&attribute("shape")?.ints)?),
        "Resize" | "Upsample" => Known::of_shape(sizes(&values(3)?)?),
        "Pad" => {
            let pads = values(1).or_else(|| attribute("pads").map(|a| a.ints.clone()))?;
            padded(shape(0), &pads)?
        }
        "Reshape" => reshaped(shape(0).as_deref(), &values(1)?)?,
        "Concat" => joined(node, scope)?,
        "Shape" if node.attributes.is_empty() => {
            let dims = shape(0)?.into_iter().map(|dim| i64::try_from(dim).ok());
            Known::of_values(dims.collect::<Option<_>>()?)
        }
        "Identity" | "Cast" => Known {
            shape: shape(0),
            values: values(0),
        },
        // Of constants that become shapes, the values are what counts.
        "Squeeze" | "Unsqueeze" => Known {
            shape: None,
            values: values(0),
        },
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Where" | "Max" | "Min" | "Mean" | "Sum"
        | "And" | "Or" | "Xor" | "Equal" | "Less" | "Greater" | "LessOrEqual"
        | "GreaterOrEqual" | "Mod" | "PRelu" => elementwise(node, scope)?,
        "MatMul" => product(&shape(0)?, &shape(1)?)?,
        "Relu" | "Sigmoid" | "Tanh" | "Sqrt" | "Neg" | "Abs" | "Exp" | "Log" | "Erf" | "Gelu"
        | "Softmax" | "Clip" | "Floor" | "Ceil" | "Round" | "Not" | "Sin" | "Cos"
        | "LayerNormalization" | "BatchNormalization" | "Dropout" => Known::of_shape(shape(0)?),
        "Conv" | "ConvTranspose" | "MaxPool" | "AveragePool" | "LpPool" => {
            // Exact sizes take more than is asked here: nothing grows by more than its padding and its strides.
            let pads = attribute("pads")
                .map(|a| a.ints.as_slice())
                .unwrap_or_default();
            let grown = padded(None, pads)?;
            let strides = attribute("strides").filter(|_| node.op == "ConvTranspose");
            let strides = strides.map_or(Some(Vec::new()), |a| sizes(&a.ints))?;
            Known {
                shape: Some(grown.shape?.into_iter().chain(strides).collect()),
                values: None,
            }
            .only_if_large()?
        }
        _ => return None,
    })
}

impl Known {
    /// A lower bound is of use only where it is too much already.
    fn only_if_large(self) -> Option<Known> {
        let large = self.shape.as_deref().map(volume);
        let large = large.is_some_and(|volume| volume.is_none_or(|volume| volume > MAX_MADE));
        large.then_some(self)
    }
}

fn sizes(values: &[i64]) -> Option<Vec<u64>> {
    values
        .iter()
        .map(|size| u64::try_from(*size).ok())
        .collect()
}

fn constant(node: &Node) -> Option<Known> {
    let attribute = node.attributes.first()?;
    match attribute.name.as_str() {
        "value" => attribute.tensor.as_ref().map(Known::stored),
        "value_int" => Some(Known {
            shape: Some(Vec::new()),
            values: Some(vec![attribute.int]),
        }),
        "value_ints" => Some(Known::of_values(attribute.ints.clone())),
        _ => None,
    }
}

fn filled(node: &Node, shape: Option<Vec<u64>>) -> Option<Known> {
    let shape = shape?;
    let count = volume(&shape).and_then(|count| usize::try_from(count).ok());
    let value = match node.attributes.iter().find(|a| a.name == "value") {
        Some(attribute) => attribute.tensor.as_ref().and_then(numbers),
        None => None,
    };
    let small = count.filter(|count| *count <= MAX_VALUES);
    let values = small.and_then(|count| Some(vec![*value?.first()?; count]));
    Some(Known {
        shape: Some(shape),
        values,
    })
}

/// Both shapes, aligned at their ends, stretched to each other.
fn broadcast(one: &[u64], other: &[u64]) -> Vec<u64> {
    let length = one.len().max(other.len());
    let at = |shape: &[u64], place: usize| {
        let skipped = length - shape.len();
        place.checked_sub(skipped).map_or(1, |place| shape[place])
    };
    (0..length)
        .map(|place| match (at(one, place), at(other, place)) {
            (1, size) | (size, 1) => size,
            (a, b) => a.max(b),
        })
        .collect()
}

fn each(one: &[u64], other: &[u64], combine: fn(u64, u64) -> u64) -> Option<Vec<u64>> {
    let pairs = one.iter().zip(other);
    (one.len() == other.len()).then(|| pairs.map(|(a, b)| combine(*a, *b)).collect())
}

/// How many numbers there are from the first to before the last.
fn steps(start: &[i64], limit: &[i64], delta: &[i64]) -> Option<u64> {
    let (&[start], &[limit], &[delta]) = (start, limit, delta) else {
        return None;
    };
    let (distance, delta) = (i128::from(limit) - i128::from(start), i128::from(delta));
    if delta == 0 || distance.signum() != delta.signum() {
        return Some(0);
    }
    let steps = distance.abs().checked_add(delta.abs() - 1)? / delta.abs();
    u64::try_from(steps).ok()
}

/// A shape with as many more elements at each end of each dimension; of an unknown shape, the padding alone.
fn padded(shape: Option<Vec<u64>>, pads: &[i64]) -> Option<Known> {
    let half = pads.len() / 2;
    let shape = shape.filter(|shape| shape.len() == half);
    let sizes = (0..half).map(|place| {
        let size = shape.as_ref().map_or(1, |shape| shape[place]);
        let (before, after) = (*pads.get(place)?, *pads.get(half + place)?);
        let more = u64::try_from(i128::from(before) + i128::from(after)).unwrap_or(0);
        Some(size.saturating_add(more).max(1))
    });
    sizes.collect::<Option<Vec<u64>>>().map(Known::of_shape)
}

fn reshaped(shape: Option<&[u64]>, wanted: &[i64]) -> Option<Known> {
    let all = shape.and_then(volume);
    let mut fixed = wanted.iter().filter(|size| **size > 0);
    let fixed = fixed.try_fold(1_u64, |all, size| {
        all.checked_mul(u64::try_from(*size).ok()?)
    })?;
    let sizes = wanted.iter().enumerate().map(|(place, size)| match size {
        -1 => Some(all? / fixed.max(1)),
        0 => shape?.get(place).copied(),
        size => u64::try_from(*size).ok(),
    });
    // It has as many elements as before, whatever the shape says; so it is never too large itself.
    sizes.collect::<Option<Vec<u64>>>().map(Known::of_shape)
}

/// Constants one after the other; of other tensors the shape is left unknown.
fn joined(node: &Node, scope: &Scope) -> Option<Known> {
    let parts = node.inputs.iter().map(|name| scope.values(name));
    let parts = parts.collect::<Option<Vec<_>>>()?;
    Some(Known::of_values(parts.concat()))
}

fn elementwise(node: &Node, scope: &Scope) -> Option<Known> {
    let mut out = Vec::new();
    for name in &node.inputs {
        out = broadcast(&out, &scope.shape(name)?);
    }
    Some(Known::of_shape(out))
}

fn product(one: &[u64], other: &[u64]) -> Option<Known> {
    let (rows, columns) = (one.len().checked_sub(2)?, other.len().checked_sub(2)?);
    let mut out = broadcast(&one[..rows], &other[..columns]);
    out.extend([one[rows], other[columns + 1]]);
    Some(Known::of_shape(out))
}
