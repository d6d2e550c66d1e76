//! What a recording leaves when its program is killed: whatever it is, repair takes what is whole, and the dataset is sound afterwards.

use std::mem::forget;
use std::path::PathBuf;
use std::sync::LazyLock;

use ulna_dataset::{Dataset, Writer, repair};

use super::sound::{CAMERA, Files, files_of, folder_of, picture, read_all, row, spec};

/// A dataset that was being recorded when its program ended: one episode that is saved, one that runs.
static LEFT: LazyLock<Files> = LazyLock::new(left);

/// Below this folder everything is of the running episode.
const STAGING: &str = ".ulna";
const JOURNAL: &str = "rows.log";

fn left() -> Files {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(dir.path(), &spec()).expect("a new dataset");
    let parts = {
        let mut rows = writer.begin_episode().expect("an episode");
        let mut camera = rows.video_encoder(CAMERA).expect("its camera");
        rows.push_row("fuzz", &row(0)).expect("a row");
        camera.push(&picture(20)).expect("a picture");
        let video = camera.finish().expect("its video");
        rows.finish(vec![video], None).expect("its parts")
    };
    writer.commit(&parts).expect("a saved episode");
    let mut rows = writer.begin_episode().expect("an episode");
    let mut camera = rows.video_encoder(CAMERA).expect("its camera");
    for frame in 0..3 {
        rows.push_row("fuzz", &row(frame)).expect("a row");
        camera.push(&picture(60 * frame)).expect("a picture");
    }
    // Two rows whose pictures wait for the encoder.
    let spool = rows.picture_spool(CAMERA, 4).expect("a spool");
    for frame in 3..5 {
        rows.push_row("fuzz", &row(frame)).expect("a row");
        let put = spool
            .put(frame.into(), 3, &picture(60))
            .expect("a place for it");
        assert!(put, "no place for it");
    }
    let files = files_of(dir.path());
    // Dropped, they would remove what they have begun.
    forget((writer, rows, camera));
    files
}

fn staged() -> impl Iterator<Item = (&'static PathBuf, &'static Vec<u8>)> {
    LEFT.iter().filter(|(path, _)| path.starts_with(STAGING))
}

/// Repairs the dataset with some of its files replaced, and reads it.
fn repaired(replaced: &[(&PathBuf, Vec<u8>)]) {
    let mut files = LEFT.clone();
    for (path, bytes) in replaced {
        files.insert((*path).clone(), bytes.clone());
    }
    let dir = folder_of(&files);
    let saved = |dir| Dataset::open(dir).map_or(0, |dataset| dataset.len());
    let before = saved(dir.path());
    if repair(dir.path()).is_ok() {
        assert!(
            saved(dir.path()) >= before.max(1),
            "a saved episode is lost"
        );
        let again = repair(dir.path()).expect("what was repaired can be repaired");
        assert!(
            again.actions.is_empty(),
            "a second repair finds work: {:?}",
            again.actions
        );
    }
    read_all(dir.path());
}

/// The journal is made of these records: each byte string of the input with a length before it, with the checksum that belongs to it.
pub(crate) fn run(input: &[u8]) {
    let mut journal = Vec::new();
    let mut rest = input;
    while let [low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(after.len());
        let (record, after) = after.split_at(length);
        journal.extend(u32::try_from(length).unwrap_or_default().to_le_bytes());
        journal.extend(crc32fast::hash(record).to_le_bytes());
        journal.extend(record);
        rest = after;
    }
    let path = staged().find(|(path, _)| path.ends_with(JOURNAL));
    let (path, _) = path.expect("the recording has a journal");
    repaired(&[(path, journal)]);
}

/// The journal as it is.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let journal = staged().find(|(path, _)| path.ends_with(JOURNAL));
    let (_, mut rest) = journal
        .map(|(path, bytes)| (path, bytes.as_slice()))
        .expect("a journal");
    let mut seed = Vec::new();
    while let [a, b, 0, 0, _, _, _, _, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*a, *b])).min(after.len());
        seed.extend([*a, *b]);
        seed.extend(&after[..length]);
        rest = &after[length..];
    }
    vec![seed]
}

/// The first byte picks a file of the running episode, the next two where the rest is written over it; beyond its end it grows, and with
/// nothing to write it ends there.
pub(crate) fn damage(input: &[u8]) {
    let [which, low, high, rest @ ..] = input else {
        return;
    };
    let count = staged().count().max(1);
    let Some((path, bytes)) = staged().nth(usize::from(*which) % count) else {
        return;
    };
    let mut bytes = bytes.clone();
    let from = usize::from(u16::from_le_bytes([*low, *high])) % (bytes.len() + 1);
    match rest {
        [] => bytes.truncate(from),
        _ => {
            bytes.resize(bytes.len().max(from + rest.len()), 0);
            bytes[from..from + rest.len()].copy_from_slice(rest);
        }
    }
    repaired(&[(path, bytes)]);
}

/// One for each file.
pub(crate) fn damage_seeds() -> Vec<Vec<u8>> {
    let count = u8::try_from(staged().count()).unwrap_or(u8::MAX);
    (0..count).map(|which| vec![which, 9, 0, 1]).collect()
}
