//! The parts of `onnx.proto` (ONNX 1.20) that are written, and how a network goes to disk without being in memory twice.
//!
//! `prost` encodes. The messages are declared here, since a crate with all of `onnx.proto` has weights as bytes in memory, and they are written from their file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

/// ONNX's number for float32.
const FLOAT: i32 = 1;
/// ONNX's number for int64.
const INT64: i32 = 7;

/// Everything before a model's graph.
#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(string, tag = "2")]
    producer_name: String,
    #[prost(string, tag = "3")]
    producer_version: String,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<Opset>,
}

#[derive(Clone, PartialEq, Message)]
struct Opset {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

/// A graph without its stored tensors.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Body {
    #[prost(message, repeated, tag = "1")]
    pub(super) nodes: Vec<Node>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "11")]
    pub(super) inputs: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub(super) outputs: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(super) inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) outputs: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, optional, tag = "2")]
    real: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    whole: Option<i64>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    wholes: Vec<i64>,
    #[prost(int32, tag = "20")]
    kind: i32,
}

impl Attribute {
    pub(super) fn int(name: &str, value: i64) -> Self {
        Self {
            name: name.to_owned(),
            whole: Some(value),
            kind: 2,
            ..Self::default()
        }
    }

    pub(super) fn float(name: &str, value: f32) -> Self {
        Self {
            name: name.to_owned(),
            real: Some(value),
            kind: 1,
            ..Self::default()
        }
    }

    pub(super) fn ints(name: &str, values: &[i64]) -> Self {
        Self {
            name: name.to_owned(),
            wholes: values.to_vec(),
            kind: 7,
            ..Self::default()
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ValueInfo {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Message)]
struct Kind {
    #[prost(message, optional, tag = "1")]
    tensor: Option<TensorKind>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorKind {
    #[prost(int32, tag = "1")]
    element: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
struct Shape {
    #[prost(message, repeated, tag = "1")]
    dims: Vec<Dim>,
}

#[derive(Clone, PartialEq, Message)]
struct Dim {
    #[prost(int64, optional, tag = "1")]
    value: Option<i64>,
}

impl ValueInfo {
    /// A float32 tensor of a fixed shape.
    pub(super) fn new(name: &str, shape: &[usize]) -> Self {
        let dims = shape.iter().map(|dim| Dim {
            value: Some(signed(*dim)),
        });
        Self {
            name: name.to_owned(),
            kind: Some(Kind {
                tensor: Some(TensorKind {
                    element: FLOAT,
                    shape: Some(Shape {
                        dims: dims.collect(),
                    }),
                }),
            }),
        }
    }
}

/// A stored tensor: what stands before its numbers.
#[derive(Clone, PartialEq, Message)]
struct TensorHead {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
}

/// A stored tensor.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

/// Its numbers.
#[derive(Debug)]
pub(super) enum Data {
    F32(Vec<f32>),
    I64(Vec<i64>),
}

impl Stored {
    fn head(&self) -> TensorHead {
        TensorHead {
            dims: self.shape.iter().map(|dim| signed(*dim)).collect(),
            data_type: match self.data {
                Data::F32(_) => FLOAT,
                Data::I64(_) => INT64,
            },
            name: self.name.clone(),
        }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> usize {
        match &self.data {
            Data::F32(values) => values.len() * 4,
            Data::I64(values) => values.len() * 8,
        }
    }

    fn message_len(&self) -> usize {
        let bytes = self.bytes();
        self.head().encoded_len() + key_len(9) + encoded_len_varint(bytes as u64) + bytes
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut head = Vec::new();
        encode_key(5, WireType::LengthDelimited, &mut head);
        encode_varint(self.message_len() as u64, &mut head);
        head.extend(self.head().encode_to_vec());
        encode_key(9, WireType::LengthDelimited, &mut head);
        encode_varint(self.bytes() as u64, &mut head);
        out.write_all(&head)?;
        match &self.data {
            Data::F32(values) => values
                .iter()
                .try_for_each(|value| out.write_all(&value.to_le_bytes())),
            Data::I64(values) => values
                .iter()
                .try_for_each(|value| out.write_all(&value.to_le_bytes())),
        }
    }
}

pub(super) fn signed(dim: usize) -> i64 {
    i64::try_from(dim).unwrap_or(i64::MAX)
}

/// Writes a model of opset `opset` to a new file.
pub(super) fn write(path: &Path, opset: i64, body: &Body, stored: &[Stored]) -> io::Result<()> {
    let head = Head {
        ir_version: 8,
        producer_name: "ulna".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        opset_import: vec![Opset {
            domain: String::new(),
            version: opset,
        }],
    };
    let body = body.encode_to_vec();
    let tensors = stored.iter().map(|tensor| {
        let len = tensor.message_len();
        key_len(5) + encoded_len_varint(len as u64) + len
    });
    let length = body.len() + tensors.sum::<usize>();
    let mut start = head.encode_to_vec();
    encode_key(7, WireType::LengthDelimited, &mut start);
    encode_varint(length as u64, &mut start);
    let mut out = BufWriter::with_capacity(1 << 18, File::create_new(path)?);
    out.write_all(&start)?;
    out.write_all(&body)?;
    for tensor in stored {
        tensor.write(&mut out)?;
    }
    out.into_inner()?.sync_all()
}
