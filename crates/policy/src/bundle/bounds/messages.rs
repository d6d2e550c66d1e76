//! How many parts an ONNX file has, counted before they take memory: a part of two bytes takes some hundred when it is decoded.

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// The most parts: operations, their inputs and settings, tensors and their descriptions.
const MAX_PARTS: u64 = 2 << 20;
/// How deeply messages nest; the decoder itself goes to a hundred.
const MAX_DEPTH: usize = 100;

/// A message whose parts are decoded.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    /// Its parts have no parts that matter.
    Leaf,
}

impl Kind {
    /// The kind of the part with this number.
    fn part(self, tag: u32) -> Kind {
        match (self, tag) {
            (Kind::Model, 7) | (Kind::Attribute, 6 | 11) => Kind::Graph,
            // A function: its operations have the same kind as those of a graph, under another number.
            (Kind::Model, 25) | (Kind::Node, 5) => Kind::Attribute,
            (Kind::Graph, 1) | (Kind::Attribute, 7) => Kind::Node,
            _ => Kind::Leaf,
        }
    }
}

/// Refuses a file of more parts than a network has.
pub(crate) fn few(file: &[u8]) -> Result<(), String> {
    let mut parts = 0;
    // What cannot be counted is damaged, and the decoder says where.
    let _ = count(file, Kind::Model, 0, &mut parts);
    match parts > MAX_PARTS {
        true => Err(format!("it has more than {MAX_PARTS} parts")),
        false => Ok(()),
    }
}

/// Adds the parts of a message; none if it is damaged or there are too many.
fn count(mut message: &[u8], kind: Kind, depth: usize, parts: &mut u64) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    while !message.is_empty() {
        let (tag, wire) = decode_key(&mut message).ok()?;
        if wire != WireType::LengthDelimited {
            skip_field(wire, tag, &mut message, DecodeContext::default()).ok()?;
            continue;
        }
        *parts += 1;
        if *parts > MAX_PARTS {
            return None;
        }
        let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
        let (part, rest) = message.split_at_checked(length)?;
        message = rest;
        match (kind, kind.part(tag)) {
            (Kind::Leaf, _) => {}
            (_, inner) => {
                count(part, inner, depth + 1, parts).or((*parts <= MAX_PARTS).then_some(()))?
            }
        }
    }
    Some(())
}
