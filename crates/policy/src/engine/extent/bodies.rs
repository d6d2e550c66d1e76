//! Networks within an operation: the branches of an `If`, what a `Scan` repeats.

use std::collections::BTreeSet;

use tract_hir::infer::{Factoid, InferenceFact, InferenceOp};
use tract_hir::ops::scan::{InferenceScan, InputMapping};
use tract_onnx::ops::logic::If;
use tract_onnx::prelude::{InferenceModel, TractResult, TypedModel, TypedOp};
use tract_onnx::tract_core::internal::Node;
use tract_onnx::tract_core::ops::logic::IfThenElse;
use tract_onnx::tract_core::ops::scan::Scan;

/// An operation as it was read.
pub(super) type InferenceNode = Node<InferenceFact, Box<dyn InferenceOp>>;

/// Copies of the networks within an operation that was just read, each with what is known of its inputs.
pub(super) fn bodies(
    node: &InferenceNode,
    inputs: &[InferenceFact],
) -> TractResult<Vec<InferenceModel>> {
    if let Some(op) = node.op.as_op().downcast_ref::<If>() {
        return branches(op, inputs);
    }
    let Some(op) = node.op.as_op().downcast_ref::<InferenceScan>() else {
        return Ok(Vec::new());
    };
    let mut body = op.body.clone();
    for (slot, mapping) in op.input_mapping.iter().enumerate() {
        let Some(outer) = inputs.get(slot) else {
            continue;
        };
        match mapping {
            InputMapping::Full => tell(&mut body, slot, outer)?,
            // In later rounds it has another value.
            InputMapping::State => tell(&mut body, slot, &without_value(outer))?,
            InputMapping::Scan(_) => {}
        }
    }
    Ok(vec![body])
}

/// The condition comes first; then, sorted by name, what either branch takes from around it.
fn branches(op: &If, inputs: &[InferenceFact]) -> TractResult<Vec<InferenceModel>> {
    let names = |body: &InferenceModel| -> TractResult<Vec<String>> {
        let places = body.input_outlets()?.iter();
        Ok(places.map(|i| body.node(i.node).name.clone()).collect())
    };
    let mut all = BTreeSet::new();
    for body in [&op.then_body, &op.else_body] {
        all.extend(names(body)?);
    }
    let mut out = Vec::new();
    for body in [&op.then_body, &op.else_body] {
        let mut body = body.clone();
        for (slot, name) in names(&body)?.iter().enumerate() {
            let place = all.iter().position(|other| other == name);
            if let Some(outer) = place.and_then(|place| inputs.get(place + 1)) {
                tell(&mut body, slot, outer)?;
            }
        }
        out.push(body);
    }
    Ok(out)
}

fn tell(body: &mut InferenceModel, slot: usize, outer: &InferenceFact) -> TractResult<()> {
    let known = body.input_fact(slot)?.unify(outer)?;
    body.set_input_fact(slot, known)
}

fn without_value(fact: &InferenceFact) -> InferenceFact {
    InferenceFact {
        value: Default::default(),
        ..fact.clone()
    }
}

/// The networks within an operation whose shapes are worked out.
pub(super) fn typed(op: &dyn TypedOp) -> Vec<&TypedModel> {
    if let Some(op) = op.downcast_ref::<IfThenElse>() {
        return vec![&op.then_body, &op.else_body];
    }
    let scan = op.downcast_ref::<Scan>();
    scan.map(|op| &op.body).into_iter().collect()
}
