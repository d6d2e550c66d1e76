//! Networks in tract itself, where a failure can do no harm.
//!
//! tract panics on some files that are damaged or use an operation in a way it does not know, and behind ONNX Runtime's C interface,
//! where `ort` has it, a panic ends the process. So each network is loaded and run once here before. Where ONNX Runtime is the engine in use,
//! this is also the second opinion on a network.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tract_onnx::prelude::{
    Framework, InferenceModelExt, IntoTValue, TValue, TVec, Tensor, TractResult, TypedModel,
};
use tract_onnx::tract_core::model::IntoRunnable;

use crate::bundle::folder;
use crate::bundle::graph::GraphFile;

use super::extent::Extent;

/// Runs `model`, the bytes of `graph`, on zeros.
pub(super) fn run(model: &[u8], graph: &GraphFile) -> Result<(), String> {
    caught(|| {
        let zeros = graph.inputs.iter();
        let zeros = zeros.map(|port| Tensor::zero::<f32>(&port.shape));
        let zeros = zeros.collect::<TractResult<Vec<_>>>()?;
        load(model, graph)?(zeros).map(drop)
    })
}

/// Runs a network on tensors.
type Run = Box<dyn Fn(Vec<Tensor>) -> TractResult<TVec<TValue>>>;

/// A network that is loaded.
pub(crate) struct Rehearsal<'a> {
    graph: &'a GraphFile,
    run: Run,
}

impl<'a> Rehearsal<'a> {
    /// Loads `graph`.
    pub(crate) fn load(graph: &'a GraphFile) -> Result<Self, String> {
        let model = folder::read(&graph.path, folder::MAX_GRAPH);
        let model = model.map_err(|error| error.to_string())?;
        let run = caught(|| load(&model, graph))?;
        Ok(Self { graph, run })
    }

    /// What it answers to these inputs, which are in the order of its ports.
    pub(crate) fn answer(&self, inputs: &[Vec<f32>]) -> Result<Vec<f32>, String> {
        caught(|| {
            let tensors = self.graph.inputs.iter().zip(inputs);
            let tensors = tensors.map(|(port, values)| Tensor::from_shape(&port.shape, values));
            let outputs = (self.run)(tensors.collect::<TractResult<Vec<_>>>()?)?;
            let view = outputs[0].to_plain_array_view::<f32>()?;
            Ok(view.iter().copied().collect())
        })
    }
}

fn caught<T>(attempt: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    // Nothing of what may be left half done is used again.
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(
            "it failed on it (see above); ONNX Runtime may take it, or the file is damaged"
                .to_owned(),
        ),
    }
}

/// Reads a network, unless one run of it takes more than its file is worth.
pub(super) fn typed(mut model: &[u8], folder: Option<&str>) -> TractResult<TypedModel> {
    let onnx = tract_onnx::onnx();
    let proto = onnx.proto_model_for_read(&mut model)?;
    let mut parsed = onnx.parse(&proto, folder)?.model;
    let extent = Extent::of(&mut parsed)?;
    let typed = parsed.into_typed()?;
    extent.check(&typed)?;
    Ok(typed)
}

fn load(model: &[u8], graph: &GraphFile) -> TractResult<Run> {
    let folder = graph.path.parent().and_then(Path::to_str);
    let parsed = typed(model, folder)?.into_optimized()?;
    let names = graph.inputs.iter().map(|port| &port.name);
    let plan = parsed.with_input_names(names)?.into_runnable()?;
    Ok(Box::new(move |tensors| {
        let inputs = tensors.into_iter().map(IntoTValue::into_tvalue);
        plan.run(inputs.collect())
    }))
}
