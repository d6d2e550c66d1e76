//! The encoder's grid in recorded states.
//!
//! A state is a whole number of encoder steps, written as a number in the joint's unit. In degrees all arms have the same grid; -100..100
//! is 200 parts of the calibrated range, so the distance of two neighbours says how many steps that range has.

use ulna_core::unit::Unit;

/// Fewest different states that show a grid.
const FEWEST: usize = 24;
/// Most different states that are looked at.
const MOST: usize = 2000;
/// Most different values that are kept.
const KEPT: usize = 1 << 16;
/// The narrowest range that is believed, in parts of a turn.
const NARROWEST: f64 = 1.0 / 64.0;
/// Root mean square of what chance leaves between values and a grid of distance 1 is 0.29; this much is a grid.
const ON_GRID: f64 = 0.08;
/// What single precision leaves of values up to 180 on the finest grid.
const ROUNDING: f64 = 2e-3;

/// Recorded values of one joint, collected episode by episode in bounded memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values {
    sorted: Vec<f64>,
}

impl Values {
    /// More values. NaN and infinities are passed over.
    pub fn add(&mut self, values: impl Iterator<Item = f64>) {
        self.sorted.extend(values.filter(|value| value.is_finite()));
        self.sorted.sort_unstable_by(f64::total_cmp);
        self.sorted.dedup();
        // More than any grid has: a sample and the ends will do.
        if let Some((low, high)) = self.extent().filter(|_| self.sorted.len() > KEPT) {
            let every = self.sorted.len().div_ceil(KEPT / 2);
            let kept = self.sorted.iter().step_by(every).copied();
            let ends = [low, high].into_iter();
            self.sorted = kept.chain(ends).collect();
            self.sorted.sort_unstable_by(f64::total_cmp);
            self.sorted.dedup();
        }
    }

    /// The lowest and the highest.
    pub fn extent(&self) -> Option<(f64, f64)> {
        Some((*self.sorted.first()?, *self.sorted.last()?))
    }

    /// How many steps the calibrated range has, if these are values in a unit that says it, on the grid of an encoder with `resolution` steps
    /// per turn.
    pub fn steps_in_range(&self, unit: Unit, resolution: u32) -> Option<u32> {
        let (low, span) = match unit {
            Unit::M100 => (-100.0, 200.0),
            Unit::Percent => (0.0, 100.0),
            Unit::Degrees | Unit::Velocity => return None,
        };
        // The ends are on every grid.
        let inside = self
            .sample()
            .filter(|value| (low..=low + span).contains(value));
        let inside: Vec<f64> = inside
            .map(|value| (value - low) / span)
            .filter(|part| (1e-6..1.0 - 1e-6).contains(part))
            .collect();
        if inside.len() < FEWEST {
            return None;
        }
        let narrowest = (f64::from(resolution) * NARROWEST) as u32;
        let left = |steps: u32| distance(inside.iter().map(|part| part * f64::from(steps)));
        let candidates = narrowest.max(2)..=resolution;
        let found: Vec<(u32, f64)> = candidates.map(|steps| (steps, left(steps))).collect();
        let best = found.iter().map(|(_, left)| *left).fold(1.0, f64::min);
        // Multiples of the true number fit as well.
        let good = (2.0 * best).max(ROUNDING);
        let first = found.iter().find(|(_, left)| *left <= good);
        first.filter(|_| best < ON_GRID).map(|(steps, _)| *steps)
    }

    /// Whether these are degrees on the grid of an encoder with `resolution` steps per turn, as LeRobot makes them; `None` if there are too
    /// few different ones.
    pub fn are_degrees(&self, resolution: u32) -> Option<bool> {
        // The zero lies on a step or between two.
        let parts: Vec<f64> = self
            .sample()
            .map(|value| value * f64::from(resolution - 1) / 360.0 * 2.0)
            .collect();
        (parts.len() >= FEWEST).then(|| distance(parts.iter().copied()) < ON_GRID)
    }

    /// Some of the values, from end to end.
    fn sample(&self) -> impl Iterator<Item = f64> {
        let every = self.sorted.len().div_ceil(MOST).max(1);
        self.sorted.iter().step_by(every).copied()
    }
}

/// Root mean square distance from the nearest whole numbers.
fn distance(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| {
        (sum + (value - value.round()).powi(2), count + 1.0)
    });
    f64::sqrt(sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ulna_core::JointCalibration;

    fn recorded(steps: impl Iterator<Item = i32>, unit: Unit, range: (i32, i32)) -> Values {
        let calibration = JointCalibration {
            id: 1,
            drive_mode: 0,
            homing_offset: 0,
            range_min: range.0,
            range_max: range.1,
        };
        let mut values = Values::default();
        // Datasets have single precision.
        let single =
            |steps: i32| f64::from(unit.normalise(steps.into(), &calibration, 4096) as f32);
        values.add(steps.map(single));
        values
    }

    proptest! {
        #[test]
        fn the_range_is_found(low in 0i32..1500, steps in 700i32..2500, first in 0.05..0.6f64, every in 1i32..4) {
            let from = low + (f64::from(steps) * first) as i32;
            let seen = (from..from + 60 * every).step_by(every as usize).chain(from + 7..from + 90);
            for unit in [Unit::M100, Unit::Percent] {
                let values = recorded(seen.clone(), unit, (low, low + steps));
                prop_assert_eq!(values.steps_in_range(unit, 4096), Some(steps as u32));
            }
        }

        #[test]
        fn degrees_are_no_range(low in 0i32..1500, steps in 900i32..2500) {
            let seen = low + 100..low + 400;
            let range = (low, low + steps);
            prop_assert_eq!(recorded(seen.clone(), Unit::Degrees, range).are_degrees(4096), Some(true));
            // A range of 2275 steps has 200 parts that are as long as degrees are, 4550 half ones. Where a step of the range is (nearly) a
            // whole number of half ones, the two grids are one over what was seen.
            let halves = 4550.0 / f64::from(steps);
            if (halves - halves.round()).abs() * f64::from(seen.end - seen.start) > 1.0 {
                prop_assert_eq!(recorded(seen, Unit::M100, range).are_degrees(4096), Some(false));
            }
        }
    }

    #[test]
    fn what_is_on_no_grid_says_nothing() {
        let mut values = Values::default();
        values.add((0..500).map(|k| 60.0 * f64::from(k).sin()));
        assert_eq!(values.steps_in_range(Unit::M100, 4096), None);
        assert_eq!(values.are_degrees(4096), Some(false));
        let mut few = Values::default();
        few.add([1.0, f64::NAN, 2.0, f64::INFINITY].into_iter());
        assert_eq!(few.steps_in_range(Unit::M100, 4096), None);
        assert_eq!(
            (few.are_degrees(4096), few.extent()),
            (None, Some((1.0, 2.0)))
        );
        assert_eq!(Values::default().extent(), None);
    }
}
