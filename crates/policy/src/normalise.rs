//! From robot units to what a network was trained on, and back, by the formulae of LeRobot 0.6.2 (`normalize_processor.py`).
//!
//! All in single precision, as there. Values are not clipped.

/// LeRobot's `eps`: added to the standard deviation, and used in place of an empty range.
const EPS: f32 = 1e-8;

/// What is further from training than this, in standard deviations (or ranges), is nothing that a network knows how to answer. Only values that never
/// changed in training get there: their deviation is zero, and LeRobot divides by 1e-8.
const FAR: f32 = 1e6;

/// The affine map of one feature. Statistics are either one per element or, for pictures, one per channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Normaliser {
    /// The value itself.
    Identity,
    /// `(x - mean) / (std + 1e-8)`; back `y * std + mean`.
    MeanStd {
        /// Mean of each element.
        mean: Vec<f32>,
        /// Standard deviation of each element.
        std: Vec<f32>,
    },
    /// `2 (x - low) / (high - low) - 1`; back `(y + 1) / 2 * (high - low) + low`: LeRobot's MIN_MAX, QUANTILES and QUANTILE10.
    Range {
        /// What becomes -1.
        low: Vec<f32>,
        /// What becomes 1.
        high: Vec<f32>,
    },
}

impl Normaliser {
    /// Normalises in place. `values` holds, for each statistic in turn, an equal number of elements: one for vectors, a
    /// whole plane for pictures in channel, row, column order.
    pub fn normalise(&self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::MeanStd { mean, std } => each(values, mean, std, |value, mean, std| {
                (value - mean) / (std + EPS)
            }),
            Self::Range { low, high } => each(values, low, high, |value, low, high| {
                2.0 * (value - low) / span(low, high) - 1.0
            }),
        }
    }

    /// The elements that never changed in training, and what they were.
    pub fn constant(&self) -> Vec<(usize, f32)> {
        let (first, spread): (&[f32], Vec<f32>) = match self {
            Self::Identity => return Vec::new(),
            Self::MeanStd { mean, std } => (mean, std.clone()),
            Self::Range { low, high } => {
                let spans = low.iter().zip(high).map(|(low, high)| high - low);
                (low, spans.collect())
            }
        };
        let spread = spread.iter().zip(first).enumerate();
        let constant = spread.filter(|(_, (spread, _))| spread.abs() <= EPS);
        constant
            .map(|(index, (_, value))| (index, *value))
            .collect()
    }

    /// The first of these normalised values of a vector that is [far from all that was seen in training](FAR), or NaN.
    pub(crate) fn far(&self, values: &[f32]) -> Option<usize> {
        let normalised = !matches!(self, Self::Identity);
        let near = |value: &f32| !normalised || value.abs() <= FAR;
        values
            .iter()
            .position(|value| value.is_nan() || !near(value))
    }

    /// The way back, in place; `values` as in [`normalise`](Self::normalise).
    pub fn denormalise(&self, values: &mut [f32]) {
        match self {
            Self::Identity => {}
            Self::MeanStd { mean, std } => {
                each(values, mean, std, |value, mean, std| value * std + mean);
            }
            Self::Range { low, high } => each(values, low, high, |value, low, high| {
                (value + 1.0) / 2.0 * span(low, high) + low
            }),
        }
    }
}

fn span(low: f32, high: f32) -> f32 {
    let span = high - low;
    if span == 0.0 { EPS } else { span }
}

fn each(values: &mut [f32], a: &[f32], b: &[f32], map: impl Fn(f32, f32, f32) -> f32) {
    let plane = (values.len() / a.len().max(1)).max(1);
    for (values, (a, b)) in values.chunks_mut(plane).zip(a.iter().zip(b)) {
        for value in values {
            *value = map(*value, *a, *b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_lerobots() {
        let mut values = [3.0, -1.0];
        let mean_std = Normaliser::MeanStd {
            mean: vec![1.0, -1.0],
            std: vec![2.0, 0.0],
        };
        mean_std.normalise(&mut values);
        assert_eq!(values, [1.0, 0.0]);
        mean_std.denormalise(&mut values);
        assert_eq!(values, [3.0, -1.0]);
        let range = Normaliser::Range {
            low: vec![-10.0, 5.0],
            high: vec![30.0, 5.0],
        };
        let mut values = [0.0, 5.0];
        range.normalise(&mut values);
        // An empty range maps its one value to -1.
        assert_eq!(values, [-0.5, -1.0]);
        range.denormalise(&mut values);
        assert_eq!(values, [0.0, 5.0]);
    }

    #[test]
    fn what_never_changed_is_named_and_elsewhere_it_is_far() {
        let mean_std = Normaliser::MeanStd {
            mean: vec![1.0, -7.0],
            std: vec![2.0, 0.0],
        };
        let range = Normaliser::Range {
            low: vec![0.0, -7.0],
            high: vec![2.0, -7.0],
        };
        for normaliser in [mean_std, range] {
            assert_eq!(normaliser.constant(), [(1, -7.0)]);
            for (seen, far) in [
                ([500.0, -7.0], None),
                ([1.0, -7.1], Some(1)),
                ([f32::NAN, -7.0], Some(0)),
            ] {
                let mut values = seen;
                normaliser.normalise(&mut values);
                assert_eq!(normaliser.far(&values), far, "{seen:?}");
            }
        }
        assert_eq!(Normaliser::Identity.far(&[4096.0e4]), None);
    }

    #[test]
    fn a_picture_has_one_statistic_for_each_plane() {
        let mut values = [1.0, 2.0, 3.0, 4.0];
        let mean_std = Normaliser::MeanStd {
            mean: vec![1.0, 3.0],
            std: vec![1.0, 0.5],
        };
        mean_std.normalise(&mut values);
        assert_eq!(values, [0.0, 1.0, 0.0, 2.0]);
    }
}
