//! From a camera's picture to what a network takes, as LeRobot 0.6.2 does it.

use ulna_core::Frame;

/// Adds rows of red, green, blue bytes to `out` as planes of 0..1: LeRobot divides by 255 in single precision.
pub(crate) fn planes(pixels: &[u8], out: &mut Vec<f32>) {
    for channel in 0..3 {
        let plane = pixels.iter().skip(channel).step_by(3);
        out.extend(plane.map(|byte| f32::from(*byte) / 255.0));
    }
}

/// The picture at another size, as bytes. LeRobot resizes bytes with torch's `interpolate(mode="bilinear",
/// align_corners=False)`: pixel centres, no smoothing when it shrinks, rounded to bytes. Torch rounds with fixed-point
/// weights, so a byte may differ by one.
pub(crate) fn resize(frame: &Frame, width: usize, height: usize) -> Vec<u8> {
    let from = (frame.width as usize, frame.height as usize);
    resize_pixels(&frame.pixels, from, (width, height))
}

/// The same of rows of red, green, blue bytes; sizes are (width, height).
pub(crate) fn resize_pixels(
    pixels: &[u8],
    (from_width, from_height): (usize, usize),
    (width, height): (usize, usize),
) -> Vec<u8> {
    let columns: Vec<Neighbours> = neighbours(from_width, width);
    let mut out = Vec::with_capacity(width * height * 3);
    for row in neighbours(from_height, height) {
        let (upper, lower) = (row.low * from_width, row.high * from_width);
        for column in &columns {
            for channel in 0..3 {
                let at = |line: usize, x: usize| f32::from(pixels[(line + x) * 3 + channel]);
                let mix = |line| {
                    let (left, right) = (at(line, column.low), at(line, column.high));
                    left + column.part * (right - left)
                };
                let (above, below) = (mix(upper), mix(lower));
                let value = (above + row.part * (below - above)).round();
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                out.push(value.clamp(0.0, 255.0) as u8);
            }
        }
    }
    out
}

/// Between which two pixels a pixel of the result lies, and how far towards the second.
struct Neighbours {
    low: usize,
    high: usize,
    part: f32,
}

fn neighbours(from: usize, to: usize) -> Vec<Neighbours> {
    let scale = from as f32 / to as f32;
    let of = |index: usize| {
        let place = ((index as f32 + 0.5) * scale - 0.5).max(0.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let low = (place as usize).min(from - 1);
        Neighbours {
            low,
            high: (low + 1).min(from - 1),
            part: place - low as f32,
        }
    };
    (0..to).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::Stamp;

    fn frame(width: u32, height: u32, pixels: &[u8]) -> Frame {
        Frame {
            stamp: Stamp::ZERO,
            sequence: 0,
            width,
            height,
            pixels: pixels.into(),
        }
    }

    #[test]
    fn planes_are_channel_by_channel() {
        let mut out = Vec::new();
        planes(&[255, 0, 51, 0, 255, 102], &mut out);
        assert_eq!(out, [1.0, 0.0, 0.0, 1.0, 0.2, 0.4]);
    }

    #[test]
    fn a_picture_of_the_right_size_stays_as_it_is() {
        let pixels: Vec<u8> = (0..36).collect();
        assert_eq!(resize(&frame(4, 3, &pixels), 4, 3), pixels);
    }

    // torch.nn.functional.interpolate([0, 100, 200, 50] as 1x4, size=(1, 2) and (1, 8), mode="bilinear").
    #[test]
    fn smaller_and_larger_are_torchs() {
        let grey = |values: &[u8]| values.iter().flat_map(|v| [*v; 3]).collect::<Vec<u8>>();
        let small = resize(&frame(4, 1, &grey(&[0, 100, 200, 50])), 2, 1);
        assert_eq!(small, grey(&[50, 125]));
        let large = resize(&frame(4, 1, &grey(&[0, 100, 200, 50])), 8, 1);
        assert_eq!(large, grey(&[0, 25, 75, 125, 175, 163, 88, 50]));
    }
}
