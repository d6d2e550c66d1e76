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
/// How far pixels may differ on average, and how few by how much, for two pictures to show the same: encoding a picture
/// twice changes it a little, a camera's noise or anything that moves changes it more.
const SAME_MEAN: f64 = 0.25;
const SAME_SPOTS: f64 = 2e-4;
const SPOT: u8 = 8;

/// What a picture looks like, thinned to a grid.
#[derive(Clone, Debug)]
pub(super) struct Look {
    luma: Vec<u8>,
    pub(super) brightness: f64,
    pub(super) dark: bool,
    pub(super) overexposed: bool,
    pub(super) blank: bool,
    /// How steep edges are, as a share of the picture's contrast; none without contrast.
    pub(super) sharpness: Option<f64>,
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
            sharpness: sharpness(picture),
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

/// The steepest hundredth of the steps between neighbouring pixels beside the picture's contrast: blurring flattens steps and leaves
/// contrast as it is.
fn sharpness(picture: &Picture) -> Option<f64> {
    let rows = picture.rgb.chunks_exact((picture.width * 3).max(1));
    let step = (picture.height / GRID).max(1);
    let mut steps = [0_usize; 256];
    let mut levels = [0_usize; 256];
    for row in rows.step_by(step) {
        // Green carries most of what is seen, at full resolution on most sensors.
        let green = row.iter().skip(1).step_by(3);
        let next = green.clone().skip(1);
        for (a, b) in green.zip(next) {
            steps[usize::from(a.abs_diff(*b))] += 1;
            levels[usize::from(*a)] += 1;
        }
    }
    let contrast = at_share(&levels, 0.98)?.abs_diff(at_share(&levels, 0.02)?);
    let edge = at_share(&steps, 0.99)?;
    (contrast >= 24).then(|| edge as f64 / contrast as f64)
}

/// The value below which this share of a histogram lies; none of an empty one.
fn at_share(histogram: &[usize; 256], share: f64) -> Option<usize> {
    let total: usize = histogram.iter().sum();
    let wanted = (share * total as f64) as usize;
    let mut seen = 0;
    histogram.iter().position(|count| {
        seen += count;
        seen > wanted
    })
}
