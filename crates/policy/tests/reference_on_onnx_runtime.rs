//! LeRobot's tiny ACT policy on ONNX Runtime, if there is one, gives what it gave in LeRobot, number by number and step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;
mod reference;

use ulna_policy::{Engine, EngineChoice};

type Check = fn(&std::path::Path, &Engine);

fn on_engine(check: Check) {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    match Engine::open(EngineChoice::Ort) {
        Ok(engine) => check(&fixtures, &engine),
        Err(error) if common::required("ULNA_REQUIRE_ORT") => panic!("{error}"),
        Err(error) => println!("SKIPPED: {error}"),
    }
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
fn diffusion_networks() {
    on_engine(reference::diffusion_networks);
}

#[test]
fn an_open_batch_is_one() {
    on_engine(reference::an_open_batch_is_one);
}
