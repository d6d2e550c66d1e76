//! From the control thread to everything that wants its ticks: one record, handed to each subscriber in turn, wait-free and without a heap.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use ulna_control::Observer;
use ulna_core::{Joints, Judge, Stamp, State, TickRecord};

use crate::device::{BoxedObserver, RowGrid};

/// Takes one state per frame by the sampling rule: row k holds the newest state stamped at or before k / fps.
#[derive(Debug)]
pub struct RowSampler {
    grid: RowGrid,
    newest: State,
    rows: Vec<Joints<f64>>,
}

impl RowSampler {
    /// Samples the rows of this grid; `before` is the state known until then.
    pub fn new(grid: RowGrid, before: &State) -> Self {
        Self {
            rows: Vec::with_capacity(grid.rows),
            grid,
            newest: *before,
        }
    }

    fn time_of(&self, row: usize) -> Stamp {
        self.grid.start + Duration::from_secs_f64(row as f64 / self.grid.fps)
    }

    fn observe(&mut self, state: &State) {
        while self.rows.len() < self.grid.rows && self.time_of(self.rows.len()) < state.stamp {
            self.rows.push(self.newest.position);
        }
        self.newest = *state;
    }

    /// The rows; frames after the last state repeat it.
    pub fn finish(mut self) -> Vec<Joints<f64>> {
        self.rows.resize(self.grid.rows, self.newest.position);
        self.rows
    }
}

/// What a session measures of itself, tick by tick.
#[derive(Debug, Default)]
pub struct Measurements {
    ticks: u64,
    digest: Option<DefaultHasher>,
    squared_errors: Joints<f64>,
    followed: u64,
    /// Judges the scene's task, if there is one.
    pub judge: Option<Box<dyn Judge>>,
    /// Rows at a fixed rate, if wanted.
    pub rows: Option<RowSampler>,
}

impl Measurements {
    /// The hash over all ticks, if they were hashed.
    pub fn digest(&self) -> Option<String> {
        let hasher = self.digest.as_ref();
        hasher.map(|hasher| format!("{:016x}", hasher.finish()))
    }

    /// RMS of goal minus position of each joint, over the ticks in which the arm followed its source.
    pub fn tracking(&self) -> Joints<f64> {
        self.squared_errors
            .map(|sum| (sum / self.followed.max(1) as f64).sqrt())
    }

    fn observe(&mut self, tick: &TickRecord) {
        self.ticks += 1;
        let (state, goals) = (&tick.state, &tick.sent);
        if self.squared_errors.len() != goals.len() {
            self.squared_errors = Joints::filled(goals.len(), 0.0);
        }
        if tick.note.untouched() {
            self.followed += 1;
            for (joint, sum) in self.squared_errors.iter_mut().enumerate() {
                *sum += (goals[joint] - state.position[joint]).powi(2);
            }
        }
        if let Some(hasher) = &mut self.digest {
            hasher.write_u128(state.stamp.since_epoch().as_nanos());
            let values = state.position.iter().chain(goals.iter());
            values.for_each(|value| hasher.write_u64(value.to_bits()));
        }
        if let Some(rows) = &mut self.rows {
            rows.observe(state);
        }
        if let Some(judge) = &mut self.judge {
            judge.observe(state);
        }
    }
}

/// The observer of a session.
#[derive(Default)]
pub struct FanOut {
    /// What stays with the session.
    pub measured: Measurements,
    subscribers: Vec<BoxedObserver>,
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("subscribers", &self.subscribers.len())
            .finish_non_exhaustive()
    }
}

impl FanOut {
    /// Without subscribers; `hashing` keeps a hash over every tick, for runs on the virtual clock.
    pub fn new(hashing: bool) -> Self {
        let measured = Measurements {
            digest: hashing.then(DefaultHasher::new),
            ..Measurements::default()
        };
        Self {
            measured,
            subscribers: Vec::new(),
        }
    }

    /// Every tick goes to `subscriber` as well, on the control thread.
    pub fn add(&mut self, subscriber: BoxedObserver) {
        self.subscribers.push(subscriber);
    }
}

impl Observer for FanOut {
    fn observe(&mut self, tick: &TickRecord) {
        self.measured.observe(tick);
        for subscriber in &mut self.subscribers {
            subscriber.0.observe(tick);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_the_newest_state_at_or_before_its_time() {
        let state = |ms: u64, value: f64| State {
            stamp: Stamp::new(Duration::from_millis(ms)),
            position: Joints::filled(1, value),
            measured: Joints::filled(1, Stamp::ZERO),
        };
        let grid = RowGrid {
            start: Stamp::new(Duration::from_millis(100)),
            fps: 10.0,
            rows: 4,
        };
        let mut sampler = RowSampler::new(grid, &state(90, 0.0));
        for (ms, value) in [(105, 1.0), (195, 2.0), (200, 3.0), (205, 4.0), (310, 5.0)] {
            sampler.observe(&state(ms, value));
        }
        let rows: Vec<f64> = sampler.finish().iter().map(|row| row[0]).collect();
        assert_eq!(rows, [0.0, 3.0, 4.0, 5.0]);
    }
}
