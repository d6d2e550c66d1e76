//! A first run of a network in tract, where it can do no harm.
//!
//! tract panics on some files that are damaged or use an operation in a way it does not know, and behind ONNX Runtime's C interface,
//! where `ort` has it, a panic ends the process. So each network is loaded and run once here before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tract_onnx::prelude::{Framework, InferenceModelExt, IntoTValue, TVec, Tensor, TractResult};
use tract_onnx::tract_core::model::IntoRunnable;

use crate::bundle::graph::GraphFile;

/// Runs `model`, the bytes of `graph`, on zeros.
pub(super) fn run(model: &[u8], graph: &GraphFile) -> Result<(), String> {
    // Nothing of what may be left half done is used again.
    let attempt = catch_unwind(AssertUnwindSafe(|| attempt(model, graph)));
    match attempt {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err(
            "it failed on it (see above); ONNX Runtime may take it, or the file is damaged"
                .to_owned(),
        ),
    }
}

fn attempt(mut model: &[u8], graph: &GraphFile) -> TractResult<()> {
    let onnx = tract_onnx::onnx();
    let proto = onnx.proto_model_for_read(&mut model)?;
    let folder = graph.path.parent().and_then(Path::to_str);
    let parsed = onnx.parse(&proto, folder)?.model.into_optimized()?;
    let names = graph.inputs.iter().map(|port| &port.name);
    let plan = parsed.with_input_names(names)?.into_runnable()?;
    let mut inputs = TVec::new();
    for port in &graph.inputs {
        inputs.push(Tensor::zero::<f32>(&port.shape)?.into_tvalue());
    }
    plan.run(inputs)?;
    Ok(())
}
