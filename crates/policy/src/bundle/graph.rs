//! What a bundle expects of a network, held against the network, before an engine sees it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::error::PolicyError;

use super::bounds;
use super::folder;
use super::onnx::{self, Dim, Graph, Model, Tensor, ValueInfo};

/// The most elements of any one tensor in a network: 4 GiB of float32.
const MAX_ELEMENTS: u64 = 1 << 30;

/// A tensor that a network is to take or give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: String,
    /// With the batch dimension.
    pub(crate) shape: Vec<usize>,
    /// What it is, for messages: a feature's key.
    pub(crate) feature: String,
}

/// A network that takes and gives what is expected.
#[derive(Debug, Clone)]
pub(crate) struct GraphFile {
    pub(crate) path: PathBuf,
    pub(crate) inputs: Vec<Port>,
    pub(crate) output: Port,
    /// A batch size is left open: it is to be one.
    pub(crate) open_batch: bool,
    /// Weights lie in other files.
    pub(crate) external: bool,
}

impl GraphFile {
    pub(crate) fn open(
        bundle: &Path,
        file: &str,
        inputs: Vec<Port>,
        output: Port,
    ) -> Result<Self, PolicyError> {
        let path = folder::inside(bundle, file)?;
        let bytes = folder::read(&path, folder::MAX_GRAPH)?;
        let graph = parse(bytes.into()).map_err(|reason| at(&path, reason))?;
        let open_batch =
            check_ports(&graph, &inputs, &output).map_err(|reason| at(&path, reason))?;
        let mut files = BTreeSet::new();
        visit_tensors(&graph, &mut |tensor| {
            files.extend(needs(tensor)?);
            Ok(())
        })
        .map_err(|reason| at(&path, reason))?;
        let parent = Path::new(file).parent().unwrap_or(Path::new(""));
        let external = !files.is_empty();
        for name in files {
            let whole = parent.join(&name);
            let weights = folder::inside(bundle, &whole.to_string_lossy());
            let weights = weights.map_err(|error| match error {
                PolicyError::Read { source, .. } => at(
                    &path,
                    format!(
                        "its weights lie in a file of their own, `{}`, which cannot be read ({source}); put it next to the network",
                        whole.display()
                    ),
                ),
                other => other,
            })?;
            folder::size(&weights, folder::MAX_EXTERNAL)?;
        }
        Ok(Self {
            path,
            inputs,
            output,
            open_batch,
            external,
        })
    }
}

fn at(path: &Path, reason: String) -> PolicyError {
    PolicyError::Graph {
        path: path.to_owned(),
        reason,
    }
}

fn parse(bytes: prost::bytes::Bytes) -> Result<Graph, String> {
    bounds::few(&bytes)?;
    let model = Model::decode(bytes)
        .map_err(|error| format!("it is no ONNX file, or it is cut short ({error})"))?;
    let graph = model.graph.unwrap_or_default();
    if graph.nodes.is_empty() {
        return Err("it is no ONNX file, or it is cut short (it has no operations)".to_owned());
    }
    bounds::check(&graph, &model.functions)?;
    Ok(graph)
}

/// Calls `visit` for every stored tensor, those of nested graphs included.
fn visit_tensors(
    graph: &Graph,
    visit: &mut dyn FnMut(&Tensor) -> Result<(), String>,
) -> Result<(), String> {
    graph.initializers.iter().try_for_each(&mut *visit)?;
    for attribute in graph.nodes.iter().flat_map(|node| &node.attributes) {
        let own = attribute.tensor.iter().chain(&attribute.tensors);
        own.into_iter().try_for_each(&mut *visit)?;
        for inner in attribute.graph.iter().chain(&attribute.graphs) {
            visit_tensors(inner, visit)?;
        }
    }
    Ok(())
}

/// The file that holds a tensor's data, if it is another one.
fn needs(tensor: &Tensor) -> Result<Option<String>, String> {
    let elements = tensor.dims.iter().try_fold(1u64, |product, dim| {
        product.checked_mul(u64::try_from(*dim).ok()?)
    });
    if elements.is_none_or(|elements| elements > MAX_ELEMENTS) {
        return Err(format!(
            "its tensor `{}` has the shape {:?}, and at most {MAX_ELEMENTS} elements are loaded",
            tensor.name, tensor.dims
        ));
    }
    if tensor.data_location != 1 {
        return Ok(None);
    }
    let location = tensor.external_data.iter().find(|e| e.key == "location");
    match location {
        Some(entry) => Ok(Some(entry.value.clone())),
        None => Err(format!(
            "its tensor `{}` lies in a file of its own, which is not named; export the network again",
            tensor.name
        )),
    }
}

/// True if all is as expected but for a batch size that is left open.
fn check_ports(graph: &Graph, inputs: &[Port], output: &Port) -> Result<bool, String> {
    let mut open_batch = false;
    // Up to ONNX IR 3 weights were listed among the inputs as well.
    let stored: BTreeSet<&str> = graph.initializers.iter().map(|t| t.name.as_str()).collect();
    let open: Vec<&ValueInfo> = graph
        .inputs
        .iter()
        .filter(|input| !stored.contains(input.name.as_str()))
        .collect();
    for port in inputs {
        let info = open.iter().find(|info| info.name == port.name);
        let info = info.ok_or_else(|| absent("input", port, &names(open.iter().copied())))?;
        open_batch |= check_port("input", port, info)?;
    }
    if let Some(extra) = open
        .iter()
        .find(|info| inputs.iter().all(|port| port.name != info.name))
    {
        return Err(format!(
            "it wants the input `{}`, which policy.toml does not name; add it to `inputs`, or export the network without it",
            extra.name
        ));
    }
    let info = graph.outputs.iter().find(|info| info.name == output.name);
    let info = info.ok_or_else(|| absent("output", output, &names(&graph.outputs)))?;
    open_batch |= check_port("output", output, info)?;
    Ok(open_batch)
}

fn names<'a>(infos: impl IntoIterator<Item = &'a ValueInfo>) -> String {
    let names: Vec<String> = infos
        .into_iter()
        .map(|info| format!("`{}`", info.name))
        .collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn absent(what: &str, port: &Port, have: &str) -> String {
    format!(
        "it has no {what} `{}` for {} (its {what}s: {have}); name the right one as `tensor` in policy.toml",
        port.name, port.feature
    )
}

fn check_port(what: &str, port: &Port, info: &ValueInfo) -> Result<bool, String> {
    let name = &port.name;
    let kind = info.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let kind = kind.ok_or_else(|| format!("its {what} `{name}` is not a tensor"))?;
    if kind.element != onnx::FLOAT {
        return Err(format!(
            "its {what} `{name}` is {}, and {} is float32; export it as float32",
            onnx::element_name(kind.element),
            port.feature
        ));
    }
    let shape = kind.shape.as_ref();
    let dims = shape.map(|shape| shape.dims.as_slice()).unwrap_or_default();
    let shown: Vec<String> = dims.iter().map(show).collect();
    let differs = || {
        format!(
            "its {what} `{name}` has the shape [{}], and {} needs {:?}",
            shown.join(", "),
            port.feature,
            port.shape
        )
    };
    if dims.len() != port.shape.len() {
        return Err(differs());
    }
    for (place, (dim, wanted)) in dims.iter().zip(&port.shape).enumerate() {
        match dim.value {
            Some(value) if u64::try_from(value).ok() == Some(*wanted as u64) => {}
            Some(_) => return Err(differs()),
            None if place == 0 => {} // The batch size, which will be one.
            None => {
                return Err(format!(
                    "{}; only the batch may be left open: export the network with fixed shapes",
                    differs()
                ));
            }
        }
    }
    Ok(dims.first().is_some_and(|batch| batch.value.is_none()))
}

fn show(dim: &Dim) -> String {
    match (&dim.value, &dim.symbol) {
        (Some(value), _) => value.to_string(),
        (None, Some(symbol)) if !symbol.is_empty() => symbol.clone(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests;
