//! Any bytes as a video are read or refused: the input replaces the file, or, when its first byte is odd, is written over
//! its start, where the index is.
//! Run from `crates/dataset`: `cargo +nightly fuzz run mp4`.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ulna_dataset_fuzz::Sound;

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);

const VIDEO: &str = "videos/observation.images.front/chunk-000/file-000.mp4";

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else {
        return;
    };
    if mode % 2 == 0 {
        SOUND.read_with(VIDEO, rest);
        return;
    }
    let mut bytes = SOUND.file(VIDEO);
    for (place, byte) in bytes.iter_mut().skip(usize::from(*mode)).zip(rest) {
        *place = *byte;
    }
    SOUND.read_with(VIDEO, &bytes);
});
