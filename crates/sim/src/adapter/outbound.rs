//! From the host to the wire.

use core::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::frames::Frames;
use super::model::{Adapter, AdapterModel};

/// Bytes of one packet.
const PACKET: u64 = 64;

/// What the host has written, on its way to the adapter's transmitter.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    frames: Option<Frames>,
    /// The frame that was filled last, and the bytes in it.
    frame: u64,
    used: u64,
    busy: Option<Busy>,
}

/// A hub that gets to what the host writes when it can.
#[derive(Debug, Clone)]
struct Busy {
    most: Duration,
    random: ChaCha8Rng,
    /// When the host wrote last, and when the hub gets to that.
    written: Option<Duration>,
    passes: Duration,
}

impl Busy {
    /// When the hub gets to what is written at `now`; all that is written at once goes together.
    fn passes(&mut self, now: Duration) -> Duration {
        if self.written != Some(now) {
            let delay = self.random.random_range(Duration::ZERO..=self.most);
            self.written = Some(now);
            self.passes = self.passes.max(now + delay);
        }
        self.passes
    }
}

impl Outbound {
    pub(crate) fn new(adapter: Adapter) -> Self {
        let framed = adapter.model.is_framed();
        let mut random = ChaCha8Rng::seed_from_u64(adapter.seed);
        // Not that of the answers.
        random.set_stream(adapter.bus ^ 1 << 63);
        let busy = match adapter.model {
            AdapterModel::Busy { most } => Some(Busy {
                most,
                random,
                written: None,
                passes: Duration::ZERO,
            }),
            _ => None,
        };
        Self {
            busy,
            frames: framed.then(|| Frames::new(adapter.seed)),
            frame: 0,
            used: 0,
        }
    }

    /// When a byte that the host writes at `now` reaches the transmitter.
    pub(crate) fn reaches_wire(&mut self, now: Duration) -> Duration {
        let now = self.busy.as_mut().map_or(now, |busy| busy.passes(now));
        let Some(frames) = self.frames else {
            return now;
        };
        let frame = frames.after(now);
        if frame > self.frame {
            (self.frame, self.used) = (frame, 0);
        }
        let index = self.used / PACKET;
        self.used += 1;
        frames.carried(self.frame, index)
    }
}
