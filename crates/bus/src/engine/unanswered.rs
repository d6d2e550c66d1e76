//! Earlier questions to groups whose answers may still come in.
//!
//! Answers carry neither a register address nor a count. What tells the answer to one question from that to another is its length alone: so
//! a group that is asked again while answers to an earlier question may be under way is asked for another number of bytes, and an
//! answer of the earlier length is known for what it is: late.
//!
//! Bytes do not overtake each other. So an answer to a question settles all questions before it, and few are ever open.

use core::time::Duration;

/// An answer does not come later than this: FTDI adapters collect bytes for 16 ms, ESP32 boards take 28 ms, and busy computers add their
/// own.
const LATEST: Duration = Duration::from_millis(150);
/// Bytes beyond those asked for by which questions differ. They lie behind the position in every family's table.
pub(super) const EXTRA: u8 = 5;
/// Questions that may be open at a time: of positions and of what servos feel, one of each length.
const OPEN: usize = 2 * (EXTRA as usize + 1);

/// One question that has not been answered, or not by all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    asked: Duration,
    /// Data bytes that its answers have.
    len: u8,
}

#[derive(Debug, Clone)]
pub(super) struct Unanswered([Option<Open>; OPEN]);

impl Unanswered {
    pub(super) const fn new() -> Self {
        Self([None; OPEN])
    }

    fn forget_old(&mut self, now: Duration) {
        for place in &mut self.0 {
            if place.is_some_and(|open| now.saturating_sub(open.asked) > LATEST) {
                *place = None;
            }
        }
    }

    /// A question for `len` bytes is given up.
    pub(super) fn remember(&mut self, len: u8, asked: Duration, now: Duration) {
        self.forget_old(now);
        let oldest = |place: &&mut Option<Open>| place.map(|open| open.asked);
        if let Some(place) = self.0.iter_mut().min_by_key(oldest) {
            *place = Some(Open { asked, len });
        }
    }

    /// The first of these lengths that no answer to an earlier question can have.
    pub(super) fn free_length(
        &mut self,
        mut lengths: impl Iterator<Item = u8>,
        now: Duration,
    ) -> Option<u8> {
        self.forget_old(now);
        if self.0.iter().all(Option::is_some) {
            return None;
        }
        lengths.find(|&len| self.0.iter().flatten().all(|open| open.len != len))
    }

    /// The question that was asked at this time is being answered: nothing more comes for those before it.
    pub(super) fn settle_before(&mut self, asked: Duration) {
        for place in &mut self.0 {
            if place.is_some_and(|open| open.asked < asked) {
                *place = None;
            }
        }
    }

    /// How long after its question an answer of `len` bytes comes, if it is late.
    pub(super) fn lateness(&mut self, len: u8, now: Duration) -> Option<Duration> {
        self.forget_old(now);
        let open = *self.0.iter().flatten().find(|open| open.len == len)?;
        self.settle_before(open.asked);
        Some(now.saturating_sub(open.asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_length_is_free_again_when_something_later_was_answered() {
        let mut unanswered = Unanswered::new();
        unanswered.remember(2, ms(10), ms(14));
        unanswered.remember(3, ms(15), ms(19));
        assert_eq!(unanswered.free_length(2..=7, ms(20)), Some(4));
        assert_eq!(unanswered.lateness(4, ms(20)), None);
        // Six servos may answer one question.
        assert_eq!(unanswered.lateness(3, ms(45)), Some(ms(30)));
        assert_eq!(unanswered.lateness(3, ms(46)), Some(ms(31)));
        assert_eq!(unanswered.free_length(2..=7, ms(46)), Some(2));
        unanswered.settle_before(ms(40));
        assert_eq!(unanswered.lateness(3, ms(47)), None);
    }

    #[test]
    fn no_answer_is_awaited_for_ever() {
        let mut unanswered = Unanswered::new();
        for len in 2..=7 {
            unanswered.remember(len, ms(5), ms(9));
        }
        assert_eq!(unanswered.free_length(2..=7, ms(155)), None);
        assert_eq!(unanswered.free_length(2..=7, ms(156)), Some(2));
        assert_eq!(unanswered.lateness(2, ms(156)), None);
    }

    #[test]
    fn more_questions_than_can_be_remembered_are_not_asked() {
        let mut unanswered = Unanswered::new();
        let lengths = || (1..=u8::MAX).take(100);
        for question in 0.. {
            let Some(len) = unanswered.free_length(lengths(), ms(question)) else {
                assert_eq!(question, OPEN as u64);
                break;
            };
            unanswered.remember(len, ms(question), ms(question));
        }
        assert_eq!(unanswered.lateness(1, ms(100)), Some(ms(100)));
    }
}
