//! From the wire to the host.

use core::time::Duration;
use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::frames::Frames;
use super::model::{Adapter, AdapterModel, ESP32_LONGEST, ESP32_SHORTEST};

/// Bytes of data in one packet. FTDI's chips put two bytes of status before them.
const PACKET: usize = 64;
const FTDI_PACKET: usize = 62;
/// Silence on the wire after which the next byte begins another answer.
const SILENCE: Duration = Duration::from_millis(1);
/// A reader that is woken by one packet finds those that come within this time of it as well.
const TOGETHER: Duration = Duration::from_micros(200);

/// A byte that the wire has carried, or will have, to the adapter.
pub(crate) trait Arrival {
    /// When the adapter may pass it on at the earliest.
    fn ready(&self) -> Duration;
}

/// When the host gets what is on its way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliveries {
    /// The first byte.
    pub first: Duration,
    /// The last of those that a reader finds with it who is not quite as quick as the adapter.
    pub together: Duration,
    /// The last of all.
    pub last: Duration,
}

impl Deliveries {
    /// All at once.
    pub(crate) fn at(at: Duration) -> Self {
        Self {
            first: at,
            together: at,
            last: at,
        }
    }
}

/// One packet for the host: when it has it, and how many bytes it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packet {
    at: Duration,
    count: usize,
}

/// Where the adapter is in its stream of packets.
#[derive(Debug, Clone, Copy)]
struct Stream {
    /// When the host got the last packet.
    last: Duration,
    /// Its frame, and how many went before it in that frame.
    frame: u64,
    index: u64,
}

/// The adapter's receiver.
#[derive(Debug, Clone)]
pub(crate) struct Inbound {
    model: AdapterModel,
    frames: Frames,
    stream: Stream,
    random: ChaCha8Rng,
    /// What the firmware holds the present answer back by.
    held_back: Duration,
    last_end: Option<Duration>,
}

impl Inbound {
    pub(crate) fn new(adapter: Adapter) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(adapter.seed);
        random.set_stream(adapter.bus);
        Self {
            model: adapter.model,
            frames: Frames::new(adapter.seed),
            stream: Stream {
                last: Duration::ZERO,
                frame: 0,
                index: 0,
            },
            random,
            held_back: Duration::ZERO,
            last_end: None,
        }
    }

    /// By how much the adapter holds a byte back that the wire carries from `start` to `end`, frames and timers apart.
    pub(crate) fn held_back(&mut self, start: Duration, end: Duration) -> Duration {
        let silent = self
            .last_end
            .is_none_or(|last| start.saturating_sub(last) > SILENCE);
        self.last_end = self.last_end.max(Some(end));
        if silent {
            self.held_back = match self.model {
                AdapterModel::Esp32 => self.random.random_range(ESP32_SHORTEST..=ESP32_LONGEST),
                AdapterModel::Busy { most } => self.random.random_range(Duration::ZERO..=most),
                AdapterModel::Cdc { late } | AdapterModel::Late { by: late } => late,
                AdapterModel::Direct | AdapterModel::Bridge | AdapterModel::Ftdi { .. } => {
                    Duration::ZERO
                }
            };
        }
        self.held_back
    }

    /// Passes a packet on that the host has by `now`: returns how many bytes at the front are in it, which are to be taken away.
    pub(crate) fn passes_on<A: Arrival>(
        &mut self,
        now: Duration,
        waiting: &VecDeque<A>,
    ) -> Option<usize> {
        let mut stream = self.stream;
        let packet = self.next(&mut stream, waiting, 0)?;
        (packet.at <= now).then(|| {
            self.stream = stream;
            packet.count
        })
    }

    /// When the host has got what it has.
    pub(crate) fn last_packet(&self) -> Duration {
        self.stream.last
    }

    /// When the host gets these bytes.
    pub(crate) fn outlook<A: Arrival>(&self, waiting: &VecDeque<A>) -> Option<Deliveries> {
        let mut stream = self.stream;
        let Packet { at, count } = self.next(&mut stream, waiting, 0)?;
        let (mut deliveries, mut taken) = (Deliveries::at(at), count);
        let mut together = true;
        while let Some(packet) = self.next(&mut stream, waiting, taken) {
            together &= packet.at.saturating_sub(deliveries.last) <= TOGETHER;
            deliveries.last = packet.at;
            if together {
                deliveries.together = packet.at;
            }
            taken += packet.count;
        }
        Some(deliveries)
    }

    /// The packet that begins with the byte `from`.
    fn next<A: Arrival>(
        &self,
        stream: &mut Stream,
        waiting: &VecDeque<A>,
        from: usize,
    ) -> Option<Packet> {
        let head = waiting.get(from)?.ready();
        let by = |frame: u64, most: usize| {
            let due = self.frames.start(frame);
            let bytes = waiting.iter().skip(from).take(most);
            bytes.take_while(|byte| byte.ready() <= due).count().max(1)
        };
        let (frame, count) = match self.model {
            AdapterModel::Direct | AdapterModel::Bridge | AdapterModel::Late { .. } => {
                let at = head.max(stream.last);
                stream.last = at;
                return Some(Packet { at, count: 1 });
            }
            AdapterModel::Cdc { .. } | AdapterModel::Esp32 | AdapterModel::Busy { .. } => {
                let frame = self.frames.not_before(head).max(stream.frame);
                (frame, by(frame, PACKET))
            }
            AdapterModel::Ftdi { timer } => {
                // Without data an empty packet goes out at the end of each period, and the next one begins.
                let period = u64::from(timer).max(1);
                let waited = self.frames.not_before(head).saturating_sub(stream.frame);
                let timed = stream.frame + waited.div_ceil(period).max(1) * period;
                let full = waiting.get(from + FTDI_PACKET - 1);
                let full = full.map(|byte| self.frames.not_before(byte.ready()).max(stream.frame));
                match full {
                    Some(frame) if frame <= timed => (frame, FTDI_PACKET),
                    _ => (timed, by(timed, FTDI_PACKET)),
                }
            }
        };
        let index = if frame == stream.frame && stream.last > Duration::ZERO {
            stream.index + 1
        } else {
            0
        };
        let at = self.frames.carried(frame, index).max(stream.last);
        *stream = Stream {
            last: at,
            frame,
            index,
        };
        Some(Packet { at, count })
    }
}
