//! The few numbers that depend on the line and the adapter.

use core::time::Duration;

use crate::protocol::Protocol;

/// Bits on the line for one byte: start bit, 8 data bits, stop bit.
const BITS_PER_BYTE: u64 = 10;

/// What a servo of a group lets pass between the answer before its own and its own: 80 µs, from 0.476 + 0.290 ms per servo for answers of 21
/// bytes, which four STS3025 took on a bench (`waveshare_servos`).
pub(super) const GAP: Duration = Duration::from_micros(80);

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

/// The settings of one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// What an attempt may take beyond the time on the wire: the servos' return delay, the adapter and the
    /// operating system.
    pub turnaround: Duration,
    /// What an attempt usually takes beyond the time on the wire: whether there is time for a retry.
    pub typical: Duration,
    /// By how much the delay varies until bytes reach the wire: a USB adapter sends in frames of 1 ms.
    pub spread: Duration,
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
            turnaround: Duration::from_millis(4),
            typical: Duration::ZERO,
            spread: Duration::from_millis(1),
            quiet: Duration::from_millis(1),
            echo: EchoMode::Detect,
        }
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
