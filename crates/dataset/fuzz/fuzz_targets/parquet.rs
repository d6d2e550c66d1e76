//! Any bytes as a table are read or refused: the first byte picks the table, the rest replaces it, or, when the second
//! byte is odd, is written over its end, where parquet keeps its headers.
//! Run from `crates/dataset`: `cargo +nightly fuzz run parquet`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ulna_dataset_fuzz::Sound;

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);

const TABLES: [&str; 3] = [
    "data/chunk-000/file-000.parquet",
    "meta/episodes/chunk-000/file-000.parquet",
    "meta/tasks.parquet",
];

fuzz_target!(|input: &[u8]| {
    let [table, mode, rest @ ..] = input else {
        return;
    };
    let table = TABLES[usize::from(*table) % TABLES.len()];
    if mode % 2 == 0 {
        SOUND.read_with(table, rest);
        return;
    }
    let mut bytes = SOUND.file(table);
    let from = bytes.len().saturating_sub(rest.len() + usize::from(*mode));
    for (place, byte) in bytes[from..].iter_mut().zip(rest) {
        *place = *byte;
    }
    SOUND.read_with(table, &bytes);
});
