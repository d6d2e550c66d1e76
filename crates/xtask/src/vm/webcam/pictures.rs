//! The webcam's pictures: JPEG as webcams send it, without its Huffman tables, cut into payloads.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

/// Width and height, pixels: small, since an emulated processor is slow.
pub(super) const SIZE: (u32, u32) = (320, 240);
/// From one picture to the next, in the class's unit.
pub(super) const PERIOD_100NS: u32 = 1_000_000;
/// No transfer has more bytes.
pub(super) const PAYLOAD: usize = 8192;
/// The header before the bytes of a payload.
const HEADER: u8 = 2;

/// Picture `number`, in payloads. Those of one picture have the same lowest bit, which changes with the next; the last one says so, and all of
/// them if it is damaged.
pub(super) fn payloads(number: u64, damaged: bool) -> Vec<Vec<u8>> {
    let jpeg = without_tables(&jpeg(number));
    let pieces: Vec<&[u8]> = jpeg.chunks(PAYLOAD - usize::from(HEADER)).collect();
    let last = pieces.len() - 1;
    let header = |at: usize| {
        let mut bits = 0x80 | (number & 1) as u8;
        if at == last {
            bits |= 0x02;
        }
        if damaged {
            bits |= 0x40;
        }
        [HEADER, bits]
    };
    let pieces = pieces.into_iter().enumerate();
    pieces
        .map(|(at, piece)| [&header(at), piece].concat())
        .collect()
}

/// A gradient, and a bar that moves.
fn jpeg(number: u64) -> Vec<u8> {
    let bar = (number * 6 % u64::from(SIZE.0)) as u32;
    let pixels: Vec<u8> = (0..SIZE.0 * SIZE.1)
        .flat_map(|at| {
            let (x, y) = (at % SIZE.0, at / SIZE.0);
            match x.abs_diff(bar) < 12 {
                true => [240, 200, 30],
                false => [(x / 2) as u8, y as u8, 120],
            }
        })
        .collect();
    let mut jpeg = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut jpeg, 80).encode(
        &pixels,
        SIZE.0,
        SIZE.1,
        ExtendedColorType::Rgb8,
    );
    debug_assert!(encoded.is_ok(), "memory takes any picture");
    jpeg
}

/// Without the segments of Huffman tables, which are the usual ones (ITU T.81, annex K).
fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    while let Some([0xFF, kind, high, low]) = jpeg.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([*high, *low]));
        match kind {
            0xDA => break,
            0xC4 => {}
            _ => out.extend_from_slice(&jpeg[at..end]),
        }
        at = end;
    }
    out.extend_from_slice(&jpeg[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_whole_in_its_payloads_and_has_no_tables() {
        let payloads = payloads(3, true);
        let bits: Vec<u8> = payloads.iter().map(|payload| payload[1]).collect();
        assert!(bits.iter().all(|bits| bits & 0xC1 == 0xC1));
        assert!(
            bits.iter().rev().skip(1).all(|bits| bits & 2 == 0) && bits[bits.len() - 1] & 2 == 2
        );
        let whole: Vec<u8> = payloads
            .iter()
            .flat_map(|payload| payload[2..].to_vec())
            .collect();
        assert!(whole.starts_with(&[0xFF, 0xD8]) && whole.ends_with(&[0xFF, 0xD9]));
        assert!(!whole.windows(2).any(|pair| pair == [0xFF, 0xC4]));
        assert!(payloads.iter().all(|payload| payload.len() <= PAYLOAD));
    }
}
