//! Layers with parameters: convolutions and normalisations.

use super::super::onnx::{Attribute, signed};
use super::{Graph, Step, Value};

/// How a convolution goes over its input, the same in each direction.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Convolution {
    pub(in super::super) stride: usize,
    pub(in super::super) padding: usize,
    pub(in super::super) dilation: usize,
}

impl Convolution {
    pub(in super::super) fn new(stride: usize, padding: usize) -> Self {
        Self {
            stride,
            padding,
            dilation: 1,
        }
    }

    /// The length of a side after it.
    fn side(self, side: usize, kernel: usize) -> Option<usize> {
        let reach = self.dilation * (kernel.checked_sub(1)?) + 1;
        Some((side + 2 * self.padding).checked_sub(reach)? / self.stride + 1)
    }

    fn attributes(self, kernel: &[usize]) -> Vec<Attribute> {
        let sides = kernel.len();
        let all = |value: usize, times: usize| vec![signed(value); times];
        let kernel: Vec<i64> = kernel.iter().map(|side| signed(*side)).collect();
        vec![
            Attribute::ints("kernel_shape", &kernel),
            Attribute::ints("strides", &all(self.stride, sides)),
            Attribute::ints("pads", &all(self.padding, 2 * sides)),
        ]
    }
}

impl Graph {
    /// Of `x` [batch, in, sides...] with `weight` [out, in / groups, kernel...].
    pub(in super::super) fn convolve(
        &mut self,
        x: &Value,
        weight: &Value,
        bias: Option<&Value>,
        how: Convolution,
    ) -> Step {
        let wrong = || format!("a convolution of {:?} with {:?}", x.shape, weight.shape);
        let ([batch, channels, sides @ ..], [out, part, kernel @ ..]) =
            (x.shape.as_slice(), weight.shape.as_slice())
        else {
            return Err(wrong());
        };
        let grouped = *part > 0 && channels % part == 0 && out % (channels / part) == 0;
        if sides.len() != kernel.len() || !grouped {
            return Err(wrong());
        }
        let mut shape = vec![*batch, *out];
        for (side, kernel) in sides.iter().zip(kernel) {
            shape.push(how.side(*side, *kernel).ok_or_else(wrong)?);
        }
        let mut attributes = how.attributes(kernel);
        attributes.push(Attribute::ints(
            "dilations",
            &vec![signed(how.dilation); kernel.len()],
        ));
        attributes.push(Attribute::int("group", signed(channels / part)));
        let inputs: Vec<&Value> = [x, weight].into_iter().chain(bias).collect();
        self.node("Conv", &inputs, attributes, shape)
    }

    /// The transposed convolution of `x` [batch, in, length] with `weight` [in, out, kernel].
    pub(in super::super) fn widen(
        &mut self,
        x: &Value,
        weight: &Value,
        bias: &Value,
        how: Convolution,
    ) -> Step {
        let (&[batch, channels, length], &[also, out, kernel]) =
            (x.shape.as_slice(), weight.shape.as_slice())
        else {
            return Err(format!("widening {:?} with {:?}", x.shape, weight.shape));
        };
        let longer = (length - 1) * how.stride + kernel;
        if channels != also || longer <= 2 * how.padding {
            return Err(format!("widening {:?} with {:?}", x.shape, weight.shape));
        }
        let shape = vec![batch, out, longer - 2 * how.padding];
        let attributes = how.attributes(&[kernel]);
        self.node("ConvTranspose", &[x, weight, bias], attributes, shape)
    }

    /// The largest of each square of pixels.
    pub(in super::super) fn max_pool(
        &mut self,
        x: &Value,
        kernel: usize,
        how: Convolution,
    ) -> Step {
        let wrong = || format!("pooling of {:?}", x.shape);
        let &[batch, channels, height, width] = x.shape.as_slice() else {
            return Err(wrong());
        };
        let side = |side| how.side(side, kernel).ok_or_else(wrong);
        let shape = vec![batch, channels, side(height)?, side(width)?];
        let attributes = how.attributes(&[kernel, kernel]);
        self.node("MaxPool", &[x], attributes, shape)
    }

    /// Over the last dimension.
    pub(in super::super) fn layer_norm(
        &mut self,
        x: &Value,
        weight: &Value,
        bias: &Value,
        epsilon: f32,
    ) -> Step {
        let attributes = vec![
            Attribute::int("axis", -1),
            Attribute::float("epsilon", epsilon),
        ];
        let shape = x.shape.clone();
        self.node("LayerNormalization", &[x, weight, bias], attributes, shape)
    }

    /// Of `x` [batch, channels, sides...]. ONNX has it as one operation only from version 21 on; before, it is the normalisation of
    /// each group as if it were a channel.
    pub(in super::super) fn group_norm(
        &mut self,
        x: &Value,
        groups: usize,
        weight: &Value,
        bias: &Value,
        epsilon: f32,
    ) -> Step {
        let [batch, channels, sides @ ..] = x.shape.as_slice() else {
            return Err(format!("a group norm of {:?}", x.shape));
        };
        if groups == 0 || channels % groups != 0 || weight.shape != [*channels] {
            return Err(format!("a group norm of {groups} groups of {:?}", x.shape));
        }
        let area: usize = sides.iter().product();
        let grouped = self.reshape(x, &[*batch, groups, channels / groups * area])?;
        let ones = self.stored("ones", &[groups], vec![1.0; groups])?;
        let zeros = self.stored("zeros", &[groups], vec![0.0; groups])?;
        let epsilon = vec![Attribute::float("epsilon", epsilon)];
        let shape = grouped.shape.clone();
        let inputs = [&grouped, &ones, &zeros];
        let normal = self.node("InstanceNormalization", &inputs, epsilon, shape)?;
        let normal = self.reshape(&normal, &x.shape)?;
        let column: Vec<usize> = [*channels]
            .into_iter()
            .chain(sides.iter().map(|_| 1))
            .collect();
        let (weight, bias) = (self.reshape(weight, &column)?, self.reshape(bias, &column)?);
        let scaled = self.both("Mul", &normal, &weight)?;
        self.add(&scaled, &bias)
    }
}
