//! A network, put together operation by operation. Every shape is known while it is built, so that weights which do not
//! belong together are found here and not by an engine.

use std::path::Path;

use crate::error::PolicyError;

use super::onnx::{self, Attribute, Body, Data, Node, Stored, ValueInfo, signed};

/// The version of ONNX's operators that is written: both engines know all of it.
const OPSET: i64 = 17;

/// The most numbers in any intermediate result: 1 GiB of float32.
const MAX_ELEMENTS: usize = 1 << 28;

/// The most bytes of stored tensors: protobuf, which ONNX is, ends at 2 GiB.
const MAX_STORED: usize = (2 << 30) - (64 << 20);

/// A tensor in the network.
#[derive(Debug, Clone)]
pub(super) struct Value {
    name: String,
    pub(super) shape: Vec<usize>,
}

/// A network that is being built.
#[derive(Debug, Default)]
pub(super) struct Graph {
    body: Body,
    stored: Vec<Stored>,
    bytes: usize,
}

/// A step of building; the reason if it is not possible.
pub(super) type Step = Result<Value, String>;

impl Graph {
    pub(super) fn new(name: &str) -> Self {
        let mut graph = Self::default();
        name.clone_into(&mut graph.body.name);
        graph
    }

    /// How many operations it has.
    pub(super) fn operations(&self) -> usize {
        self.body.nodes.len()
    }

    /// How many numbers are stored in it.
    pub(super) fn parameters(&self) -> usize {
        let stored = self.stored.iter().map(|tensor| match &tensor.data {
            Data::F32(values) => values.len(),
            Data::I64(_) => 0,
        });
        stored.sum()
    }

    pub(super) fn input(&mut self, name: &str, shape: &[usize]) -> Value {
        self.body.inputs.push(ValueInfo::new(name, shape));
        Value {
            name: name.to_owned(),
            shape: shape.to_vec(),
        }
    }

    /// Makes `value` an output of this name.
    pub(super) fn output(&mut self, name: &str, value: &Value) {
        let shape = value.shape.clone();
        self.body.nodes.push(Node {
            inputs: vec![value.name.clone()],
            outputs: vec![name.to_owned()],
            name: format!("{name}_out"),
            op_type: "Identity".to_owned(),
            attributes: Vec::new(),
        });
        self.body.outputs.push(ValueInfo::new(name, &shape));
    }

    /// A stored tensor of floats.
    pub(super) fn stored(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Step {
        if values.len() != shape.iter().product::<usize>() {
            return Err(format!(
                "`{name}` has {} numbers, and the shape {shape:?} needs others",
                values.len()
            ));
        }
        self.bytes += values.len() * 4;
        if self.bytes > MAX_STORED {
            return Err(format!(
                "the network has more than {} MiB of weights, which is where an ONNX file ends",
                MAX_STORED >> 20
            ));
        }
        Ok(self.store(name, shape, Data::F32(values)))
    }

    fn store(&mut self, name: &str, shape: &[usize], data: Data) -> Value {
        // The number keeps apart what has the same name for people.
        let name = format!("{name}#{}", self.stored.len());
        self.stored.push(Stored {
            name: name.clone(),
            shape: shape.to_vec(),
            data,
        });
        Value {
            name,
            shape: shape.to_vec(),
        }
    }

    fn integers(&mut self, values: &[usize]) -> Value {
        let data = values.iter().map(|value| signed(*value)).collect();
        self.store("shape", &[values.len()], Data::I64(data))
    }

    fn node(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<Attribute>,
        shape: Vec<usize>,
    ) -> Step {
        let elements = shape.iter().try_fold(1usize, |product, dim| {
            product.checked_mul(*dim).filter(|n| *n <= MAX_ELEMENTS)
        });
        if elements.is_none_or(|elements| elements == 0) {
            return Err(format!(
                "a {op} would give a tensor of the shape {shape:?}, and 1 to {MAX_ELEMENTS} numbers are possible"
            ));
        }
        let name = format!("{op}_{}", self.body.nodes.len());
        self.body.nodes.push(Node {
            inputs: inputs.iter().map(|value| value.name.clone()).collect(),
            outputs: vec![name.clone()],
            name: name.clone(),
            op_type: op.to_owned(),
            attributes,
        });
        Ok(Value { name, shape })
    }

    /// An operation on each number by itself.
    pub(super) fn map(&mut self, op: &str, x: &Value) -> Step {
        self.node(op, &[x], Vec::new(), x.shape.clone())
    }

    /// An operation on two tensors, one of which may be repeated along dimensions of one.
    pub(super) fn both(&mut self, op: &str, a: &Value, b: &Value) -> Step {
        let rank = a.shape.len().max(b.shape.len());
        let dim = |value: &Value, place: usize| {
            let missing = rank - value.shape.len();
            place
                .checked_sub(missing)
                .map_or(1, |place| value.shape[place])
        };
        let mut shape = Vec::with_capacity(rank);
        for place in 0..rank {
            shape.push(match (dim(a, place), dim(b, place)) {
                (a, b) if a == b => a,
                (1, other) | (other, 1) => other,
                _ => return Err(format!("{op} of {:?} and {:?}", a.shape, b.shape)),
            });
        }
        self.node(op, &[a, b], Vec::new(), shape)
    }

    pub(super) fn add(&mut self, a: &Value, b: &Value) -> Step {
        self.both("Add", a, b)
    }

    pub(super) fn relu(&mut self, x: &Value) -> Step {
        self.map("Relu", x)
    }

    /// `x * tanh(ln(1 + e^x))`, as `x * n / (n + 2)` with `n = e^x (e^x + 2)`: tract's tanh is an approximation that would be the largest
    /// error of a denoiser. Above 20 both are `x` in single precision.
    pub(super) fn mish(&mut self, x: &Value) -> Step {
        let most = self.stored("most", &[1], vec![20.0])?;
        let two = self.stored("two", &[1], vec![2.0])?;
        let bounded = self.both("Min", x, &most)?;
        let power = self.map("Exp", &bounded)?;
        let more = self.add(&power, &two)?;
        let n = self.both("Mul", &power, &more)?;
        let below = self.add(&n, &two)?;
        let part = self.both("Div", &n, &below)?;
        self.both("Mul", x, &part)
    }

    /// The exact form with the error function, which is torch's default.
    pub(super) fn gelu(&mut self, x: &Value) -> Step {
        let root = self.stored("root_half", &[1], vec![std::f32::consts::FRAC_1_SQRT_2])?;
        let half = self.stored("half", &[1], vec![0.5])?;
        let one = self.stored("one", &[1], vec![1.0])?;
        let scaled = self.both("Mul", x, &root)?;
        let error = self.map("Erf", &scaled)?;
        let factor = self.add(&error, &one)?;
        let product = self.both("Mul", x, &factor)?;
        self.both("Mul", &product, &half)
    }

    /// Over the last dimension.
    pub(super) fn softmax(&mut self, x: &Value) -> Step {
        let axis = vec![Attribute::int("axis", -1)];
        self.node("Softmax", &[x], axis, x.shape.clone())
    }

    /// `x` [rows, in] times the transpose of `weight` [out, in], plus `bias` [out].
    pub(super) fn linear(&mut self, x: &Value, weight: &Value, bias: &Value) -> Step {
        match (x.shape.as_slice(), weight.shape.as_slice()) {
            ([rows, inner], [out, also]) if inner == also && bias.shape == [*out] => {
                let transposed = vec![Attribute::int("transB", 1)];
                self.node("Gemm", &[x, weight, bias], transposed, vec![*rows, *out])
            }
            _ => Err(format!(
                "a linear layer of {:?}, {:?} and {:?}",
                x.shape, weight.shape, bias.shape
            )),
        }
    }

    /// The product over the last two dimensions.
    pub(super) fn matmul(&mut self, a: &Value, b: &Value) -> Step {
        let wrong = || format!("a product of {:?} and {:?}", a.shape, b.shape);
        let ([batch_a @ .., rows, inner], [batch_b @ .., also, columns]) =
            (a.shape.as_slice(), b.shape.as_slice())
        else {
            return Err(wrong());
        };
        let batch = match (batch_a, batch_b) {
            (batch, []) | ([], batch) => batch,
            (a, b) if a == b => a,
            _ => return Err(wrong()),
        };
        if inner != also {
            return Err(wrong());
        }
        let shape = [batch, &[*rows, *columns]].concat();
        self.node("MatMul", &[a, b], Vec::new(), shape)
    }

    pub(super) fn reshape(&mut self, x: &Value, shape: &[usize]) -> Step {
        if x.shape.iter().product::<usize>() != shape.iter().product::<usize>() {
            return Err(format!("{:?} cannot become {shape:?}", x.shape));
        }
        let wanted = self.integers(shape);
        self.node("Reshape", &[x, &wanted], Vec::new(), shape.to_vec())
    }

    pub(super) fn transpose(&mut self, x: &Value, order: &[usize]) -> Step {
        let places: Vec<i64> = order.iter().map(|place| signed(*place)).collect();
        let shape = order.iter().map(|place| x.shape[*place]).collect();
        let order = vec![Attribute::ints("perm", &places)];
        self.node("Transpose", &[x], order, shape)
    }

    pub(super) fn concat(&mut self, parts: &[Value], axis: usize) -> Step {
        let [first, rest @ ..] = parts else {
            return Err("nothing is put together".to_owned());
        };
        if rest.is_empty() {
            return Ok(first.clone());
        }
        let mut shape = first.shape.clone();
        for part in rest {
            let fits = part.shape.len() == shape.len()
                && (0..shape.len()).all(|i| i == axis || part.shape[i] == shape[i]);
            if !fits {
                return Err(format!("{:?} and {shape:?} put together", part.shape));
            }
            shape[axis] += part.shape[axis];
        }
        let inputs: Vec<&Value> = parts.iter().collect();
        let axis = vec![Attribute::int("axis", signed(axis))];
        self.node("Concat", &inputs, axis, shape)
    }

    /// The part `from..to` of one dimension.
    pub(super) fn slice(&mut self, x: &Value, axis: usize, from: usize, to: usize) -> Step {
        if from >= to || to > x.shape[axis] {
            return Err(format!("{from}..{to} of {:?}", x.shape));
        }
        let mut shape = x.shape.clone();
        shape[axis] = to - from;
        let (from, to, axis) = (
            self.integers(&[from]),
            self.integers(&[to]),
            self.integers(&[axis]),
        );
        self.node("Slice", &[x, &from, &to, &axis], Vec::new(), shape)
    }

    /// Writes it to a new file.
    ///
    /// # Errors
    /// [`PolicyError::Write`].
    pub(super) fn write(&self, path: &Path) -> Result<(), PolicyError> {
        onnx::write(path, OPSET, &self.body, &self.stored).map_err(|source| PolicyError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

mod layers;

pub(super) use layers::Convolution;
