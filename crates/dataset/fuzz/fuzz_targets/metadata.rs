//! Any bytes as a metadata file are read or refused.
//! Run from `crates/dataset`: `cargo +nightly fuzz run metadata`.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ulna_dataset::{Info, PathTemplate};
use ulna_dataset_fuzz::Sound;

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = PathTemplate::parse(text);
        if let Ok(value) = serde_json::from_str(text) {
            let _ = Info::parse(&value, Path::new("info.json"));
        }
    }
    SOUND.read_with("meta/info.json", input);
    SOUND.read_with("meta/stats.json", input);
});
