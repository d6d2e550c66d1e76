//! Binding a batch size that an ONNX file leaves open to one.
//!
//! ONNX Runtime takes such files as they are. tract needs to know, so the file's bytes are copied with the first dimension of
//! every input and output set; everything else stays as it is, byte by byte.

use super::rewrite::{Change, rewrite};

/// The way to a dimension, by field numbers: graph, input or output, type, tensor type, shape, dimension.
const WAYS: [[u32; 6]; 2] = [[7, 11, 2, 1, 2, 1], [7, 12, 2, 1, 2, 1]];

/// A dimension with the value one.
const ONE: [u8; 2] = [0x08, 1];

/// The same model for a batch of one. `None` if the bytes are no protobuf.
pub(crate) fn batch_of_one(model: &[u8]) -> Option<Vec<u8>> {
    rewrite(model, &mut |part| {
        let ways = WAYS.iter().filter(|way| way.starts_with(part.path));
        match ways.map(|way| way.len() == part.path.len()).next() {
            Some(true) if part.first => Change::Become(ONE.to_vec()),
            Some(false) => Change::Enter,
            Some(true) | None => Change::Keep,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::onnx::{Dim, Graph, Model, Node, Shape, TensorType, Type, ValueInfo};
    use proptest::prelude::*;
    use prost::Message;

    fn info(name: &str, dims: &[Option<i64>]) -> ValueInfo {
        let dims = dims.iter().map(|value| Dim {
            value: *value,
            symbol: value.is_none().then(|| "batch".to_owned()),
        });
        ValueInfo {
            name: name.to_owned(),
            kind: Some(Type {
                tensor: Some(TensorType {
                    element: 1,
                    shape: Some(Shape {
                        dims: dims.collect(),
                    }),
                }),
            }),
        }
    }

    fn model(batch: Option<i64>) -> Model {
        Model {
            graph: Some(Graph {
                nodes: vec![Node::default()],
                initializers: Vec::new(),
                inputs: vec![
                    info("a", &[batch, Some(6)]),
                    info("b", &[batch, Some(3), Some(8)]),
                ],
                outputs: vec![info("c", &[batch, Some(20), Some(6)])],
            }),
            ..Model::default()
        }
    }

    #[test]
    fn the_first_dimension_is_set_and_nothing_else() {
        let open = model(None).encode_to_vec();
        let bound = batch_of_one(&open).unwrap();
        assert_eq!(Model::decode(bound.as_slice()).unwrap(), model(Some(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = batch_of_one(&bytes);
        }
    }
}
