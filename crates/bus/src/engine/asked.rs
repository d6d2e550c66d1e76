//! The servos of the current transaction, in the order asked, and how far each one has come.

use core::time::Duration;

use super::MAX_SERVOS;
use super::reply::{Reply, ReplyData, ServoFault};

#[derive(Debug, Clone)]
pub(super) struct Asked {
    replies: [Reply; MAX_SERVOS],
    standing: [Standing; MAX_SERVOS],
    count: usize,
    /// Position after the newest sign of life in this attempt: whoever comes next on the line, comes from here on.
    cursor: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Pending,
    /// Not worth asking again in this transaction; an answer still counts.
    Abandoned,
    Answered,
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
            standing: [Standing::Pending; MAX_SERVOS],
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
        self.standing[index] = Standing::Pending;
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

    /// Ids of the servos that have yet to answer, in the order asked.
    pub(super) fn pending_ids(&self) -> impl Iterator<Item = u8> + '_ {
        let servos = self.replies().iter().zip(&self.standing);
        servos
            .filter(|(_, standing)| **standing == Standing::Pending)
            .map(|(reply, _)| reply.id)
    }

    /// The servo with this id, if it has been asked and has not answered.
    pub(super) fn open_index(&self, id: u8) -> Option<usize> {
        let index = self.replies().iter().position(|reply| reply.id == id)?;
        (self.standing[index] != Standing::Answered).then_some(index)
    }

    /// The servo whose turn it is: what a packet with a damaged id probably is.
    pub(super) fn next_pending(&self) -> Option<usize> {
        (self.cursor..self.count).find(|&index| self.standing[index] == Standing::Pending)
    }

    pub(super) fn none_pending(&self) -> bool {
        self.pending_ids().next().is_none()
    }

    /// Asks those no more of whom nothing at all was heard and who are `hopeless`.
    pub(super) fn abandon(&mut self, attempts: u8, hopeless: impl Fn(u8) -> bool) {
        for (reply, standing) in self
            .replies
            .iter_mut()
            .zip(&mut self.standing)
            .take(self.count)
        {
            let silent = *standing == Standing::Pending && reply.result == Err(ServoFault::NotSent);
            if silent && hopeless(reply.id) {
                *standing = Standing::Abandoned;
                reply.result = Err(ServoFault::Timeout { attempts });
            }
        }
    }

    /// The last servo that was asked has had its turn. Replies come in the order asked, so nothing more will follow.
    pub(super) fn last_was_heard(&self) -> bool {
        self.count > 0 && self.cursor >= self.count
    }

    pub(super) fn answer(&mut self, index: usize, data: ReplyData, now: Duration) {
        self.replies[index].result = Ok(data);
        self.replies[index].at = now;
        self.standing[index] = Standing::Answered;
        self.heard(index);
    }

    /// Something unusable came from this servo. The newest such fault is the one reported, and silence later on does
    /// not hide it.
    pub(super) fn note_fault(&mut self, index: usize, fault: ServoFault) {
        self.replies[index].result = Err(fault);
    }

    /// Ends the transaction for whoever has not answered.
    pub(super) fn give_up(&mut self, attempts: u8, now: Duration, mut failed: impl FnMut(&Reply)) {
        for (reply, standing) in self.replies.iter_mut().zip(&self.standing).take(self.count) {
            if *standing == Standing::Answered {
                continue;
            }
            if reply.result == Err(ServoFault::NotSent) && attempts > 0 {
                reply.result = Err(ServoFault::Timeout { attempts });
            }
            reply.at = now;
            failed(reply);
        }
    }

    /// This servo has had its turn: moves the cursor behind it and behind those after it of whom nothing is expected.
    pub(super) fn heard(&mut self, index: usize) {
        self.cursor = self.cursor.max(index + 1);
        while self.cursor < self.count && self.standing[self.cursor] != Standing::Pending {
            self.cursor += 1;
        }
    }
}
