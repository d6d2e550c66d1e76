//! Imported checkpoints on ONNX Runtime, if there is one, give what they gave in PyTorch, and tract agrees.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;
mod importing;

use common::on_onnx_runtime;
use ulna_policy::Bundle;

#[test]
fn act() {
    on_onnx_runtime(importing::act);
}

#[test]
fn diffusion() {
    on_onnx_runtime(importing::diffusion);
}

#[test]
fn the_golden_pair_is_made_by_one_engine_and_checked_by_the_other() {
    on_onnx_runtime(|fixtures, engine| {
        for checkpoint in ["act_tiny", "diffusion_tiny"] {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("bundle");
            let report = importing::import(&fixtures.join(checkpoint), &output, engine).unwrap();
            let golden = report.golden;
            assert!(golden.made_by.contains("ONNX Runtime"), "{golden:?}");
            assert!(golden.checked_by.as_ref().unwrap().contains("tract"));
            let (difference, tolerance) = (golden.difference.unwrap(), golden.tolerance);
            assert!(golden.whole && difference <= tolerance, "{golden:?}");
            // One pass is within 1e-4; ten steps of denoising are as far apart as PyTorch is from double precision.
            let most = if checkpoint == "act_tiny" { 1e-4 } else { 5e-4 };
            assert!(tolerance <= most, "{golden:?}");
            assert_eq!(Bundle::open(&output).unwrap().tolerance(), tolerance);
        }
    });
}
