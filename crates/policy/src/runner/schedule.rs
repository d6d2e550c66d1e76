//! When to observe, and how far a chunk may be played.

use std::time::Duration;

use ulna_core::Stamp;

use crate::chunk::grid_time;

/// Rounding in times must not make a step of what is none.
const HAIR: f64 = 1e-6;

/// An observation later than this part of a step waits for the next step: its chunk would lie on the wrong times.
const LATENESS: f64 = 0.25;

/// How many latencies are looked back at when the next one is guessed.
const LOOK_BACK: usize = 8;

/// The grid of steps, and the rule by which they are used.
///
/// A chunk is good for `n_action_steps` steps from the one at which it becomes known, as far as it reaches: without latency, exactly
/// LeRobot's action queue. The next observation is taken before that end: by the refill that is asked for, or by the longest of the last latencies
/// and one step, whichever is more; never sooner, since a plan that is replaced all the time is no plan. With temporal ensembling every step is observed, and a
/// chunk is good until the next is there.
#[derive(Debug)]
pub(super) struct Schedule {
    start: Stamp,
    fps: f64,
    /// The step at which to observe next.
    due: u64,
    latencies: [Duration; LOOK_BACK],
    seen: usize,
    /// The least time between an observation and the end of what is committed.
    refill: Duration,
    /// How far ahead of the clock targets are asked for.
    lead: Duration,
    /// Steps of fading, which need the old chunk as well.
    fade: u64,
}

impl Schedule {
    /// Steps from `start` on.
    pub(super) fn new(start: Stamp, fps: f64, refill: Duration, lead: Duration, fade: u64) -> Self {
        Self {
            start,
            fps,
            due: 0,
            latencies: [Duration::ZERO; LOOK_BACK],
            seen: 0,
            refill,
            lead,
            fade,
        }
    }

    /// The time of a step.
    pub(super) fn time_of(&self, step: u64) -> Stamp {
        self.start + grid_time(step, self.fps)
    }

    /// When to observe next.
    pub(super) fn next_observation(&self) -> Stamp {
        self.time_of(self.due)
    }

    /// The step to observe at `now`, if one is due. Steps that were missed are left out.
    pub(super) fn observe(&mut self, now: Stamp) -> Option<u64> {
        let place = self.place(now);
        let (step, late) = (place.floor(), place - place.floor());
        let step = if late > LATENESS { step + 1.0 } else { step };
        self.due = self.due.max(whole(step));
        (self.next_observation() <= now).then_some(self.due)
    }

    /// The step that `now` belongs to, if it is not too late for it.
    pub(super) fn step_at(&self, now: Stamp) -> Option<u64> {
        let place = self.place(now);
        (place - place.floor() <= LATENESS).then(|| whole(place))
    }

    /// The time of the first step after `now`.
    pub(super) fn after(&self, now: Stamp) -> Stamp {
        self.time_of(whole(self.place(now)) + 1)
    }

    /// The step at `step` gave no chunk: the next one is tried.
    pub(super) fn failed(&mut self, step: u64) {
        self.due = step + 1;
    }

    /// What was observed at `step` is known at `now`: how long that took counts from now on.
    pub(super) fn delivered(&mut self, step: u64, now: Stamp) {
        self.latencies[self.seen % LOOK_BACK] = now - self.time_of(step);
        self.seen += 1;
        self.due = step + 1;
    }

    /// What is committed ends before step `end`, and there are `beyond` knots more to fade from: the next observation is due in time.
    pub(super) fn committed(&mut self, end: u64, beyond: u64) {
        let longest = self.latencies.iter().max().copied().unwrap_or_default();
        let turnaround = match self.steps(longest) {
            0 => 0,
            _ => self.steps(longest + self.lead) + 1,
        };
        let refill = self.steps(self.refill).max(turnaround) + self.fade.saturating_sub(beyond);
        self.due = end.saturating_sub(refill).max(self.due);
    }

    /// `now` in steps; what rounding took from a step is that step.
    pub(super) fn in_steps(&self, now: Stamp) -> f64 {
        let place = (now - self.start).as_secs_f64() * self.fps;
        let nearest = place.round();
        if (place - nearest).abs() <= HAIR {
            nearest
        } else {
            place
        }
    }

    /// How many steps a span touches.
    fn steps(&self, span: Duration) -> u64 {
        whole((span.as_secs_f64() * self.fps - HAIR).ceil())
    }

    /// `now` in steps.
    fn place(&self, now: Stamp) -> f64 {
        (now - self.start).as_secs_f64() * self.fps + HAIR
    }
}

/// A number of steps; NaN is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(steps: f64) -> u64 {
    steps.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_step_is_that_step_and_no_fraction_more() {
        let start = Stamp::new(Duration::from_millis(1234));
        for fps in [10.0, 29.97, 30.0, 50.0] {
            let schedule = Schedule::new(start, fps, Duration::ZERO, Duration::ZERO, 0);
            for step in (0..1000).chain([1_000_000]) {
                assert_eq!(schedule.in_steps(schedule.time_of(step)), step as f64);
            }
            let between = schedule.in_steps(schedule.time_of(7) + Duration::from_millis(5));
            assert!((between - (7.0 + 0.005 * fps)).abs() < 1e-6, "{between}");
        }
    }
}
