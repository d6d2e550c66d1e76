//! What the control thread lets out of each tick, without waiting or allocating.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use ulna_control::{Observer, TickRecord};
use ulna_core::tick::Telemetry;
use ulna_core::unit::AngleMap;
use ulna_core::{GateNote, Health, Joints, Stamp, State};
use ulna_recorder::{TickSample, TickSink};
use ulna_rt::latest::Publisher;
use ulna_sim::task::{Reach, Score, Scorer};

use crate::display::TickFeed;
use crate::policies::mind::Senses;

/// The newest tick, for status lines and viewers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Snapshot {
    /// Ticks so far.
    pub ticks: u64,
    /// The tick's deadline.
    pub stamp: Stamp,
    /// What the robot measured.
    pub state: State,
    /// What the servos feel, as last read.
    pub health: Joints<Health>,
    /// What was sent.
    pub goals: Joints<f64>,
    /// What the gate did.
    pub note: GateNote,
}

/// Takes one state per frame by the sampling rule: row k holds the newest state stamped at or before k / fps.
#[derive(Debug)]
pub struct Sampler {
    start: Duration,
    fps: f64,
    newest: State,
    rows: Vec<Joints<f64>>,
    wanted: usize,
}

impl Sampler {
    /// Samples `wanted` rows from `start` on; `before` is the state known until then.
    pub fn new(start: Duration, fps: f64, wanted: usize, before: &State) -> Self {
        Self {
            start,
            fps,
            newest: *before,
            rows: Vec::with_capacity(wanted),
            wanted,
        }
    }

    fn time_of(&self, row: usize) -> Stamp {
        Stamp::new(self.start + Duration::from_secs_f64(row as f64 / self.fps))
    }

    fn observe(&mut self, state: &State) {
        while self.rows.len() < self.wanted && self.time_of(self.rows.len()) < state.stamp {
            self.rows.push(self.newest.position);
        }
        self.newest = *state;
    }

    /// The rows; frames after the last state repeat it.
    pub fn finish(mut self) -> Vec<Joints<f64>> {
        self.rows.resize(self.wanted, self.newest.position);
        self.rows
    }
}

/// Judges a task by the joints as they were measured.
#[derive(Debug)]
pub struct Judge {
    maps: Joints<AngleMap>,
    scorer: Scorer,
}

impl Judge {
    /// `maps` lead from the joints' values to rad.
    pub fn new(maps: Joints<AngleMap>, task: Reach) -> Self {
        let scorer = Scorer::new(task);
        Self { maps, scorer }
    }

    fn observe(&mut self, state: &State) {
        let angles = Joints::from_fn(self.maps.len(), |joint| {
            self.maps[joint].radians(state.position[joint])
        });
        self.scorer.see(state.stamp.since_epoch(), &angles);
    }

    /// The score so far.
    pub fn score(self) -> Score {
        self.scorer.score()
    }
}

/// The observer of a session.
#[derive(Debug, Default)]
pub struct Tap {
    ticks: u64,
    publisher: Option<Publisher<Snapshot>>,
    digest: Option<DefaultHasher>,
    squared_errors: Joints<f64>,
    followed: u64,
    /// Who judges the task, if there is one.
    pub judge: Option<Judge>,
    /// Rows at a fixed rate, if wanted.
    pub sampler: Option<Sampler>,
    /// Where the recorder takes the ticks from, if there is one.
    pub recorder: Option<TickSink>,
    /// Where the policy sees what was measured, if there is one.
    pub senses: Option<Senses>,
    /// Where the display takes the ticks from, if there is one.
    pub display: Option<TickFeed>,
}

impl Tap {
    /// Publishes every tick.
    pub fn publishing(publisher: Publisher<Snapshot>) -> Self {
        Self {
            publisher: Some(publisher),
            ..Self::default()
        }
    }

    /// Hashes every tick, for runs on the virtual clock.
    pub fn hashing() -> Self {
        Self {
            digest: Some(DefaultHasher::new()),
            ..Self::default()
        }
    }

    /// The hash over all ticks.
    pub fn digest(&self) -> Option<String> {
        self.digest
            .as_ref()
            .map(|hasher| format!("{:016x}", hasher.finish()))
    }

    /// RMS of goal minus position of each joint, over the ticks in which the arm followed its source.
    pub fn tracking(&self) -> Joints<f64> {
        self.squared_errors
            .map(|sum| (sum / self.followed.max(1) as f64).sqrt())
    }
}

impl Observer for Tap {
    fn observe(&mut self, record: &TickRecord<'_>) {
        self.ticks += 1;
        let (state, goals) = (record.state, record.goals.goals());
        if self.squared_errors.len() != goals.len() {
            self.squared_errors = Joints::filled(goals.len(), 0.0);
        }
        if record.note.untouched() {
            self.followed += 1;
            for (joint, sum) in self.squared_errors.iter_mut().enumerate() {
                *sum += (goals[joint] - state.position[joint]).powi(2);
            }
        }
        if let Some(hasher) = &mut self.digest {
            hasher.write_u128(state.stamp.since_epoch().as_nanos());
            state
                .position
                .iter()
                .chain(goals.iter())
                .for_each(|value| hasher.write_u64(value.to_bits()));
        }
        if let Some(sampler) = &mut self.sampler {
            sampler.observe(state);
        }
        if let Some(judge) = &mut self.judge {
            judge.observe(state);
        }
        if let Some(senses) = &mut self.senses {
            senses.observe(state.stamp, state);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.push(TickSample {
                index: record.index,
                untouched: record.note.untouched(),
                sends_at: record.sends_at,
                measured: state.stamp,
                oldest: state.measured.iter().copied().min().unwrap_or_default(),
                position: state.position,
                target: record.action.map(|action| action.target),
                sent: *goals,
            });
        }
        if let Some(display) = &mut self.display {
            display.push(Telemetry {
                index: record.index,
                sends_at: record.sends_at,
                state: *state,
                target: record.action.map(|action| action.target),
                sent: *goals,
                note: record.note,
                timing: record.timing,
            });
        }
        if let Some(publisher) = &mut self.publisher {
            let (ticks, stamp, note) = (self.ticks, record.sends_at, record.note);
            publisher.publish(Snapshot {
                ticks,
                stamp,
                state: *state,
                health: record.health.copied().unwrap_or_default(),
                goals: *goals,
                note,
            });
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
        let mut sampler = Sampler::new(Duration::from_millis(100), 10.0, 4, &state(90, 0.0));
        for (ms, value) in [(105, 1.0), (195, 2.0), (200, 3.0), (205, 4.0), (310, 5.0)] {
            sampler.observe(&state(ms, value));
        }
        let rows: Vec<f64> = sampler.finish().iter().map(|row| row[0]).collect();
        assert_eq!(rows, [0.0, 3.0, 4.0, 5.0]);
    }
}
