//! Any bytes as a bundle's `policy.toml` are read or refused.
//! Run from `crates/policy`: `cargo +nightly fuzz run manifest`.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use ulna_policy::Bundle;

fuzz_target!(|input: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    if fs::write(folder.path().join("policy.toml"), input).is_ok() {
        let _ = Bundle::open(folder.path());
    }
});
