//! The servos of the current transaction, in the order asked, and how far each one has come.

use core::time::Duration;

use super::MAX_SERVOS;
use super::reply::{Reply, ReplyData, ServoFault};

#[derive(Debug, Clone)]
pub(super) struct Asked {
    replies: [Reply; MAX_SERVOS],
    answered: [bool; MAX_SERVOS],
    count: usize,
    /// Position after the newest sign of life in this attempt: whoever comes next on the line, comes from here on.
    cursor: usize,
}

impl Asked {
    pub(super) fn new() -> Self {
        let blank = Reply {
            id: 0,
            result: Err(ServoFault::NotSent),
            at: Duration::ZERO,
        };
        Self {
            replies: [blank; MAX_SERVOS],
            answered: [false; MAX_SERVOS],
            count: 0,
            cursor: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
        self.cursor = 0;
    }

    /// Adds a servo and returns its index, or `None` when there is no room.
    pub(super) fn add(&mut self, id: u8) -> Option<usize> {
        let index = self.count;
        *self.replies.get_mut(index)? = Reply {
            id,
            result: Err(ServoFault::NotSent),
            at: Duration::ZERO,
        };
        self.answered[index] = false;
        self.count += 1;
        Some(index)
    }

    pub(super) fn begin_attempt(&mut self) {
        self.cursor = 0;
    }

    pub(super) fn replies(&self) -> &[Reply] {
        &self.replies[..self.count]
    }

    pub(super) fn contains(&self, id: u8) -> bool {
        self.replies().iter().any(|reply| reply.id == id)
    }

    /// Ids of the servos that have not answered yet, in the order asked.
    pub(super) fn open_ids(&self) -> impl Iterator<Item = u8> + '_ {
        self.replies()
            .iter()
            .zip(&self.answered)
            .filter(|(_, answered)| !**answered)
            .map(|(reply, _)| reply.id)
    }

    pub(super) fn open_index(&self, id: u8) -> Option<usize> {
        let index = self.replies().iter().position(|reply| reply.id == id)?;
        (!self.answered[index]).then_some(index)
    }

    /// The open servo whose turn it is: what a packet with a damaged id probably is.
    pub(super) fn next_open(&self) -> Option<usize> {
        (self.cursor..self.count).find(|&index| !self.answered[index])
    }

    pub(super) fn all_answered(&self) -> bool {
        self.open_ids().next().is_none()
    }

    /// The last servo that was asked has had its turn. Replies come in the order asked, so nothing more will follow.
    pub(super) fn last_was_heard(&self) -> bool {
        self.count > 0 && self.cursor >= self.count
    }

    pub(super) fn answer(&mut self, index: usize, data: ReplyData, now: Duration) {
        self.replies[index].result = Ok(data);
        self.replies[index].at = now;
        self.answered[index] = true;
        self.heard(index);
    }

    /// Something unusable came from this servo. The newest such fault is the one reported, and silence later on does
    /// not hide it.
    pub(super) fn note_fault(&mut self, index: usize, fault: ServoFault) {
        self.replies[index].result = Err(fault);
    }

    /// Ends the transaction for whoever has not answered.
    pub(super) fn give_up(&mut self, attempts: u8, now: Duration, mut failed: impl FnMut(&Reply)) {
        for (reply, answered) in self.replies.iter_mut().zip(&self.answered).take(self.count) {
            if *answered {
                continue;
            }
            if reply.result == Err(ServoFault::NotSent) && attempts > 0 {
                reply.result = Err(ServoFault::Timeout { attempts });
            }
            reply.at = now;
            failed(reply);
        }
    }

    /// This servo has had its turn: moves the cursor behind it and behind those after it that have answered already.
    pub(super) fn heard(&mut self, index: usize) {
        self.cursor = self.cursor.max(index + 1);
        while self.cursor < self.count && self.answered[self.cursor] {
            self.cursor += 1;
        }
    }
}
