//! Binding a batch size that an ONNX file leaves open to one.
//!
//! ONNX Runtime takes such files as they are. tract needs to know, so the file's bytes are copied with the first dimension of
//! every input and output set; everything else stays as it is, byte by byte.

use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// The way to a dimension, by field numbers: graph, input or output, type, tensor type, shape, dimension.
const WAYS: [[u32; 6]; 2] = [[7, 11, 2, 1, 2, 1], [7, 12, 2, 1, 2, 1]];

/// A dimension with the value one.
const ONE: [u8; 2] = [0x08, 1];

/// The same model for a batch of one. `None` if the bytes are no protobuf.
pub(crate) fn batch_of_one(model: &[u8]) -> Option<Vec<u8>> {
    rewrite(model, &WAYS.each_ref().map(<[u32; 6]>::as_slice))
}

/// Copies a message; where one of the ways leads, the first field at its end becomes [`ONE`].
fn rewrite(mut message: &[u8], ways: &[&[u32]]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len());
    let mut done = false;
    while !message.is_empty() {
        let before = message;
        let (tag, wire) = decode_key(&mut message).ok()?;
        let len = match wire {
            WireType::Varint => {
                decode_varint(&mut message).ok()?;
                0
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut message).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (body, rest) = message.split_at_checked(len)?;
        message = rest;
        let inner: Vec<&[u32]> = ways
            .iter()
            .filter(|way| way.first() == Some(&tag))
            .map(|way| &way[1..])
            .collect();
        let ends = inner.iter().any(|way| way.is_empty());
        let changed = match (wire, inner.is_empty()) {
            (WireType::LengthDelimited, false) if !ends => Some(rewrite(body, &inner)?),
            (WireType::LengthDelimited, false) if !done => Some(ONE.to_vec()),
            _ => None,
        };
        done |= ends;
        match changed {
            Some(body) => {
                encode_key(tag, wire, &mut out);
                encode_varint(body.len() as u64, &mut out);
                out.extend(body);
            }
            None => out.extend(&before[..before.len() - message.len()]),
        }
    }
    Some(out)
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
