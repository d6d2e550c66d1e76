//! Whose voltage, temperature, current and load are read next.
//!
//! These change slowly, so a control cycle that reads positions only need not pay for all of them: one servo after the
//! other gets a read of its own behind the cycle, at most one per cycle, in the time that is left. Load, voltage and
//! temperature of an STS3215 are 4 bytes, so that read is 18 bytes on the line, or 0.18 ms at 1 Mbit/s, while reading the
//! whole state of six servos makes every cycle 36 bytes longer.

use core::time::Duration;

/// Takes turns among the servos that are worth asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    every: Duration,
    next_at: Duration,
    last: Option<u8>,
}

impl Rotation {
    /// One servo each `every`, the first at once. With [`Duration::ZERO`] one in each cycle.
    #[must_use]
    pub const fn new(every: Duration) -> Self {
        Self {
            every,
            next_at: Duration::ZERO,
            last: None,
        }
    }

    /// The servo to read after this cycle, or none: it is too early, or none of `alive` is there to ask. `alive` are the
    /// servos that answered in this cycle, in the group's order; a servo that did not has its turn again later.
    pub fn next(&mut self, now: Duration, alive: impl IntoIterator<Item = u8>) -> Option<u8> {
        if now < self.next_at {
            return None;
        }
        let (mut first, mut after_last, mut passed) = (None, None, false);
        for id in alive {
            first = first.or(Some(id));
            if passed {
                after_last = after_last.or(Some(id));
            }
            passed |= self.last == Some(id);
        }
        let id = after_last.or(first)?;
        self.last = Some(id);
        self.next_at = now.saturating_add(self.every);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn every_servo_gets_a_turn() {
        let mut rotation = Rotation::new(ms(20));
        let turns = (0..10).map(|tick| rotation.next(ms(10 * tick), [3, 1, 2]));
        let some = |id| Some(id);
        let expected = [3, 1, 2, 3, 1].map(|id| [some(id), None]);
        assert!(turns.eq(expected.into_iter().flatten()));
    }

    #[test]
    fn the_silent_are_passed_over() {
        let mut rotation = Rotation::new(Duration::ZERO);
        assert_eq!(rotation.next(ms(0), [1, 2, 3]), Some(1));
        assert_eq!(rotation.next(ms(1), [1, 3]), Some(3));
        assert_eq!(rotation.next(ms(2), [1, 2]), Some(1));
        assert_eq!(rotation.next(ms(3), []), None);
        assert_eq!(rotation.next(ms(4), [1, 2, 3]), Some(2));
    }
}
