//! The servos of the current transaction, in the order asked, and how far each one has come.

use core::time::Duration;

use super::limits::MAX_SERVOS;
use super::reply::{Reply, ReplyData, ServoFault};

#[derive(Debug, Clone)]
pub(super) struct Asked {
    replies: [Reply; MAX_SERVOS],
    standing: [Standing; MAX_SERVOS],
    /// How often each has been asked in this transaction.
    asks: [u8; MAX_SERVOS],
    /// Which of them the current attempt asks.
    turn: [bool; MAX_SERVOS],
    count: usize,
    /// Position after the newest sign of life in this attempt: the next answer on the line comes from a servo from here on.
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
            measured: Duration::ZERO,
        };
        Self {
            replies: [blank; MAX_SERVOS],
            standing: [Standing::Pending; MAX_SERVOS],
            asks: [0; MAX_SERVOS],
            turn: [false; MAX_SERVOS],
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
            measured: Duration::ZERO,
        };
        self.standing[index] = Standing::Pending;
        self.asks[index] = 0;
        self.turn[index] = false;
        self.count += 1;
        Some(index)
    }

    /// Chooses the servos to ask now: all that have yet to answer or, `one_by_one`, the one of them that was asked least.
    pub(super) fn begin_attempt(&mut self, one_by_one: bool) {
        self.cursor = 0;
        let pending = |index: &usize| self.standing[*index] == Standing::Pending;
        let next = (0..self.count)
            .filter(pending)
            .min_by_key(|&index| self.asks[index]);
        for index in 0..self.count {
            let asked =
                self.standing[index] == Standing::Pending && (!one_by_one || next == Some(index));
            self.turn[index] = asked;
            self.asks[index] = self.asks[index].saturating_add(asked.into());
        }
    }

    /// Asks none of the servos of the current attempt after all, and none of them again in this transaction.
    pub(super) fn leave_out(&mut self) {
        self.take_back_attempt();
        for index in 0..self.count {
            if self.turn[index] {
                self.turn[index] = false;
                self.standing[index] = Standing::Abandoned;
            }
        }
    }

    /// A servo that the current attempt asks, and whose turn has not passed, has not answered.
    pub(super) fn may_answer_yet(&self) -> bool {
        (self.cursor..self.count)
            .any(|index| self.turn[index] && self.standing[index] != Standing::Answered)
    }

    /// The current attempt asks this servo of the transaction.
    pub(super) fn is_asked_now(&self, index: usize) -> bool {
        self.turn[index]
    }

    /// How many servos answer in this attempt until this one has.
    pub(super) fn rank(&self, index: usize) -> usize {
        let turn = self.turn.iter().take(self.count).take(index + 1);
        turn.filter(|&&turn| turn).count()
    }

    /// When the newest answer came.
    pub(super) fn newest_answer(&self) -> Option<Duration> {
        let answered = (0..self.count).filter(|&index| self.has_answered(index));
        answered.map(|index| self.replies[index].at).max()
    }

    /// The question of the current attempt was not sent after all.
    pub(super) fn take_back_attempt(&mut self) {
        for (asks, turn) in self.asks.iter_mut().zip(&self.turn).take(self.count) {
            *asks = asks.saturating_sub((*turn).into());
        }
    }

    pub(super) fn replies(&self) -> &[Reply] {
        &self.replies[..self.count]
    }

    pub(super) fn contains(&self, id: u8) -> bool {
        self.replies().iter().any(|reply| reply.id == id)
    }

    fn pending(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.count).filter(|&index| self.standing[index] == Standing::Pending)
    }

    /// The servos that the current attempt asks, in the order asked: (id, how often so far).
    pub(super) fn asked_now(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        (0..self.count)
            .filter(|&index| self.turn[index])
            .map(|index| (self.replies[index].id, self.asks[index]))
    }

    /// All servos that the current attempt asks have answered.
    pub(super) fn turn_is_answered(&self) -> bool {
        let mut asked = (0..self.count).filter(|&index| self.turn[index]);
        asked.all(|index| self.standing[index] == Standing::Answered)
    }

    /// A servo has yet to answer and was asked less than this often.
    pub(super) fn may_ask_again(&self, max_asks: u8) -> bool {
        self.pending()
            .any(|index| self.asks[index] < max_asks.max(1))
    }

    /// No servo was asked twice.
    pub(super) fn asked_once(&self) -> bool {
        self.asks[..self.count].iter().all(|&asks| asks <= 1)
    }

    pub(super) fn has_answered(&self, index: usize) -> bool {
        index < self.count && self.standing[index] == Standing::Answered
    }

    pub(super) fn none_answered(&self) -> bool {
        (0..self.count).all(|index| !self.has_answered(index))
    }

    /// The servo with this id, if it has been asked and has not answered.
    pub(super) fn open_index(&self, id: u8) -> Option<usize> {
        let index = self.replies().iter().position(|reply| reply.id == id)?;
        (self.standing[index] != Standing::Answered).then_some(index)
    }

    /// The servo whose turn it is: what a packet with a damaged id probably is.
    pub(super) fn next_pending(&self) -> Option<usize> {
        (self.cursor..self.count).find(|&index| self.is_awaited(index))
    }

    fn is_awaited(&self, index: usize) -> bool {
        self.turn[index] && self.standing[index] == Standing::Pending
    }

    pub(super) fn none_pending(&self) -> bool {
        self.pending().next().is_none()
    }

    /// Asks those servos no more that were asked in vain, of which nothing at all was received, and which are `hopeless`.
    pub(super) fn abandon(&mut self, hopeless: impl Fn(u8) -> bool) {
        for index in 0..self.count {
            let (reply, asks) = (&mut self.replies[index], self.asks[index]);
            let pending = self.standing[index] == Standing::Pending;
            let silent = asks > 0 && pending && reply.result == Err(ServoFault::NotSent);
            if silent && hopeless(reply.id) {
                self.standing[index] = Standing::Abandoned;
                reply.result = Err(ServoFault::Timeout { attempts: asks });
            }
        }
    }

    /// The last servo that was asked has had its turn. Replies come in the order asked, so nothing more will follow.
    pub(super) fn last_had_turn(&self) -> bool {
        self.count > 0 && self.cursor >= self.count
    }

    pub(super) fn answer(
        &mut self,
        index: usize,
        data: ReplyData,
        now: Duration,
        measured: Duration,
    ) {
        self.replies[index].result = Ok(data);
        self.replies[index].at = now;
        self.replies[index].measured = measured;
        self.standing[index] = Standing::Answered;
        self.had_turn(index);
    }

    /// The servo will not do it, and asking again would not change that.
    pub(super) fn refuse(&mut self, index: usize, fault: ServoFault, now: Duration) {
        self.replies[index].result = Err(fault);
        self.replies[index].at = now;
        self.standing[index] = Standing::Answered;
        self.had_turn(index);
    }

    /// Nothing more will come in this attempt.
    pub(super) fn nothing_follows(&mut self) {
        self.cursor = self.count;
    }

    /// Something unusable came from this servo. The newest such fault is the one reported, and silence later on does
    /// not hide it.
    pub(super) fn note_fault(&mut self, index: usize, fault: ServoFault) {
        self.replies[index].result = Err(fault);
    }

    /// Ends the transaction for the servos that have not answered.
    pub(super) fn give_up(&mut self, now: Duration, mut failed: impl FnMut(&Reply)) {
        for index in 0..self.count {
            if self.standing[index] == Standing::Answered {
                continue;
            }
            let (reply, attempts) = (&mut self.replies[index], self.asks[index]);
            if reply.result == Err(ServoFault::NotSent) && attempts > 0 {
                reply.result = Err(ServoFault::Timeout { attempts });
            }
            reply.at = now;
            failed(reply);
        }
    }

    /// This servo has had its turn: moves the cursor behind it and behind those after it from which nothing is expected.
    pub(super) fn had_turn(&mut self, index: usize) {
        self.cursor = self.cursor.max(index + 1);
        while self.cursor < self.count && !self.is_awaited(self.cursor) {
            self.cursor += 1;
        }
    }
}
