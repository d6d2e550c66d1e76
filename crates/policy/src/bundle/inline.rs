//! Small tensors of an ONNX file whose values lie in another file, brought into the file itself.
//!
//! Exporters may move every tensor out, also those that say what shape another one gets. Without these ONNX Runtime cannot work out the network's
//! shapes, and refuses it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use prost::Message;

use super::onnx::Tensor;
use super::rewrite::{Change, rewrite};

/// The largest tensor that is brought in, bytes: shapes, axes, scales.
const MAX_BYTES: u64 = 1 << 12;
/// The most bytes that are brought in.
const MAX_TOTAL: u64 = 16 << 20;

/// Field numbers of a tensor: its values as bytes, where they lie, and whether that is another file.
const RAW: u32 = 9;
const LOCATION: u32 = 14;
const EXTERNAL: u32 = 13;

/// The same model with its small tensors in it; `folder` holds the other files. `None` if the bytes are no protobuf. What cannot be read stays outside.
pub(crate) fn small_tensors(model: &[u8], folder: &Path) -> Option<Vec<u8>> {
    let mut outside = Outside {
        folder,
        files: BTreeMap::new(),
        left: MAX_TOTAL,
    };
    rewrite(model, &mut |part| match kind(part.path) {
        Kind::Parent => Change::Enter,
        Kind::Tensor => outside
            .inline(part.body)
            .map_or(Change::Keep, Change::Become),
        Kind::Other => Change::Keep,
    })
}

/// What a part of a model is.
#[derive(Clone, Copy)]
enum Kind {
    /// Something that has tensors within it.
    Parent,
    Tensor,
    Other,
}

/// By the field numbers that lead there: graphs hold nodes and tensors, nodes hold attributes, attributes hold tensors and graphs.
fn kind(path: &[u32]) -> Kind {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Model,
        Graph,
        Node,
        Attribute,
    }
    let mut at = At::Model;
    for (depth, tag) in path.iter().enumerate() {
        let last = depth + 1 == path.len();
        at = match (at, tag) {
            (At::Model, 7) | (At::Attribute, 6 | 11) => At::Graph,
            (At::Graph, 1) => At::Node,
            (At::Node, 5) => At::Attribute,
            (At::Graph, 5) | (At::Attribute, 5 | 10) if last => return Kind::Tensor,
            _ => return Kind::Other,
        };
    }
    Kind::Parent
}

/// The other files, each opened once.
struct Outside<'a> {
    folder: &'a Path,
    files: BTreeMap<PathBuf, Option<File>>,
    /// How many bytes may still be brought in.
    left: u64,
}

impl Outside<'_> {
    /// The tensor with its values in it, if it is small and lies outside.
    fn inline(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        let tensor = Tensor::decode(message).ok()?;
        if tensor.data_location != 1 {
            return None;
        }
        let entry = |key: &str| {
            let found = tensor.external_data.iter().find(|entry| entry.key == key);
            found.map(|entry| entry.value.as_str())
        };
        let length: u64 = entry("length")?.parse().ok()?;
        let offset: u64 = entry("offset").unwrap_or("0").parse().ok()?;
        if length > MAX_BYTES.min(self.left) {
            return None;
        }
        let path = self.folder.join(entry("location")?);
        let file = self.files.entry(path.clone());
        let file = file.or_insert_with(|| File::open(&path).ok()).as_mut()?;
        file.seek(SeekFrom::Start(offset)).ok()?;
        let mut values = vec![0; usize::try_from(length).ok()?];
        file.read_exact(&mut values).ok()?;
        self.left -= length;
        with_values(message, &values)
    }
}

/// The message of a tensor with these values in place of where they lie.
fn with_values(mut message: &[u8], values: &[u8]) -> Option<Vec<u8>> {
    use prost::encoding::{DecodeContext, WireType, decode_key, encode_key, encode_varint};

    let mut out = Vec::with_capacity(message.len() + values.len());
    while !message.is_empty() {
        let before = message;
        let (tag, wire) = decode_key(&mut message).ok()?;
        prost::encoding::skip_field(wire, tag, &mut message, DecodeContext::default()).ok()?;
        if ![RAW, LOCATION, EXTERNAL].contains(&tag) {
            out.extend(&before[..before.len() - message.len()]);
        }
    }
    encode_key(RAW, WireType::LengthDelimited, &mut out);
    encode_varint(values.len() as u64, &mut out);
    out.extend(values);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::onnx::{Attribute, Graph, Model, Node, StringEntry};

    fn outside(name: &str, offset: u64, length: u64) -> Tensor {
        let entries = [
            ("location", "weights".to_owned()),
            ("offset", offset.to_string()),
            ("length", length.to_string()),
        ];
        let entries = entries.into_iter().map(|(key, value)| StringEntry {
            key: key.to_owned(),
            value,
        });
        Tensor {
            name: name.to_owned(),
            dims: vec![2],
            element: 7,
            external_data: entries.collect(),
            data_location: 1,
            ..Tensor::default()
        }
    }

    /// A model with a tensor of its own, one in a node, and one in a graph within a node.
    fn model(tensor: &Tensor) -> Vec<u8> {
        let inner = Graph {
            initializers: vec![tensor.clone()],
            ..Graph::default()
        };
        let attribute = Attribute {
            tensor: Some(tensor.clone()),
            graph: Some(inner),
            ..Attribute::default()
        };
        let node = Node {
            attributes: vec![attribute],
            ..Node::default()
        };
        let graph = Graph {
            nodes: vec![node],
            initializers: vec![tensor.clone()],
            ..Graph::default()
        };
        let model = Model {
            graph: Some(graph),
            ..Model::default()
        };
        model.encode_to_vec()
    }

    #[test]
    fn small_tensors_come_in_wherever_they_are_and_large_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let values: Vec<u8> = (0..=255).collect();
        std::fs::write(folder.path().join("weights"), &values).unwrap();
        let inlined = small_tensors(&model(&outside("shape", 16, 16)), folder.path()).unwrap();
        let expected = Tensor {
            external_data: Vec::new(),
            data_location: 0,
            raw: values[16..32].to_vec().into(),
            ..outside("shape", 0, 0)
        };
        assert_eq!(inlined, model(&expected));
        for (offset, length) in [(250, 16), (0, MAX_BYTES + 1)] {
            let kept = model(&outside("weight", offset, length));
            assert_eq!(small_tensors(&kept, folder.path()).unwrap(), kept);
        }
    }
}
