//! Whose time is it: the board's time as the host's, and how sure that is.
//!
//! A ping is answered with the board's time. The board looked between question and answer, so the middle of the two is wrong by half their distance
//! at most. The best of these is kept until drift has made a newer one better.

use std::time::Duration;

/// How far two crystals drift apart, at most: 100 ppm, twice what a Pico's and a computer's are specified for.
const DRIFT: u32 = 10_000;

/// The relation of two clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct BoardClock {
    best: Option<Reading>,
}

/// One ping.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// The middle between question and answer, the host's time.
    at: Duration,
    /// The board's time then, µs.
    board_us: u64,
    /// Half of what question and answer took.
    wrong_by: Duration,
}

impl Reading {
    /// The host's time at a time of the board, µs, if that is not before the host's clock began.
    fn host_time(&self, board_us: u64) -> Option<Duration> {
        let since = Duration::from_micros(board_us.abs_diff(self.board_us));
        match board_us >= self.board_us {
            true => Some(self.at.saturating_add(since)),
            false => self.at.checked_sub(since),
        }
    }

    fn wrong_by(&self, now: Duration) -> Duration {
        self.wrong_by + now.saturating_sub(self.at) / DRIFT
    }
}

impl BoardClock {
    /// A ping that was sent at `sent` and answered at `received` with the board's time.
    pub fn measured(&mut self, sent: Duration, received: Duration, board_us: u64) {
        let reading = Reading {
            at: sent.midpoint_of(received),
            board_us,
            wrong_by: received.saturating_sub(sent) / 2,
        };
        let better = |best: Reading| reading.wrong_by <= best.wrong_by(received);
        // A board that started again counts from zero, and one that stood still (an emulated one on a busy computer) is behind: what was known is wrong.
        let contradicts = |best: Reading| {
            let expected = best.host_time(board_us);
            let apart = expected.map_or(Duration::MAX, |it| it.abs_diff(reading.at));
            apart > best.wrong_by(received) + reading.wrong_by
        };
        if self
            .best
            .is_none_or(|best| better(best) || contradicts(best))
        {
            self.best = Some(reading);
        }
    }

    /// The host's time at a time of the board, µs.
    #[must_use]
    pub fn host_time(&self, board_us: u64) -> Option<Duration> {
        let best = self.best?;
        Some(best.host_time(board_us).unwrap_or(Duration::ZERO))
    }

    /// By how much such a time may be wrong at `now`.
    #[must_use]
    pub fn uncertainty(&self, now: Duration) -> Option<Duration> {
        Some(self.best?.wrong_by(now))
    }
}

/// The middle of two times.
trait Midpoint {
    fn midpoint_of(self, other: Self) -> Self;
}

impl Midpoint for Duration {
    fn midpoint_of(self, other: Self) -> Self {
        self + other.saturating_sub(self) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn the_fastest_ping_says_what_time_it_is() {
        let mut clock = BoardClock::default();
        assert_eq!(clock.host_time(5), None);
        // The board's clock is 1 s behind the host's.
        clock.measured(us(2_000_000), us(2_010_000), 1_009_000);
        // Half of what the ping took, and the drift since its middle.
        let half = Some(Duration::from_nanos(5_000_500));
        assert_eq!(clock.uncertainty(us(2_010_000)), half);
        clock.measured(us(2_020_000), us(2_020_400), 1_020_100);
        let found = clock.host_time(1_050_000).unwrap();
        assert!(found.abs_diff(us(2_050_000)) <= us(200), "{found:?}");
        // A slow one later says less, until drift has used up the difference.
        clock.measured(us(3_000_000), us(3_003_000), 2_000_000);
        assert!(clock.uncertainty(us(3_003_000)).unwrap() < us(310));
        clock.measured(us(60_000_000), us(60_003_000), 59_001_000);
        assert_eq!(
            clock.uncertainty(us(60_003_000)).unwrap().as_micros(),
            1_500
        );
    }

    #[test]
    fn a_board_that_stood_still_is_believed_too() {
        let mut clock = BoardClock::default();
        clock.measured(us(2_000_000), us(2_000_100), 1_000_000);
        // It is 30 ms behind, and this ping is a slow one.
        clock.measured(us(3_000_000), us(3_004_000), 1_972_000);
        assert_eq!(clock.host_time(1_972_000), Some(us(3_002_000)));
    }

    #[test]
    fn a_board_that_started_again_is_believed() {
        let mut clock = BoardClock::default();
        clock.measured(us(2_000_000), us(2_000_100), 1_000_000);
        clock.measured(us(3_000_000), us(3_010_000), 100);
        let found = clock.host_time(100).unwrap();
        assert_eq!(found, us(3_005_000));
    }
}
