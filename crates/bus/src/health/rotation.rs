//! Whose voltage, temperature, current and load are read next.
//!
//! These change slowly, so a control cycle that reads positions only need not pay for all of them: a few servos after the
//! others get a read of their own, in the time that is left. Load, voltage and temperature of an STS3215 are 4 bytes, so that read is 18
//! bytes on the line for one servo, or 0.18 ms at 1 Mbit/s, while reading the whole state of six servos makes every cycle 36 bytes longer.

use core::time::Duration;

/// Takes turns among the servos that are worth asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    every: Duration,
    next_at: Duration,
    last: Option<u8>,
}

impl Rotation {
    /// A turn each `every`, the first at once. With [`Duration::ZERO`] one in each cycle.
    #[must_use]
    pub const fn new(every: Duration) -> Self {
        Self {
            every,
            next_at: Duration::ZERO,
            last: None,
        }
    }

    /// It is time for a turn.
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        now >= self.next_at
    }

    /// The servos whose turn it would be now, so many that they fill `out` or each of `alive` is there once; returns how many. `alive` are
    /// in the group's order, and a servo that is not among them has its turn again later.
    pub fn next(&self, alive: &[u8], out: &mut [u8]) -> usize {
        let last = alive.iter().position(|&id| Some(id) == self.last);
        let start = last.map_or(0, |last| last + 1);
        let order = alive.iter().cycle().skip(start).take(alive.len());
        let mut count = 0;
        for (place, &id) in out.iter_mut().zip(order) {
            *place = id;
            count += 1;
        }
        count
    }

    /// These servos, the last of them this one, have had their turn.
    pub fn took_turn(&mut self, now: Duration, last: u8) {
        self.last = Some(last);
        self.next_at = now.saturating_add(self.every);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// The turn of one servo, if it is time.
    fn turn(rotation: &mut Rotation, now: Duration, alive: &[u8]) -> Option<u8> {
        let mut out = [0];
        if !rotation.is_due(now) || rotation.next(alive, &mut out) == 0 {
            return None;
        }
        rotation.took_turn(now, out[0]);
        Some(out[0])
    }

    #[test]
    fn every_servo_gets_a_turn() {
        let mut rotation = Rotation::new(ms(20));
        let turns = (0..10).map(|tick| turn(&mut rotation, ms(10 * tick), &[3, 1, 2]));
        let some = |id| Some(id);
        let expected = [3, 1, 2, 3, 1].map(|id| [some(id), None]);
        assert!(turns.eq(expected.into_iter().flatten()));
    }

    #[test]
    fn the_silent_are_passed_over() {
        let mut rotation = Rotation::new(Duration::ZERO);
        assert_eq!(turn(&mut rotation, ms(0), &[1, 2, 3]), Some(1));
        assert_eq!(turn(&mut rotation, ms(1), &[1, 3]), Some(3));
        assert_eq!(turn(&mut rotation, ms(2), &[1, 2]), Some(1));
        assert_eq!(turn(&mut rotation, ms(3), &[]), None);
        assert_eq!(turn(&mut rotation, ms(4), &[1, 2, 3]), Some(2));
    }

    #[test]
    fn a_group_goes_on_where_the_last_one_ended() {
        let mut rotation = Rotation::new(Duration::ZERO);
        let mut out = [0; 4];
        assert_eq!(rotation.next(&[1, 2, 3, 4, 5, 6], &mut out), 4);
        assert_eq!(out, [1, 2, 3, 4]);
        rotation.took_turn(ms(5), 4);
        assert_eq!(rotation.next(&[1, 2, 3, 4, 5, 6], &mut out), 4);
        assert_eq!(out, [5, 6, 1, 2]);
        assert_eq!(rotation.next(&[1, 2], &mut out), 2);
        assert_eq!(out[..2], [1, 2]);
    }
}
