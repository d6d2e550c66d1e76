//! What can be seen of one picture without knowing what it shows.

use std::hash::{DefaultHasher, Hasher};

use crate::pictures::Picture;

/// Pixels looked at along the longer side; an arm is wider than what lies between them.
const GRID: usize = 160;
/// Darker than this on average, and nowhere lighter than [`DARK_SPOTS`]: all but black.
const DARK: f64 = 16.0;
const DARK_SPOTS: u8 = 48;
/// At least this bright in every colour is burnt out; so much of a picture may not be.
const BURNT: u8 = 250;
const BURNT_SHARE: f64 = 0.6;
/// Colours that differ by no more than this are one.
const ONE_COLOUR: u8 = 6;
/// How far pixels may differ on average, and how few by more than [`SPOT`], for two pictures to be the same. The same
/// picture encoded twice as a key frame comes out equal; the finger of a gripper before an even background, which is all
/// that a wrist camera may see for a while, already differs by several times this.
const SAME_MEAN: f64 = 0.01;
const SAME_SPOTS: f64 = 2e-4;
const SPOT: u8 = 4;

/// What a picture looks like, thinned to a grid.
#[derive(Clone, Debug)]
pub(super) struct Look {
    luma: Vec<u8>,
    pub(super) brightness: f64,
    pub(super) dark: bool,
    pub(super) overexposed: bool,
    pub(super) blank: bool,
}

impl Look {
    pub(super) fn of(picture: &Picture) -> Look {
        let step = (picture.width.max(picture.height) / GRID).max(1);
        let mut luma = Vec::new();
        let (mut low, mut high) = ([u8::MAX; 3], [0_u8; 3]);
        let mut burnt = 0_usize;
        let rows = picture.rgb.chunks_exact((picture.width * 3).max(1));
        for row in rows.step_by(step) {
            for pixel in row.chunks_exact(3).step_by(step) {
                for (colour, value) in pixel.iter().enumerate() {
                    low[colour] = low[colour].min(*value);
                    high[colour] = high[colour].max(*value);
                }
                burnt += usize::from(pixel.iter().all(|value| *value >= BURNT));
                // The weights of ITU-R BT.601, in 256ths.
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
                luma.push(((77 * r + 150 * g + 29 * b) >> 8) as u8);
            }
        }
        let count = luma.len().max(1) as f64;
        let brightness = luma.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
        let spots = luma.iter().filter(|v| **v > DARK_SPOTS).count() as f64;
        let blank = !luma.is_empty() && (0..3).all(|c| high[c] - low[c] <= ONE_COLOUR);
        let dark = !luma.is_empty() && brightness < DARK && spots / count < 0.01;
        Look {
            brightness,
            dark,
            overexposed: burnt as f64 / count > BURNT_SHARE,
            blank: blank && !dark,
            luma,
        }
    }

    /// Whether both are the same picture, give or take what an encoder does to it.
    pub(super) fn shows_the_same_as(&self, other: &Look) -> bool {
        if self.luma.len() != other.luma.len() || self.luma.is_empty() {
            return false;
        }
        let (mut sum, mut spots) = (0_u64, 0_u64);
        for (a, b) in self.luma.iter().zip(&other.luma) {
            let off = a.abs_diff(*b);
            sum += u64::from(off);
            spots += u64::from(off > SPOT);
        }
        let count = self.luma.len() as f64;
        sum as f64 / count <= SAME_MEAN && spots as f64 / count <= SAME_SPOTS
    }

    /// Adds the picture to a digest.
    pub(super) fn digest(&self, hasher: &mut DefaultHasher) {
        hasher.write(&self.luma);
    }
}
