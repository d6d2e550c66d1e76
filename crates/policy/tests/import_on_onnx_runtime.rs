//! Imported checkpoints on ONNX Runtime, if there is one, give what they gave in PyTorch, and tract agrees.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod common;
mod importing;

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
fn act() {
    on_engine(importing::act);
}

#[test]
fn diffusion() {
    on_engine(importing::diffusion);
}

#[test]
fn the_golden_pair_is_made_by_one_engine_and_checked_by_the_other() {
    on_engine(|fixtures, engine| {
        for checkpoint in ["act_tiny", "diffusion_tiny"] {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("bundle");
            let report = importing::import(&fixtures.join(checkpoint), &output, engine).unwrap();
            let golden = report.golden;
            assert!(golden.made_by.contains("ONNX Runtime"), "{golden:?}");
            assert!(golden.checked_by.unwrap().contains("tract"));
            assert!(golden.difference.unwrap() < 1e-4);
        }
    });
}
