//! The layers of ACT's transformer. Sequences are [tokens, dim]: the batch is one.

use super::super::graph::{Step, Value};
use super::{Affine, Building, Linear};

/// What all layers have in common, by the names of ACT's config.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Dims {
    pub(in crate::import) model: usize,
    pub(in crate::import) heads: usize,
    pub(in crate::import) feedforward: usize,
    pub(in crate::import) gelu: bool,
    pub(in crate::import) pre_norm: bool,
}

/// torch's `MultiheadAttention`.
#[derive(Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
}

/// What is added to queries and keys: where a token is.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Places<'a> {
    pub(in crate::import) queries: &'a Value,
    pub(in crate::import) keys: &'a Value,
}

impl Building<'_> {
    fn attention(&mut self, name: &str, dims: Dims) -> Result<Attention, String> {
        let dim = dims.model;
        let (weight, bias) = (
            format!("{name}.in_proj_weight"),
            format!("{name}.in_proj_bias"),
        );
        let mut weights = self.weights.take(&weight, &[3 * dim, dim])?;
        let mut biases = self.weights.take(&bias, &[3 * dim])?;
        // Scores are scaled by 1 / sqrt(dim of a head), which the queries can carry.
        #[allow(clippy::cast_possible_truncation)]
        let scale = (1.0 / ((dim / dims.heads) as f64).sqrt()) as f32;
        let queries = weights[..dim * dim].iter_mut().chain(&mut biases[..dim]);
        queries.for_each(|number| *number *= scale);
        let mut part = |index: usize| -> Result<Linear, String> {
            let rows = &weights[index * dim * dim..(index + 1) * dim * dim];
            let shifts = &biases[index * dim..(index + 1) * dim];
            Ok(Linear {
                weight: self.graph.stored(&weight, &[dim, dim], rows.to_vec())?,
                bias: self.graph.stored(&bias, &[dim], shifts.to_vec())?,
            })
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        Ok(Attention {
            query,
            key,
            value,
            out: self.linear(&format!("{name}.out_proj"), dim, dim)?,
        })
    }

    /// Queries, keys and values are [tokens, dim] each.
    fn attend(
        &mut self,
        attention: &Attention,
        dims: Dims,
        [query, key, value]: [&Value; 3],
    ) -> Step {
        let head = dims.model / dims.heads;
        let split = |building: &mut Self, linear: &Linear, x: &Value, order: &[usize]| {
            let x = building.apply(linear, x)?;
            let x = building
                .graph
                .reshape(&x, &[x.shape[0], dims.heads, head])?;
            building.graph.transpose(&x, order)
        };
        let query = split(self, &attention.query, query, &[1, 0, 2])?;
        let key = split(self, &attention.key, key, &[1, 2, 0])?;
        let value = split(self, &attention.value, value, &[1, 0, 2])?;
        let scores = self.graph.matmul(&query, &key)?;
        let weights = self.graph.softmax(&scores)?;
        let mixed = self.graph.matmul(&weights, &value)?;
        let mixed = self.graph.transpose(&mixed, &[1, 0, 2])?;
        let joined = self.graph.reshape(&mixed, &[mixed.shape[0], dims.model])?;
        self.apply(&attention.out, &joined)
    }

    fn feedforward(&mut self, name: &str, dims: Dims, x: &Value) -> Step {
        let first = self.linear(&format!("{name}linear1"), dims.feedforward, dims.model)?;
        let second = self.linear(&format!("{name}linear2"), dims.model, dims.feedforward)?;
        let x = self.apply(&first, x)?;
        let x = match dims.gelu {
            true => self.graph.gelu(&x)?,
            false => self.graph.relu(&x)?,
        };
        self.apply(&second, &x)
    }

    /// `name` ends with a point. The positions are added to queries and keys, not to values.
    pub(in crate::import) fn encoder_layer(
        &mut self,
        name: &str,
        dims: Dims,
        x: &Value,
        places: &Value,
    ) -> Step {
        let attention = self.attention(&format!("{name}self_attn"), dims)?;
        let norm1 = self.affine(&format!("{name}norm1"), dims.model)?;
        let norm2 = self.affine(&format!("{name}norm2"), dims.model)?;
        let x = self.residual(dims, &norm1, x, |building, x| {
            let placed = building.graph.add(x, places)?;
            building.attend(&attention, dims, [&placed, &placed, x])
        })?;
        self.residual(dims, &norm2, &x, |building, x| {
            building.feedforward(name, dims, x)
        })
    }

    /// `name` ends with a point; `seen` is what the encoder gave.
    pub(in crate::import) fn decoder_layer(
        &mut self,
        name: &str,
        dims: Dims,
        x: &Value,
        seen: &Value,
        places: Places<'_>,
    ) -> Step {
        let own = self.attention(&format!("{name}self_attn"), dims)?;
        let across = self.attention(&format!("{name}multihead_attn"), dims)?;
        let norm1 = self.affine(&format!("{name}norm1"), dims.model)?;
        let norm2 = self.affine(&format!("{name}norm2"), dims.model)?;
        let norm3 = self.affine(&format!("{name}norm3"), dims.model)?;
        let x = self.residual(dims, &norm1, x, |building, x| {
            let placed = building.graph.add(x, places.queries)?;
            building.attend(&own, dims, [&placed, &placed, x])
        })?;
        let keys = self.graph.add(seen, places.keys)?;
        let x = self.residual(dims, &norm2, &x, |building, x| {
            let placed = building.graph.add(x, places.queries)?;
            building.attend(&across, dims, [&placed, &keys, seen])
        })?;
        self.residual(dims, &norm3, &x, |building, x| {
            building.feedforward(name, dims, x)
        })
    }

    /// `x` plus what `inner` makes of it, with the norm before `inner` or after the sum.
    fn residual(
        &mut self,
        dims: Dims,
        norm: &Affine,
        x: &Value,
        inner: impl FnOnce(&mut Self, &Value) -> Step,
    ) -> Step {
        if dims.pre_norm {
            let normal = self.norm(norm, x)?;
            let change = inner(self, &normal)?;
            return self.graph.add(x, &change);
        }
        let change = inner(self, x)?;
        let sum = self.graph.add(x, &change)?;
        self.norm(norm, &sum)
    }
}
