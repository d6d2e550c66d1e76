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

    fn luma(&self, y: u8) -> i32 {
        product(i32::from(y) - self.y_offset, self.y)
    }

    /// What a colour sample adds to red, green and blue.
    fn colour(&self, u: u8, v: u8) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        let green = product(u, self.gu) + product(v, self.gv);
        [product(v, self.rv), green, product(u, self.bu)]
    }

    fn pixel(&self, y: u8, [red, green, blue]: [i32; 3]) -> [u8; 3] {
        let y = self.luma(y);
        [clamp(y + red), clamp(y + green), clamp(y + blue)]
    }
}

/// Converts to RGB rows without gaps. False when the planes are smaller than the picture.
///
/// Every product is rounded down and colour samples are repeated over the pixels that share them. That is less
/// exact than could be, but it is what ffmpeg's vector code does, so that a policy sees the very pixels that
/// Python LeRobot trained it with.
pub(crate) fn to_rgb(planes: &Planes, out: &mut Vec<u8>) -> bool {
    let factors = Factors::new(planes.matrix, planes.full_range);
    // No picture's size is beyond what the caller has allocated for before: it is that of the decoded planes.
    out.clear();
    out.resize(planes.width * planes.height * 3, 0);
    if planes.width == 0 {
        return true;
    }
    let gray = planes.data[1].is_empty();
    let colours = planes.width.div_ceil(planes.subsampling[0]);
    for (row, rgb) in out.chunks_exact_mut(planes.width * 3).enumerate() {
        let slice = |plane: usize, stride: usize, row: usize, width: usize| {
            let start = row.checked_mul(stride)?;
            planes.data[plane].get(start..start.checked_add(width)?)
        };
        let Some(y) = slice(0, planes.strides[0], row, planes.width) else {
            return false;
        };
        let (rgb, _) = rgb.as_chunks_mut::<3>();
        if gray {
            for (rgb, y) in rgb.iter_mut().zip(y) {
                *rgb = [clamp(factors.luma(*y)); 3];
            }
            continue;
        }
        let half = row / planes.subsampling[1];
        let (Some(u), Some(v)) = (
            slice(1, planes.strides[1], half, colours),
            slice(2, planes.strides[1], half, colours),
        ) else {
            return false;
        };
        let colours = u.iter().zip(v).map(|(u, v)| factors.colour(*u, *v));
        if planes.subsampling[0] == 2 {
            row_in_pairs(&factors, y, colours, rgb);
        } else {
            for ((rgb, y), colour) in rgb.iter_mut().zip(y).zip(colours) {
                *rgb = factors.pixel(*y, colour);
            }
        }
    }
    true
}

/// A row whose colour samples hold for two pixels each; by far the most frequent case, so it has a loop of its own.
fn row_in_pairs(
    factors: &Factors,
    y: &[u8],
    mut colours: impl Iterator<Item = [i32; 3]>,
    rgb: &mut [[u8; 3]],
) {
    let (pairs, last) = y.as_chunks::<2>();
    let (outs, last_out) = rgb.as_chunks_mut::<2>();
    for ((out, pair), colour) in outs.iter_mut().zip(pairs).zip(&mut colours) {
        *out = [
            factors.pixel(pair[0], colour),
            factors.pixel(pair[1], colour),
        ];
    }
    for ((out, y), colour) in last_out.iter_mut().zip(last).zip(colours) {
        *out = factors.pixel(*y, colour);
    }
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
