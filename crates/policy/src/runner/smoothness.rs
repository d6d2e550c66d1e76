//! How smooth the targets are, where one chunk follows another and elsewhere: measured while they are played, without the heap.

use std::time::Duration;

use ulna_core::{Joints, Stamp};

/// Third differences of the targets, by the largest joint.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Smoothness {
    last: [Joints<f64>; 3],
    at: [Stamp; 3],
    known: usize,
    /// Until when the last change of chunks shows.
    border: Stamp,
    /// A bit for each joint that is not looked at: it is to jump where chunks meet.
    left_out: u32,
    pub(super) within: f64,
    pub(super) at_borders: f64,
}

impl Smoothness {
    /// Of all joints but those with a bit in `left_out`.
    pub(super) fn new(left_out: u32) -> Self {
        Self {
            left_out,
            ..Self::default()
        }
    }

    /// A new chunk is played from `now` on, and its beginning shows for `span`.
    pub(super) fn changed(&mut self, now: Stamp, span: Duration) {
        // Before the first chunk there was nothing to be smooth with.
        if self.known > 0 {
            self.border = now + span;
        }
    }

    /// The target at `now`.
    pub(super) fn target(&mut self, now: Stamp, target: &Joints<f64>) {
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
            let jerk = third.fold(0.0, f64::max) / tick.as_secs_f64().powi(3);
            let peak = match now <= self.border {
                true => &mut self.at_borders,
                false => &mut self.within,
            };
            *peak = peak.max(jerk);
        }
        self.last = [*target, self.last[0], self.last[1]];
        self.at = [now, self.at[0], self.at[1]];
        self.known = (self.known + 1).min(3);
    }
}
