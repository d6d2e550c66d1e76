//! One network in an engine.

use std::fmt;
use std::num::NonZeroUsize;

use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorRef, ValueType};

use crate::bundle::graph::{GraphFile, Port};
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
        let session = session(engine, graph, threads)
            .map_err(|error| wrong(format!("{} cannot load it ({error})", engine.info())))?;
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

fn session(engine: &Engine, graph: &GraphFile, threads: NonZeroUsize) -> ort::Result<Session> {
    let mut builder = Session::builder(&engine.environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?;
    if engine.info.kind == EngineKind::Ort {
        // Threads that spin between two inferences would take the control loop's time.
        builder = builder
            .with_intra_threads(threads.get())?
            .with_intra_op_spinning(false)?;
    }
    builder.commit_from_file(&graph.path)
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
