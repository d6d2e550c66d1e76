//! From the host to the wire.

use core::time::Duration;

use super::frames::Frames;
use super::model::Adapter;

/// Bytes of one packet.
const PACKET: u64 = 64;

/// What the host has written, on its way to the adapter's transmitter.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    frames: Option<Frames>,
    /// The frame that was filled last, and the bytes in it.
    frame: u64,
    used: u64,
}

impl Outbound {
    pub(crate) fn new(adapter: Adapter) -> Self {
        let framed = adapter.model.is_framed();
        Self {
            frames: framed.then(|| Frames::new(adapter.seed)),
            frame: 0,
            used: 0,
        }
    }

    /// When a byte that the host writes at `now` reaches the transmitter.
    pub(crate) fn reaches_wire(&mut self, now: Duration) -> Duration {
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
