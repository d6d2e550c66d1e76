//! Any bytes in place of one file of a dataset are read or refused; and any bytes written over a part of one, since few changes of a whole
//! file get past its headers.

use std::path::Path;
use std::sync::LazyLock;

use ulna_dataset::{CardOptions, Info, PathTemplate, decode_picture, encode_png, write_card};

use super::sound::Sound;

static SOUND: LazyLock<Sound> = LazyLock::new(Sound::new);

const VIDEO: &str = "videos/observation.images.front/chunk-000/file-000.mp4";
const TABLES: [&str; 3] = [
    "data/chunk-000/file-000.parquet",
    "meta/episodes/chunk-000/file-000.parquet",
    "meta/tasks.parquet",
];

pub(crate) fn info(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = PathTemplate::parse(text);
        if let Ok(value) = serde_json::from_str(text) {
            let _ = Info::parse(&value, Path::new("info.json"));
        }
    }
    SOUND.read_with("meta/info.json", input);
}

pub(crate) fn stats(input: &[u8]) {
    SOUND.read_with("meta/stats.json", input);
}

pub(crate) fn card(input: &[u8]) {
    SOUND.with("README.md", input, |root| {
        let options = CardOptions::default().force(true);
        if write_card(root, &options).is_ok() {
            let again = write_card(root, &options).expect("a card of ours");
            assert!(!again.changed, "a second writing changes the card");
        }
    });
}

/// The length says which table is replaced.
pub(crate) fn parquet(input: &[u8]) {
    SOUND.read_with(TABLES[input.len() % TABLES.len()], input);
}

pub(crate) fn tables() -> Vec<Vec<u8>> {
    TABLES.iter().map(|table| SOUND.file(table)).collect()
}

/// The first byte picks the table, the second says how far before its end, where parquet keeps its headers, the rest begins.
pub(crate) fn parquet_damage(input: &[u8]) {
    let [table, back, rest @ ..] = input else {
        return;
    };
    let table = TABLES[usize::from(*table) % TABLES.len()];
    let mut bytes = SOUND.file(table);
    let from = bytes.len().saturating_sub(rest.len() + usize::from(*back));
    for (place, byte) in bytes[from..].iter_mut().zip(rest) {
        *place = *byte;
    }
    SOUND.read_with(table, &bytes);
}

pub(crate) fn video(input: &[u8]) {
    SOUND.read_with(VIDEO, input);
}

pub(crate) fn videos() -> Vec<Vec<u8>> {
    vec![SOUND.file(VIDEO)]
}

/// The first two bytes say where the rest begins.
pub(crate) fn video_damage(input: &[u8]) {
    let [low, high, rest @ ..] = input else {
        return;
    };
    let mut bytes = SOUND.file(VIDEO);
    let from = usize::from(u16::from_le_bytes([*low, *high])) % bytes.len().max(1);
    for (place, byte) in bytes[from..].iter_mut().zip(rest) {
        *place = *byte;
    }
    SOUND.read_with(VIDEO, &bytes);
}

pub(crate) fn picture(input: &[u8]) {
    if let Ok(picture) = decode_picture(input) {
        assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
    }
}

pub(crate) fn pictures() -> Vec<Vec<u8>> {
    let png = encode_png(&[100; 8 * 6 * 3], 8, 6).expect("a picture");
    // The least JPEG that has a picture: one block of one colour.
    let jpeg = [
        &b"\xff\xd8\xff\xdb\x00\x43\x00"[..],
        &[1; 64],
        b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00",
        b"\xff\xc4\x00\x14\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f\xff\xd9",
    ];
    vec![png, jpeg.concat()]
}
