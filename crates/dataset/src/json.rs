//! JSON files as Python LeRobot writes them: UTF-8, indented by four.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::{DatasetError, IoContext, Result};

/// More than any metadata file needs; what is larger is refused before it fills the memory.
const MAX_BYTES: u64 = 64 << 20;

/// A file of numbers with all their digits, as statistics are, reaches [`MAX_BYTES`] first.
const MAX_VALUES: usize = 3 << 20;

/// Reads and parses a JSON file.
pub(crate) fn read(path: &Path) -> Result<Value> {
    let file = ulna_outside::files::open(path).at("open", path)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .at("read", path)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DatasetError::field(
            path,
            "the file",
            "is larger than 64 MiB",
        ));
    }
    parse(&bytes).map_err(|reason| DatasetError::Json {
        path: path.to_owned(),
        reason,
    })
}

/// Parses JSON that will not fill the memory: a value of two bytes takes some thirty in memory.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let begins = |byte: &&u8| matches!(byte, b',' | b'[' | b'{' | b':');
    let values = bytes.iter().filter(begins).count();
    if values > MAX_VALUES {
        return Err(format!(
            "it has about {values} values; at most {MAX_VALUES} are read"
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// The bytes of a JSON file, with a newline at the end.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // Writing a `Value` to memory has no way to fail.
    let _ = value.serialize(&mut serializer);
    out.push(b'\n');
    out
}
