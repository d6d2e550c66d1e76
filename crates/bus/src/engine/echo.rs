//! Does the adapter hand back what it sends? Learned from packets that can be nothing else.

use super::config::EchoMode;
use super::counters::bump;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    Unknown,
    Present,
    Absent,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EchoSense {
    knowledge: Knowledge,
    /// The configuration does not say, so observations count.
    learning: bool,
    /// Packets sent in this transaction whose echo is still to come.
    due: u8,
    /// An echo was received in this transaction.
    echoed: bool,
    /// Own packets that came back since the engine was made.
    pub(super) count: u32,
}

impl EchoSense {
    pub(super) fn new(mode: EchoMode) -> Self {
        let knowledge = match mode {
            EchoMode::Detect => Knowledge::Unknown,
            EchoMode::Always => Knowledge::Present,
            EchoMode::Never => Knowledge::Absent,
        };
        Self {
            knowledge,
            learning: mode == EchoMode::Detect,
            due: 0,
            echoed: false,
            count: 0,
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.knowledge == Knowledge::Unknown
    }

    pub(super) fn is_absent(&self) -> bool {
        self.knowledge == Knowledge::Absent
    }

    pub(super) fn begin_transaction(&mut self) {
        self.due = 0;
        self.echoed = false;
    }

    pub(super) fn begin_attempt(&mut self, packets: u8) {
        self.due = self.due.saturating_add(packets);
    }

    /// A packet equal to one of ours came in: is it the echo? One that `could_answer` our question is an echo only
    /// as often as echoes are due; what comes after them is the servo's.
    pub(super) fn is_echo(&mut self, could_answer: bool) -> bool {
        let due = self.due > 0;
        self.due = self.due.saturating_sub(1);
        if could_answer && (!due || self.is_absent()) {
            return false;
        }
        if !could_answer && self.learning {
            self.knowledge = Knowledge::Present;
        }
        self.echoed = true;
        bump(&mut self.count);
        true
    }

    /// A group write that was sent between questions came back; no answer looks like one.
    pub(super) fn is_posted(&mut self) {
        if self.learning {
            self.knowledge = Knowledge::Present;
        }
        self.echoed = true;
        bump(&mut self.count);
    }

    /// A transaction went well, and every received byte was part of a good packet: had there been an echo, it would
    /// have been received.
    pub(super) fn conclude(&mut self) {
        if self.is_unknown() && !self.echoed {
            self.knowledge = Knowledge::Absent;
        }
    }
}
