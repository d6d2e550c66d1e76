//! Chunks under delay on the virtual clock: what LeRobot's users met, and what the merges make of it.

use std::time::Duration;

use super::tests::{contract, play_at, play_with};
use super::*;
use crate::error::PolicyError;
use crate::observation::Observation;
use ulna_core::{Action, Joints};

/// A policy that wants to move on evenly from where it is, by one a step, and is wrong by an offset that is another one each time, as a network is that
/// sees another picture.
#[derive(Debug)]
struct Wavering {
    len: usize,
    offsets: Vec<f64>,
    calls: usize,
}

impl Predict for Wavering {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        let first =
            history[history.len() - 1].state[0] + self.offsets[self.calls % self.offsets.len()];
        self.calls += 1;
        Ok((0..self.len)
            .map(|i| Joints::filled(2, first + i as f64))
            .collect())
    }
}

struct Played {
    actions: Vec<Option<Action>>,
    runner: Runner,
}

impl Played {
    fn targets(&self, joint: usize) -> Vec<f64> {
        let targets = self.actions.iter().flatten();
        targets.map(|action| action.target[joint]).collect()
    }

    /// How far it goes back at most.
    fn pull_back(&self) -> f64 {
        let farthest = |most: &mut f64, target: f64| {
            *most = most.max(target);
            Some(*most - target)
        };
        let back = self.targets(0).into_iter().scan(f64::MIN, farthest);
        back.fold(0.0, f64::max)
    }

    /// The roughness of the motion: differences of speed from one hundredth of a second to the next, summed.
    fn roughness(&self) -> f64 {
        let targets = self.targets(0);
        let turns = targets.windows(3);
        turns.map(|x| (x[2] - 2.0 * x[1] + x[0]).abs()).sum()
    }
}

const CHUNKS: ChunkSettings = ChunkSettings {
    chunk_size: 50,
    n_action_steps: 40,
    n_obs_steps: 1,
    temporal_ensemble_coeff: None,
};

/// Ten steps a second, inference takes `latency` ms.
fn play(merge: Merge, refill_ms: u64, latency: u64, offsets: &[f64], ms: u64) -> Played {
    let wavering = Wavering {
        len: CHUNKS.chunk_size,
        offsets: offsets.to_vec(),
        calls: 0,
    };
    let options = RunnerOptions::default()
        .latency(Duration::from_millis(latency))
        .merge(merge)
        .refill(Duration::from_millis(refill_ms))
        .unblended(0b10);
    let mut runner = runner_with(Box::new(wavering), &contract(), CHUNKS, Vec::new(), options);
    let actions = play_with(&mut runner, 2, ms);
    Played { actions, runner }
}

#[test]
fn a_queue_that_is_refilled_early_pulls_back_and_a_plan_in_time_does_not() {
    // LeRobot's users: a refill of one second pulled the arm back at every chunk.
    let queue = play(Merge::Append, 1000, 300, &[0.0], 30_000);
    assert!(queue.pull_back() > 5.0, "{}", queue.pull_back());
    let less = play(Merge::Append, 400, 300, &[0.0], 30_000);
    assert!(
        less.pull_back() < queue.pull_back() / 1.5,
        "shorter is better: {}",
        less.pull_back()
    );
    for merge in [Merge::Aligned, Merge::Blended] {
        let played = play(merge, 1000, 300, &[0.0], 30_000);
        assert!(played.pull_back() < 1e-6, "{merge}: {}", played.pull_back());
        assert_eq!(played.runner.source.report().starved, 0, "{merge}");
    }
}

#[test]
fn a_plan_is_not_replaced_all_the_time() {
    // LeRobot's users: replacing ACT's chunks every 36 ms was worse than a queue. A refill longer than a chunk asks for just that.
    let offsets = [0.0, 1.5, -1.0, 0.7, -1.4];
    let always = play(Merge::Aligned, 60_000, 30, &offsets, 30_000);
    let spaced = play(Merge::Aligned, 0, 30, &offsets, 30_000);
    let queue = play(Merge::Append, 0, 30, &offsets, 30_000);
    let replaced = always.runner.inference.report().inferences;
    assert!(replaced > 100, "{replaced} chunks");
    for played in [&always, &spaced] {
        assert!(
            played.roughness() <= 1.1 * queue.roughness(),
            "{} {}",
            played.roughness(),
            queue.roughness()
        );
    }
    let inferences = spaced.runner.inference.report().inferences;
    // Horizon less refill: 40 steps less one of turnaround and one more.
    assert!((7..=9).contains(&inferences), "{inferences}");
}

#[test]
fn blending_takes_the_corners_off_but_for_joints_left_out() {
    let offsets = [0.0, 3.0, -3.0];
    let fastest = |played: &Played, joint| {
        let targets = played.targets(joint);
        let speeds = targets.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        speeds.fold(0.0, f64::max)
    };
    for merge in [Merge::Aligned, Merge::Blended] {
        let played = play(merge, 0, 300, &offsets, 30_000);
        // The second joint is left out.
        let (faded, jumping) = (fastest(&played, 0), fastest(&played, 1));
        assert!(faded < 0.6 * jumping, "{merge}: {faded} {jumping}");
        assert_eq!(played.runner.source.report().starved, 0, "{merge}");
    }
}

#[test]
fn whatever_the_delay_no_target_leaps_between_two_ticks() {
    for merge in [Merge::Append, Merge::Aligned, Merge::Blended] {
        for latency in [10, 95, 300, 700] {
            let played = play(merge, 0, latency, &[0.0, 2.0, -2.0], 20_000);
            let targets = played.targets(0);
            let leap = targets.windows(2).map(|pair| (pair[1] - pair[0]).abs());
            // A step is ten ticks: whatever is to be caught up is spread over one.
            let most = leap.fold(0.0, f64::max);
            assert!(most <= 1.6, "{merge} {latency} ms: {most}");
        }
    }
}

#[test]
fn a_late_answer_never_moves_anything_backwards() {
    for merge in [Merge::Append, Merge::Aligned, Merge::Blended] {
        // Five seconds for a chunk of five: it starves each time, rests, and goes on from where the plan is by then.
        let late = play(merge, 0, 4200, &[0.0], 40_000);
        let report = late.runner.source.report();
        assert!(report.starved > 0, "{merge}: {report:?}");
        assert!(late.targets(0).len() > 2000, "{merge}: it goes on");
        assert!(late.pull_back() < 1e-6, "{merge}: {}", late.pull_back());
        // What is wholly in the past moves nothing at all.
        let too_late = play(Merge::Aligned, 0, 5600, &[0.0], 40_000);
        assert!(too_late.actions.iter().all(Option::is_none));
        assert!(too_late.runner.inference.report().late > 3);
    }
}

#[test]
fn starving_is_coming_to_rest() {
    let starved = play(Merge::Aligned, 0, 4200, &[0.0], 9_000);
    let targets = starved.targets(0);
    let speeds: Vec<f64> = targets.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let moving = speeds.iter().position(|speed| *speed > 0.09).unwrap();
    let rest = moving
        + speeds[moving..]
            .iter()
            .position(|speed| speed.abs() < 1e-9)
            .unwrap();
    let braking = &speeds[rest - 10..rest];
    assert!(
        braking.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9),
        "{braking:?}"
    );
    assert!(braking[0] > 0.08 && braking[9] < 0.02, "{braking:?}");
}

/// Remembers what it was shown.
#[derive(Debug)]
struct Watching {
    seen: std::sync::mpsc::Sender<Vec<(f64, f64)>>,
}

impl Predict for Watching {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        let moments = history
            .iter()
            .map(|seen| (seen.stamp.seconds(), seen.state[0]));
        let _ = self.seen.send(moments.collect());
        Ok(vec![Joints::filled(1, 0.0); 16])
    }
}

#[test]
fn a_history_is_the_last_steps_and_begins_with_the_first_observation_repeated() {
    for latency in [0, 250] {
        let (seen, shown) = std::sync::mpsc::channel();
        let chunks = ChunkSettings {
            chunk_size: 15,
            n_action_steps: 8,
            n_obs_steps: 3,
            temporal_ensemble_coeff: None,
        };
        let options = RunnerOptions::default().latency(Duration::from_millis(latency));
        let watching = Box::new(Watching { seen });
        let mut runner = runner_with(watching, &contract(), chunks, Vec::new(), options);
        play_with(&mut runner, 1, 5000);
        let shown: Vec<Vec<(f64, f64)>> = shown.try_iter().collect();
        let states =
            |index: usize| -> Vec<f64> { shown[index].iter().map(|seen| seen.1.round()).collect() };
        assert_eq!(states(0), [0.0, 0.0, 0.0], "{latency} ms");
        for (index, moments) in shown.iter().enumerate().skip(1) {
            // The state is the time in steps, so the history is three numbers in a row.
            let states = states(index);
            assert_eq!(
                [states[1] - states[0], states[2] - states[1]],
                [1.0, 1.0],
                "{latency} ms: {moments:?}"
            );
        }
        assert!(shown.len() > 4, "{latency} ms: {}", shown.len());
    }
}

/// A policy that follows a wave in time, and is off by an offset that is another one each time; from step `jump` on the wave is elsewhere, as a target that
/// has jumped.
#[derive(Debug)]
struct Waving {
    len: usize,
    offsets: Vec<f64>,
    jump: Option<(f64, f64)>,
    calls: usize,
}

impl Predict for Waving {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        let observed = history[history.len() - 1].stamp.seconds() * 10.0;
        let jumped = self.jump.filter(|(step, _)| observed >= *step);
        let off = self.offsets[self.calls % self.offsets.len()] + jumped.map_or(0.0, |(_, by)| by);
        self.calls += 1;
        let knots = 0..self.len;
        let wave = |step: usize| 20.0 * (0.4 * (observed + step as f64)).sin();
        Ok(knots
            .map(|step| Joints::filled(2, wave(step) + off))
            .collect())
    }
}

/// Twenty steps of which ten are carried out, with a delay of nine; targets are asked for a tick of 10 ms ahead of the clock, as a control loop does whose
/// goals leave at the next tick.
fn play_ahead(merge: Merge, lead_ms: u64, waving: Waving, ms: u64) -> Played {
    let chunks = ChunkSettings {
        chunk_size: waving.len,
        n_action_steps: 10,
        n_obs_steps: 1,
        temporal_ensemble_coeff: None,
    };
    let options = RunnerOptions::default()
        .latency(Duration::from_millis(900))
        .merge(merge)
        .unblended(0b10)
        .lead(Duration::from_millis(lead_ms));
    let mut runner = runner_with(Box::new(waving), &contract(), chunks, Vec::new(), options);
    let ahead = Duration::from_millis(10);
    let actions = play_at(&mut runner, 2, ms, ahead);
    Played { actions, runner }
}

fn jerk_ratio(played: &Played) -> f64 {
    let report = played.runner.source.report();
    assert_eq!(report.starved, 0, "{report:?}");
    report.peak_jerk / report.peak_jerk_within_chunks
}

#[test]
fn a_target_that_was_asked_for_ahead_of_the_clock_is_kept() {
    let waving = || Waving {
        len: 20,
        offsets: vec![0.0, 2.0, -2.0],
        jump: None,
        calls: 0,
    };
    for merge in [Merge::Aligned, Merge::Blended] {
        let kept = jerk_ratio(&play_ahead(merge, 20, waving(), 30_000));
        assert!(kept <= 1.2, "{merge}: {kept}");
    }
    // A runner that does not know how far ahead it is asked takes back what was on its way.
    let taken_back = jerk_ratio(&play_ahead(Merge::Aligned, 0, waving(), 30_000));
    assert!(taken_back > 1.2, "{taken_back}");
}

#[test]
fn a_target_that_jumps_is_followed_no_more_sharply_than_the_chunks_go() {
    for merge in [Merge::Aligned, Merge::Blended] {
        for by in [5.0, 60.0, -300.0] {
            let waving = Waving {
                len: 20,
                offsets: vec![0.0],
                jump: Some((100.0, by)),
                calls: 0,
            };
            let played = play_ahead(merge, 20, waving, 40_000);
            let ratio = jerk_ratio(&played);
            assert!(ratio <= 1.2, "{merge} by {by}: {ratio}");
            // It is there in the end: a wave about the new place.
            let targets = played.targets(0);
            let last = &targets[targets.len() - 1000..];
            let middle = last.iter().sum::<f64>() / last.len() as f64;
            assert!((middle - by).abs() < 5.0, "{merge} by {by}: {middle}");
        }
    }
}

#[test]
fn the_refill_is_the_larger_of_the_setting_and_the_worst_turnaround_and_a_step() {
    // Forty steps of 100 ms, observed so many steps before their end: a setting of two, a turnaround of three and one step with the lead, and more of both.
    for (refill, latency, steps) in [(200, 300, 5), (1000, 300, 10), (0, 300, 5), (0, 700, 9)] {
        let played = play(Merge::Aligned, refill, latency, &[0.0], 60_000);
        let report = played.runner.inference.report();
        let spacing = 60_000.0 / 100.0 / report.inferences as f64;
        let expected = 40.0 - f64::from(steps) + latency as f64 / 100.0;
        assert!(
            (spacing - expected).abs() <= 2.5,
            "{refill} {latency}: {spacing} {expected}"
        );
        assert_eq!(played.runner.source.report().starved, 0);
    }
}
