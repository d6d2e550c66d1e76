//! LeRobot's networks, put together from a checkpoint's weights.

pub(super) mod attention;
pub(super) mod condition;
mod resize;
pub(super) mod resnet;
pub(super) mod unet;

use super::graph::{Graph, Step, Value};
use super::weights::Weights;

/// Where weights come from, and the network that they go into.
#[derive(Debug)]
pub(super) struct Building<'a> {
    pub(super) graph: Graph,
    pub(super) weights: &'a mut Weights,
}

/// `x W^T + b`.
#[derive(Debug)]
pub(super) struct Linear {
    weight: Value,
    bias: Value,
}

/// The two vectors of a normalisation.
#[derive(Debug)]
pub(super) struct Affine {
    weight: Value,
    bias: Value,
}

/// torch's default `eps` of layer, group and batch norm; LeRobot sets no other.
const EPS: f32 = 1e-5;

impl<'a> Building<'a> {
    pub(super) fn new(name: &str, weights: &'a mut Weights) -> Self {
        Self {
            graph: Graph::new(name),
            weights,
        }
    }

    /// A weight as it is in the file.
    pub(super) fn weight(&mut self, name: &str, shape: &[usize]) -> Step {
        let values = self.weights.take(name, shape)?;
        self.graph.stored(name, shape, values)
    }

    pub(super) fn linear(
        &mut self,
        name: &str,
        out: usize,
        inner: usize,
    ) -> Result<Linear, String> {
        Ok(Linear {
            weight: self.weight(&format!("{name}.weight"), &[out, inner])?,
            bias: self.weight(&format!("{name}.bias"), &[out])?,
        })
    }

    pub(super) fn affine(&mut self, name: &str, len: usize) -> Result<Affine, String> {
        Ok(Affine {
            weight: self.weight(&format!("{name}.weight"), &[len])?,
            bias: self.weight(&format!("{name}.bias"), &[len])?,
        })
    }

    pub(super) fn apply(&mut self, linear: &Linear, x: &Value) -> Step {
        self.graph.linear(x, &linear.weight, &linear.bias)
    }

    pub(super) fn norm(&mut self, affine: &Affine, x: &Value) -> Step {
        self.graph.layer_norm(x, &affine.weight, &affine.bias, EPS)
    }
}
