//! How long a link takes beyond the time on the wire, and what follows from it.
//!
//! The servos answer within microseconds; adapters (1 ms for a USB frame, 16 ms for an FTDI's timer, 28 ms for some ESP32 boards), hubs
//! and busy computers make a thousand times that of it. So it is measured: on every read while an arm is connected, and on every
//! exchange afterwards.

use core::time::Duration;

use crate::engine::LinkTiming;

/// Newest measurements that are kept.
const KEPT: usize = 128;
/// What a servo of a group lets pass between the answer before its own and its own, as long as nothing better is known: 80 µs, from 0.476 +
/// 0.290 ms per servo for answers of 21 bytes, which STS3025 took on a bench (`waveshare_servos`).
const GAP: Duration = Duration::from_micros(80);
/// A link whose answers come as evenly as this shows how long the servos take.
const EVEN: Duration = Duration::from_micros(300);
/// How much later than the slowest answers of late an answer may come before it is given up.
const MARGIN: Duration = Duration::from_millis(2);
/// USB frames: bytes that are handed to an adapter reach the wire within this, whatever it does with answers.
const FRAME: Duration = Duration::from_millis(1);
/// Most by which questions are taken to be late on their way to the wire. A question that leaves with the goals of a tick at 200 Hz is
/// answered before the next ones all the same.
const MOST_SPREAD: Duration = Duration::from_micros(2500);
/// Most that is added to the patience with a bus on which everything is silent.
const MOST_EXTRA: Duration = Duration::from_millis(50);
/// An adapter with a timer keeps the rest of an answer for one more period: an FTDI's is 16 ms. Reads that follow one another meet its timer always
/// in the same phase, so that how uneven they are says nothing of it.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// A slow answer is forgotten after some hundred faster ones: the difference shrinks by one part in so many with each.
const FORGETTING: u32 = 128;
/// The same for what is usual.
const SMOOTHING: u32 = 16;

/// What reads of single servos took beyond the time on the wire.
#[derive(Debug, Clone)]
pub struct RoundTrips {
    /// In the order measured, the newest in the place of the oldest.
    samples: [Duration; KEPT],
    count: usize,
}

/// The spread of [`RoundTrips`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RoundTripSummary {
    /// The fastest.
    pub min: Duration,
    /// Half took longer.
    pub p50: Duration,
    /// At most one in a hundred took longer.
    pub p99: Duration,
}

impl Default for RoundTrips {
    fn default() -> Self {
        Self::new()
    }
}

impl RoundTrips {
    /// Nothing measured.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            samples: [Duration::ZERO; KEPT],
            count: 0,
        }
    }

    /// Takes in what one read took beyond its time on the wire.
    pub fn record(&mut self, overhead: Duration) {
        self.samples[self.count % KEPT] = overhead;
        self.count = self.count.saturating_add(1);
    }

    /// How many were measured.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The spread of the newest 128, if any.
    #[must_use]
    pub fn summary(&self) -> Option<RoundTripSummary> {
        let kept = self.count.min(KEPT);
        let last = kept.checked_sub(1)?;
        let mut sorted = self.samples;
        let sorted = sorted.get_mut(..kept)?;
        sorted.sort_unstable();
        Some(RoundTripSummary {
            min: sorted[0],
            p50: sorted[last / 2],
            p99: sorted[(last * 99).div_ceil(100)],
        })
    }
}

/// What is believed of a link from exchange to exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkEstimate {
    slowest: Duration,
    typical: Duration,
    spread: Duration,
    /// The same as it was measured; collisions on the wire teach that there is more.
    least_spread: Duration,
    /// What may pass between two parts of an answer.
    pause: Duration,
    /// What reads of single servos took at least.
    fastest: Duration,
    /// What a servo of a group lets pass before its answer.
    gap: Duration,
    /// For a bus on which everything is silent: perhaps its answers take longer than is believed.
    extra: Duration,
    /// What its owner says, which is not judged.
    fixed: bool,
}

impl LinkEstimate {
    /// A link that was measured.
    #[must_use]
    pub fn measured(summary: RoundTripSummary) -> Self {
        let spread = summary.p99.saturating_sub(summary.min).min(FRAME);
        Self {
            slowest: summary.p99,
            typical: summary.p50,
            spread,
            least_spread: spread,
            pause: summary.p99.min(LONGEST_PAUSE),
            fastest: summary.min,
            gap: GAP,
            extra: Duration::ZERO,
            fixed: false,
        }
    }

    /// A link of which its owner says how long its slowest answers take beyond the time on the wire.
    #[must_use]
    pub fn fixed(slowest: Duration) -> Self {
        Self {
            slowest,
            typical: slowest,
            spread: FRAME.min(slowest),
            least_spread: FRAME.min(slowest),
            pause: slowest.min(LONGEST_PAUSE),
            fastest: Duration::ZERO,
            gap: GAP,
            extra: Duration::ZERO,
            fixed: true,
        }
    }

    /// All servos that were asked, so many, have answered, and took so long beyond the time on the wire.
    pub fn answered(&mut self, overhead: Duration, servos: usize) {
        self.extra = Duration::ZERO;
        if self.fixed {
            return;
        }
        // Frames of an adapter would hide what the servos take.
        if self.spread < EVEN {
            let servos = u32::try_from(servos).unwrap_or(u32::MAX).max(1);
            let gap = overhead.saturating_sub(self.fastest) / servos;
            self.gap = self.gap.min(gap + self.spread / servos);
        }
        let surplus = self.spread.saturating_sub(self.least_spread);
        self.spread = self.spread.saturating_sub(surplus / FORGETTING);
        self.slowest = match self.slowest.checked_sub(overhead) {
            None => overhead,
            Some(surplus) => self.slowest.saturating_sub(surplus / FORGETTING),
        };
        self.typical = match self.typical.checked_sub(overhead) {
            None => self.typical + overhead.saturating_sub(self.typical) / SMOOTHING,
            Some(surplus) => self.typical.saturating_sub(surplus / SMOOTHING),
        };
    }

    /// An answer came so long after its question, which had been given up.
    pub fn was_late(&mut self, after: Duration) {
        self.extra = Duration::ZERO;
        if !self.fixed {
            self.slowest = self.slowest.max(after);
        }
    }

    /// Goals were sent when no answer should have been on the wire any more, and answers to that question came damaged: the question
    /// had reached the wire later than was believed.
    pub fn collided(&mut self) {
        self.spread = self.spread.saturating_add(FRAME / 2).min(MOST_SPREAD);
    }

    /// No servo that was asked has answered.
    pub fn was_silent(&mut self) {
        let twice = self.timing().turnaround;
        self.extra = self.extra.saturating_add(twice).min(MOST_EXTRA);
    }

    /// What slow answers take beyond the time on the wire.
    #[must_use]
    pub fn slowest(&self) -> Duration {
        self.slowest
    }

    /// What the engine has to know.
    #[must_use]
    pub fn timing(&self) -> LinkTiming {
        LinkTiming {
            turnaround: self
                .slowest
                .saturating_add(MARGIN)
                .saturating_add(self.extra),
            typical: self.typical,
            spread: self.spread,
            gap: self.gap,
            pause: self.pause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn us(microseconds: u64) -> Duration {
        Duration::from_micros(microseconds)
    }

    fn measured(of: impl Iterator<Item = u64>) -> RoundTripSummary {
        let mut trips = RoundTrips::new();
        of.for_each(|time| trips.record(us(time)));
        trips.summary().unwrap()
    }

    #[test]
    fn the_spread_of_a_hundred_reads() {
        let summary = measured(0..100);
        assert_eq!(
            (summary.min, summary.p50, summary.p99),
            (us(0), us(49), us(99))
        );
        // The newest count.
        let summary = measured((0..1000).chain(core::iter::repeat_n(7, 128)));
        assert_eq!((summary.min, summary.p99), (us(7), us(7)));
        assert_eq!(RoundTrips::new().summary(), None);
    }

    #[test]
    fn turnaround_follows_from_what_was_measured() {
        let cdc = LinkEstimate::measured(measured((0..100).map(|n| 900 + 20 * n))).timing();
        assert_eq!(cdc.turnaround, us(900 + 20 * 99 + 2000));
        assert_eq!(
            cdc.spread, FRAME,
            "an adapter does not keep questions as long as answers"
        );
        let wire = LinkEstimate::measured(measured((0..100).map(|_| 20))).timing();
        assert_eq!((wire.turnaround, wire.spread), (us(2020), us(0)));
    }

    #[test]
    fn a_link_that_becomes_slower_or_faster_is_followed() {
        let mut link = LinkEstimate::measured(measured([1000].into_iter()));
        link.was_late(us(40_000));
        assert_eq!(link.timing().turnaround, us(42_000));
        for _ in 0..1000 {
            link.answered(us(1500), 6);
        }
        assert!(link.slowest() < us(1600), "{:?}", link.slowest());
        link.answered(us(9000), 6);
        assert_eq!(link.slowest(), us(9000));
    }

    #[test]
    fn an_even_link_shows_how_quick_servos_are() {
        let mut wire = LinkEstimate::measured(measured([1000, 1020].into_iter()));
        assert_eq!(wire.timing().gap, GAP);
        wire.answered(us(1060), 6);
        assert_eq!(wire.timing().gap, us(10) + us(20) / 6);
        let mut frames = LinkEstimate::measured(measured([1000, 1900].into_iter()));
        frames.answered(us(1060), 6);
        assert_eq!(frames.timing().gap, GAP);
    }

    #[test]
    fn silence_makes_patient_within_bounds_and_an_answer_ends_it() {
        let mut link = LinkEstimate::measured(measured([1000].into_iter()));
        for _ in 0..100 {
            link.was_silent();
        }
        assert_eq!(link.timing().turnaround, us(3000) + MOST_EXTRA);
        link.answered(us(1000), 6);
        assert_eq!(link.timing().turnaround, us(3000));
    }

    proptest! {
        #[test]
        fn what_its_owner_says_stays(slowest in 0u64..1_000_000, seen in prop::collection::vec(0u64..1_000_000, 0..20)) {
            let mut link = LinkEstimate::fixed(us(slowest));
            for time in seen {
                link.answered(us(time), 6);
                link.was_late(us(time));
            }
            prop_assert_eq!(link.timing().turnaround, us(slowest) + MARGIN);
        }

        /// Whatever came, the next answer is awaited longer than the slowest of the last fifty took.
        #[test]
        fn recent_answers_would_have_been_in_time(seen in prop::collection::vec(0u64..40_000, 1..50)) {
            let mut link = LinkEstimate::measured(measured([1000].into_iter()));
            seen.iter().for_each(|&time| link.answered(us(time), 6));
            let slowest = us(seen.iter().max().copied().unwrap_or(0));
            prop_assert!(link.timing().turnaround > slowest.mul_f64(0.6));
        }
    }

    #[test]
    fn collisions_teach_a_distance_that_is_forgotten_again() {
        let mut link = LinkEstimate::measured(measured([900, 1000, 1100].into_iter()));
        let before = link.timing().spread;
        assert_eq!(before, us(200));
        for _ in 0..100 {
            link.collided();
        }
        assert_eq!(link.timing().spread, MOST_SPREAD);
        for _ in 0..2000 {
            link.answered(us(1000), 6);
        }
        let after = link.timing().spread;
        assert!(after < before + us(200), "{after:?}");
    }
}
