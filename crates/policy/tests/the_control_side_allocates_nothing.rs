//! What a policy does on the control thread takes no memory from the heap and gives none back.
#![allow(unsafe_code, missing_docs, clippy::unwrap_used)] // an allocator that counts cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use ulna_core::{ActionSource, Joints, Stamp, State, Unit};
use ulna_policy::normalise::Normaliser;
use ulna_policy::runner::runner_with;
use ulna_policy::{ChunkSettings, Contract, Observation, PolicyError, Predict, RunnerOptions};
use ulna_rt::{Machine, Next};

thread_local! {
    /// Of this thread only: the test harness has threads of its own.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    let chunks = ChunkSettings {
        chunk_size: 100,
        n_action_steps: 1,
        n_obs_steps: 1,
        temporal_ensemble_coeff: None,
    };
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
        let before = CALLS.get();
        parts.observations.push(&state);
        parts.source.action(Stamp::new(now));
        on_the_control_side += CALLS.get() - before;
        while parts.inference.step(now) == Next::At(now) {}
    }
    assert_eq!(on_the_control_side, 0);
    assert!(parts.inference.report().inferences > 250);
    assert!(CALLS.get() > 0, "the counter counts");
}
