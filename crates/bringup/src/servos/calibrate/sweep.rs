//! Following joints through their ranges, across the wrap of their encoders.

use std::time::Duration;

use ulna_bus::health::{Plausibility, PlausibilityConfig, Verdict};

/// No hand turns a joint faster than this, in turns per second.
const FASTEST: u32 = 4;
/// Counts by which two readings may always differ.
const SLACK: u32 = 32;

/// One joint's way so far.
#[derive(Debug, Clone)]
pub struct Swept {
    turn: i32,
    plausibility: Plausibility,
    /// The newest reading within one turn, and the same counted on across the wrap.
    last: Option<(i32, i32)>,
    start: i32,
    low: i32,
    high: i32,
}

impl Swept {
    fn new(turn: u16) -> Self {
        let config = PlausibilityConfig::new(FASTEST * u32::from(turn), SLACK, Some(turn));
        Self {
            turn: i32::from(turn),
            plausibility: Plausibility::new(config),
            last: None,
            start: 0,
            low: 0,
            high: 0,
        }
    }

    fn see(&mut self, now: Duration, raw: i32) {
        let within = raw.rem_euclid(self.turn.max(1));
        if self.plausibility.check(now, within) == Verdict::Suspect {
            return;
        }
        let at = match self.last {
            None => {
                (self.start, self.low, self.high) = (within, within, within);
                within
            }
            Some((before, at)) => {
                // The short way round.
                let half = self.turn / 2;
                let step = (within - before + half).rem_euclid(self.turn.max(1)) - half;
                at.saturating_add(step)
            }
        };
        self.low = self.low.min(at);
        self.high = self.high.max(at);
        self.last = Some((within, at));
    }

    /// Lowest and highest place, steps of the raw encoder counted on across the wrap; `None` before the first reading.
    pub fn range(&self) -> Option<(i32, i32)> {
        self.last.map(|_| (self.low, self.high))
    }

    /// Where it was first, and where it is now, in the same count.
    pub fn ends(&self) -> Option<(i32, i32)> {
        self.last.map(|(_, at)| (self.start, at))
    }

    /// Steps in one turn.
    pub fn turn(&self) -> f64 {
        f64::from(self.turn)
    }

    /// Steps from the lowest place to the highest.
    pub fn span(&self) -> i32 {
        self.high - self.low
    }
}

/// All joints of an arm on their way.
#[derive(Debug, Clone)]
pub struct Sweep {
    joints: Vec<Swept>,
}

impl Sweep {
    /// Nothing seen yet; one entry of `turns`, steps per turn, for each joint.
    pub fn new(turns: impl IntoIterator<Item = u16>) -> Self {
        Self {
            joints: turns.into_iter().map(Swept::new).collect(),
        }
    }

    /// Takes in a raw reading of one joint, steps before any homing offset.
    pub fn see(&mut self, now: Duration, joint: usize, raw: i32) {
        if let Some(joint) = self.joints.get_mut(joint) {
            joint.see(now, raw);
        }
    }

    /// The joints, in order.
    pub fn joints(&self) -> &[Swept] {
        &self.joints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn swept(readings: &[i32]) -> Swept {
        let mut sweep = Sweep::new([4096]);
        for (tick, raw) in (0..).zip(readings) {
            sweep.see(ms(20 * tick), 0, *raw);
        }
        sweep.joints()[0].clone()
    }

    #[test]
    fn the_wrap_does_not_tear_a_range_apart() {
        let up = swept(&[3900, 4050, 100, 250, 200, 100, 4000]);
        assert_eq!(
            (up.range(), up.span(), up.ends()),
            (Some((3900, 4346)), 446, Some((3900, 4000)))
        );
        let down = swept(&[100, 4000]);
        assert_eq!(down.range(), Some((-96, 100)));
        assert_eq!(swept(&[]).range(), None);
    }

    #[test]
    fn one_damaged_reading_does_not_widen_a_range() {
        assert_eq!(
            swept(&[1000, 1010, 3300, 1020, 1030]).range(),
            Some((1000, 1030))
        );
    }

    proptest! {
        // Wherever the encoder is mounted, the span is the hand's. (Nearly two turns per second to and fro; no hand is faster.)
        #[test]
        fn the_span_does_not_depend_on_the_mounting(
            mounting in 0i32..4096,
            way in prop::collection::vec(-150i32..150, 1..200),
        ) {
            let mut at = mounting;
            let mut readings = vec![at];
            for step in way {
                at += step;
                readings.push(at);
            }
            let (low, high) = (readings.iter().min().unwrap(), readings.iter().max().unwrap());
            let seen: Vec<i32> = readings.iter().map(|at| at.rem_euclid(4096)).collect();
            prop_assert_eq!(swept(&seen).span(), high - low);
        }
    }
}
