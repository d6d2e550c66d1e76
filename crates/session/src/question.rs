//! The one question that a session may ask its clients before the follower moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A question and its answer; cloning shares them. Reading never waits.
#[derive(Debug, Clone, Default)]
pub struct OpenQuestion(Arc<AtomicU8>);

const CLOSED: u8 = 0;
const OPEN: u8 = 1;
const YES: u8 = 2;
const NO: u8 = 3;

impl OpenQuestion {
    /// It is asked from now on.
    pub(crate) fn open(&self) {
        self.0.store(OPEN, Ordering::Release);
    }

    /// True while it waits for an answer.
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) == OPEN
    }

    /// Answers it, if it is open: an answer that came before the question is none.
    pub(crate) fn answer(&self, yes: bool) {
        let answer = if yes { YES } else { NO };
        // A second answer comes too late.
        let _ = self
            .0
            .compare_exchange(OPEN, answer, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The answer, once, and the question is closed.
    pub(crate) fn answered(&self) -> Option<bool> {
        let answer = match self.0.load(Ordering::Acquire) {
            YES => true,
            NO => false,
            _ => return None,
        };
        self.0.store(CLOSED, Ordering::Release);
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_answer_to_an_open_question_counts() {
        let question = OpenQuestion::default();
        question.answer(true);
        assert_eq!(question.answered(), None, "before it was asked");
        question.open();
        assert!(question.is_open());
        question.answer(false);
        question.answer(true);
        assert_eq!(question.answered(), Some(false));
        assert_eq!((question.answered(), question.is_open()), (None, false));
    }
}
