//! Any bytes as a checkpoint's config, processor or header of weights are read or refused.

use std::fs;

use ulna_policy::import::Checkpoint;

const CONFIG: &str = r#"{"type": "act", "input_features": {"observation.state": {"type": "STATE", "shape": [6]},
    "observation.images.front": {"type": "VISUAL", "shape": [3, 96, 96]}},
    "output_features": {"action": {"type": "ACTION", "shape": [6]}}}"#;
const PROCESSOR: &str = r#"{"name": "p", "steps": []}"#;
/// A header of no tensors.
const WEIGHTS: &[u8] = b"\x02\0\0\0\0\0\0\0{}";

/// Files with sound contents; the first byte of an input picks one.
const FILES: [(&str, &[u8]); 4] = [
    ("config.json", CONFIG.as_bytes()),
    ("policy_preprocessor.json", PROCESSOR.as_bytes()),
    ("policy_postprocessor.json", PROCESSOR.as_bytes()),
    ("model.safetensors", WEIGHTS),
];

pub(crate) fn run(input: &[u8]) {
    let Some((&which, rest)) = input.split_first() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (name, sound)) in FILES.iter().enumerate() {
        let replaced = number == usize::from(which) % FILES.len();
        let bytes = if replaced { rest } else { sound };
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    let _ = Checkpoint::open(folder.path(), &[]);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed = |(which, (_, sound)): (u8, &(&str, &[u8]))| [&[which], *sound].concat();
    (0..4).zip(&FILES).map(seed).collect()
}
