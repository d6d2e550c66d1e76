//! How a message travels: its number and its content in postcard, a CRC-32 behind them, stuffed by COBS so that a zero byte ends every frame.
//!
//! A receiver that begins in the middle, or meets garbage, is in step again at the next zero. COBS: Cheshire and Baker 1999; postcard's wire
//! format: <https://postcard.jamesmunns.com/wire-format>; CRC-32: ISO-HDLC, the one of Ethernet and zip.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes of a message with its number and CRC: the largest is a setup.
pub const MAX_MESSAGE: usize = 512;
/// Most bytes of a frame on the link, the zero at its end included.
pub const MAX_FRAME: usize = cobs::max_encoding_length(MAX_MESSAGE) + 1;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CRC_BYTES: usize = 4;

/// Why bytes are no frame, or a message fits into none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`].
    TooLong,
    /// Not what COBS makes.
    Stuffing,
    /// Too short for a CRC, or with another than it has.
    Crc,
    /// The CRC is right, but the content is no message of this version.
    Content,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the frame is longer than any message",
            Self::Stuffing => "the frame is damaged (COBS)",
            Self::Crc => "the frame is damaged (CRC)",
            Self::Content => "the frame holds no message of this version",
        })
    }
}

impl core::error::Error for FrameError {}

/// Puts a message with its number into a frame; the frame is a part of `out`.
///
/// # Errors
/// [`FrameError::TooLong`] if it does not fit.
pub fn encode<'a, M: Serialize>(
    seq: u16,
    message: &M,
    out: &'a mut [u8; MAX_FRAME],
) -> Result<&'a [u8], FrameError> {
    let mut plain = [0; MAX_MESSAGE];
    let room = &mut plain[..MAX_MESSAGE - CRC_BYTES];
    let len = postcard::to_slice(&(seq, message), room)
        .map_err(|_| FrameError::TooLong)?
        .len();
    let crc = CRC.checksum(&plain[..len]).to_le_bytes();
    plain[len..len + CRC_BYTES].copy_from_slice(&crc);
    let stuffed = cobs::try_encode(&plain[..len + CRC_BYTES], &mut out[..MAX_FRAME - 1])
        .map_err(|_| FrameError::TooLong)?;
    out[stuffed] = 0;
    Ok(&out[..=stuffed])
}

/// The number and the message of a frame without the zero at its end. The bytes are unstuffed in place.
///
/// # Errors
/// [`FrameError`]
pub fn decode<M: DeserializeOwned>(frame: &mut [u8]) -> Result<(u16, M), FrameError> {
    let len = cobs::decode_in_place(frame).map_err(|_| FrameError::Stuffing)?;
    let plain = frame.get(..len).ok_or(FrameError::Stuffing)?;
    let (content, crc) = plain
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(FrameError::Crc)?;
    if CRC.checksum(content) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Crc);
    }
    match postcard::take_from_bytes(content) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Content),
    }
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Clone)]
pub struct FrameReader {
    bytes: [u8; MAX_FRAME],
    len: usize,
    /// The frame under way is longer than any: its rest is dropped up to its end.
    overlong: bool,
    dropped: u32,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameReader {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; MAX_FRAME],
            len: 0,
            overlong: false,
            dropped: 0,
        }
    }

    /// The next message of what was received, and its number; what is taken for it leaves `received`. Nothing once all is taken.
    ///
    /// # Errors
    /// What is wrong with a frame; the one behind it comes with the next call.
    pub fn next<M: DeserializeOwned>(
        &mut self,
        received: &mut &[u8],
    ) -> Option<Result<(u16, M), FrameError>> {
        let (taken, frame) = self.push(received);
        *received = received.get(taken..).unwrap_or_default();
        frame.map(decode)
    }

    /// Takes bytes up to the end of the next frame: how many it took, and that frame, without the zero, for [`decode`].
    fn push(&mut self, received: &[u8]) -> (usize, Option<&mut [u8]>) {
        for (index, &byte) in received.iter().enumerate() {
            if byte != 0 {
                match self.bytes.get_mut(self.len) {
                    Some(place) => *place = byte,
                    None => self.overlong = true,
                }
                self.len = (self.len + 1).min(MAX_FRAME);
                continue;
            }
            let len = core::mem::take(&mut self.len);
            if core::mem::take(&mut self.overlong) {
                self.dropped = self.dropped.saturating_add(1);
            } else if len > 0 {
                return (index + 1, self.bytes.get_mut(..len));
            }
        }
        (received.len(), None)
    }

    /// Frames that were longer than any.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;
    use crate::message::{Command, MAX_RAW, RawBytes};

    fn frames(stream: &[u8]) -> Vec<Result<(u16, Command), FrameError>> {
        let (mut reader, mut rest) = (FrameReader::new(), stream);
        std::iter::from_fn(|| reader.next(&mut rest)).collect()
    }

    #[test]
    fn a_message_comes_back_as_it_was() {
        let raw = RawBytes::from_slice(&[0; MAX_RAW]).unwrap();
        for command in [
            Command::Start,
            Command::Raw(raw),
            Command::Ping { token: 0 },
        ] {
            let mut out = [0; MAX_FRAME];
            let bytes = encode(513, &command, &mut out).unwrap();
            assert_eq!(bytes.iter().filter(|&&byte| byte == 0).count(), 1);
            assert_eq!(frames(bytes), [Ok((513, command))]);
        }
    }

    #[test]
    fn what_is_too_long_is_dropped_up_to_its_end() {
        let mut out = [0; MAX_FRAME];
        let good = encode(1, &Command::Stop, &mut out).unwrap();
        let stream = [&[7; 3 * MAX_FRAME][..], &[0], good].concat();
        assert_eq!(frames(&stream), [Ok((1, Command::Stop))]);
    }

    proptest! {
        // CRC-32 finds every error of up to three bits in frames of this length (Koopman 2002).
        #[test]
        fn no_flipped_bit_passes(token: u32, seq: u16, place in 0usize..100, bit in 0u8..8) {
            let mut out = [0; MAX_FRAME];
            let command = Command::Ping { token };
            let mut bytes = encode(seq, &command, &mut out).unwrap().to_vec();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            bytes.push(0);
            for decoded in frames(&bytes).into_iter().flatten() {
                prop_assert_eq!(decoded, (seq, command.clone()));
            }
        }

        #[test]
        fn whatever_comes_in_the_next_frame_is_read(
            garbage in proptest::collection::vec(any::<u8>(), 0..2000),
            seq: u16,
        ) {
            let mut out = [0; MAX_FRAME];
            let good = encode(seq, &Command::Status, &mut out).unwrap();
            let stream = [&garbage, &[0][..], good].concat();
            let last = frames(&stream).pop();
            prop_assert_eq!(last, Some(Ok((seq, Command::Status))));
        }
    }
}
