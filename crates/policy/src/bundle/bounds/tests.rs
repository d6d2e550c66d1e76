use super::*;
use crate::bundle::onnx::{Attribute, Dim, Model, Shape, Tensor, TensorType, Type, ValueInfo};
use prost::Message;

fn constant(name: &str, values: &[i64]) -> Tensor {
    Tensor {
        dims: vec![values.len() as i64],
        element: 7,
        int64s: values.to_vec(),
        name: name.to_owned(),
        ..Tensor::default()
    }
}

fn node(op: &str, inputs: &[&str], output: &str) -> Node {
    Node {
        op: op.to_owned(),
        inputs: inputs.iter().map(|name| (*name).to_owned()).collect(),
        outputs: vec![output.to_owned()],
        ..Node::default()
    }
}

fn with_graph(mut node: Node, graph: Graph) -> Node {
    node.attributes.push(Attribute {
        name: "body".to_owned(),
        graph: Some(graph),
        ..Attribute::default()
    });
    node
}

fn graph(initializers: Vec<Tensor>, nodes: Vec<Node>) -> Graph {
    Graph {
        nodes,
        initializers,
        ..Graph::default()
    }
}

fn verdict(graph: &Graph) -> Result<(), String> {
    check(graph, &[])
}

fn refusal(initializers: Vec<Tensor>, nodes: Vec<Node>) -> String {
    verdict(&graph(initializers, nodes)).unwrap_err()
}

fn ints(name: &str, ints: &[i64]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        ints: ints.to_vec(),
        ..Attribute::default()
    }
}

#[test]
fn huge_tensors_that_operations_make_are_refused_by_name() {
    let big = 1 << 40;
    let cases = [
        (
            "ConstantOfShape",
            vec![constant("a", &[1 << 20, 1 << 20])],
            vec!["a"],
        ),
        (
            "Expand",
            vec![constant("x", &[1]), constant("a", &[big])],
            vec!["x", "a"],
        ),
        (
            "Tile",
            vec![constant("x", &[1, 2]), constant("a", &[big])],
            vec!["x", "a"],
        ),
        (
            "OneHot",
            vec![constant("x", &[1]), constant("a", &[big])],
            vec!["x", "a"],
        ),
        (
            "Range",
            vec![
                constant("a", &[0]),
                constant("b", &[i64::MAX]),
                constant("c", &[1]),
            ],
            vec!["a", "b", "c"],
        ),
        (
            "Pad",
            vec![constant("x", &[1]), constant("a", &[0, big])],
            vec!["x", "a"],
        ),
    ];
    for (op, initializers, inputs) in cases {
        let text = refusal(initializers, vec![node(op, &inputs, "y")]);
        assert!(
            text.contains(&format!("`{op}`")) && text.contains("elements"),
            "{text}"
        );
    }
    let mut random = node("RandomNormal", &[], "y");
    random.attributes.push(ints("shape", &[1 << 20, 1 << 20]));
    assert!(refusal(vec![], vec![random]).contains("RandomNormal"));
    let mut pooled = node("MaxPool", &["x"], "y");
    pooled
        .attributes
        .push(ints("pads", &[1 << 20, 1 << 20, 0, 0]));
    assert!(refusal(vec![], vec![pooled]).contains("MaxPool"));
    // Two sizes that are fine each, and not together.
    let column = constant("n", &[1 << 16, 1]);
    let row = constant("m", &[1, 1 << 16]);
    let nodes = vec![
        node("ConstantOfShape", &["n"], "column"),
        node("ConstantOfShape", &["m"], "row"),
        node("Add", &["column", "row"], "y"),
    ];
    assert!(refusal(vec![column, row], nodes).contains("`Add`"));
}

#[test]
fn the_shape_may_come_from_other_constants() {
    let parts = vec![constant("a", &[1 << 20]), constant("b", &[1 << 20])];
    let nodes = vec![
        node("Identity", &["a"], "c"),
        node("Concat", &["c", "b"], "shape"),
        node("Cast", &["shape"], "whole"),
        node("ConstantOfShape", &["whole"], "y"),
    ];
    assert!(refusal(parts, nodes).contains("ConstantOfShape"));
    let mut value = node("Constant", &[], "shape");
    value.attributes.push(Attribute {
        name: "value".to_owned(),
        tensor: Some(Tensor {
            raw: [(1_i64 << 35).to_le_bytes(), 4_i64.to_le_bytes()]
                .concat()
                .into(),
            int64s: vec![],
            ..constant("", &[0, 0])
        }),
        ..Attribute::default()
    });
    let nodes = vec![value, node("ConstantOfShape", &["shape"], "y")];
    assert!(refusal(vec![], nodes).contains("ConstantOfShape"));
}

#[test]
fn usual_operations_pass() {
    let shape = vec![
        constant("shape", &[1, 100, 512]),
        constant("twice", &[1, 2, 1]),
    ];
    let nodes = vec![
        node("ConstantOfShape", &["shape"], "x"),
        node("Expand", &["x", "shape"], "e"),
        node("Tile", &["e", "twice"], "t"),
        node("Add", &["t", "unknown"], "y"),
        node("Conv", &["y", "w"], "z"),
        node("SomethingNew", &["z"], "end"),
    ];
    verdict(&graph(shape, nodes)).unwrap();
}

#[test]
fn loops_need_a_constant_number_of_rounds() {
    let body = || graph(vec![], vec![node("Add", &["x", "x"], "x2")]);
    let repeat = |inputs: &[&str]| with_graph(node("Loop", inputs, "y"), body());
    let text = refusal(vec![], vec![repeat(&["rounds", "go_on"])]);
    assert!(
        text.contains("`Loop`") && text.contains("fixed number of rounds"),
        "{text}"
    );
    // Without a number, only the condition ends it.
    assert!(refusal(vec![], vec![repeat(&["", "go_on"])]).contains("`Loop`"));
    verdict(&graph(
        vec![constant("rounds", &[100])],
        vec![repeat(&["rounds", ""])],
    ))
    .unwrap();
    let text = refusal(
        vec![constant("rounds", &[1 << 62])],
        vec![repeat(&["rounds", ""])],
    );
    assert!(text.contains("operations"), "{text}");
    // Within another graph, and multiplied by the rounds of another loop.
    let hidden = with_graph(
        node("If", &["c"], "y"),
        graph(vec![], vec![repeat(&["", "c"])]),
    );
    assert!(refusal(vec![], vec![hidden]).contains("`Loop`"));
    let mut loops = repeat(&["rounds", ""]);
    for _ in 0..3 {
        loops = with_graph(
            node("Loop", &["rounds", ""], "y"),
            graph(vec![], vec![loops]),
        );
    }
    assert!(refusal(vec![constant("rounds", &[1000])], vec![loops]).contains("operations"));
}

#[test]
fn scans_go_through_what_is_known() {
    let scan = |inputs: &[&str]| {
        let mut scan = with_graph(
            node("Scan", inputs, "y"),
            graph(vec![], vec![Node::default()]),
        );
        scan.attributes.push(Attribute {
            name: "num_scan_inputs".to_owned(),
            int: 1,
            ..Attribute::default()
        });
        scan
    };
    assert!(refusal(vec![], vec![scan(&["start", "x"])]).contains("`Scan`"));
    let input = ValueInfo {
        name: "x".to_owned(),
        kind: Some(Type {
            tensor: Some(TensorType {
                element: 1,
                shape: Some(Shape {
                    dims: vec![Dim {
                        value: Some(8),
                        symbol: None,
                    }],
                }),
            }),
        }),
    };
    let mut known = graph(vec![], vec![scan(&["start", "x"])]);
    known.inputs.push(input);
    verdict(&known).unwrap();
    assert!(refusal(vec![], vec![node("SequenceMap", &["x"], "y")]).contains("SequenceMap"));
}

#[test]
fn functions_count_where_they_are_used() {
    let function = |name: &str, nodes: Vec<Node>| Function {
        name: name.to_owned(),
        nodes,
    };
    let twice = |name: String| vec![node(&name, &["x"], "y"), node(&name, &["y"], "z")];
    let mut functions = vec![function("f0", vec![Node::default()])];
    for level in 1..60 {
        functions.push(function(
            &format!("f{level}"),
            twice(format!("f{}", level - 1)),
        ));
    }
    let graph = graph(vec![], vec![node("f59", &["x"], "y")]);
    assert!(
        check(&graph, &functions)
            .unwrap_err()
            .contains("operations")
    );
    let own = [function("f59", vec![node("f59", &["x"], "y")])];
    assert!(check(&graph, &own).unwrap_err().contains("calls itself"));
    let endless = [function("f59", vec![node("Loop", &["", "c"], "y")])];
    assert!(check(&graph, &endless).unwrap_err().contains("`Loop`"));
}

#[test]
fn a_file_of_too_many_parts_is_refused_before_it_takes_memory() {
    let mut nodes = vec![0x0a, 0x00].repeat(3 << 20);
    let mut file = vec![0x3a];
    prost::encoding::encode_varint(nodes.len() as u64, &mut file);
    file.append(&mut nodes);
    assert!(few(&file).unwrap_err().contains("parts"));
    let small = Model {
        graph: Some(graph(
            vec![constant("a", &[1])],
            vec![node("Add", &["a", "a"], "b")],
        )),
        functions: vec![],
    };
    few(&small.encode_to_vec()).unwrap();
}
