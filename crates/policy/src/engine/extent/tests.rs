use super::super::rehearsal::typed;
use crate::bundle::onnx::{
    Dim, FLOAT, Graph, INT64, Model, Node, Shape, Tensor, TensorType, Type, ValueInfo,
};
use prost::Message;

/// A float tensor of this shape that goes in or comes out.
fn value(name: &str, shape: Option<&[i64]>) -> ValueInfo {
    let dim = |size: &i64| Dim {
        value: Some(*size),
        symbol: None,
    };
    let tensor = TensorType {
        element: FLOAT,
        shape: shape.map(|shape| Shape {
            dims: shape.iter().map(dim).collect(),
        }),
    };
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor: Some(tensor),
        }),
    }
}

fn ints(name: &str, dims: &[i64], values: &[i64]) -> Tensor {
    Tensor {
        dims: dims.to_vec(),
        element: INT64,
        int64s: values.to_vec(),
        name: name.to_owned(),
        ..Tensor::default()
    }
}

fn list(name: &str, values: &[i64]) -> Tensor {
    ints(name, &[values.len() as i64], values)
}

/// `op a b > y`.
fn node(text: &str) -> Node {
    let (before, outputs) = text.split_once(" > ").unwrap();
    let mut words = before.split(' ').map(str::to_owned);
    Node {
        op: words.next().unwrap(),
        inputs: words.filter(|word| !word.is_empty()).collect(),
        outputs: outputs.split(' ').map(str::to_owned).collect(),
        name: String::new(),
        ..Node::default()
    }
}

/// Reads a network that takes `x`, of six numbers, and gives `y`.
fn read(initializers: &[Tensor], nodes: &[&str]) -> Result<(), String> {
    let graph = Graph {
        nodes: nodes.iter().map(|text| node(text)).collect(),
        initializers: initializers.to_vec(),
        inputs: vec![value("x", Some(&[1, 6]))],
        outputs: vec![value("y", None)],
    };
    let model = Model {
        graph: Some(graph),
        functions: Vec::new(),
    };
    // With the version of its operations.
    let bytes = [&model.encode_to_vec()[..], &[0x42, 0x02, 0x10, 0x11]].concat();
    let read = typed(&bytes, None);
    read.map(drop).map_err(|error| format!("{error:#}"))
}

fn refusal(initializers: &[Tensor], nodes: &[&str]) -> String {
    let refused = read(initializers, nodes).unwrap_err();
    assert!(refused.contains("are the most"), "{nodes:?}: {refused}");
    refused
}

#[test]
fn tensors_without_end_are_refused_however_they_are_made() {
    let million = list("million", &[1_000_000, 1]);
    let one = ints("one", &[], &[1]);
    let (first, second) = (list("first", &[0]), list("second", &[1]));
    let start = ints("start", &[], &[0]);
    let end = ints("end", &[], &[1 << 40]);
    let places = list("places", &[200_000_000]);
    // A tensor that depends on what goes in, so that it is made in each run.
    let tall = "Expand x million > tall";
    let cases: [(Vec<Tensor>, Vec<&str>); 5] = [
        (vec![places.clone()], vec!["ConstantOfShape places > y"]),
        (vec![start, one, end], vec!["Range start end one > y"]),
        (
            vec![million.clone()],
            vec![tall, "Transpose tall > t", "MatMul tall t > y"],
        ),
        (
            vec![million.clone()],
            vec![tall, "Transpose tall > t", "Tile t repeats > y"],
        ),
        (
            vec![million.clone(), first.clone(), second.clone()],
            vec![
                tall,
                "Unsqueeze tall first > u",
                "Unsqueeze tall second > v",
                "Add u v > y",
            ],
        ),
    ];
    for (mut tensors, nodes) in cases {
        tensors.push(list("repeats", &[1, 1000]));
        let text = refusal(&tensors, &nodes);
        assert!(text.contains("operation `"), "{text}");
    }
}

#[test]
fn many_tensors_count_together() {
    let shape = list("shape", &[4096, 6]);
    let names: Vec<String> = (0..8000).map(|n| format!("Add e e > f{n}")).collect();
    let mut nodes = vec!["Expand x shape > e"];
    nodes.extend(names.iter().map(String::as_str));
    let (few, sum) = (&nodes[..1000], "Sum f0 f1 > y");
    read(std::slice::from_ref(&shape), &[few, &[sum]].concat()).unwrap();
    // What is not asked for is not made.
    let all: Vec<String> = (0..8000).map(|n| format!("f{n}")).collect();
    let sum = format!("Sum {} > y", all.join(" "));
    nodes.push(&sum);
    assert!(refusal(&[shape], &nodes).contains("tensors"));
}

#[test]
fn work_without_end_is_refused_also_where_it_is_done_while_loading() {
    let square = list("square", &[5000, 5000]);
    let twelve = list("twelve", &[5000, 6]);
    let text = refusal(
        &[twelve, square.clone(), list("back", &[6, 5000])],
        &[
            "Expand x twelve > a",
            "Transpose a > b",
            "MatMul a b > c",
            "MatMul c c > d",
            "MatMul d c > y",
        ],
    );
    assert!(text.contains("multiplications"), "{text}");
    let text = refusal(
        &[square],
        &[
            "ConstantOfShape square > a",
            "MatMul a a > b",
            "MatMul b b > y",
        ],
    );
    assert!(text.contains("constants"), "{text}");
}

#[test]
fn how_many_are_not_zero_counts_as_all() {
    let wide = list("wide", &[1, 60_000]);
    let pick = list("pick", &[0, 0]);
    let text = refusal(
        &[wide, list("flat", &[1, 1]), list("first", &[0]), pick],
        &[
            "MatMul x w > one",
            "Expand one wide > e",
            "NonZero e > places",
            "Transpose places > t",
            "MatMul t places > y",
        ]
        .map(|node| match node {
            "MatMul x w > one" => "ReduceMax x > one",
            other => other,
        }),
    );
    assert!(text.contains("MatMul") || text.contains("EinSum"), "{text}");
}

#[test]
fn ordinary_networks_pass() {
    let shape = list("shape", &[64, 6]);
    read(
        &[shape],
        &["Expand x shape > e", "Transpose e > t", "MatMul e t > y"],
    )
    .unwrap();
}
