//! Any bytes in place of one file of a bundle are read or refused before an engine sees them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use ulna_policy::Bundle;

/// The smaller of the two policies that come with ulna.
const POLICY: &str = "../../datasets/so101-reach-act";
const MANIFEST: &str = "policy.toml";
const NETWORK: &str = "policy.onnx";
const TENSORS: [&str; 2] = ["golden.safetensors", "statistics.safetensors"];

static COPY: LazyLock<TempDir> = LazyLock::new(|| {
    let copy = tempfile::tempdir().expect("a folder");
    for name in [MANIFEST, NETWORK, TENSORS[0], TENSORS[1]] {
        fs::copy(original(name), copy.path().join(name)).expect("a policy that comes with ulna");
    }
    assert!(Bundle::open(copy.path()).is_ok(), "a sound bundle");
    copy
});

fn original(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(POLICY)
        .join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(original(name)).expect("a policy that comes with ulna")
}

fn open_with(name: &str, bytes: &[u8]) {
    let path = COPY.path().join(name);
    let sound = fs::read(&path).expect("a file");
    fs::write(&path, bytes).expect("a file");
    let _ = Bundle::open(COPY.path());
    fs::write(&path, sound).expect("a file");
}

pub(crate) fn manifest(input: &[u8]) {
    // Files are looked for in the folder alone, which a test of its own shows; here none is to be read from elsewhere.
    open_with(MANIFEST, input);
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    vec![read(MANIFEST)]
}

/// The first four bytes say where the rest is written over the network.
pub(crate) fn network(input: &[u8]) {
    let [a, b, c, d, rest @ ..] = input else {
        return;
    };
    let mut bytes = read(NETWORK);
    let from =
        usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or_default() % bytes.len();
    // What describes the network lies at its beginning and its end, between them lie its weights.
    let whole = *d == u8::MAX;
    for (place, byte) in bytes[from..].iter_mut().zip(rest) {
        *place = *byte;
    }
    open_with(NETWORK, if whole { rest } else { &bytes });
}

/// As it is: its nodes at the beginning and at the end, each in its place.
pub(crate) fn networks() -> Vec<Vec<u8>> {
    let bytes = read(NETWORK);
    let at = |from: usize| {
        let place = u32::try_from(from).unwrap_or_default().to_le_bytes();
        [&place, &bytes[from..(from + 300).min(bytes.len())]].concat()
    };
    let whole = [&[0, 0, 0, u8::MAX], &bytes[..2000]].concat();
    vec![
        at(0),
        at(300),
        at(bytes.len() - 300),
        at(bytes.len() - 700),
        whole,
    ]
}

/// The first byte picks the file.
pub(crate) fn tensors(input: &[u8]) {
    if let Some((&which, rest)) = input.split_first() {
        open_with(TENSORS[usize::from(which) % 2], rest);
    }
}

pub(crate) fn tensor_files() -> Vec<Vec<u8>> {
    (0..2)
        .zip(TENSORS)
        .map(|(which, name)| [&[which], read(name).as_slice()].concat())
        .collect()
}
