//! The few numbers that depend on the line and the adapter.

use core::time::Duration;

use crate::protocol::Protocol;

/// Bits on the line for one byte: start bit, 8 data bits, stop bit.
const BITS_PER_BYTE: u64 = 10;

/// How long `bytes` bytes occupy a line of `baud` bits per second.
#[must_use]
pub const fn wire_time(bytes: usize, baud: u32) -> Duration {
    let baud = if baud == 0 { 1 } else { baud as u64 };
    let bit_nanoseconds = (bytes as u64).saturating_mul(BITS_PER_BYTE * 1_000_000_000);
    Duration::from_nanos(bit_nanoseconds / baud)
}

/// Whether the adapter hands back what it sends. Half-duplex adapters that tie receive to transmit do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoMode {
    /// Find out from the first transactions.
    Detect,
    /// It does.
    Always,
    /// It does not.
    Never,
}

/// What a link adds to the time on the wire: the servos' return delay, the adapter and the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkTiming {
    /// What an attempt may take beyond the time on the wire.
    pub turnaround: Duration,
    /// What it usually takes: whether there is time for a retry.
    pub typical: Duration,
    /// By how much the delay varies until bytes reach the wire: a USB adapter sends in frames of 1 ms.
    pub spread: Duration,
    /// What each servo of a group lets pass, at most, between the answer before its own and its own.
    pub gap: Duration,
    /// What may pass between two parts of the answers to one question: an adapter whose timer ends in the middle of an answer keeps the
    /// rest for another period.
    pub pause: Duration,
}

impl LinkTiming {
    /// What is assumed before anything was measured: 4 ms of turn-around, frames of 1 ms. The gap is that of [`crate::health::LinkEstimate`].
    pub const UNKNOWN: Self = Self {
        turnaround: Duration::from_millis(4),
        typical: Duration::ZERO,
        spread: Duration::from_millis(1),
        gap: Duration::from_micros(80),
        pause: Duration::ZERO,
    };

    /// The same with this much time for an answer beyond its time on the wire.
    #[must_use]
    pub const fn with_turnaround(self, turnaround: Duration) -> Self {
        Self { turnaround, ..self }
    }
}

/// A servo begins to answer at most this long after its question: 50 µs were measured on Dynamixels with no return delay
/// (dynamixel_control_hw#7).
const FIRST: Duration = Duration::from_micros(100);

/// The settings of one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineConfig {
    /// What the servos speak.
    pub protocol: Protocol,
    /// Ask groups of Dynamixel servos with fast sync reads: 7 bytes less for each servo, but a silent servo cuts the answer off.
    /// Firmware that does not know them stays silent, which the engine notices, see [`super::Engine::reads_fast`].
    /// Other protocols have none. Off by default: the firmware of an XL330 knows them from version 46 on.
    pub fast_reads: bool,
    /// Bits per second on the line.
    pub baud: u32,
    /// How often one servo is asked in one transaction, the first time included; 0 counts as 1.
    pub max_attempts: u8,
    /// A servo that has been silent for this many transactions in a row is asked once only.
    pub patience: u32,
    /// What the link adds to the time on the wire.
    pub link: LinkTiming,
    /// Silence on the line before anything is repeated, so that a late answer is not talked over.
    pub quiet: Duration,
    /// Whether the adapter hands back what it sends.
    pub echo: EchoMode,
}

impl EngineConfig {
    /// STS servos, three attempts (one after three silent transactions), 4 ms of turn-around, 1 ms of silence and a detected
    /// echo: generous for a USB adapter, which delivers what it received once per millisecond.
    #[must_use]
    pub const fn new(baud: u32) -> Self {
        Self::with_protocol(Protocol::FeetechSts, baud)
    }

    /// The same for servos that speak something else than [`Protocol::FeetechSts`].
    #[must_use]
    pub const fn with_protocol(protocol: Protocol, baud: u32) -> Self {
        Self {
            protocol,
            fast_reads: false,
            baud,
            max_attempts: 3,
            patience: 3,
            link: LinkTiming::UNKNOWN,
            quiet: Duration::from_millis(1),
            echo: EchoMode::Detect,
        }
    }

    /// The same, asking each servo this often in one transaction.
    #[must_use]
    pub const fn with_max_attempts(self, max_attempts: u8) -> Self {
        Self {
            max_attempts,
            ..self
        }
    }

    /// The same behind this link.
    #[must_use]
    pub const fn with_link(self, link: LinkTiming) -> Self {
        Self { link, ..self }
    }

    /// The same with this silence before anything is repeated.
    #[must_use]
    pub const fn with_quiet(self, quiet: Duration) -> Self {
        Self { quiet, ..self }
    }

    /// The same behind an adapter that echoes or doesn't.
    #[must_use]
    pub const fn with_echo(self, echo: EchoMode) -> Self {
        Self { echo, ..self }
    }

    /// The same with fast sync reads or without them.
    #[must_use]
    pub const fn with_fast_reads(self, fast_reads: bool) -> Self {
        Self { fast_reads, ..self }
    }

    /// The time on the wire of a group read of `len` bytes from each of so many servos, question and answers. Where servos cannot be asked
    /// together, of one of them.
    #[must_use]
    pub fn group_wire_time(&self, len: u8, servos: usize) -> Duration {
        let count = match self.protocol.has_sync_read() {
            true => servos,
            false => 1,
        };
        let question = self.protocol.group_question_bytes(count);
        let answers = count * self.protocol.answer_bytes(len.into());
        wire_time(question + answers, self.baud)
    }

    /// How long such a read may keep the wire busy from the moment on at which it is sent.
    #[must_use]
    pub fn occupancy(&self, len: u8, servos: usize) -> Duration {
        let wire = self.group_wire_time(len, servos);
        wire.saturating_add(self.pauses(servos))
    }

    /// How long such a read takes at the longest, if it is not repeated.
    #[must_use]
    pub fn longest(&self, len: u8, servos: usize) -> Duration {
        let link = self.link.turnaround.saturating_add(self.link.pause);
        let question = self.occupancy(len, servos);
        let question = question.saturating_add(link).saturating_add(self.quiet);
        // Without group reads each servo is a question of its own.
        let questions = match self.protocol.has_sync_read() {
            true => 1,
            false => u32::try_from(servos).unwrap_or(u32::MAX),
        };
        question.saturating_mul(questions)
    }

    /// What may pass on the wire with a question and so many answers besides their bytes.
    pub(super) fn pauses(&self, servos: usize) -> Duration {
        let servos = u32::try_from(servos).unwrap_or(u32::MAX);
        let gaps = self.link.gap.saturating_mul(servos);
        FIRST.saturating_add(gaps).saturating_add(self.link.spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_takes_ten_bits() {
        assert_eq!(wire_time(88, 1_000_000), Duration::from_micros(880));
        assert_eq!(wire_time(3, 115_200), Duration::from_nanos(260_416));
        assert_eq!(wire_time(0, 0), Duration::ZERO);
        assert!(wire_time(usize::MAX, 0) > Duration::from_secs(1));
    }
}
