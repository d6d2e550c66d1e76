//! LeRobot's tiny ACT policy on tract gives what it gave in LeRobot, number by number and step by step.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
mod reference;

use ulna_policy::{Engine, EngineChoice};

type Check = fn(&std::path::Path, &Engine);

fn on_engine(check: Check) {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    check(&fixtures, &engine);
}

#[test]
fn golden_outputs() {
    on_engine(reference::golden_outputs);
}

#[test]
fn the_action_queue() {
    on_engine(reference::the_action_queue);
}

#[test]
fn nonsense_is_refused() {
    on_engine(reference::nonsense_is_refused);
}

#[test]
fn an_open_batch_is_one() {
    on_engine(reference::an_open_batch_is_one);
}
