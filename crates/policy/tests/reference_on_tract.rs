//! LeRobot's tiny ACT policy on tract gives what it gave in LeRobot, number by number and step by step.
#![cfg(feature = "tract")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
mod reference;

use std::num::NonZeroUsize;

use ulna_policy::{Bundle, Engine, EngineChoice, prepare};

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
fn diffusion_networks() {
    on_engine(reference::diffusion_networks);
}

#[test]
fn an_open_batch_is_one() {
    on_engine(reference::an_open_batch_is_one);
}

#[test]
fn cases() {
    on_engine(reference::cases);
}

/// One damaged byte, which tract panics at.
#[test]
fn a_damaged_network_is_refused_in_words() {
    let Some(fixtures) = common::fixtures() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    common::make_bundle(&fixtures, folder.path(), true, 0);
    let path = folder.path().join("act.onnx");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[44_863] = 253;
    std::fs::write(&path, bytes).unwrap();
    let bundle = Bundle::open(folder.path()).unwrap();
    let engine = Engine::open(EngineChoice::Tract).unwrap();
    let error = prepare(&bundle, &engine, NonZeroUsize::MIN, None).unwrap_err();
    assert!(error.to_string().contains("tract"), "{error}");
}
