//! How much memory and work one run of a network takes, worked out before anything of it is computed.
//!
//! A file of a few bytes can ask for tensors of any size, and for any number of multiplications. tract knows which shapes all of its
//! operations give, so it is asked for them one operation after the other: what depends on constants alone is computed on the way, and
//! how large it will be is looked at before that.

mod bodies;

use tract_hir::infer::{Factoid, InferenceFact};
use tract_onnx::prelude::{InferenceModel, SymbolValues, TDim, TVec, TractResult, TypedModel};
use tract_onnx::tract_core::internal::{Cost, OutletId, bail};

use bodies::InferenceNode;

/// A network without weights may make so many bytes of tensors in one run.
const MADE: u64 = 512 << 20;
/// And this many times the bytes of its weights: all that ResNet-18 makes of a picture takes four times its weights.
const MADE_BY_WEIGHTS: u64 = 24;
/// And of what it is given: large pictures go through a small network.
const MADE_BY_INPUTS: u64 = 128;
/// Of what depends on constants alone, which is computed and kept while the network is loaded.
const CONSTANTS: u64 = 64 << 20;
const CONSTANTS_BY_WEIGHTS: u64 = 16;
/// Multiplications of one run: some seconds of one thread.
const WORK: u64 = 1 << 35;
/// And so many for each byte of weights, each of which meets every place of a picture.
const WORK_BY_WEIGHTS: u64 = 1 << 11;

/// How deeply graphs nest.
const MAX_DEPTH: usize = 16;

/// What a network has, and what one run of it takes, bytes.
#[derive(Debug, Default)]
pub(super) struct Extent {
    weights: u64,
    inputs: u64,
    made: u64,
    constants: u64,
}

impl Extent {
    /// Works out the shapes in a network that was just read.
    pub(super) fn of(model: &mut InferenceModel) -> TractResult<Extent> {
        let mut extent = Extent::default();
        extent.walk(model, 0)?;
        Ok(extent)
    }

    fn walk(&mut self, model: &mut InferenceModel, depth: usize) -> TractResult<()> {
        if depth > MAX_DEPTH {
            bail!("its graphs nest more than {MAX_DEPTH} deep");
        }
        let given: Vec<usize> = model.input_outlets()?.iter().map(|i| i.node).collect();
        let order = model.eval_order()?;
        let mut made = Vec::new();
        for id in order {
            let node = model.node(id);
            let outputs = node.outputs.iter().map(|output| &output.fact);
            let size = outputs.clone().map(bytes).fold(0, u64::saturating_add);
            match () {
                () if given.contains(&id) && depth > 0 => {}
                () if given.contains(&id) => self.inputs = self.inputs.saturating_add(size),
                () if node.inputs.is_empty() && outputs.clone().all(has_value) => {
                    self.weights = self.weights.saturating_add(size);
                }
                () => made.push(id),
            }
        }
        for id in made {
            let inputs: Vec<InferenceFact> =
                model.node_input_facts(id)?.into_iter().cloned().collect();
            for mut body in bodies::bodies(model.node(id), &inputs)? {
                self.walk(&mut body, depth + 1)?;
            }
            let shapes = inferred(model, id, false)?;
            let known = shapes.outputs.iter().any(|output| bytes(output) > 0);
            self.take(model.node(id), &shapes)?;
            let values = inferred(model, id, true)?;
            if !known {
                self.take(model.node(id), &values)?;
            }
            settle(model, id, values)?;
        }
        Ok(())
    }

    /// Takes what an operation makes.
    fn take(&mut self, node: &InferenceNode, facts: &Facts) -> TractResult<()> {
        let bytes = facts.outputs.iter().map(bytes);
        let bytes = bytes.fold(0, u64::saturating_add).max(range(node, facts));
        self.made = self.made.saturating_add(bytes);
        if facts.inputs.iter().all(has_value) {
            self.constants = self.constants.saturating_add(bytes);
        }
        let most = self.most(CONSTANTS, CONSTANTS_BY_WEIGHTS, 0);
        let constants = within("megabytes of constants", self.constants >> 20, most >> 20);
        let outcome = constants.and_then(|()| self.made_within(self.made));
        outcome.or_else(|reason| bail!("{}", at(&node.name, &node.op.name(), &reason)))
    }

    fn made_within(&self, made: u64) -> Result<(), String> {
        let most = self.most(MADE, MADE_BY_WEIGHTS, MADE_BY_INPUTS);
        within("megabytes of tensors", made >> 20, most >> 20)
    }

    fn most(&self, any: u64, by_weights: u64, by_inputs: u64) -> u64 {
        any.saturating_add(self.weights.saturating_mul(by_weights))
            .saturating_add(self.inputs.saturating_mul(by_inputs))
    }

    /// Checks a network whose shapes are all worked out. Where a size depends on values, such as how many are not zero, all may be meant.
    pub(super) fn check(&self, model: &TypedModel) -> TractResult<()> {
        let facts = model.nodes().iter().flat_map(|node| &node.outputs);
        let volumes: Vec<TDim> = facts.map(|output| output.fact.shape.volume()).collect();
        let largest = volumes.iter().filter_map(|volume| volume.to_i64().ok());
        let largest = largest.max().unwrap_or(1);
        let mut values = SymbolValues::default();
        for symbol in volumes.iter().flat_map(TDim::symbols) {
            values.set(&symbol, largest);
        }
        let number = |dim: &TDim| {
            let number = dim.eval_to_i64(&values).ok();
            number.map_or(u64::MAX, |number| u64::try_from(number).unwrap_or(0))
        };
        let most = self.most(WORK, WORK_BY_WEIGHTS, 0);
        let (mut made, mut work) = (0_u64, 0_u64);
        for node in model.nodes().iter().filter(|node| !node.inputs.is_empty()) {
            for output in &node.outputs {
                let size = output.fact.datum_type.size_of() as u64;
                let volume = number(&output.fact.shape.volume());
                made = made.saturating_add(volume.saturating_mul(size));
            }
            for body in bodies::typed(&*node.op) {
                self.check(body)?;
            }
            for (cost, count) in node.op.cost(&model.node_input_facts(node.id)?)? {
                if matches!(cost, Cost::FMA(_) | Cost::Div(_)) {
                    work = work.saturating_add(number(&count));
                }
            }
            const MILLION: u64 = 1_000_000;
            let outcome = self
                .made_within(made)
                .and_then(|()| within("million multiplications", work / MILLION, most / MILLION));
            outcome.or_else(|reason| bail!("{}", at(&node.name, &node.op.name(), &reason)))?;
        }
        Ok(())
    }
}

fn within(what: &str, taken: u64, most: u64) -> Result<(), String> {
    match taken > most {
        true => Err(format!(
            "{taken} {what}, and for a network with as few weights as this one {most} are the most"
        )),
        false => Ok(()),
    }
}

fn at(name: &str, operation: &str, reason: &str) -> String {
    let name = name.escape_debug();
    format!("up to its operation `{operation}` (`{name}`) one run takes {reason}")
}

/// The bytes of a tensor as far as its shape is known; none where it is not.
fn bytes(fact: &InferenceFact) -> u64 {
    let Some(shape) = fact.shape.concretize() else {
        return 0;
    };
    let mut volume = 1_u64;
    for dim in shape {
        let Ok(size) = dim.eval_to_i64(&SymbolValues::default()) else {
            return 0;
        };
        volume = volume.saturating_mul(u64::try_from(size).unwrap_or(0));
    }
    let size = fact.datum_type.concretize();
    volume.saturating_mul(size.map_or(8, |kind| kind.size_of() as u64))
}

/// The bytes of a range between constants, of which tract says that it has none before it has made them.
fn range(node: &InferenceNode, facts: &Facts) -> u64 {
    let number = |fact: &InferenceFact| fact.value.concretize()?.cast_to_scalar::<f64>().ok();
    let numbers: Vec<f64> = facts.inputs.iter().filter_map(number).collect();
    match numbers[..] {
        [first, end, step] if node.op.name() == "Range" => ((end - first) / step * 8.0) as u64,
        _ => 0,
    }
}

fn has_value(fact: &InferenceFact) -> bool {
    fact.value.is_concrete()
}

/// What is known of the tensors around an operation.
struct Facts {
    inputs: TVec<InferenceFact>,
    outputs: TVec<InferenceFact>,
}

/// What an operation tells of its tensors: shapes alone, or with `values` also those that follow from constants, which are computed.
fn inferred(model: &mut InferenceModel, id: usize, values: bool) -> TractResult<Facts> {
    let own = |facts: TVec<&InferenceFact>| facts.into_iter().cloned().collect::<TVec<_>>();
    let (inputs, outputs) = model.node_facts(id)?;
    let (inputs, outputs) = (own(inputs), own(outputs));
    let node = model.node(id);
    let observed: Vec<OutletId> = node.op.observe_outlets(model, node)?;
    let observed = observed.into_iter().map(|outlet| model.outlet_fact(outlet));
    let observed = own(observed.collect::<TractResult<_>>()?);
    let (inputs, outputs) = (inputs.iter().collect(), outputs.iter().collect());
    let observed = observed.iter().collect();
    let op = &mut model.node_mut(id).op;
    let (inputs, outputs, _) = match values {
        true => op.infer(inputs, outputs, observed)?,
        false => op.infer_facts(inputs, outputs, observed)?,
    };
    Ok(Facts { inputs, outputs })
}

/// Keeps what was found.
fn settle(model: &mut InferenceModel, id: usize, facts: Facts) -> TractResult<()> {
    let inputs = model.node(id).inputs.clone();
    let outputs = (0..facts.outputs.len()).map(|slot| OutletId::new(id, slot));
    let places = inputs.into_iter().chain(outputs);
    for (place, found) in places.zip(facts.inputs.into_iter().chain(facts.outputs)) {
        let unified = found.unify(model.outlet_fact(place)?)?;
        model.set_outlet_fact(place, unified)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
