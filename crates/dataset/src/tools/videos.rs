//! The video files of an edited dataset: packets are moved, pictures re-encoded only where a cut lies between two key
//! frames, or where another codec is asked for.

use std::ops::Range;
use std::path::{Path, PathBuf};

use shiguredo_mp4::boxes::SampleEntry;

use crate::episodes::VideoSpan;
use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::fs::STAGING;
use crate::info::Info;
use crate::template::FileIndex;
use crate::tools::carry::take_over;
use crate::tools::data::size_limit;
use crate::tools::encode::encode;
use crate::tools::packets::{PacketFile, PacketFiles};
use crate::tools::plan::{Column, Packing, Plan};
use crate::tools::splice::{Part, splice};
use crate::tools::video_runs::{Run, runs};
use crate::tools::work::{Edited, Work};
use crate::video::Encoding;

/// A file, and which of its pictures.
type Piece = (PathBuf, Range<usize>);

/// The pictures of episodes of the result that follow each other, in files of one codec description.
struct Pieces {
    /// Which episodes of the result.
    takes: Range<usize>,
    ranges: Vec<(PathBuf, Range<usize>)>,
    /// Which source file they come from.
    origin: (usize, FileIndex),
    entry: Option<SampleEntry>,
    bytes: u64,
}

struct Camera<'a> {
    plan: &'a Plan,
    feature: &'a Feature,
    /// Its key in the sources.
    key: &'a str,
    info: &'a Info,
    root: &'a Path,
    /// The indexes of the files that are or were in use.
    files: PacketFiles,
    spans: Vec<VideoSpan>,
    next: FileIndex,
}

/// Writes the videos of one camera; says where each episode's pictures are.
pub(crate) fn write(
    plan: &Plan,
    column: &Column,
    info: &Info,
    root: &Path,
    work: &mut Work,
    edited: &mut Edited,
) -> Result<Vec<VideoSpan>> {
    let steps = 1 + u64::from(plan.recompute.videos.is_some());
    work.step("pictures", plan.frames() * steps)?;
    let none = VideoSpan {
        file: FileIndex::default(),
        from: 0.0,
        to: 0.0,
    };
    let mut camera = Camera {
        plan,
        feature: &column.feature,
        key: &column.from,
        info,
        root,
        files: PacketFiles::default(),
        spans: vec![none; plan.takes.len()],
        next: FileIndex::default(),
    };
    let limit = size_limit(info, "video_files_size_in_mb", 200);
    let runs = runs(plan, camera.key, info.fps, &mut camera.files)?;
    camera.say_before(&runs, work)?;
    let mut group: Vec<Pieces> = Vec::new();
    let mut bytes = 0;
    for run in &runs {
        for pieces in camera.pieces(run, work, edited)? {
            let apart = group.last().is_some_and(|last| {
                last.entry != pieces.entry
                    || match plan.packing {
                        Packing::Keep => last.origin != pieces.origin,
                        Packing::Fill => bytes + pieces.bytes >= limit,
                    }
            });
            if apart {
                camera.write_file(std::mem::take(&mut group), work, edited)?;
                bytes = 0;
            }
            bytes += pieces.bytes;
            group.push(pieces);
        }
    }
    if !group.is_empty() {
        camera.write_file(group, work, edited)?;
    }
    Ok(camera.spans)
}

impl Camera<'_> {
    /// Says how many pictures are going to be re-encoded, and why.
    fn say_before(&self, runs: &[Run], work: &mut Work) -> Result<()> {
        if self.plan.recompute.videos.is_some() {
            return Ok(());
        }
        let count: usize = runs
            .iter()
            .map(|run| run.to_encode(self.plan, &self.files))
            .sum();
        match count {
            0 => Ok(()),
            _ => work.say(format!(
                "{count} pictures of `{}` lie in a group of pictures that is cut, and are re-encoded",
                self.feature.key
            )),
        }
    }

    /// Finds the pictures of a run; encodes those that cannot be taken as they are.
    fn pieces(&mut self, run: &Run, work: &mut Work, edited: &mut Edited) -> Result<Vec<Pieces>> {
        let mut out = Vec::new();
        let end = run
            .places
            .last()
            .and_then(|places| places.as_ref().map(|p| p.end));
        for (number, places) in run.takes.clone().zip(&run.places) {
            let frames = self.plan.takes[number].frames.clone();
            let rest = number..run.takes.end;
            if let Some(encoding) = self.plan.recompute.videos.clone() {
                let ranges = vec![self.encoded(number, frames, &encoding, work, edited)?];
                out.push(self.piece(run, number..number + 1, ranges)?);
                continue;
            }
            if let (Some(places), Some(end)) = (places, end) {
                let index = self.files.open(&run.path)?;
                if index.cut(places.start..end).is_some() {
                    let ranges = vec![(run.path.clone(), places.start..end)];
                    out.push(self.piece(run, rest, ranges)?);
                    return Ok(out);
                }
                if let Some(ranges) =
                    self.with_new_head(run, number, places.clone(), end, work, edited)?
                {
                    out.push(self.piece(run, rest, ranges)?);
                    return Ok(out);
                }
            }
            let codec = self.files.open(&run.path)?.codec();
            let encoding = Encoding::like(self.feature, codec);
            let ranges = vec![self.encoded(number, frames, &encoding, work, edited)?];
            out.push(self.piece(run, number..number + 1, ranges)?);
        }
        Ok(out)
    }

    /// The first pictures re-encoded, up to the next key frame, and the others as they are; none where the codec
    /// doesn't allow that.
    fn with_new_head(
        &mut self,
        run: &Run,
        number: usize,
        places: Range<usize>,
        end: usize,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<Option<Vec<Piece>>> {
        let index = self.files.open(&run.path)?;
        let key = index.next_key(places.start).filter(|key| *key < places.end);
        let rest = key.and_then(|key| {
            let cut = index.cut(key..end)?;
            Some((key, index.entry(cut.first()?.0)))
        });
        let (Some((key, entry)), "h264") = (rest, index.codec()) else {
            return Ok(None);
        };
        let start = self.plan.takes[number].frames.start;
        let head = start..start + (key - places.start);
        let (file, range) = self.encoded(number, head, &Encoding::built_in(), work, edited)?;
        let encoded = part(self.files.open(&file)?, range.clone())?.entry();
        if encoded.as_ref() == Some(&entry) {
            return Ok(Some(vec![(file, range), (run.path.clone(), key..end)]));
        }
        self.forget(&file);
        Ok(None)
    }

    fn piece(
        &mut self,
        run: &Run,
        takes: Range<usize>,
        ranges: Vec<(PathBuf, Range<usize>)>,
    ) -> Result<Pieces> {
        let mut entry = None;
        let mut bytes = 0;
        for (path, range) in &ranges {
            let range = range.clone();
            let part = part(self.files.open(path)?, range)?;
            bytes += part.bytes();
            entry = entry.or(part.entry());
        }
        Ok(Pieces {
            takes,
            ranges,
            origin: (run.source, run.file),
            entry,
            bytes,
        })
    }

    /// Encodes frames of an episode into a file that lives until it has been used.
    fn encoded(
        &mut self,
        number: usize,
        frames: Range<usize>,
        encoding: &Encoding,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<(PathBuf, Range<usize>)> {
        let take = &self.plan.takes[number];
        let source = &self.plan.sources[take.source];
        let count = frames.len();
        let folder = self.root.join(STAGING).join(format!("encode-{number}"));
        // The encoder goes by the declaration; what is encoded is the source's.
        let declared = Feature {
            key: self.key.to_owned(),
            ..self.feature.clone()
        };
        let path = encode(
            work,
            source,
            &declared,
            (take.episode, frames),
            encoding,
            &folder,
        )?;
        edited.pictures_encoded += count as u64;
        let found = self.files.open(&path)?.len();
        match found == count {
            true => Ok((path, 0..count)),
            false => Err(DatasetError::video(
                &path,
                format!("the encoder made {found} pictures of {count}"),
            )),
        }
    }

    fn is_temporary(&self, path: &Path) -> bool {
        path.starts_with(self.root.join(STAGING))
    }

    fn forget(&mut self, path: &Path) {
        self.files.remove(path);
        if let Some(folder) = path.parent() {
            // What stays goes with the staging folder.
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    fn write_file(
        &mut self,
        group: Vec<Pieces>,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<()> {
        let relative = self.info.video_file(&self.feature.key, self.next)?;
        let takes = || group.iter().flat_map(|pieces| pieces.takes.clone());
        let frames: u64 = takes()
            .map(|number| self.plan.takes[number].frames.len() as u64)
            .sum();
        let whole = self.whole_file(&group);
        if let Some(path) = &whole {
            take_over(work, path, self.root, &relative)?;
            edited.files_kept += 1;
            work.advance(frames)?;
        } else {
            let ranges = || group.iter().flat_map(|pieces| &pieces.ranges);
            for (path, _) in ranges() {
                self.files.open(path)?;
            }
            let known = ranges().filter_map(|(path, range)| Some((self.files.get(path)?, range)));
            let parts: Vec<Part> = known
                .map(|(file, range)| part(file, range.clone()))
                .collect::<Result<_>>()?;
            splice(work, self.root, &relative, &parts, self.info.fps)?;
            edited.files_written += 1;
        }
        let mut shown = 0;
        for number in takes() {
            let from = shown;
            shown += self.plan.takes[number].frames.len();
            self.spans[number] = VideoSpan {
                file: self.next,
                from: from as f64 / self.info.fps,
                to: shown as f64 / self.info.fps,
            };
        }
        for (path, _) in group.into_iter().flat_map(|pieces| pieces.ranges) {
            if self.is_temporary(&path) {
                self.forget(&path);
            }
        }
        self.next = self.next.next(self.info.chunks_size);
        Ok(())
    }

    /// The file whose pictures these are, all of them, in order, and at the times that the frame rate gives.
    fn whole_file(&self, group: &[Pieces]) -> Option<PathBuf> {
        let (path, _) = group.first()?.ranges.first()?;
        let mut next = 0;
        for (at, range) in group.iter().flat_map(|pieces| &pieces.ranges) {
            if at != path || range.start != next {
                return None;
            }
            next = range.end;
        }
        let file = self.files.get(path)?;
        let whole =
            next == file.len() && !self.is_temporary(path) && file.is_on_grid(self.info.fps);
        whole.then(|| path.clone())
    }
}

fn part(file: &PacketFile, range: Range<usize>) -> Result<Part<'_>> {
    let packets = file.cut(range.clone()).ok_or_else(|| {
        let reason = format!("pictures {range:?} cannot be cut out of it");
        DatasetError::video(&file.path, reason)
    })?;
    Ok(Part { file, packets })
}
