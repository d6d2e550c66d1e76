//! From what a camera sends to rows of red, green and blue.

use std::sync::Arc;

use crate::jpeg::{self, Decoded};
use crate::rooms::Rooms;
use crate::source::Payload;

/// Decodes what came from a camera and turns it by so many quarters clockwise.
///
/// # Errors
/// In words, if it is damaged.
pub(crate) fn decode(
    payload: &Payload,
    quarter_turns: u8,
    rooms: &mut Rooms,
) -> Result<Decoded, String> {
    let decoded = match payload {
        Payload::Jpeg(bytes) => jpeg::decode(bytes, rooms)?,
        Payload::Yuyv {
            bytes,
            width,
            height,
            stride,
        } => of_yuyv(bytes, (*width, *height), *stride, rooms)?,
        Payload::Rgb {
            pixels,
            width,
            height,
        } => Decoded {
            width: *width,
            height: *height,
            pixels: Arc::clone(pixels),
        },
    };
    Ok(turned(decoded, quarter_turns))
}

/// YUYV is two pixels in four bytes: luma, blue difference, luma, red difference, of ITU-R BT.601 in its limited range, which is what
/// `V4L2_COLORSPACE_SRGB` and a webcam's silence mean (V4L2's `V4L2_MAP_YCBCR_ENC_DEFAULT`, `..._QUANTIZATION_DEFAULT`).
fn of_yuyv(
    bytes: &[u8],
    (width, height): (u32, u32),
    stride: usize,
    rooms: &mut Rooms,
) -> Result<Decoded, String> {
    let (columns, rows) = (width as usize, height as usize);
    let line = columns * 2;
    if stride < line || bytes.len() < stride * rows.saturating_sub(1) + line {
        return Err(format!("it has {} bytes, too few", bytes.len()));
    }
    let mut pixels = rooms.of(columns * rows * 3);
    let into = Arc::get_mut(&mut pixels).ok_or("its memory is shared")?;
    let lines = bytes.chunks(stride);
    for (line_in, line_out) in lines.zip(into.chunks_exact_mut(columns * 3)) {
        let pairs = line_in.chunks_exact(4).zip(line_out.chunks_exact_mut(6));
        for (packed, out) in pairs {
            let [first, blue, second, red] = [packed[0], packed[1], packed[2], packed[3]];
            let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
            for (luma, out) in [first, second].into_iter().zip(out.chunks_exact_mut(3)) {
                // In 1/256: 298 = 255/219, 409 = 1.402 * 255/224 and so on.
                let luma = 298 * (i32::from(luma) - 16) + 128;
                let byte = |value: i32| (value >> 8).clamp(0, 255) as u8;
                out[0] = byte(luma + 409 * red);
                out[1] = byte(luma - 100 * blue - 208 * red);
                out[2] = byte(luma + 516 * blue);
            }
        }
    }
    Ok(Decoded {
        width,
        height,
        pixels,
    })
}

/// Turned clockwise.
fn turned(picture: Decoded, quarter_turns: u8) -> Decoded {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (new_width, new_height) = match quarter_turns % 4 {
        0 => return picture,
        2 => (width, height),
        _ => (height, width),
    };
    let mut pixels = Vec::with_capacity(picture.pixels.len());
    for row in 0..new_height {
        for column in 0..new_width {
            let (x, y) = match quarter_turns % 4 {
                1 => (row, height - 1 - column),
                2 => (width - 1 - column, height - 1 - row),
                _ => (width - 1 - row, column),
            };
            let at = (y * width + x) * 3;
            pixels.extend_from_slice(&picture.pixels[at..at + 3]);
        }
    }
    Decoded {
        width: new_width as u32,
        height: new_height as u32,
        pixels: pixels.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(payload: &Payload, quarter_turns: u8) -> Result<Decoded, String> {
        super::decode(payload, quarter_turns, &mut Rooms::default())
    }

    fn rgb(width: u32, height: u32) -> Payload {
        let bytes = width * height * 3;
        Payload::Rgb {
            pixels: (0..bytes as u8).collect(),
            width,
            height,
        }
    }

    #[test]
    fn colours_of_yuyv_are_those_of_bt_601() {
        // Black, white; then red and blue at full saturation (BT.601: 81/90/240 and 41/240/110).
        let bytes = [16, 128, 235, 128, 81, 90, 81, 240, 41, 240, 41, 110];
        let yuyv = |stride| Payload::Yuyv {
            bytes: bytes.to_vec(),
            width: 6,
            height: 1,
            stride,
        };
        let decoded = decode(&yuyv(12), 0).unwrap();
        let wanted = [
            0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 255,
        ];
        for (got, wanted) in decoded.pixels.iter().zip(wanted) {
            assert!(got.abs_diff(wanted) <= 2, "{:?}", decoded.pixels);
        }
        assert!(
            decode(&yuyv(16), 0).is_ok(),
            "the last line needs no padding"
        );
        assert!(decode(&yuyv(8), 0).is_err());
        let short = Payload::Yuyv {
            bytes: bytes[..8].to_vec(),
            width: 6,
            height: 1,
            stride: 12,
        };
        assert!(decode(&short, 0).is_err());
    }

    #[test]
    fn pictures_are_turned_clockwise() {
        // 0 1        2 0
        // 2 3   →    3 1
        let first = |picture: &Decoded| {
            picture
                .pixels
                .iter()
                .step_by(3)
                .map(|byte| byte / 3)
                .collect::<Vec<_>>()
        };
        assert_eq!(first(&decode(&rgb(2, 2), 1).unwrap()), [2, 0, 3, 1]);
        assert_eq!(first(&decode(&rgb(2, 2), 2).unwrap()), [3, 2, 1, 0]);
        assert_eq!(first(&decode(&rgb(2, 2), 3).unwrap()), [1, 3, 0, 2]);
        let wide = decode(&rgb(4, 2), 1).unwrap();
        assert_eq!((wide.width, wide.height), (2, 4));
        assert_eq!(first(&wide), [4, 0, 5, 1, 6, 2, 7, 3]);
    }
}
