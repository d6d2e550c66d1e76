//! The adapters that there are.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use ulna_outside::Printable;

/// What [`AdapterModel::Esp32`] adds to the time on the wire, at least and at most: one group read took 17.4 ms on one of Waveshare's servo
/// drivers with an ESP32 and 28.0 ms on another of the same kind (lerobot#1166), of which 1.1 ms are the wire's and on average a millisecond is
/// that of the frames.
pub(super) const ESP32_SHORTEST: Duration = Duration::from_micros(15_300);
pub(super) const ESP32_LONGEST: Duration = Duration::from_micros(25_900);

/// Longest delay that can be asked for, ms; no adapter is that slow.
const SLOWEST: f64 = 1000.0;

/// What stands between the host and the servos' wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterModel {
    /// Nothing: bytes reach the host as soon as the wire has carried them.
    Direct,
    /// A CDC adapter (CH343 and others on the boards that most users have): frames of 1 ms and packets of 64 bytes both ways.
    ///
    /// This is a schedule that is fixed before the frame begins, the least kind of host. The measured ones are between that and one that
    /// sends at once: `t(n) = 0.476 + 0.290 n ms` for a group read of 15 bytes from n STS servos, 2.06 ms at most for four (README
    /// of waveshare_servos).
    Cdc {
        /// Answers come later by this, as behind a hub that is busy.
        late: Duration,
    },
    /// An FTDI adapter (U2D2 and others): frames, packets of 62 bytes, and what does not fill one waits for the latency timer, which runs on
    /// with empty packets.
    Ftdi {
        /// The latency timer, ms: 16 as Linux sets it, 1 with `ASYNC_LOW_LATENCY` (`ftdi_sio.c`).
        timer: u8,
    },
    /// Answers come later by this, without frames.
    Late {
        /// The delay.
        by: Duration,
    },
    /// Waveshare's servo driver with an ESP32, whose firmware passes answers on when it gets to it: 17.4 ms for one group read on one board,
    /// 28.0 ms on another (lerobot#1166). Each answer takes a time between these.
    Esp32,
    /// Ulna's own bridge board, which is in the host's place on the wire, without an adapter; the host speaks to it in frames.
    Bridge,
    /// A CDC adapter behind a hub or a virtual machine that gets to it when it can: what the host writes, and each answer, is late by up to so
    /// much. No measurement of such delays on the way out was found; lerobot#1166 and the threads on webcams at one hub have them on the whole way.
    Busy {
        /// The longest delay, each way.
        most: Duration,
    },
}

impl Default for AdapterModel {
    /// An ordinary CDC adapter.
    fn default() -> Self {
        Self::Cdc {
            late: Duration::ZERO,
        }
    }
}

/// The adapter of one bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adapter {
    /// What it is.
    pub model: AdapterModel,
    /// Seed of the frames and of what varies. Adapters of one seed hang on one controller and share its frames.
    pub seed: u64,
    /// Number of the bus, by which what varies differs between the buses of one seed.
    pub bus: u64,
}

impl Adapter {
    /// None at all.
    pub const DIRECT: Self = Self {
        model: AdapterModel::Direct,
        seed: 0,
        bus: 0,
    };
}

/// Every kind of adapter as it is written, and what it is.
pub const KINDS: &str = "\
Times are in milliseconds.
  direct    no adapter: bytes arrive as soon as the wire has carried them
  cdc       an ordinary USB adapter: 1 ms frames both ways, packets of 64 bytes
  cdc:1.5   the same, answers 1.5 ms later, as behind a busy hub
  ftdi:16   FTDI with this latency timer, 1 to 255: Linux sets 16, low latency is 1
  late:4    answers 4 ms later, without frames
  esp32     Waveshare's ESP32 servo driver: 17 to 28 ms for each answer
  bridge    ulna's own bridge board: it asks the servos itself, limits goals, and stops the arm when the host falls silent
  busy:3    cdc at a hub shared with webcams: up to 3 ms later, both ways";

/// Why a text is no adapter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterParseError {
    /// No such kind of adapter.
    #[error("there is no adapter `{}`. {KINDS}", Printable(text))]
    UnknownKind {
        /// The text.
        text: String,
    },
    /// The kind exists, but not with this time.
    #[error(
        "adapter `{}`: `{}` is not {wanted}; write it like {example}",
        Printable(text),
        Printable(value)
    )]
    BadTime {
        /// The text.
        text: String,
        /// What stands for the time; empty if nothing does.
        value: String,
        /// What it should be.
        wanted: &'static str,
        /// One that is.
        example: &'static str,
    },
}

impl AdapterModel {
    /// Whether data wait for USB's frames.
    pub(super) fn is_framed(self) -> bool {
        match self {
            Self::Direct | Self::Bridge | Self::Late { .. } => false,
            Self::Cdc { .. } | Self::Ftdi { .. } | Self::Esp32 | Self::Busy { .. } => true,
        }
    }
}

impl FromStr for AdapterModel {
    type Err = AdapterParseError;

    fn from_str(text: &str) -> Result<Self, AdapterParseError> {
        let (kind, time) = match text.split_once(':') {
            Some((kind, time)) => (kind, Some(time)),
            None => (text, None),
        };
        let delay = |example| {
            let value = time.unwrap_or_default();
            milliseconds(value).ok_or_else(|| AdapterParseError::BadTime {
                text: text.into(),
                value: value.into(),
                wanted: "a delay of 0 to 1000 milliseconds",
                example,
            })
        };
        match (kind, time) {
            ("direct", None) => Ok(Self::Direct),
            ("esp32", None) => Ok(Self::Esp32),
            ("bridge", None) => Ok(Self::Bridge),
            ("cdc", None) => Ok(Self::default()),
            ("cdc", Some(_)) => Ok(Self::Cdc {
                late: delay("cdc:1.5")?,
            }),
            ("busy", _) => Ok(Self::Busy {
                most: delay("busy:3")?,
            }),
            ("late", _) => Ok(Self::Late {
                by: delay("late:4")?,
            }),
            ("ftdi", time) => {
                let value = time.unwrap_or_default();
                let timer = value.parse().ok().filter(|&timer: &u8| timer > 0);
                let bad = || AdapterParseError::BadTime {
                    text: text.into(),
                    value: value.into(),
                    wanted: "a latency timer of 1 to 255 whole milliseconds",
                    example: "ftdi:16",
                };
                Ok(Self::Ftdi {
                    timer: timer.ok_or_else(bad)?,
                })
            }
            _ => Err(AdapterParseError::UnknownKind { text: text.into() }),
        }
    }
}

/// What one must write to get this adapter.
impl fmt::Display for AdapterModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        match *self {
            Self::Direct => f.write_str("direct"),
            Self::Cdc { late } if late.is_zero() => f.write_str("cdc"),
            Self::Cdc { late } => write!(f, "cdc:{}", ms(late)),
            Self::Ftdi { timer } => write!(f, "ftdi:{timer}"),
            Self::Late { by } => write!(f, "late:{}", ms(by)),
            Self::Esp32 => f.write_str("esp32"),
            Self::Bridge => f.write_str("bridge"),
            Self::Busy { most } => write!(f, "busy:{}", ms(most)),
        }
    }
}

fn milliseconds(text: &str) -> Option<Duration> {
    let ms: f64 = text.parse().ok()?;
    let in_range = (0.0..=SLOWEST).contains(&ms);
    // Whole microseconds, so that what is printed is what was read.
    in_range.then(|| Duration::from_micros((ms * 1e3).round() as u64))
}
