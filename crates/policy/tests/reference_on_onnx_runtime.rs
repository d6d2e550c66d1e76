//! LeRobot's tiny ACT policy on ONNX Runtime, if there is one, gives what it gave in LeRobot, number by number and step by step.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
mod reference;

use common::on_onnx_runtime;

#[test]
fn golden_outputs() {
    on_onnx_runtime(reference::golden_outputs);
}

#[test]
fn the_action_queue() {
    on_onnx_runtime(reference::the_action_queue);
}

#[test]
fn nonsense_is_refused() {
    on_onnx_runtime(reference::nonsense_is_refused);
}

#[test]
fn diffusion_networks() {
    on_onnx_runtime(reference::diffusion_networks);
}

#[test]
fn an_open_batch_is_one() {
    on_onnx_runtime(reference::an_open_batch_is_one);
}

#[test]
fn cases() {
    on_onnx_runtime(reference::cases);
}
