//! The video files: there, of the right size, with exactly the pictures of their episodes at the right times.

use std::collections::BTreeMap;

use crate::check::Report;
use crate::episodes::{EpisodeRow, VideoSpan};
use crate::features::Feature;
use crate::pictures::TOLERANCE;
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::video::VideoFile;

pub(super) fn check(dataset: &Dataset, report: &mut Report) {
    for camera in dataset.info().cameras() {
        let mut files: BTreeMap<FileIndex, Vec<(&EpisodeRow, VideoSpan)>> = BTreeMap::new();
        for row in dataset.episodes() {
            match row.videos.get(&camera.key) {
                Some(span) => files.entry(span.file).or_default().push((row, *span)),
                None => {
                    let message = format!("the table doesn't say where `{}` is", camera.key);
                    report.episode_error(row.episode_index, "missing-video", message);
                }
            }
        }
        for (at, episodes) in files {
            file(dataset, camera, at, &episodes, report);
        }
    }
}

fn file(
    dataset: &Dataset,
    camera: &Feature,
    at: FileIndex,
    episodes: &[(&EpisodeRow, VideoSpan)],
    report: &mut Report,
) {
    let path = match dataset.info().video_file(&camera.key, at) {
        Ok(path) => path,
        Err(error) => return report.error("missing-video", error.to_string()),
    };
    let name = path.display();
    // Each episode is named, so that each gets its grade.
    let mut all = |code: &'static str, message: String| {
        for (row, _) in episodes {
            report.episode_error(row.episode_index, code, message.clone());
            if let Some(last) = report.findings.last_mut() {
                last.camera = Some(camera.key.clone());
            }
        }
    };
    if !dataset.root().join(&path).is_file() {
        return all("missing-video", format!("{name} is missing"));
    }
    let video = match VideoFile::open(&dataset.root().join(&path)) {
        Ok(video) => video,
        Err(error) => return all("video", error.to_string()),
    };
    report.videos_read += 1;
    if camera.shape.get(..2) != Some(&[video.height, video.width]) {
        let message = format!(
            "{name} has pictures of {}x{}, meta/info.json says {:?} (height, width, colours)",
            video.width, video.height, camera.shape
        );
        report.error("video-size", message);
    }
    let expected: u128 = episodes.iter().map(|(row, _)| u128::from(row.length)).sum();
    let found = video.len();
    if expected != found as u128 {
        let message = format!("{name} has {found} pictures, its episodes have {expected} frames");
        report.error("video-frames", message);
    }
    let fps = f64::from(dataset.fps());
    let mut end = 0.0;
    for (row, span) in episodes {
        let k = row.episode_index;
        let long = row.length as f64 / fps;
        let lasts = span.to - span.from;
        let fits = (lasts - long).abs() <= TOLERANCE;
        if !fits || span.from < end - TOLERANCE {
            let message = format!(
                "its pictures are said to be at {} to {} s of {name}; it is {long} s long, and the \
                 episode before ends at {end} s",
                span.from, span.to
            );
            report.episode_error(k, "video-span", message);
        }
        end = span.to;
        // A row may claim any length; more frames than the file has pictures are reported above.
        let frames = row.length.min(found as u64);
        let absent = (0..frames).find_map(|frame| {
            let time = span.from + frame as f64 / fps;
            Some((frame, video.at_time(time, TOLERANCE).err()?))
        });
        if let Some((frame, error)) = absent {
            report.error("video-time", error.to_string());
            report.at(k, Some(frame));
        }
    }
}
