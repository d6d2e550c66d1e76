//! Whether a network ends, and how much memory it takes, as far as that can be known before it runs: how many operations it has,
//! how often its loops go round, and how large the tensors become whose shapes are constants.

mod known;
mod messages;

use std::collections::BTreeMap;

use super::onnx::{Function, Graph, Node};
use known::{Known, Scope};
pub(super) use messages::few;

/// The most operations, those of functions counted where they are used and those of loops once a round. A large
/// vision-language-action network has some ten thousand.
const MAX_OPERATIONS: u64 = 4 << 20;
/// The most stored tensors.
const MAX_TENSORS: usize = 1 << 18;
/// How deeply graphs nest.
const MAX_DEPTH: usize = 16;

/// Refuses a network that is not known to end, or that would need too much memory; the error names the operation.
pub(super) fn check(graph: &Graph, functions: &[Function]) -> Result<(), String> {
    let mut bounds = Bounds {
        functions: functions.iter().map(|f| (f.name.as_str(), f)).collect(),
        costs: BTreeMap::new(),
        tensors: 0,
    };
    let operations = bounds.graph(graph, &Scope::default(), 0)?;
    within(operations)
}

fn within(operations: u64) -> Result<(), String> {
    match operations > MAX_OPERATIONS {
        true => Err(format!(
            "it has more than {MAX_OPERATIONS} operations, those within loops counted once for each round"
        )),
        false => Ok(()),
    }
}

struct Bounds<'a> {
    functions: BTreeMap<&'a str, &'a Function>,
    /// How many operations a function is; none while it is being counted.
    costs: BTreeMap<&'a str, Option<u64>>,
    tensors: usize,
}

impl<'a> Bounds<'a> {
    /// How many operations a graph runs.
    fn graph(&mut self, graph: &'a Graph, outer: &Scope, depth: usize) -> Result<u64, String> {
        if depth > MAX_DEPTH {
            return Err(format!("its graphs nest more than {MAX_DEPTH} deep"));
        }
        self.tensors += graph.initializers.len();
        if self.tensors > MAX_TENSORS {
            return Err(format!("it has more than {MAX_TENSORS} stored tensors"));
        }
        let mut scope = Scope::within(outer);
        for tensor in &graph.initializers {
            scope.set(&tensor.name, Known::stored(tensor));
        }
        for input in &graph.inputs {
            // A weight may be listed among the inputs, too.
            scope.set_if_unknown(&input.name, Known::declared(input));
        }
        let mut operations = 0_u64;
        for node in &graph.nodes {
            operations = operations.saturating_add(self.node(node, &scope, depth)?);
            within(operations)?;
            known::infer(node, &mut scope)?;
        }
        Ok(operations)
    }

    /// How many operations a node is.
    fn node(&mut self, node: &'a Node, scope: &Scope, depth: usize) -> Result<u64, String> {
        let rounds = match node.op.as_str() {
            "Loop" => rounds_of_loop(node, scope)?,
            "Scan" => rounds_of_scan(node, scope)?,
            "SequenceMap" => return Err(endless(node)),
            _ => 1,
        };
        let mut operations = 1;
        for attribute in &node.attributes {
            for inner in attribute.graph.iter().chain(&attribute.graphs) {
                let inner = self.graph(inner, scope, depth + 1)?;
                operations = inner.saturating_mul(rounds).saturating_add(operations);
            }
        }
        match self.functions.get(node.op.as_str()).copied() {
            Some(function) => Ok(self.function(function)?.saturating_add(operations)),
            None => Ok(operations),
        }
    }

    fn function(&mut self, function: &'a Function) -> Result<u64, String> {
        match self.costs.get(function.name.as_str()) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(format!("its function `{}` calls itself", function.name)),
            None if self.costs.len() > 1024 => {
                return Err("it has more than 1024 functions".to_owned());
            }
            None => self.costs.insert(&function.name, None),
        };
        let (mut cost, mut scope) = (0_u64, Scope::default());
        for node in &function.nodes {
            cost = cost.saturating_add(self.node(node, &scope, 1)?);
            within(cost)?;
            known::infer(node, &mut scope)?;
        }
        self.costs.insert(&function.name, Some(cost));
        Ok(cost)
    }
}

/// A loop runs as often as its first input says, which must be a constant.
fn rounds_of_loop(node: &Node, scope: &Scope) -> Result<u64, String> {
    let most = node.inputs.first().and_then(|name| scope.values(name));
    match most.as_deref() {
        Some([rounds]) => Ok(u64::try_from(*rounds).unwrap_or(0)),
        _ => Err(endless(node)),
    }
}

/// A scan runs once for each element of what it goes through.
fn rounds_of_scan(node: &Node, scope: &Scope) -> Result<u64, String> {
    let attribute = |name: &str| node.attributes.iter().find(|a| a.name == name);
    let scanned = attribute("num_scan_inputs").map_or(0, |a| a.int);
    let scanned = usize::try_from(scanned).unwrap_or(0);
    let first = node
        .inputs
        .len()
        .checked_sub(scanned)
        .filter(|_| scanned > 0);
    let axes = attribute("scan_input_axes").and_then(|a| a.ints.first());
    let shape = first.and_then(|first| scope.shape(node.inputs.get(first)?));
    shape
        .and_then(|shape| {
            let axis = axes.copied().unwrap_or(0);
            let count = i64::try_from(shape.len()).ok()?;
            let axis = if axis < 0 { axis + count } else { axis };
            shape.get(usize::try_from(axis).ok()?).copied()
        })
        .ok_or_else(|| endless(node))
}

fn endless(node: &Node) -> String {
    format!(
        "its operation {} repeats a graph, and how often is no constant of the file, so it might never end; \
         export the network with a fixed number of rounds",
        known::named(node)
    )
}

#[cfg(test)]
mod tests;
