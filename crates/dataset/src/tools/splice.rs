//! Writing an mp4 from packets of other files, on an exact grid, without decoding anything.
//!
//! The index is `shiguredo_mp4`'s, as everywhere; its head is put together in `video/mux.rs`.

use std::io::{BufWriter, Write};
use std::num::NonZeroU32;
use std::path::Path;

use shiguredo_mp4::boxes::SampleEntry;

use crate::error::{DatasetError, IoContext, Result};
use crate::fs::STAGING;
use crate::place_file::move_into;
use crate::tools::packets::PacketFile;
use crate::tools::work::Work;
use crate::video::{Mp4Index, TICKS_PER_FRAME, index_room};
use crate::{inside, rate};

/// Pictures of one file that follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Part<'a> {
    pub(crate) file: &'a PacketFile,
    /// The packets in the order of the file, each with its place among them in the order of showing.
    pub(crate) packets: Vec<(usize, usize)>,
}

impl Part<'_> {
    pub(crate) fn bytes(&self) -> u64 {
        let sizes = self
            .packets
            .iter()
            .map(|(at, _)| self.file.packets()[*at].size);
        sizes.map(|size| size as u64).sum()
    }

    /// What describes the codec.
    pub(crate) fn entry(&self) -> Option<SampleEntry> {
        self.packets.first().map(|(at, _)| self.file.entry(*at))
    }
}

/// Writes the parts one after the other into `root/relative`, reads the file back and compares. The parts must share
/// one description of their codec.
pub(crate) fn splice(
    work: &mut Work,
    root: &Path,
    relative: &Path,
    parts: &[Part],
    fps: f64,
) -> Result<()> {
    let target = root.join(relative);
    let aside = root.join(STAGING).join("writing");
    let header = header(&target, parts, fps)?;
    let fs = work.fs.clone();
    let file = inside::create(&*fs, &aside)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(&header).at("write", &aside)?;
    let mut sum = crc32fast::Hasher::new();
    for part in parts {
        let mut reader = part.file.reader()?;
        for (at, _) in &part.packets {
            let packet = reader.read(*at)?;
            sum.update(&packet);
            out.write_all(&packet).at("write", &aside)?;
            work.advance(1)?;
        }
    }
    let mut file = out
        .into_inner()
        .map_err(|error| error.into_error())
        .at("write", &aside)?;
    file.sync().at("sync", &aside)?;
    drop(file);
    verify(&aside, sum.finalize())?;
    move_into(&*fs, root, &aside, relative)
}

/// The packets of a file that was just written must be those that went in.
fn verify(path: &Path, expected: u32) -> Result<()> {
    let written = PacketFile::open(path)?;
    let mut reader = written.reader()?;
    let mut sum = crc32fast::Hasher::new();
    for at in 0..written.len() {
        sum.update(&reader.read(at)?);
    }
    match sum.finalize() == expected {
        true => Ok(()),
        false => Err(DatasetError::video(
            path,
            "what was written is not what is read back; check the disk",
        )),
    }
}

/// Everything before the pictures: with all sizes known, the index can be complete before the first is written.
fn header(path: &Path, parts: &[Part], fps: f64) -> Result<Vec<u8>> {
    let fail = |reason: String| DatasetError::video(path, reason);
    let (scale, duration) = rate::ticks(fps, TICKS_PER_FRAME)
        .ok_or_else(|| fail(format!("{fps} frames/s cannot be written")))?;
    let timescale = NonZeroU32::new(scale).ok_or_else(|| fail("has no rate".to_owned()))?;
    let frames: usize = parts.iter().map(|part| part.packets.len()).sum();
    // Room for the times of pictures that are not shown in the order of the file comes on top.
    let entry = parts.first().and_then(Part::entry);
    let room = index_room(frames, entry.as_ref()) + 8 * frames + 64;
    let mut index = Mp4Index::new(entry, room, (timescale, duration)).map_err(fail)?;
    let reordered = parts.iter().any(|part| {
        part.packets
            .iter()
            .enumerate()
            .any(|(k, (_, place))| k != *place)
    });
    for part in parts {
        for (k, (at, place)) in part.packets.iter().enumerate() {
            let packet = part.file.packets()[*at];
            let later = reordered.then_some(*place as i64 - k as i64);
            index
                .add(packet.size, packet.keyframe, later)
                .map_err(fail)?;
        }
    }
    index.finish().map_err(fail)
}
