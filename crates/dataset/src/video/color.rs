//! From the planes of a decoded picture to RGB.

/// Which luminance weights a video uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// ITU-R BT.601, also what ffmpeg assumes when a stream doesn't say.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

/// A decoded picture's planes, 8 bits a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Y, U, V; no colours at all when U and V are empty.
    pub(crate) data: [&'a [u8]; 3],
    /// Bytes from one row to the next: of Y, and of U and V.
    pub(crate) strides: [usize; 2],
    /// How many pixels share a colour sample, across and down.
    pub(crate) subsampling: [usize; 2],
    pub(crate) matrix: Matrix,
    pub(crate) full_range: bool,
}

/// Factors with 13 bits behind the point, as ffmpeg's vector code has them.
struct Factors {
    y: i32,
    y_offset: i32,
    rv: i32,
    gu: i32,
    gv: i32,
    bu: i32,
}

impl Factors {
    fn new(matrix: Matrix, full_range: bool) -> Factors {
        let (kr, kb) = match matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt2020 => (0.2627, 0.0593),
        };
        let kg = 1.0 - kr - kb;
        let (luma, chroma) = match full_range {
            true => (1.0, 1.0),
            false => (255.0 / 219.0, 255.0 / 224.0),
        };
        let fixed = |x: f64| (x * 8192.0).round() as i32;
        Factors {
            y: fixed(luma),
            y_offset: if full_range { 0 } else { 16 },
            rv: fixed(chroma * 2.0 * (1.0 - kr)),
            gu: fixed(-chroma * 2.0 * (1.0 - kb) * kb / kg),
            gv: fixed(-chroma * 2.0 * (1.0 - kr) * kr / kg),
            bu: fixed(chroma * 2.0 * (1.0 - kb)),
        }
    }
}

/// Converts to RGB rows without gaps. False when the planes are smaller than the picture.
///
/// Every product is rounded down and colour samples are repeated over the pixels that share them. That is less
/// exact than could be, but it is what ffmpeg's vector code does, so that a policy sees the very pixels that
/// Python LeRobot trained it with.
pub(crate) fn to_rgb(planes: &Planes, out: &mut Vec<u8>) -> bool {
    let factors = Factors::new(planes.matrix, planes.full_range);
    out.clear();
    out.reserve(planes.width * planes.height * 3);
    let gray = planes.data[1].is_empty();
    let colours = planes.width.div_ceil(planes.subsampling[0]);
    let luma = |y: &u8| product(i32::from(*y) - factors.y_offset, factors.y);
    for row in 0..planes.height {
        let slice = |plane: usize, stride: usize, row: usize, width: usize| {
            let start = row.checked_mul(stride)?;
            planes.data[plane].get(start..start.checked_add(width)?)
        };
        let Some(y) = slice(0, planes.strides[0], row, planes.width) else {
            return false;
        };
        if gray {
            out.extend(y.iter().flat_map(|y| [clamp(luma(y)); 3]));
            continue;
        }
        let half = row / planes.subsampling[1];
        let (Some(u), Some(v)) = (
            slice(1, planes.strides[1], half, colours),
            slice(2, planes.strides[1], half, colours),
        ) else {
            return false;
        };
        let shared = y.chunks(planes.subsampling[0]);
        for (y, (u, v)) in shared.zip(u.iter().zip(v)) {
            let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
            let red = product(v, factors.rv);
            let green = product(u, factors.gu) + product(v, factors.gv);
            let blue = product(u, factors.bu);
            for y in y {
                let y = luma(y);
                out.extend([clamp(y + red), clamp(y + green), clamp(y + blue)]);
            }
        }
    }
    true
}

/// The upper half of a 16 x 16 bit product.
fn product(value: i32, factor: i32) -> i32 {
    (value * 8 * factor) >> 16
}

fn clamp(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_pixel(yuv: [u8; 3], matrix: Matrix, full_range: bool) -> Vec<u8> {
        let mut rgb = Vec::new();
        let planes = Planes {
            width: 1,
            height: 1,
            data: [&yuv[0..1], &yuv[1..2], &yuv[2..3]],
            strides: [1, 1],
            subsampling: [1, 1],
            matrix,
            full_range,
        };
        assert!(to_rgb(&planes, &mut rgb));
        rgb
    }

    #[test]
    fn ends_of_the_range_and_pure_red() {
        assert_eq!(one_pixel([16, 128, 128], Matrix::Bt601, false), [0, 0, 0]);
        assert_eq!(one_pixel([235, 128, 128], Matrix::Bt709, false), [255; 3]);
        assert_eq!(one_pixel([255, 128, 128], Matrix::Bt2020, true), [255; 3]);
        // Red is Y 81, U 90, V 240 in BT.601 and Y 63, U 102, V 240 in BT.709 (limited range).
        let red = |pixel: Vec<u8>| pixel[0] >= 253 && pixel[1] <= 2 && pixel[2] <= 2;
        assert!(red(one_pixel([81, 90, 240], Matrix::Bt601, false)));
        assert!(red(one_pixel([63, 102, 240], Matrix::Bt709, false)));
    }

    #[test]
    fn planes_that_are_too_small_are_refused() {
        let planes = Planes {
            width: 4,
            height: 4,
            data: [&[0; 15], &[0; 4], &[0; 4]],
            strides: [4, 2],
            subsampling: [2, 2],
            matrix: Matrix::Bt601,
            full_range: false,
        };
        assert!(!to_rgb(&planes, &mut Vec::new()));
    }
}
