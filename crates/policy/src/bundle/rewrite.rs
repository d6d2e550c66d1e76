//! Copying an ONNX file with some of its parts changed; everything else stays as it is, byte by byte.

use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// How deeply messages nest; the decoder itself goes to a hundred.
const MAX_DEPTH: usize = 100;

/// A part of a message that has a length: a message within it, a text or bytes.
pub(super) struct Part<'a> {
    /// The field numbers that lead to it.
    pub(super) path: &'a [u32],
    /// Whether it is the first one of this number in its message.
    pub(super) first: bool,
    pub(super) body: &'a [u8],
}

/// What becomes of a part.
pub(super) enum Change {
    /// It stays.
    Keep,
    /// Its own parts are looked at.
    Enter,
    /// It becomes this.
    Become(Vec<u8>),
}

/// Copies a message, and asks `change` about each part. `None` if the bytes are no protobuf.
pub(super) fn rewrite(
    message: &[u8],
    change: &mut dyn FnMut(&Part<'_>) -> Change,
) -> Option<Vec<u8>> {
    copy(message, &mut Vec::new(), change)
}

fn copy(
    mut message: &[u8],
    path: &mut Vec<u32>,
    change: &mut dyn FnMut(&Part<'_>) -> Change,
) -> Option<Vec<u8>> {
    if path.len() > MAX_DEPTH {
        return None;
    }
    let mut out = Vec::with_capacity(message.len());
    let mut seen = Vec::new();
    while !message.is_empty() {
        let before = message;
        let (tag, wire) = decode_key(&mut message).ok()?;
        let length = match wire {
            WireType::Varint => {
                decode_varint(&mut message).ok()?;
                0
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => usize::try_from(decode_varint(&mut message).ok()?).ok()?,
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        let (body, rest) = message.split_at_checked(length)?;
        message = rest;
        let changed = if wire == WireType::LengthDelimited {
            let first = !seen.contains(&tag);
            if first {
                seen.push(tag);
            }
            path.push(tag);
            let changed = match change(&Part { path, first, body }) {
                Change::Keep => None,
                Change::Enter => Some(copy(body, path, change)?),
                Change::Become(body) => Some(body),
            };
            path.pop();
            changed
        } else {
            None
        };
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
