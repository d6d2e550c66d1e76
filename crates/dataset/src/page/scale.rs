//! The vertical scale of a plot: round numbers around what is shown.
//!
//! Why plots are our own is said in [`super::plots`].

/// Heights are whole numbers from 0, at the top, to this.
pub(super) const HEIGHT: f64 = 1000.0;
/// Numbers beyond this are no measurements, and their differences would overflow.
const HUGE: f64 = 1e100;

/// Whether a number can be drawn.
pub(super) fn drawable(value: f64) -> bool {
    value.abs() < HUGE
}

/// From where to where a plot goes, and its lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// The scale of what is drawable of these values; it spans at least `least`, so that a joint that stands still looks so.
    /// None if nothing is drawable.
    pub(super) fn over(values: impl Iterator<Item = f64>, least: f64) -> Option<Scale> {
        let (low, high) = values
            .filter(|value| drawable(*value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return None;
        }
        // Closer together than a millionth, numbers could not be distinguished by their labels.
        let span = (high - low)
            .max(least)
            .max(high.abs().max(low.abs()) * 1e-6);
        let middle = f64::midpoint(low, high);
        let step = round_step(span / 3.0);
        let floor = ((middle - span / 2.0) / step).floor() * step;
        let ceiling = ((middle + span / 2.0) / step).ceil() * step;
        Some(Scale {
            low: floor,
            high: ceiling.max(floor + step),
            step,
        })
    }

    /// The lowest and the highest number on it.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// How far below the top a value stands, from 0 to [`HEIGHT`].
    pub(super) fn height_of(&self, value: f64) -> u16 {
        let share = (self.high - value) / (self.high - self.low);
        (share * HEIGHT).round().clamp(0.0, HEIGHT) as u16
    }

    /// The round numbers, from below.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let steps = ((self.high - self.low) / self.step).round().clamp(1.0, 8.0) as u32;
        (0..=steps)
            .map(|n| self.low + f64::from(n) * self.step)
            .collect()
    }

    /// A round number as text, with the digits that its neighbours need.
    pub(super) fn label(&self, tick: f64) -> String {
        if self.high.abs().max(self.low.abs()) >= 1e6 {
            return format!("{tick:.3e}");
        }
        let digits = (-self.step.log10().floor()).clamp(0.0, 6.0) as usize;
        let near_zero = tick.abs() < self.step / 2.0;
        format!("{:.digits$}", if near_zero { 0.0 } else { tick })
    }
}

/// The next 1, 2 or 5 with zeros that is not less.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let fits = steps.into_iter().find(|step| *step >= least * 0.999_999);
    fits.unwrap_or(10.0 * power)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn round_numbers_enclose_the_values() {
        let scale = Scale::over([-17.0, 42.0, f64::NAN].into_iter(), 0.0).unwrap();
        assert_eq!(scale.ticks(), [-20.0, 0.0, 20.0, 40.0, 60.0]);
        assert_eq!((scale.height_of(60.0), scale.height_of(-20.0)), (0, 1000));
        assert_eq!(scale.label(-20.0), "-20");
        let fine = Scale::over([0.013, 0.021].into_iter(), 0.0).unwrap();
        assert_eq!(fine.label(fine.ticks()[0]), "0.010");
    }

    #[test]
    fn what_stands_still_spans_the_least() {
        let (low, high) = Scale::over([5.0, 5.01].into_iter(), 2.0).unwrap().ends();
        assert!(low <= 4.0 && high >= 6.0, "{low} {high}");
        assert_eq!(
            Scale::over([f64::NAN, f64::INFINITY].into_iter(), 1.0),
            None
        );
    }

    proptest! {
        #[test]
        fn any_values_have_a_scale(values in proptest::collection::vec(any::<f64>(), 1..8), least in 0.0..10.0) {
            if let Some(scale) = Scale::over(values.iter().copied(), least) {
                let ticks = scale.ticks();
                prop_assert!(ticks.len() <= 9);
                prop_assert!(ticks.iter().all(|tick| tick.is_finite() && scale.label(*tick).len() < 40));
                for value in values.into_iter().filter(|value| drawable(*value)) {
                    prop_assert!(f64::from(scale.height_of(value)) <= HEIGHT);
                }
            }
        }
    }
}
