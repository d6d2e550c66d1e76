//! How smooth the targets are, by how smooth the chunks are: measured while they are played, without the heap.

use std::time::Duration;

use ulna_core::{Joints, Stamp};

/// Third differences of the targets, by the largest joint.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Smoothness {
    last: [Joints<f64>; 3],
    at: [Stamp; 3],
    known: usize,
    /// A bit for each joint that is not looked at: it is to jump where chunks meet.
    left_out: u32,
    /// The largest jerk of what was played.
    pub(super) peak: f64,
    /// The largest jerk that the chunks would have had, each of them played alone.
    pub(super) of_chunks: f64,
}

impl Smoothness {
    /// Of all joints but those with a bit in `left_out`.
    pub(super) fn new(left_out: u32) -> Self {
        Self {
            left_out,
            ..Self::default()
        }
    }

    /// The target at `now`, and the sharpest corner, in units per s, of the network's chunk that it comes from.
    pub(super) fn target(&mut self, now: Stamp, target: &Joints<f64>, corner: f64) {
        let tick = now - self.at[0];
        let even = |other: Duration| other.abs_diff(tick) < tick / 8;
        let steady =
            self.known == 3 && even(self.at[0] - self.at[1]) && even(self.at[1] - self.at[2]);
        if steady && !tick.is_zero() {
            let [a, b, c] = &self.last;
            let joints = target.iter().zip(a.iter()).zip(b.iter().zip(c.iter()));
            let joints = joints.enumerate();
            let joints = joints.filter(|(joint, _)| self.left_out & (1 << joint) == 0);
            let third = joints.map(|(_, ((x, a), (b, c)))| (x - 3.0 * a + 3.0 * b - c).abs());
            let tick = tick.as_secs_f64();
            let jerk = third.fold(0.0, f64::max) / tick.powi(3);
            self.peak = self.peak.max(jerk);
            // A corner between two straight lines, seen at this rate.
            self.of_chunks = self.of_chunks.max(corner / tick.powi(2));
        }
        self.last = [*target, self.last[0], self.last[1]];
        self.at = [now, self.at[0], self.at[1]];
        self.known = (self.known + 1).min(3);
    }
}
