//! Which position readings to believe.
//!
//! The Feetech protocol's checksum has 8 bits, so one burst of noise in 256 passes it. No motor jumps, though: a reading that
//! the servo cannot have reached since the last one, or not with the speed that it had, waits until the next reading agrees
//! with it. What is accepted at once can therefore hardly be further off than the servo gets from one reading to the next.

use core::time::Duration;

/// What one servo can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlausibilityConfig {
    /// Fastest believable motion, in position counts per second.
    pub max_speed: u32,
    /// Counts by which two readings may always differ: noise, and the servo's own rounding.
    pub slack: u32,
    /// Counts of one turn when positions wrap around (from 4095 to 0), else `None`.
    pub turn: Option<u16>,
}

impl PlausibilityConfig {
    /// At most so many position counts per second, besides so many at any time; `turn` counts are one turn where positions wrap around.
    #[must_use]
    pub const fn new(max_speed: u32, slack: u32, turn: Option<u16>) -> Self {
        Self {
            max_speed,
            slack,
            turn,
        }
    }
}

/// What to do with a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Use it.
    Accepted,
    /// Keep the last accepted one for now.
    Suspect,
}

/// The readings of one servo. The first one is accepted, there being nothing to hold it against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plausibility {
    config: PlausibilityConfig,
    accepted: Option<(Duration, i32)>,
    /// What the newest accepted reading had moved since the one before: (counts, time).
    motion: Option<(i64, Duration)>,
    suspect: Option<(Duration, i32)>,
    suspects: u32,
}

impl Plausibility {
    /// Nothing read yet.
    #[must_use]
    pub const fn new(config: PlausibilityConfig) -> Self {
        Self {
            config,
            accepted: None,
            motion: None,
            suspect: None,
            suspects: 0,
        }
    }

    /// Judges the `position` read at `now`, in counts.
    pub fn check(&mut self, now: Duration, position: i32) -> Verdict {
        let reachable = |earlier: (Duration, i32)| {
            self.is_reachable(now.saturating_sub(earlier.0), earlier.1, position)
        };
        let expected = |last| reachable(last) && self.continues(last, now, position);
        let since = match (self.accepted, self.suspect) {
            (None, _) => None,
            (_, Some(suspect)) if reachable(suspect) => Some(suspect),
            (Some(last), _) if expected(last) => Some(last),
            _ => {
                self.suspect = Some((now, position));
                self.suspects = self.suspects.saturating_add(1);
                return Verdict::Suspect;
            }
        };
        self.motion =
            since.map(|(at, from)| (self.distance(from, position), now.saturating_sub(at)));
        self.accepted = Some((now, position));
        self.suspect = None;
        Verdict::Accepted
    }

    /// When the newest accepted reading was made, and what it was, in counts.
    #[must_use]
    pub const fn accepted(&self) -> Option<(Duration, i32)> {
        self.accepted
    }

    /// How old the newest accepted reading is; `None` before the first.
    #[must_use]
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.accepted.map(|(at, _)| now.saturating_sub(at))
    }

    /// How many readings were not accepted at once.
    #[must_use]
    pub const fn suspects(&self) -> u32 {
        self.suspects
    }

    /// From `from` to `to` the shorter way, in counts.
    fn distance(&self, from: i32, to: i32) -> i64 {
        let straight = i64::from(to) - i64::from(from);
        let Some(turn @ 1..) = self.config.turn.map(i64::from) else {
            return straight;
        };
        let forth = straight.rem_euclid(turn);
        if forth > turn / 2 {
            forth - turn
        } else {
            forth
        }
    }

    /// Counts that the servo makes in that time at its fastest.
    fn reach(&self, nanoseconds: u128) -> u128 {
        // Whole counts: in nanoseconds times counts per second nothing overflows 128 bits.
        nanoseconds * u128::from(self.config.max_speed) / 1_000_000_000
    }

    fn is_reachable(&self, elapsed: Duration, from: i32, to: i32) -> bool {
        let distance = u128::from(self.distance(from, to).unsigned_abs());
        distance <= self.reach(elapsed.as_nanos()) + u128::from(self.config.slack)
    }

    /// The reading is near where the motion before leads. It may differ by what the servo could make in the time, as a stop
    /// from full speed does. A motion says nothing about much later times.
    fn continues(&self, (at, from): (Duration, i32), now: Duration, position: i32) -> bool {
        let elapsed = now.saturating_sub(at).as_nanos();
        let Some((moved, time)) = self.motion else {
            return true;
        };
        let time = time.as_nanos();
        if time == 0 || elapsed > 2 * time {
            return true;
        }
        let led = i128::from(moved) * elapsed.cast_signed() / time.cast_signed();
        let surprise = (i128::from(self.distance(from, position)) - led).unsigned_abs();
        surprise <= self.reach(elapsed).max(self.config.slack.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONFIG: PlausibilityConfig = PlausibilityConfig {
        max_speed: 5000,
        slack: 10,
        turn: Some(4096),
    };

    fn verdicts(readings: &[(u64, i32)]) -> std::vec::Vec<bool> {
        let mut plausibility = Plausibility::new(CONFIG);
        let judge = |&(milliseconds, position): &(u64, i32)| {
            plausibility.check(Duration::from_millis(milliseconds), position) == Verdict::Accepted
        };
        readings.iter().map(judge).collect()
    }

    #[test]
    fn motion_is_believed_at_once() {
        assert_eq!(
            verdicts(&[(0, 100), (10, 150), (20, 195), (30, 200)]),
            [true; 4]
        );
    }

    #[test]
    fn a_jump_is_believed_the_second_time() {
        assert_eq!(
            verdicts(&[(0, 100), (10, 900), (20, 910)]),
            [true, false, true]
        );
    }

    #[test]
    fn a_single_wrong_reading_is_never_believed() {
        assert_eq!(
            verdicts(&[(0, 100), (10, 900), (20, 110)]),
            [true, false, true]
        );
        assert_eq!(
            verdicts(&[(0, 100), (10, 900), (20, 3000), (30, 120)]),
            [true, false, false, true]
        );
    }

    #[test]
    fn the_end_of_the_turn_is_no_jump() {
        assert_eq!(verdicts(&[(0, 4090), (10, 5)]), [true, true]);
        let straight = PlausibilityConfig {
            turn: None,
            ..CONFIG
        };
        let mut plausibility = Plausibility::new(straight);
        plausibility.check(Duration::ZERO, 4090);
        assert_eq!(
            plausibility.check(Duration::from_millis(10), 5),
            Verdict::Suspect
        );
        assert_eq!(plausibility.accepted(), Some((Duration::ZERO, 4090)));
        assert_eq!(plausibility.suspects(), 1);
    }

    #[test]
    fn a_reading_against_the_motion_is_believed_the_second_time() {
        // 45 counts in 10 ms, then 45 back: both are reachable, but nothing turns round like that.
        assert_eq!(
            verdicts(&[(0, 100), (10, 145), (20, 100), (30, 235)]),
            [true, true, false, true]
        );
        assert_eq!(
            verdicts(&[(0, 100), (10, 145), (20, 100), (30, 55)]),
            [true, true, false, true]
        );
        // A stop from nearly full speed is no surprise.
        assert_eq!(
            verdicts(&[(0, 100), (10, 145), (20, 145), (30, 145)]),
            [true; 4]
        );
    }

    #[test]
    fn after_a_long_silence_anything_is_possible() {
        assert_eq!(verdicts(&[(0, 100), (1000, 2100)]), [true, true]);
    }

    proptest! {
        #[test]
        fn extremes_are_judged_without_overflow(
            speed in any::<u32>(), slack in any::<u32>(), turn in any::<Option<u16>>(),
            readings in prop::collection::vec((any::<u64>(), any::<i32>()), 0..20),
        ) {
            let mut plausibility = Plausibility::new(PlausibilityConfig { max_speed: speed, slack, turn });
            for (seconds, position) in readings {
                plausibility.check(Duration::from_secs(seconds), position);
            }
        }

        /// Three readings of a real motion in a row are enough, whatever came before.
        #[test]
        fn a_steady_servo_is_believed_after_three_readings(
            noise in prop::collection::vec(any::<i32>(), 0..20), position in 0i32..4096,
        ) {
            let mut plausibility = Plausibility::new(CONFIG);
            let mut now = Duration::ZERO;
            for wrong in noise {
                plausibility.check(now, wrong);
                now += Duration::from_millis(10);
            }
            plausibility.check(now, position);
            plausibility.check(now + Duration::from_millis(10), position + 20);
            prop_assert_eq!(plausibility.check(now + Duration::from_millis(20), position + 40), Verdict::Accepted);
        }
    }
}
