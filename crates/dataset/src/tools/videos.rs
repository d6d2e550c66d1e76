//! The video files of an edited dataset: packets are moved, pictures encoded anew only where a cut lies between two key
//! frames, or where another codec is asked for.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use shiguredo_mp4::boxes::SampleEntry;

use crate::episodes::VideoSpan;
use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::fs::STAGING;
use crate::info::Info;
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::tools::carry::take_over;
use crate::tools::data::size_limit;
use crate::tools::encode::encode;
use crate::tools::packets::PacketFile;
use crate::tools::plan::{Packing, Plan};
use crate::tools::splice::{Part, splice};
use crate::tools::work::{Edited, Work};
use crate::video::Encoding;

/// Where the video of an episode is.
pub(crate) fn video_path(
    dataset: &Dataset,
    camera: &str,
    episode: usize,
) -> Result<(PathBuf, VideoSpan)> {
    let span = dataset.episode_row(episode)?.videos.get(camera).copied();
    let span = span.ok_or_else(|| {
        let reason = "meta/episodes doesn't say where its pictures are";
        DatasetError::invalid(format!("camera `{camera}` of episode {episode}"), reason)
    })?;
    let path = dataset
        .root()
        .join(dataset.info().video_file(camera, span.file)?);
    match path.exists() {
        true => Ok((path, span)),
        false => Err(DatasetError::MissingFile {
            what: format!("the pictures of camera `{camera}`"),
            path,
        }),
    }
}

/// The pictures of one episode of the result, in files of one codec description.
struct Pieces {
    ranges: Vec<(PathBuf, Range<usize>)>,
    /// Which source file they come from.
    origin: (usize, FileIndex),
    entry: Option<SampleEntry>,
    bytes: u64,
}

struct Camera<'a> {
    plan: &'a Plan,
    feature: &'a Feature,
    info: &'a Info,
    root: &'a Path,
    /// The indexes of the files that are or were in use.
    files: BTreeMap<PathBuf, PacketFile>,
    spans: Vec<VideoSpan>,
    next: FileIndex,
}

/// Writes the videos of one camera; says where each episode's pictures are.
pub(crate) fn write(
    plan: &Plan,
    feature: &Feature,
    info: &Info,
    root: &Path,
    work: &mut Work,
    edited: &mut Edited,
) -> Result<Vec<VideoSpan>> {
    let steps = 1 + u64::from(plan.anew.videos.is_some());
    work.step("pictures", plan.frames() * steps)?;
    let none = VideoSpan {
        file: FileIndex::default(),
        from: 0.0,
        to: 0.0,
    };
    let mut camera = Camera {
        plan,
        feature,
        info,
        root,
        files: BTreeMap::new(),
        spans: vec![none; plan.takes.len()],
        next: FileIndex::default(),
    };
    let limit = size_limit(info, "video_files_size_in_mb", 200);
    let mut group: Vec<(usize, Pieces)> = Vec::new();
    for number in 0..plan.takes.len() {
        let pieces = camera.pieces(number, work, edited)?;
        let bytes: u64 = group.iter().map(|(_, pieces)| pieces.bytes).sum();
        let apart = group.last().is_some_and(|(_, last)| {
            last.entry != pieces.entry
                || match plan.packing {
                    Packing::Keep => last.origin != pieces.origin,
                    Packing::Fill => bytes + pieces.bytes >= limit,
                }
        });
        if apart {
            camera.write_file(std::mem::take(&mut group), work, edited)?;
        }
        group.push((number, pieces));
    }
    if !group.is_empty() {
        camera.write_file(group, work, edited)?;
    }
    Ok(camera.spans)
}

impl Camera<'_> {
    fn index(&mut self, path: &Path) -> Result<&PacketFile> {
        if !self.files.contains_key(path) {
            self.files.insert(path.to_owned(), PacketFile::open(path)?);
        }
        // It is there now.
        Ok(&self.files[path])
    }

    /// Finds the pictures of an episode of the result; encodes those that cannot be taken as they are.
    fn pieces(&mut self, number: usize, work: &mut Work, edited: &mut Edited) -> Result<Pieces> {
        let take = &self.plan.takes[number];
        let source = &self.plan.sources[take.source];
        let (path, span) = video_path(source, &self.feature.key, take.episode)?;
        let origin = (take.source, span.file);
        let ranges = match &self.plan.anew.videos {
            Some(encoding) => {
                let encoding = encoding.clone();
                let all = take.frames.clone();
                vec![self.encoded(number, all, &encoding, work, edited)?]
            }
            None => self.cut(number, &path, span, work, edited)?,
        };
        let mut entry = None;
        let mut bytes = 0;
        for (path, range) in &ranges {
            let range = range.clone();
            let part = part(self.index(path)?, range)?;
            bytes += part.bytes();
            entry = entry.or(part.entry());
        }
        Ok(Pieces {
            ranges,
            origin,
            entry,
            bytes,
        })
    }

    /// The packets of an episode's pictures; where they begin between two key frames, the first ones are encoded anew.
    fn cut(
        &mut self,
        number: usize,
        path: &Path,
        span: VideoSpan,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<Vec<(PathBuf, Range<usize>)>> {
        let (take, fps) = (&self.plan.takes[number], self.info.fps);
        let start = span.from + take.frames.start as f64 / f64::from(fps);
        let frames = take.frames.len();
        let index = self.index(path)?;
        let places = index.places(start, frames, fps)?;
        if index.cut(places.clone()).is_some() {
            return Ok(vec![(path.to_owned(), places)]);
        }
        let codec = index.codec();
        let key = index.next_key(places.start).filter(|key| *key < places.end);
        let rest = key.and_then(|key| {
            let cut = index.cut(key..places.end)?;
            Some((key, index.entry(cut.first()?.0)))
        });
        if let (Some((key, entry)), "h264") = (rest, codec) {
            let head = take.frames.start..take.frames.start + (key - places.start);
            let (file, range) = self.encoded(number, head, &Encoding::built_in(), work, edited)?;
            let encoded = part(self.index(&file)?, range.clone())?.entry();
            if encoded.as_ref() == Some(&entry) {
                return Ok(vec![(file, range), (path.to_owned(), key..places.end)]);
            }
            self.forget(&file);
        }
        let encoding = Encoding::like(self.feature, codec);
        let all = take.frames.clone();
        Ok(vec![self.encoded(number, all, &encoding, work, edited)?])
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
        let path = encode(
            work,
            source,
            self.feature,
            (take.episode, frames),
            encoding,
            &folder,
        )?;
        edited.pictures_encoded += count as u64;
        let found = self.index(&path)?.len();
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
        group: Vec<(usize, Pieces)>,
        work: &mut Work,
        edited: &mut Edited,
    ) -> Result<()> {
        let relative = self.info.video_file(&self.feature.key, self.next)?;
        let fps = f64::from(self.info.fps);
        if let Some(path) = self.whole_file(&group) {
            take_over(work, &path, self.root, &relative)?;
            edited.files_kept += 1;
            for (number, pieces) in &group {
                let take = &self.plan.takes[*number];
                let source = &self.plan.sources[take.source];
                let (_, span) = video_path(source, &self.feature.key, take.episode)?;
                self.spans[*number] = VideoSpan {
                    file: self.next,
                    ..span
                };
                let frames = pieces.ranges.iter().map(|(_, range)| range.len() as u64);
                work.advance(frames.sum())?;
            }
        } else {
            let ranges = || group.iter().flat_map(|(_, pieces)| &pieces.ranges);
            let parts: Vec<Part> = ranges()
                .map(|(path, range)| part(&self.files[path], range.clone()))
                .collect::<Result<_>>()?;
            splice(work, self.root, &relative, &parts, self.info.fps)?;
            edited.files_written += 1;
            let mut frames = 0;
            for (number, pieces) in &group {
                let from = frames;
                frames += pieces
                    .ranges
                    .iter()
                    .map(|(_, range)| range.len())
                    .sum::<usize>();
                self.spans[*number] = VideoSpan {
                    file: self.next,
                    from: from as f64 / fps,
                    to: frames as f64 / fps,
                };
            }
        }
        for (path, _) in group.into_iter().flat_map(|(_, pieces)| pieces.ranges) {
            if self.is_temporary(&path) {
                self.forget(&path);
            }
        }
        self.next = self.next.next(self.info.chunks_size);
        Ok(())
    }

    /// The file whose pictures these are, all of them and in order.
    fn whole_file(&self, group: &[(usize, Pieces)]) -> Option<PathBuf> {
        let (path, _) = group.first()?.1.ranges.first()?;
        let mut next = 0;
        for (at, range) in group.iter().flat_map(|(_, pieces)| &pieces.ranges) {
            if at != path || range.start != next {
                return None;
            }
            next = range.end;
        }
        let whole = next == self.files.get(path)?.len() && !self.is_temporary(path);
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
