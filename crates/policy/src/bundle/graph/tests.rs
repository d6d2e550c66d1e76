use super::*;
use crate::bundle::onnx::{Attribute, Node, Shape, StringEntry, TensorType, Type};
use proptest::prelude::*;
use std::fs;

fn dim(value: i64) -> Dim {
    Dim {
        value: Some(value),
        symbol: None,
    }
}

fn open(symbol: &str) -> Dim {
    Dim {
        value: None,
        symbol: Some(symbol.to_owned()),
    }
}

fn info(name: &str, element: i32, dims: Vec<Dim>) -> ValueInfo {
    let shape = Some(Shape { dims });
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor: Some(TensorType { element, shape }),
        }),
    }
}

fn graph() -> Graph {
    Graph {
        nodes: vec![Node::default()],
        initializers: Vec::new(),
        inputs: vec![info("state", 1, vec![dim(1), dim(6)])],
        outputs: vec![info("action", 1, vec![dim(1), dim(20), dim(6)])],
    }
}

fn port(name: &str, shape: &[usize], feature: &str) -> Port {
    Port {
        name: name.to_owned(),
        shape: shape.to_vec(),
        feature: feature.to_owned(),
    }
}

/// Opens a bundle's network that consists of these bytes.
fn open_bytes(bytes: &[u8]) -> Result<GraphFile, PolicyError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.onnx"), bytes).unwrap();
    open_in(folder.path())
}

fn open_in(folder: &Path) -> Result<GraphFile, PolicyError> {
    let inputs = vec![port("state", &[1, 6], "observation.state")];
    let output = port("action", &[1, 20, 6], "action");
    GraphFile::open(folder, "net.onnx", inputs, output)
}

fn open_graph(graph: Graph) -> Result<GraphFile, PolicyError> {
    open_bytes(
        &Model {
            graph: Some(graph),
            ..Model::default()
        }
        .encode_to_vec(),
    )
}

fn refusal(graph: Graph) -> String {
    open_graph(graph).unwrap_err().to_string()
}

#[test]
fn what_was_promised_is_taken() {
    assert!(!open_graph(graph()).unwrap().open_batch);
    let mut batched = graph();
    batched.inputs[0] = info("state", 1, vec![open("batch"), dim(6)]);
    assert!(open_graph(batched).unwrap().open_batch);
}

#[test]
fn other_names_shapes_and_types_are_refused_in_words() {
    let mut renamed = graph();
    renamed.inputs[0].name = "obs".to_owned();
    let text = refusal(renamed);
    assert!(
        text.contains("no input `state`") && text.contains("`obs`"),
        "{text}"
    );
    for (dims, word) in [
        (vec![dim(1), dim(7)], "[1, 7]"),
        (vec![dim(1), dim(6), dim(1)], "[1, 6, 1]"),
        (vec![dim(2), dim(6)], "[2, 6]"),
        (vec![dim(1), dim(-6)], "[1, -6]"),
        (vec![open("batch"), open("n")], "fixed shapes"),
        (vec![dim(1), Dim::default()], "[1, ?]"),
    ] {
        let mut other = graph();
        other.inputs[0] = info("state", 1, dims);
        let text = refusal(other);
        assert!(
            text.contains(word) && text.contains("observation.state"),
            "{text}"
        );
    }
    let mut half = graph();
    half.outputs[0] = info("action", 10, vec![dim(1), dim(20), dim(6)]);
    assert!(refusal(half).contains("float16"));
    let mut more = graph();
    more.inputs.push(info("latent", 1, vec![dim(1), dim(32)]));
    assert!(refusal(more).contains("`latent`"));
    let mut untyped = graph();
    untyped.outputs[0].kind = None;
    assert!(refusal(untyped).contains("not a tensor"));
}

#[test]
fn weights_among_the_inputs_are_not_asked_for() {
    let mut old = graph();
    old.inputs.push(info("weight", 1, vec![dim(6), dim(6)]));
    old.initializers.push(Tensor {
        name: "weight".to_owned(),
        dims: vec![6, 6],
        ..Tensor::default()
    });
    assert!(open_graph(old).is_ok());
}

#[test]
fn huge_tensors_are_refused_also_inside_of_operations() {
    let huge = Tensor {
        name: "w".to_owned(),
        dims: vec![1 << 40, 1 << 40],
        ..Tensor::default()
    };
    let mut outside = graph();
    outside.initializers.push(huge.clone());
    assert!(refusal(outside).contains("elements"));
    let mut inner = graph();
    inner.nodes[0].attributes.push(Attribute {
        tensor: Some(huge),
        ..Attribute::default()
    });
    let mut outer = graph();
    outer.nodes[0].attributes.push(Attribute {
        graph: Some(inner),
        ..Attribute::default()
    });
    assert!(refusal(outer).contains("elements"));
}

#[test]
fn weights_in_other_files_must_be_there_and_inside() {
    let external = |location: &str| {
        let mut graph = graph();
        graph.initializers.push(Tensor {
            name: "w".to_owned(),
            dims: vec![6],
            data_location: 1,
            external_data: vec![StringEntry {
                key: "location".to_owned(),
                value: location.to_owned(),
            }],
            ..Tensor::default()
        });
        graph
    };
    let text = refusal(external("net.onnx.data"));
    assert!(
        text.contains("net.onnx.data") && text.contains("next to"),
        "{text}"
    );
    for place in ["../net.onnx.data", "/etc/hostname", ""] {
        assert!(refusal(external(place)).contains("inside"), "{place}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.onnx.data"), [0; 24]).unwrap();
    let model = Model {
        graph: Some(external("net.onnx.data")),
        ..Model::default()
    };
    fs::write(folder.path().join("net.onnx"), model.encode_to_vec()).unwrap();
    assert!(open_in(folder.path()).unwrap().external);
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("net.onnx");
    fs::write(
        &target,
        Model {
            graph: Some(graph()),
            ..Model::default()
        }
        .encode_to_vec(),
    )
    .unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("net.onnx")).unwrap();
    let text = open_in(folder.path()).unwrap_err().to_string();
    assert!(text.contains("link"), "{text}");
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let mut whole = graph();
    whole.nodes = vec![Node::default(); 20];
    let bytes = Model {
        graph: Some(whole),
        ..Model::default()
    }
    .encode_to_vec();
    for len in 0..bytes.len() {
        let text = open_bytes(&bytes[..len]).unwrap_err().to_string();
        assert!(text.contains("not usable"), "{len}: {text}");
    }
    assert!(
        open_bytes(b"<html>")
            .unwrap_err()
            .to_string()
            .contains("no ONNX file")
    );
}

proptest! {
    #[test]
    fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(bytes.into());
    }
}
