//! JSON files as Python LeRobot writes them: UTF-8, indented by four; and read as the world writes them: with Python's
//! `NaN` and `Infinity`, with byte order marks, with halves of surrogate pairs.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::error::{DatasetError, IoContext, Result};
use crate::placeholder;

/// More than any metadata file needs; what is larger is refused before it fills the memory.
const MAX_BYTES: u64 = 64 << 20;

/// A file of numbers with all their digits, as statistics are, reaches [`MAX_BYTES`] first.
const MAX_VALUES: usize = 3 << 20;

/// What is unusual about a JSON text that was read all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quirks {
    /// It begins with a byte order mark, or is UTF-16: Python's `json` refuses it.
    pub(crate) byte_order_mark: bool,
    /// It has `NaN`, `Infinity` or numbers beyond what a double holds; they are read as null.
    pub(crate) not_finite: bool,
}

/// Reads and parses a JSON file.
pub(crate) fn read(path: &Path) -> Result<Value> {
    read_with_quirks(path).map(|(value, _)| value)
}

/// As [`read`], and says what was unusual.
pub(crate) fn read_with_quirks(path: &Path) -> Result<(Value, Quirks)> {
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
    parse(&bytes).map_err(|reason| match placeholder::of_bytes(&bytes) {
        Some(what) => DatasetError::Placeholder {
            path: path.to_owned(),
            what,
        },
        None => DatasetError::Json {
            path: path.to_owned(),
            reason,
        },
    })
}

/// Parses one JSON text that will not fill the memory: a value of two bytes takes some thirty in memory.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Value, Quirks), String> {
    let begins = |byte: &&u8| matches!(byte, b',' | b'[' | b'{' | b':');
    let values = bytes.iter().filter(begins).count();
    if values > MAX_VALUES {
        return Err(format!(
            "it has about {values} values; at most {MAX_VALUES} are read"
        ));
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok((value, Quirks::default()));
    }
    let mut quirks = Quirks::default();
    let text = decoded(bytes, &mut quirks)?;
    let strict = as_strict(&text, &mut quirks);
    let value = serde_json::from_str(&strict).map_err(|error| error.to_string())?;
    Ok((value, quirks))
}

/// The text without its byte order mark.
fn decoded(bytes: &[u8], quirks: &mut Quirks) -> Result<String, String> {
    let wide = |rest: &[u8], from: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    let (marked, text) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (true, std::str::from_utf8(rest).map(str::to_owned)),
        [0xFF, 0xFE, rest @ ..] => (true, Ok(wide(rest, u16::from_le_bytes))),
        [0xFE, 0xFF, rest @ ..] => (true, Ok(wide(rest, u16::from_be_bytes))),
        rest => (false, std::str::from_utf8(rest).map(str::to_owned)),
    };
    quirks.byte_order_mark |= marked;
    text.map_err(|_| "is not UTF-8 text".to_owned())
}

/// The same text in strict JSON: what Python's `json` writes beyond it becomes null, halves of surrogate pairs become the
/// replacement character. Strings stay as they are.
fn as_strict(text: &str, quirks: &mut Quirks) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let end = end_of_string(rest);
            push_string(&rest[..end], &mut out);
            rest = &rest[end..];
            continue;
        }
        let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
        if end == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..end];
        // A number that no double holds, such as 1e400, is infinite to Python.
        let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let infinite = is_number && word.parse::<f64>().is_ok_and(f64::is_infinite);
        if infinite || ["NaN", "-NaN", "Infinity", "-Infinity"].contains(&word) {
            quirks.not_finite = true;
            out.push_str("null");
        } else {
            out.push_str(word);
        }
        rest = &rest[end..];
    }
    out
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || ['-', '+', '.'].contains(&c)
}

/// Where the string ends with which `text` begins, its quotes included.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Copies a string; a `\uD800` without its other half becomes `\uFFFD`.
fn push_string(string: &str, out: &mut String) {
    let unit = |at: usize| {
        let escape = string.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut at = 0;
    while at < string.len() {
        let Some(escape) = string[at..].find('\\').map(|found| at + found) else {
            break;
        };
        out.push_str(&string[at..escape]);
        let (taken, lone) = match (unit(escape), unit(escape + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, false),
            (Some(0xD800..=0xDFFF), _) => (6, true),
            (Some(_), _) => (6, false),
            (None, _) => (2, false),
        };
        let end = (escape + taken).min(string.len());
        // An escaped character may be of several bytes, which is malformed; the parser says so.
        let end = (end..=string.len()).find(|end| string.is_char_boundary(*end));
        let end = end.unwrap_or(string.len());
        out.push_str(if lone {
            "\\uFFFD"
        } else {
            &string[escape..end]
        });
        at = end;
    }
    out.push_str(&string[at..]);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_writes_is_read() {
        let text =
            br#"{"mean": [NaN, 1.5, -Infinity, Infinity, 1e400], "note": "NaN \" Infinity"}"#;
        let (value, quirks) = parse(text).unwrap();
        let expected = json!({"mean": [null, 1.5, null, null, null], "note": "NaN \" Infinity"});
        assert_eq!(value, expected);
        assert!(quirks.not_finite && !quirks.byte_order_mark);
    }

    #[test]
    fn byte_order_marks_are_no_text() {
        let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = "\u{FEFF}{\"a\": 1}".encode_utf16();
            units.flat_map(order).collect()
        };
        let marked = [
            "\u{FEFF}{\"a\": 1}".as_bytes(),
            &wide(u16::to_le_bytes),
            &wide(u16::to_be_bytes),
        ]
        .map(<[u8]>::to_vec);
        for bytes in marked {
            let (value, quirks) = parse(&bytes).unwrap();
            assert_eq!(value, json!({"a": 1}));
            assert!(quirks.byte_order_mark);
        }
    }

    #[test]
    fn halves_of_surrogate_pairs_cost_only_themselves() {
        let (value, _) =
            parse(br#"{"task": "pick \ud83e the \ud83e\udd16 \\ud800", "x": NaN}"#).unwrap();
        assert_eq!(value["task"], "pick \u{FFFD} the \u{1F916} \\ud800");
        assert!(parse(b"{\"a\": nul}").is_err() && parse(b"\xFF\x00").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\\\\"{}ud8NaInfity,:0-9e é-]{0,60}") {
            let _ = parse(text.as_bytes());
            let _ = as_strict(&text, &mut Quirks::default());
        }
    }
}
