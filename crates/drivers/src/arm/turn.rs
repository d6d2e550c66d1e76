//! On which turn a servo counts, and whether a joint stands within its calibrated range.
//!
//! A Dynamixel with multi-turn positions begins within one turn of its encoder whenever power comes, and only then adds its offset: a joint
//! whose encoder passes zero inside its travel may read a turn off. Under torque it would be driven against its stop to get "back".

use ulna_core::Stamp;

use ulna_bus::health::Verdict;

use super::servo::Servo;

/// A joint may stand this part of its range outside of it: a hand does not sweep a joint to the last step, and stops give way.
const TOLERANCE: f64 = 0.05;
/// The least tolerance, parts of a turn: 2°. A jaw has a short range.
const LEAST_TOLERANCE: f64 = 1.0 / 180.0;

impl Servo {
    /// Takes it that the joint stands where `present` says, counts as the servo reports them, and finds the turn on which it then counts.
    ///
    /// # Errors
    /// How far it is outside its range on any turn, counts, negative below; the turn stays what it was.
    pub(crate) fn find_turn(&mut self, present: i32) -> Result<(), i32> {
        let (low, high) = (self.calibration.range_min, self.calibration.range_max);
        let turn = i32::try_from(self.resolution).unwrap_or(i32::MAX).max(1);
        let middle = low.midpoint(high);
        let nearest = match self.multi_turn {
            true => (present.saturating_sub(middle) + turn / 2).div_euclid(turn),
            false => 0,
        };
        let outside = |turns: i32| {
            let at = present.saturating_sub(turns.saturating_mul(turn));
            at.saturating_sub(high).max(0) + at.saturating_sub(low).min(0)
        };
        let steps = match self.multi_turn {
            true => [0, -1, 1],
            false => [0; 3],
        };
        let candidates = steps.map(|step| nearest + step);
        let best = candidates
            .into_iter()
            .min_by_key(|&turns| outside(turns).unsigned_abs());
        let turns = best.unwrap_or(nearest);
        let off = outside(turns);
        let tolerance = (f64::from(high.saturating_sub(low)) * TOLERANCE)
            .max(f64::from(turn) * LEAST_TOLERANCE);
        if f64::from(off).abs() > tolerance {
            return Err(off);
        }
        self.shift = turns.saturating_mul(turn);
        Ok(())
    }

    /// Whether to believe these counts, read at `at`. A believed leap by half a turn or more, of a servo that counts turns, is a servo that has
    /// restarted.
    pub(super) fn believes(&mut self, at: Stamp, counts: i32) -> bool {
        let before = self.plausibility.accepted();
        let accepted = self.plausibility.check(at.since_epoch(), counts) == Verdict::Accepted;
        let half = self.resolution / 2;
        let leapt = before.is_some_and(|(_, last)| counts.abs_diff(last) >= half);
        if accepted && leapt && self.multi_turn && !self.is_wheel() {
            // Outside its range on every turn: the last turn is as good as any other, and its values are clamped.
            let _ = self.find_turn(counts);
            self.torque.doubt();
        }
        accepted
    }

    /// Degrees of these counts.
    pub(crate) fn degrees(&self, counts: i32) -> f64 {
        f64::from(counts) * 360.0 / f64::from(self.resolution.max(1))
    }
}
