//! Where the pictures of an edit come from: which places of which video files, episode by episode.

use std::ops::Range;
use std::path::PathBuf;

use crate::episodes::VideoSpan;
use crate::error::{DatasetError, Result};
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::tools::packets::PacketFiles;
use crate::tools::plan::Plan;

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

/// Episodes of the result whose pictures follow each other in one file of a source.
pub(super) struct Run {
    pub(super) takes: Range<usize>,
    pub(super) source: usize,
    pub(super) file: FileIndex,
    pub(super) path: PathBuf,
    /// The places of each episode's pictures; none for one whose pictures do not follow each other.
    pub(super) places: Vec<Option<Range<usize>>>,
}

impl Run {
    /// How many of its pictures cannot be taken as they are.
    pub(super) fn to_encode(&self, plan: &Plan, files: &PacketFiles) -> usize {
        let Some(file) = files.get(&self.path) else {
            return 0;
        };
        let mut count = 0;
        for places in &self.places {
            let Some(places) = places else {
                return plan.takes[self.takes.start].frames.len();
            };
            let key = file.next_key(places.start);
            match key.filter(|key| *key < places.end) {
                Some(key) if file.codec() == "h264" || key == places.start => {
                    return count + (key - places.start);
                }
                _ => count += places.len(),
            }
        }
        count
    }
}

/// Where the pictures of one camera are for all episodes of the result, those that follow each other in a file together.
pub(super) fn runs(plan: &Plan, key: &str, fps: f64, files: &mut PacketFiles) -> Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for (number, take) in plan.takes.iter().enumerate() {
        let source = &plan.sources[take.source];
        let (path, span) = video_path(source, key, take.episode)?;
        let times: Vec<f64> = (0..take.frames.len())
            .map(|frame| span.from + take.time(frame, fps))
            .collect();
        let places = files.open(&path)?.places(&times)?;
        // Episodes that are re-encoded are so one by one.
        let together = plan.recompute.videos.is_none() && take.is_on_grid();
        if let Some(run) = runs.last_mut()
            && together
            && let (Some(Some(last)), Some(here)) = (run.places.last(), &places)
            && (run.source, &run.path) == (take.source, &path)
            && last.end == here.start
            && plan.takes[number - 1].is_on_grid()
        {
            run.takes.end = number + 1;
            run.places.push(places);
            continue;
        }
        runs.push(Run {
            takes: number..number + 1,
            source: take.source,
            file: span.file,
            path,
            places: vec![places],
        });
    }
    Ok(runs)
}
