//! Encoding what a camera's encoder had not got to when the program ended: its pictures wait in a spool.

use std::path::Path;

use crate::error::{IoContext, Result};
use crate::features::Feature;
use crate::fs::{Fs, RealFs, parent, remove_if_there};
use crate::inside::{Kind, in_the_way, kind};
use crate::record_log::{RecordLog, RecordReader};
use crate::runs::{encoding_folder, remove_run};
use crate::spool::LeftSpool;
use crate::video::encode::{VideoEncoder, size_of};
use crate::video::encoding::{Encoding, Pace};
use crate::video::stream::{find_stream, is_fragments, stream_path, whole_pictures};

/// Goes on encoding the stream of a camera with the pictures that wait for it, up to so many in all. Where one found no place to wait,
/// the one before it is there again, as in a session that ends well. The old stream stays until the new one is complete.
pub(crate) fn catch_up(run: &Path, camera: &Feature, fps: u32, frames: usize) -> Result<()> {
    let key = &camera.key;
    let (width, height) = size_of(camera)?;
    let there = whole_pictures(run, key)?;
    let Some(spool) = LeftSpool::open(run, key, width * height * 3, there as u64)? else {
        return Ok(());
    };
    // An encoder may hold some back, which went with it; beyond that the spool and the stream belong to different times.
    let missing = spool.first().map(|first| first - there as u64);
    if missing.is_none_or(|missing| missing > u64::from(fps)) || there >= frames {
        return Ok(());
    }
    let aside = encoding_folder(run);
    if kind(&aside)? != Kind::Absent {
        return Err(in_the_way(&aside));
    }
    RealFs.create_dir(&aside).at("create the folder", &aside)?;
    let done = encode(&spool, (run, &aside), camera, fps, (there, frames));
    remove_run(&RealFs, &aside)?;
    done
}

fn encode(
    spool: &LeftSpool,
    (run, aside): (&Path, &Path),
    camera: &Feature,
    fps: u32,
    (there, frames): (usize, usize),
) -> Result<()> {
    let encoding = Encoding::declared_by(camera);
    let how = (&encoding, Pace::Offline);
    let mut encoder = VideoEncoder::begin(&RealFs, aside, camera, fps, how)?;
    let mut picture = Vec::new();
    let first = spool.first().unwrap_or_default();
    spool.fetch(first, &mut picture);
    for number in there as u64..frames as u64 {
        spool.fetch(number, &mut picture);
        if picture.is_empty() {
            // The first of them was cut off while it was written: it was the newest, too.
            return Ok(());
        }
        encoder.push(&picture)?;
    }
    encoder.finish()?;
    let built_in = encoding.is_built_in();
    let more = stream_path(aside, &camera.key, built_in);
    let old = find_stream(run, &camera.key);
    append(run, &camera.key, old.as_deref(), &more)
}

/// Puts the records of `more` behind those of the stream that is there.
fn append(run: &Path, camera: &str, old: Option<&Path>, more: &Path) -> Result<()> {
    let path = stream_path(run, camera, !is_fragments(more));
    let part = path.with_extension("log.part");
    let mut log = RecordLog::create(&RealFs, &part)?;
    let mut records = RecordReader::open(more)?;
    let mut there = match old {
        Some(old) if old == path => Some(RecordReader::open(old)?),
        // A stream of another codec is not continued.
        Some(_) => return remove_if_there(&RealFs, &part),
        None => None,
    };
    if is_fragments(more) {
        let head = records.next().unwrap_or_default();
        let begun = there.as_mut().and_then(RecordReader::next);
        if begun.as_ref().is_some_and(|begun| *begun != head) {
            // This encoder is not the one that began it: what is encoded already counts for more.
            return remove_if_there(&RealFs, &part);
        }
        log.append(&head)?;
    }
    for record in there.into_iter().flatten().chain(records) {
        log.append(&record)?;
    }
    log.sync()?;
    let folder = parent(&path);
    RealFs.rename(&part, &path).at("put in place", &path)?;
    RealFs.sync_dir(&folder).at("sync the folder", &folder)
}
