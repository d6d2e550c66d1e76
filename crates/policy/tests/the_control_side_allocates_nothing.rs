//! What a policy does on the control thread takes no memory from the heap and gives none back.
#![allow(unsafe_code, missing_docs, clippy::unwrap_used)] // an allocator that counts cannot be written without

use std::time::Duration;

use ulna_core::{ActionSource, Joints, Stamp, State, Unit};
use ulna_policy::normalise::Normaliser;
use ulna_policy::runner::runner_with;
use ulna_policy::{ChunkSettings, Contract, Observation, PolicyError, Predict, RunnerOptions};
use ulna_rt::{Machine, Next};

#[path = "../../../tests/harness/counting.rs"]
#[allow(dead_code)] // a part of it is used here
mod counting;

#[derive(Debug)]
struct Still;

impl Predict for Still {
    fn predict(&mut self, history: &[Observation]) -> Result<Vec<Joints<f64>>, PolicyError> {
        Ok(vec![history[0].state; 100])
    }
}

#[test]
fn it_allocates_nothing() {
    let contract = Contract {
        robot_types: Vec::new(),
        joints: vec![String::new(); 6],
        unit: Unit::Degrees,
        fps: 30.0,
        inputs: Vec::new(),
        action_tensor: String::new(),
        action: Normaliser::Identity,
    };
    let chunks = ChunkSettings::new(100, 1);
    let options = RunnerOptions::default();
    let mut parts = runner_with(Box::new(Still), &contract, chunks, Vec::new(), options);
    let mut on_the_control_side = 0;
    for tick in 0..2000 {
        let now = Duration::from_millis(5 * tick);
        let state = State {
            stamp: Stamp::new(now),
            position: Joints::filled(6, 1.0),
            measured: Joints::filled(6, Stamp::new(now)),
        };
        let before = counting::calls();
        parts.observations.push(&state);
        parts.source.action(Stamp::new(now));
        on_the_control_side += counting::calls() - before;
        while parts.inference.step(now) == Next::At(now) {}
    }
    assert_eq!(on_the_control_side, 0);
    assert!(parts.inference.report().inferences > 250);
    assert!(counting::calls() > 0, "the counter counts");
}
