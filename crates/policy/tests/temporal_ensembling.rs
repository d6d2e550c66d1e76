//! Temporal ensembling over 30 chunks gives LeRobot's actions, step by step, through the whole runner in lockstep.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::Tensors;
use ulna_core::{ActionSource, Joints, Stamp, State, Unit};
use ulna_policy::normalise::Normaliser;
use ulna_policy::runner::runner_with;
use ulna_policy::{ChunkSettings, Contract, Observation, PolicyError, Predict, RunnerOptions};
use ulna_rt::{Machine, Next};

/// Gives the reference's chunks one after another.
#[derive(Debug)]
struct Recorded(Vec<Vec<Joints<f64>>>);

impl Predict for Recorded {
    fn predict(&mut self, _: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        Ok(self.0.remove(0))
    }
}

#[test]
fn it_reproduces_lerobot() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let reference = Tensors::read(&fixtures.join("act_tiny.reference.safetensors"));
    let row = |values: &[f32]| Joints::from_fn(6, |joint| f64::from(values[joint]));
    let chunk = |index| {
        let values = reference.part("ens_chunks", index);
        values.chunks(6).map(row).collect()
    };
    let contract = Contract {
        robot_types: Vec::new(),
        joints: vec![String::new(); 6],
        unit: Unit::Degrees,
        fps: 30.0,
        inputs: Vec::new(),
        action_tensor: String::new(),
        action: Normaliser::Identity,
    };
    let mut chunks = ChunkSettings::new(20, 1);
    chunks.temporal_ensemble_coeff = Some(0.01);
    let recorded = Box::new(Recorded((0..30).map(chunk).collect()));
    let options = RunnerOptions::default();
    let mut parts = runner_with(recorded, &contract, chunks, Vec::new(), options);
    for step in 0..30 {
        let now = Duration::from_secs_f64(step as f64 / 30.0);
        parts.observations.push(&State {
            stamp: Stamp::new(now),
            position: Joints::filled(6, 0.0),
            measured: Joints::filled(6, Stamp::new(now)),
        });
        while parts.inference.step(now) == Next::At(now) {}
        let action = parts.source.action(Stamp::new(now)).unwrap();
        for (given, wanted) in action
            .target
            .iter()
            .zip(reference.part("ens_actions", step))
        {
            let difference = (given - f64::from(*wanted)).abs();
            assert!(difference < 1e-6, "step {step}: {difference:e}");
        }
    }
    assert_eq!(parts.inference.report().inferences, 30);
}
