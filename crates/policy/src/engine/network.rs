//! One network in an engine.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::Path;

use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorRef, ValueType};

use crate::bundle::graph::{GraphFile, Port};
use crate::bundle::{bind, folder, inline};
use crate::error::PolicyError;

use super::{Engine, EngineKind};

/// A network that takes float32 tensors and gives one.
pub(crate) struct Network {
    session: Session,
    inputs: Vec<(String, Vec<i64>)>,
    output: String,
    output_len: usize,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("inputs", &self.inputs)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

impl Network {
    /// Loads `graph`. `threads` is how many the engine computes with; tract always takes one.
    pub(crate) fn open(
        engine: &Engine,
        graph: &GraphFile,
        threads: NonZeroUsize,
    ) -> Result<Self, PolicyError> {
        let wrong = |reason: String| PolicyError::Graph {
            path: graph.path.clone(),
            reason,
        };
        let model = prepared(engine, graph, &wrong)?;
        #[cfg(feature = "tract")]
        if engine.info.kind == EngineKind::Tract {
            super::rehearsal::run(&model, graph)
                .map_err(|reason| wrong(format!("{} cannot run it: {reason}", engine.info())))?;
        }
        let loaded = builder(engine, threads).and_then(|mut builder| {
            match (engine.info.kind, graph.external) {
                // The bytes as they are need no copy in memory.
                (EngineKind::Ort, false) => builder.commit_from_file(&graph.path),
                (EngineKind::Ort, true) => builder
                    .with_config_entry(EXTERNAL_FOLDER, folder_of(graph).to_string_lossy())?
                    .commit_from_memory(&model),
                (EngineKind::Tract, false) => builder.commit_from_memory(&model),
                (EngineKind::Tract, true) => builder.commit_from_file(&graph.path),
            }
        });
        let session =
            loaded.map_err(|error| wrong(format!("{} cannot load it ({error})", engine.info())))?;
        for port in &graph.inputs {
            agree(&session, port, true).map_err(&wrong)?;
        }
        agree(&session, &graph.output, false).map_err(&wrong)?;
        let inputs = graph.inputs.iter();
        Ok(Self {
            session,
            inputs: inputs.map(|port| (port.name.clone(), dims(port))).collect(),
            output: graph.output.name.clone(),
            output_len: graph.output.shape.iter().product(),
        })
    }

    /// Runs it once. `inputs` are in the order of the graph's ports, and as long as those say.
    pub(crate) fn run(&mut self, inputs: &[Vec<f32>]) -> Result<Vec<f32>, String> {
        let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
        for ((name, shape), data) in self.inputs.iter().zip(inputs) {
            let tensor = TensorRef::from_array_view((shape.as_slice(), data.as_slice()));
            values.push((name, tensor.map_err(|error| error.to_string())?.into()));
        }
        let outputs = self
            .session
            .run(values)
            .map_err(|error| error.to_string())?;
        let output = outputs
            .get(&self.output)
            .ok_or_else(|| format!("it gave no `{}`", self.output))?;
        let (shape, data) = output
            .try_extract_tensor::<f32>()
            .map_err(|error| error.to_string())?;
        if data.len() != self.output_len {
            return Err(format!(
                "it gave a `{}` of the shape {shape:?}, and {} elements were expected",
                self.output, self.output_len
            ));
        }
        Ok(data.to_vec())
    }
}

/// ONNX Runtime's name for where the weights of a model in memory lie.
const EXTERNAL_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// The folder that the names of other files start from.
fn folder_of(graph: &GraphFile) -> &Path {
    match graph.path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The bytes that the engine is to load: for tract with a batch size that is left open set to one, for ONNX Runtime with small tensors in it.
/// Empty where it loads the file itself.
fn prepared(
    engine: &Engine,
    graph: &GraphFile,
    wrong: &dyn Fn(String) -> PolicyError,
) -> Result<Vec<u8>, PolicyError> {
    if engine.info.kind == EngineKind::Ort && !graph.external {
        return Ok(Vec::new());
    }
    let bytes = folder::read(&graph.path, folder::MAX_GRAPH)?;
    if engine.info.kind == EngineKind::Ort {
        return Ok(inline::small_tensors(&bytes, folder_of(graph)).unwrap_or(bytes));
    }
    if !graph.open_batch {
        return Ok(bytes);
    }
    if graph.external {
        return Err(wrong(
            "its batch size is open and its weights lie in another file, which tract cannot take together; export it with a batch of 1"
                .to_owned(),
        ));
    }
    Ok(bind::batch_of_one(&bytes).unwrap_or(bytes))
}

fn builder(engine: &Engine, threads: NonZeroUsize) -> ort::Result<SessionBuilder> {
    // Without this, tract would run the network as it was written, several times slower.
    let builder = Session::builder(&engine.environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    match engine.info.kind {
        // Threads that spin between two inferences would take the control loop's time.
        EngineKind::Ort => Ok(builder
            .with_intra_threads(threads.get())?
            .with_intra_op_spinning(false)?
            .with_execution_providers(engine.info.provider.dispatch())?),
        EngineKind::Tract => Ok(builder),
    }
}

fn dims(port: &Port) -> Vec<i64> {
    let dims = port.shape.iter();
    dims.map(|dim| i64::try_from(*dim).unwrap_or(i64::MAX))
        .collect()
}

/// Holds the engine's own view of a tensor against what is expected; -1 is a dimension that it leaves open.
fn agree(session: &Session, port: &Port, input: bool) -> Result<(), String> {
    let (what, outlets) = if input {
        ("input", session.inputs())
    } else {
        ("output", session.outputs())
    };
    let outlet = outlets.iter().find(|outlet| outlet.name() == port.name);
    let outlet = outlet.ok_or_else(|| format!("the engine sees no {what} `{}`", port.name))?;
    let wanted = dims(port);
    let fits = match outlet.dtype() {
        ValueType::Tensor { shape, .. } => {
            shape.len() == wanted.len()
                && shape
                    .iter()
                    .zip(&wanted)
                    .all(|(dim, wanted)| dim == wanted || *dim == -1)
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "the engine sees its {what} `{}` as {}, and {} needs {wanted:?}",
        port.name,
        outlet.dtype(),
        port.feature
    ))
}
