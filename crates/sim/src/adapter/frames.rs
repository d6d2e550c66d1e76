//! The frames of a USB host controller.

use core::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Distance of two frames on the computer's clock, ns: 1 ms, and 100 ppm of it because no two crystals agree (USB 2.0, 7.1.12, allows
/// 500 ppm). So a tick meets every phase within ten seconds.
const FRAME: u64 = 1_000_100;
/// What a packet of 64 bytes takes, ns: 19 of them fit into one frame (USB 2.0, table 5-9).
const PACKET: u64 = 52_600;

/// A controller's frames, numbered from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    /// Time of frame 0, less than a frame after the run's epoch.
    phase: u64,
}

impl Frames {
    /// The frames of the controller of this seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::MAX);
        Self {
            phase: random.random_range(0..FRAME),
        }
    }

    /// The first frame that is not before `at`.
    pub(super) fn not_before(self, at: Duration) -> u64 {
        nanos(at).saturating_sub(self.phase).div_ceil(FRAME)
    }

    /// The first frame after `at`.
    pub(super) fn after(self, at: Duration) -> u64 {
        match nanos(at).checked_sub(self.phase) {
            Some(since) => since / FRAME + 1,
            None => 0,
        }
    }

    /// When a frame begins.
    pub(super) fn start(self, frame: u64) -> Duration {
        Duration::from_nanos(frame.saturating_mul(FRAME).saturating_add(self.phase))
    }

    /// When packet number `index` of a frame, counted from 0, has been carried.
    pub(super) fn carried(self, frame: u64, index: u64) -> Duration {
        let packets = Duration::from_nanos(PACKET.saturating_mul(index + 1));
        self.start(frame).saturating_add(packets)
    }
}

fn nanos(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)
}
