//! Statistics of pictures, gathered picture by picture.

use crate::stats::FeatureStats;

/// How often each value occurred, per colour. It holds all that the statistics need, in 6 KiB.
#[derive(Clone, Debug)]
pub(crate) struct PictureHistogram {
    counts: [[u64; 256]; 3],
    pictures: u64,
}

impl PictureHistogram {
    pub(crate) fn new() -> PictureHistogram {
        PictureHistogram {
            counts: [[0; 256]; 3],
            pictures: 0,
        }
    }

    /// Adds an RGB picture, of which LeRobot too takes only every n-th row and column when it is large.
    pub(crate) fn add(&mut self, rgb: &[u8], width: usize, height: usize) {
        let step = stride(width, height);
        for row in rgb.chunks_exact(width * 3).step_by(step) {
            for pixel in row.chunks_exact(3).step_by(step) {
                for (counts, value) in self.counts.iter_mut().zip(pixel) {
                    counts[usize::from(*value)] += 1;
                }
            }
        }
        self.pictures += 1;
    }

    pub(crate) fn stats(&self) -> FeatureStats {
        FeatureStats::of_pictures(&self.counts, self.pictures)
    }
}

/// LeRobot's rule for statistics: pictures below 300 pixels whole, others thinned to about 150.
pub(crate) fn stride(width: usize, height: usize) -> usize {
    match width.max(height) {
        0..300 => 1,
        larger => larger / 150,
    }
}
