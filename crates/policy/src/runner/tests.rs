use super::*;
use crate::error::PolicyError;
use crate::normalise::Normaliser;
use crate::observation::Observation;
use std::time::Duration;

use ulna_core::{Action, ActionSource, Frame, FrameSink, Joints, Stamp, State, Unit};
use ulna_rt::{LockstepScheduler, Machine, Pacer};

const FPS: f64 = 10.0;

/// Targets that grow by one each step from the state's value on; knows when to answer nonsense.
#[derive(Debug)]
struct Counting {
    len: usize,
    calls: u64,
    wrong: std::ops::Range<u64>,
}

impl Predict for Counting {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        self.calls += 1;
        if self.wrong.contains(&self.calls) {
            return Err(PolicyError::NotFinite {
                policy: "counting".to_owned(),
                joint: "a".to_owned(),
                step: 0,
                value: f32::NAN,
            });
        }
        let first = history[history.len() - 1].state[0];
        Ok((0..self.len)
            .map(|i| Joints::filled(1, first + i as f64))
            .collect())
    }
}

pub(super) fn contract() -> Contract {
    Contract {
        robot_types: Vec::new(),
        joints: vec!["a".to_owned()],
        unit: Unit::Degrees,
        fps: FPS,
        inputs: Vec::new(),
        action_tensor: String::new(),
        action: Normaliser::Identity,
    }
}

fn start(
    chunk_size: usize,
    n_action_steps: usize,
    latency_ms: u64,
    wrong: std::ops::Range<u64>,
) -> Runner {
    let chunks = ChunkSettings {
        chunk_size,
        n_action_steps,
        n_obs_steps: 1,
        temporal_ensemble_coeff: None,
    };
    let counting = Counting {
        len: chunk_size,
        calls: 0,
        wrong,
    };
    let options = RunnerOptions::default().latency(Duration::from_millis(latency_ms));
    runner_with(Box::new(counting), &contract(), chunks, Vec::new(), options)
}

/// Runs a control loop at 100 Hz for `ms` on the virtual clock; the state is the time in steps. Returns the actions by tick.
fn play(runner: &mut Runner, ms: u64) -> Vec<Option<Action>> {
    play_with(runner, 1, ms)
}

/// The same with so many joints.
pub(super) fn play_with(runner: &mut Runner, joints: usize, ms: u64) -> Vec<Option<Action>> {
    play_at(runner, joints, ms, Duration::ZERO)
}

/// The same with actions that are asked for `ahead` of the clock.
pub(super) fn play_at(
    runner: &mut Runner,
    joints: usize,
    ms: u64,
    ahead: Duration,
) -> Vec<Option<Action>> {
    let Runner {
        observations,
        inference,
        source,
    } = runner;
    let mut clock = LockstepScheduler::new([inference as &mut dyn Machine]);
    let mut actions = Vec::new();
    for tick in 0..ms / 10 {
        clock.wait(Duration::from_millis(tick * 10));
        let now = Stamp::new(clock.now());
        observations.push(&State {
            stamp: now,
            position: Joints::filled(joints, now.seconds() * FPS),
            measured: Joints::filled(joints, now),
        });
        actions.push(source.action(now + ahead));
    }
    actions
}

#[test]
fn nothing_is_done_before_the_first_chunk() {
    let mut runner = start(10, 5, 95, 0..0);
    let actions = play(&mut runner, 300);
    let first = actions.iter().position(Option::is_some).unwrap();
    assert_eq!(first, 10, "seen at 0 ms, known from 95 ms on");
    assert_eq!(runner.source.report().before_first, 10);
}

#[test]
fn with_foresight_latency_does_not_starve() {
    for latency in [0, 10, 95, 250] {
        let mut runner = start(20, 8, latency, 0..0);
        let actions = play(&mut runner, 10_000);
        assert_eq!(runner.source.report().starved, 0, "{latency} ms");
        // Every chunk says the same of a moment, so the targets are the time in steps, whichever chunk they come from.
        for (tick, action) in actions.iter().enumerate().skip(40) {
            let target = action.unwrap().target[0];
            assert!(
                (target - tick as f64 / 10.0).abs() < 0.2,
                "tick {tick}: {target}"
            );
        }
        let inferences = runner.inference.report().inferences;
        assert!(
            (11..=14).contains(&inferences),
            "{latency} ms: {inferences}"
        );
    }
}

#[test]
fn a_chunk_that_runs_out_grows_old() {
    // Five steps of 100 ms, known after 450 ms: 50 ms to play.
    let mut runner = start(5, 5, 450, 0..0);
    let actions = play(&mut runner, 5000);
    let report = runner.source.report();
    assert!(report.starved > 200, "{report:?}");
    let old = actions[70].unwrap();
    // The last knot, at 400 ms, is all that is left of it.
    assert_eq!(old.stamp, Stamp::new(Duration::from_millis(500)));
    assert_eq!(old.target[0], 4.0);
}

#[test]
fn nonsense_is_counted_and_the_target_grows_old() {
    let mut runner = start(10, 5, 0, 2..7);
    let actions = play(&mut runner, 3000);
    let report = runner.inference.report();
    assert_eq!((report.refused, report.failed), (5, 0));
    assert!(report.first_failure.unwrap().contains("NaN"));
    // The first chunk ends at 500 ms; five steps fail; then all goes on.
    assert_eq!(
        actions[95].unwrap().stamp,
        Stamp::new(Duration::from_millis(600))
    );
    assert_eq!(
        actions[120].unwrap().stamp,
        Stamp::new(Duration::from_millis(1200))
    );
}

#[test]
fn old_states_are_not_shown() {
    let mut runner = start(5, 5, 0, 0..0);
    play(&mut runner, 100);
    // The control loop goes silent: what it said last gets too old.
    let mut now = Duration::from_millis(100);
    while now < Duration::from_secs(2) {
        now = match runner.inference.step(now) {
            ulna_rt::Next::At(next) => next.max(now + Duration::from_millis(1)),
            _ => unreachable!(),
        };
    }
    let report = runner.inference.report();
    assert_eq!(report.inferences, 2, "at 0 and at 500 ms");
    assert_eq!(report.blind, 0, "a loop that is over is no blindness");
}

#[test]
fn a_policy_that_looks_waits_for_its_camera() {
    let (mut slot, watcher) = frame_slot("front");
    let chunks = ChunkSettings {
        chunk_size: 5,
        n_action_steps: 5,
        n_obs_steps: 1,
        temporal_ensemble_coeff: None,
    };
    let counting = Box::new(Counting {
        len: 5,
        calls: 0,
        wrong: 0..0,
    });
    let options = RunnerOptions::default();
    let mut runner = runner_with(counting, &contract(), chunks, vec![watcher], options);
    assert!(play(&mut runner, 200).iter().all(Option::is_none));
    slot.take(&Frame {
        stamp: Stamp::new(Duration::from_millis(190)),
        sequence: 0,
        width: 1,
        height: 1,
        pixels: vec![0; 3].into(),
    });
    let now = Duration::from_millis(200);
    while runner.inference.step(now) == ulna_rt::Next::At(now) {}
    assert!(runner.source.action(Stamp::new(now)).is_some());
}

#[test]
fn a_run_is_the_same_each_time() {
    let once = || play(&mut start(20, 8, 73, 3..5), 5000);
    assert_eq!(once(), once());
}
