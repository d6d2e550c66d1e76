//! Any bytes as a checkpoint's config, processor or header of weights are read or refused.
//! Run from `crates/policy`: `cargo +nightly fuzz run config`.

#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ulna_policy::import::Checkpoint;

const CONFIG: &str = r#"{"type": "act", "input_features": {"observation.state": {"type": "STATE", "shape": [6]},
    "observation.images.front": {"type": "VISUAL", "shape": [3, 96, 96]}},
    "output_features": {"action": {"type": "ACTION", "shape": [6]}}}"#;
const PROCESSOR: &str = r#"{"name": "p", "steps": []}"#;
/// A header of no tensors.
const WEIGHTS: &[u8] = b"\x02\0\0\0\0\0\0\0{}";

fuzz_target!(|input: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let write = |dir: &Path, name: &str, bytes: &[u8]| {
        let _ = fs::write(dir.join(name), bytes);
    };
    for replaced in ["config.json", "policy_preprocessor.json", "policy_postprocessor.json", "model.safetensors"] {
        write(folder.path(), "config.json", CONFIG.as_bytes());
        write(folder.path(), "policy_preprocessor.json", PROCESSOR.as_bytes());
        write(folder.path(), "policy_postprocessor.json", PROCESSOR.as_bytes());
        write(folder.path(), "model.safetensors", WEIGHTS);
        write(folder.path(), replaced, input);
        let _ = Checkpoint::open(folder.path(), &[]);
    }
});
