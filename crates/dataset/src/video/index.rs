//! The index of an mp4 file's video track: where each picture's bytes are, and when it is shown. Whatever the bytes are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use shiguredo_mp4::aux::SampleTableAccessor;
use shiguredo_mp4::boxes::{FtypBox, HdlrBox, MoovBox, SampleEntry, StblBox, TrakBox};
use shiguredo_mp4::{BoxHeader, Decode};

use crate::error::{DatasetError, IoContext, Result};

/// An index may have this many bytes, and half as many as the file, which is far more than pictures leave for it.
const SMALL_INDEX: u64 = 8 << 20;
/// A file may list this many pictures, and one for each eight bytes: even a picture in which nothing changes has more.
const FEW_PICTURES: u64 = 1 << 20;
/// Boxes before the index. Whole files have three or four.
const MAX_BOXES: usize = 1 << 16;
/// Descriptions of the codec: one, or one for each file of which this one was put together.
const MAX_DESCRIPTIONS: usize = 4096;
const MAX_PICTURE_BYTES: usize = 64 << 20;

/// One compressed picture, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PictureAt {
    offset: u64,
    pub(crate) size: usize,
    pub(crate) keyframe: bool,
    /// Which of the file's codec descriptions holds for it.
    pub(crate) entry: usize,
    /// When it is shown, in ticks since the first picture that is shown.
    pub(crate) ticks: i64,
}

impl PictureAt {
    /// The bytes of the picture, out of its file.
    pub(crate) fn read(&self, file: &mut File, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = vec![0; self.size];
        file.seek(SeekFrom::Start(self.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .at("read", path)?;
        Ok(bytes)
    }
}

/// The index of the only video track.
#[derive(Clone, Debug)]
pub(crate) struct TrackIndex {
    /// What describes the codec; at least one.
    pub(crate) entries: Vec<SampleEntry>,
    timescale: u32,
    pub(crate) pictures: Vec<PictureAt>,
    /// Positions in `pictures` in the order in which they are shown.
    pub(crate) shown: Vec<usize>,
}

impl TrackIndex {
    /// Reads the index of an open file, of which `path` is the name.
    pub(crate) fn read(file: &mut File, path: &Path) -> Result<TrackIndex> {
        let length = file.metadata().at("read", path)?.len();
        let parsed = catch_unwind(AssertUnwindSafe(|| parse(file, length)));
        let parsed = parsed.unwrap_or_else(|_| Err("its index contradicts itself".to_owned()));
        parsed.map_err(|reason| DatasetError::video(path, reason))
    }

    /// When a picture is shown, in seconds after the first.
    pub(crate) fn seconds(&self, picture: usize) -> f64 {
        self.pictures[picture].ticks as f64 / f64::from(self.timescale)
    }
}

fn parse(file: &mut File, length: u64) -> Result<TrackIndex, String> {
    let moov = read_moov(file, length)?;
    let is_video =
        |track: &TrakBox| track.mdia_box.hdlr_box.handler_type == HdlrBox::HANDLER_TYPE_VIDE;
    let mut videos: Vec<TrakBox> = moov.trak_boxes.into_iter().filter(is_video).collect();
    let (Some(video), true) = (videos.pop(), videos.is_empty()) else {
        let count = videos.len();
        return Err(match count {
            0 => "holds no video track, one is expected".to_owned(),
            _ => format!("holds {} video tracks, one is expected", count + 1),
        });
    };
    let timescale = video.mdia_box.mdhd_box.timescale.get();
    let table = SampleTableAccessor::new(video.mdia_box.minf_box.stbl_box);
    pictures(&table.map_err(|e| damaged(&e))?, timescale, length)
}

fn damaged(error: &dyn ToString) -> String {
    format!("its index is damaged: {}", error.to_string())
}

/// Reads the box that holds the index, wherever in the file it stands.
fn read_moov(file: &mut File, length: u64) -> Result<MoovBox, String> {
    let mut read = |at: u64, most: u64| {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(at))
            .and_then(|_| file.by_ref().take(most).read_to_end(&mut bytes))
            .map(|_| bytes)
            .map_err(|error| format!("cannot be read: {error}"))
    };
    let mut at = 0;
    for number in 0..MAX_BOXES {
        if at >= length {
            return Err("its index is damaged: there is none".to_owned());
        }
        let head = read(at, BoxHeader::MAX_SIZE as u64)?;
        let (header, _) = BoxHeader::decode(&head).map_err(|e| damaged(&e))?;
        if number == 0 && header.box_type != FtypBox::TYPE {
            return Err("its index is damaged: it doesn't begin as an mp4 does".to_owned());
        }
        // The last box may leave its size open.
        let size = match header.box_size.get() {
            0 => length - at,
            size => size,
        };
        if header.box_type == MoovBox::TYPE {
            if size > length - at {
                return Err(
                    "its index is damaged: it goes on beyond the end of the file".to_owned(),
                );
            }
            let most = SMALL_INDEX + length / 2;
            if size > most {
                return Err(format!(
                    "its index has {size} bytes; of a file of this size at most {most} are read"
                ));
            }
            let bytes = read(at, size)?;
            return MoovBox::decode(&bytes)
                .map(|(moov, _)| moov)
                .map_err(|e| damaged(&e));
        }
        at = at
            .checked_add(size)
            .ok_or("its index is damaged: a box ends nowhere")?;
    }
    Err(format!(
        "its index is not among its first {MAX_BOXES} boxes"
    ))
}

fn pictures(
    table: &SampleTableAccessor<StblBox>,
    timescale: u32,
    length: u64,
) -> Result<TrackIndex, String> {
    let count = u64::from(table.sample_count());
    let most = FEW_PICTURES + length / 8;
    if count > most {
        return Err(format!(
            "its index lists {count} pictures; of a file of {length} bytes at most {most} are read"
        ));
    }
    let mut entries: Vec<SampleEntry> = Vec::new();
    // Which of them each of the file's descriptions is: concatenated files may repeat one.
    let mut known: BTreeMap<usize, usize> = BTreeMap::new();
    let mut pictures = Vec::new();
    // Pictures don't overlap, so together they are no longer than the file.
    let mut room = length;
    for sample in table.samples() {
        let chunk = sample.chunk();
        let described = chunk.sample_entry_index();
        let entry = match known.get(&described) {
            Some(entry) => *entry,
            None if known.len() == MAX_DESCRIPTIONS => {
                return Err(format!(
                    "describes its codec more than {MAX_DESCRIPTIONS} times"
                ));
            }
            None => {
                let new = chunk.sample_entry();
                let known_entry = entries.iter().position(|known| known == new);
                let entry = known_entry.unwrap_or(entries.len());
                if entry == entries.len() {
                    entries.push(new.clone());
                }
                known.insert(described, entry);
                entry
            }
        };
        let (offset, size) = (sample.data_offset(), u64::from(sample.data_size()));
        let end = offset.checked_add(size);
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= MAX_PICTURE_BYTES);
        let number = pictures.len();
        let (Some(size), true) = (size, end.is_some_and(|end| end <= length)) else {
            return Err(format!("picture {number} lies beyond its end"));
        };
        room = room.checked_sub(size as u64).ok_or_else(|| {
            format!(
                "its index lists {count} pictures that are together longer than its {length} bytes"
            )
        })?;
        let start = i64::try_from(sample.timestamp()).map_err(|e| damaged(&e))?;
        let shown = start.checked_add(sample.composition_time_offset().unwrap_or(0));
        pictures.push(PictureAt {
            offset,
            size,
            keyframe: sample.is_sync_sample(),
            entry,
            ticks: shown.ok_or_else(|| damaged(&"a time overflows"))?,
        });
    }
    if entries.is_empty() {
        return Err("holds no pictures".to_owned());
    }
    // Encoders that delay pictures shift all of them by an edit list; what counts is the first one shown.
    let first = pictures.iter().map(|p| p.ticks).min().unwrap_or(0);
    for picture in &mut pictures {
        picture.ticks = picture.ticks.saturating_sub(first);
    }
    let mut shown: Vec<usize> = (0..pictures.len()).collect();
    shown.sort_by_key(|at| pictures[*at].ticks);
    Ok(TrackIndex {
        entries,
        timescale,
        pictures,
        shown,
    })
}
