//! From the planes of a decoded picture to RGB.
//!
//! It is our own so that a policy sees the very pixels that Python LeRobot trained it with: those of ffmpeg's vector code. `yuv` 0.8.20 gives 57 % of the bytes
//! of a random picture another value, by 3 at most.

/// Pictures beyond this (8K) are refused before memory is taken for them.
pub(crate) const MAX_PIXELS: u32 = 7680 * 4320;

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

/// Takes a decoded picture.
pub(crate) type Emit<'a> = &'a mut dyn FnMut(&Planes) -> Result<(), String>;

/// Factors with 13 bits behind the point, as ffmpeg's vector code has them.
struct Factors {
    y: i16,
    y_offset: i16,
    rv: i16,
    gu: i16,
    gv: i16,
    bu: i16,
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
        let fixed = |x: f64| (x * 8192.0).round() as i16;
        Factors {
            y: fixed(luma),
            y_offset: if full_range { 0 } else { 16 },
            rv: fixed(chroma * 2.0 * (1.0 - kr)),
            gu: fixed(-chroma * 2.0 * (1.0 - kb) * kb / kg),
            gv: fixed(-chroma * 2.0 * (1.0 - kr) * kr / kg),
            bu: fixed(chroma * 2.0 * (1.0 - kb)),
        }
    }

    fn luma(&self, y: u8) -> i16 {
        product(i16::from(y) - self.y_offset, self.y)
    }

    /// What a colour sample adds to red, green and blue.
    fn colour(&self, u: u8, v: u8) -> [i16; 3] {
        let (u, v) = (i16::from(u) - 128, i16::from(v) - 128);
        let green = product(u, self.gu) + product(v, self.gv);
        [product(v, self.rv), green, product(u, self.bu)]
    }

    fn pixel(&self, y: u8, [red, green, blue]: [i16; 3]) -> [u8; 3] {
        let y = self.luma(y);
        [clamp(y + red), clamp(y + green), clamp(y + blue)]
    }
}

/// Converts to RGB rows without gaps, over whatever `out` held. False when the planes are smaller than the picture.
///
/// Every product is rounded down and colour samples are repeated over the pixels that share them. That is less
/// exact than could be, but it is what ffmpeg's vector code does, so that a policy sees the very pixels that
/// Python LeRobot trained it with.
pub(crate) fn to_rgb(planes: &Planes, out: &mut Vec<u8>) -> bool {
    let factors = Factors::new(planes.matrix, planes.full_range);
    // No picture's size is beyond what the caller has allocated for before: it is that of the decoded planes.
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
        if planes.subsampling[0] == 2 {
            row_in_pairs(&factors, y, u, v, rgb);
            continue;
        }
        for ((rgb, y), (u, v)) in rgb.iter_mut().zip(y).zip(u.iter().zip(v)) {
            *rgb = factors.pixel(*y, factors.colour(*u, *v));
        }
    }
    true
}

/// Pixels that are converted together: as many as let the compiler use whole vector registers.
const LANES: usize = 16;

/// A row whose colour samples hold for two pixels each; by far the most frequent case, so it has loops of its own.
fn row_in_pairs(factors: &Factors, y: &[u8], u: &[u8], v: &[u8], rgb: &mut [[u8; 3]]) {
    let (y, y_rest) = y.as_chunks::<LANES>();
    let (rgb, rgb_rest) = rgb.as_chunks_mut::<LANES>();
    let (u_whole, u_rest) = u.split_at(y.len() * LANES / 2);
    let (v_whole, v_rest) = v.split_at(y.len() * LANES / 2);
    let (u, _) = u_whole.as_chunks();
    let (v, _) = v_whole.as_chunks();
    for ((rgb, y), (u, v)) in rgb.iter_mut().zip(y).zip(u.iter().zip(v)) {
        lanes(factors, y, u, v, rgb);
    }
    let colours = u_rest.iter().zip(v_rest);
    let colours = colours.map(|(u, v)| factors.colour(*u, *v));
    let pairs = rgb_rest.chunks_mut(2).zip(y_rest.chunks(2));
    for ((rgb, y), colour) in pairs.zip(colours) {
        for (rgb, y) in rgb.iter_mut().zip(y) {
            *rgb = factors.pixel(*y, colour);
        }
    }
}

fn lanes(
    factors: &Factors,
    y: &[u8; LANES],
    u: &[u8; LANES / 2],
    v: &[u8; LANES / 2],
    rgb: &mut [[u8; 3]; LANES],
) {
    let mut colours = [[0_i16; LANES]; 3];
    for at in 0..LANES / 2 {
        let colour = factors.colour(u[at], v[at]);
        for (plane, colour) in colours.iter_mut().zip(colour) {
            plane[2 * at] = colour;
            plane[2 * at + 1] = colour;
        }
    }
    let [red, green, blue] = &colours;
    let mut packed = [0_u32; LANES];
    for at in 0..LANES {
        let luma = factors.luma(y[at]);
        let colour = |add: i16| u32::from(clamp(luma + add));
        packed[at] = colour(red[at]) | colour(green[at]) << 8 | colour(blue[at]) << 16;
    }
    // Each pixel's fourth byte is overwritten by the next one's first: one store instead of three.
    let mut bytes = [0; 3 * LANES + 1];
    for (at, pixel) in packed.iter().enumerate() {
        bytes[3 * at..3 * at + 4].copy_from_slice(&pixel.to_le_bytes());
    }
    rgb.as_flattened_mut().copy_from_slice(&bytes[..3 * LANES]);
}

/// The upper half of a 16 x 16 bit product.
fn product(value: i16, factor: i16) -> i16 {
    ((i32::from(value * 8) * i32::from(factor)) >> 16) as i16
}

fn clamp(value: i16) -> u8 {
    value.clamp(0, 255) as u8
}

/// The picture as RGB, which must be of the size that the file's index states.
pub(crate) fn to_picture(
    planes: &Planes,
    size: (usize, usize),
    out: &mut Vec<u8>,
) -> Result<(), String> {
    if (planes.width, planes.height) != size {
        return Err(format!(
            "a picture is {}x{}, its index says {}x{}",
            planes.width, planes.height, size.0, size.1
        ));
    }
    match to_rgb(planes, out) {
        true => Ok(()),
        false => Err("the decoder's planes are smaller than the picture".to_owned()),
    }
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

    proptest::proptest! {
        #[test]
        fn many_pixels_at_once_are_as_each_alone(
            width in 1_usize..70,
            height in 1_usize..4,
            seed: u64,
            full_range: bool,
        ) {
            let bytes = |count: usize, salt: u64| -> Vec<u8> {
                let mix = |n: usize| (seed ^ salt).wrapping_mul(n as u64 * 2 + 1) >> 24;
                (0..count).map(|n| mix(n + 1) as u8).collect()
            };
            let half = width.div_ceil(2);
            let chroma = half * height.div_ceil(2);
            let (y, u, v) = (bytes(width * height, 1), bytes(chroma, 2), bytes(chroma, 3));
            let planes = Planes {
                width,
                height,
                data: [&y, &u, &v],
                strides: [width, half],
                subsampling: [2, 2],
                matrix: Matrix::Bt709,
                full_range,
            };
            // What the buffer held before makes no difference.
            let mut rgb = vec![7; 11];
            assert!(to_rgb(&planes, &mut rgb));
            let factors = Factors::new(Matrix::Bt709, full_range);
            for (at, found) in rgb.chunks_exact(3).enumerate() {
                let (row, column) = (at / width, at % width);
                let shared = row / 2 * half + column / 2;
                let colour = factors.colour(u[shared], v[shared]);
                assert_eq!(found, factors.pixel(y[at], colour));
            }
        }
    }
}
