//! The video files: there, of the right size, with a picture for every frame of their episodes at the right time.

use std::collections::BTreeMap;

use crate::check::rows::Seen;
use crate::check::stand_ins::{StandIns, message};
use crate::check::{CheckReport, Finding, Severity};
use crate::episodes::{EpisodeRow, VideoSpan};
use crate::features::Feature;
use crate::format::Format;
use crate::pictures::TOLERANCE;
use crate::reader::Dataset;
use crate::template::FileIndex;
use crate::video::VideoFile;

pub(super) fn check(
    dataset: &Dataset,
    seen: &Seen,
    stand_ins: &StandIns,
    report: &mut CheckReport,
) {
    for camera in dataset.info().cameras() {
        let mut files: BTreeMap<FileIndex, Vec<(&EpisodeRow, VideoSpan)>> = BTreeMap::new();
        for row in dataset.episodes() {
            match row.videos.get(&camera.key) {
                Some(span) => files.entry(span.file).or_default().push((row, *span)),
                None => {
                    let message = format!("the table doesn't say where `{}` is", camera.key);
                    report.episode_error(row.episode_index, "missing-video", message);
                    report.about_camera(&camera.key);
                }
            }
        }
        let mut sizes = Vec::new();
        for (at, mut episodes) in files {
            episodes.sort_by(|(_, a), (_, b)| a.from.total_cmp(&b.from));
            let looked = File {
                dataset,
                camera,
                seen,
                stand_ins,
                episodes,
            };
            looked.check(at, &mut sizes, report);
        }
    }
}

/// A video file, and the episodes whose pictures are in it.
struct File<'a> {
    dataset: &'a Dataset,
    camera: &'a Feature,
    seen: &'a Seen,
    stand_ins: &'a StandIns,
    episodes: Vec<(&'a EpisodeRow, VideoSpan)>,
}

impl File<'_> {
    fn check(&self, at: FileIndex, sizes: &mut Vec<(usize, usize)>, report: &mut CheckReport) {
        let key = &self.camera.key;
        let relative = match self.dataset.info().video_file(key, at) {
            Ok(path) => path,
            Err(error) => {
                for (row, _) in &self.episodes {
                    report.episode_error(row.episode_index, "missing-video", error.to_string());
                    report.about_camera(key);
                }
                return;
            }
        };
        let path = self.dataset.root().join(&relative);
        let name = relative.display();
        // Each episode is named, so that each gets its grade.
        let mut all = |code: &'static str, message: String| {
            for (row, _) in &self.episodes {
                report.episode_error(row.episode_index, code, message.clone());
                // What has to be fetched has to be fetched for all cameras.
                if code != "placeholder" {
                    report.about_camera(key);
                }
            }
        };
        if let Some(what) = self.stand_ins.what(&path) {
            return all("placeholder", message(&path, what));
        }
        if !path.is_file() {
            return all("missing-video", format!("{name} is missing"));
        }
        let video = match VideoFile::open(&path) {
            Ok(video) => video,
            Err(error) => return all("video", error.to_string()),
        };
        report.videos_read += 1;
        let size = (video.height, video.width);
        let declared = self.camera.picture_shape();
        let fits = declared.is_some_and(|[height, width, _]| (height, width) == size);
        if !fits && !sizes.contains(&size) {
            sizes.push(size);
            let message = format!(
                "{name} has pictures of {}x{}, meta/info.json says {:?}",
                video.width, video.height, self.camera.shape
            );
            report.warning("video-size", message);
        }
        let expected = self.episodes.iter().map(|(row, _)| u128::from(row.length));
        let (expected, found) = (expected.sum::<u128>(), video.len() as u128);
        if found > expected {
            let message =
                format!("{name} has {found} pictures, its episodes have {expected} frames");
            report.add(Severity::Note, "video-frames", message);
        }
        self.spans(&video, &name.to_string(), report);
    }

    fn spans(&self, video: &VideoFile, name: &str, report: &mut CheckReport) {
        let fps = self.seen.rate.unwrap_or(self.dataset.fps());
        let mut end = 0.0;
        for (row, span) in &self.episodes {
            let k = row.episode_index;
            let long = row.length as f64 / fps;
            if span.from < end - TOLERANCE {
                let message = format!(
                    "its pictures are said to begin at {} s of {name}, where those of another episode go on to {end} s",
                    span.from
                );
                report.episode_error(k, "video-span", message);
                report.about_camera(&self.camera.key);
            }
            let old = self.dataset.info().format < Format::V3;
            if (span.to - span.from - long).abs() > TOLERANCE && !old {
                let message = format!(
                    "its pictures are said to be at {} to {} s of {name}; it is {long} s long",
                    span.from, span.to
                );
                report.add(Severity::Note, "video-end", message);
                report.at(k, None);
            }
            end = span.from + long;
            self.frames(video, row, *span, report);
        }
    }

    /// Whether each frame has a picture at the time of its row.
    fn frames(
        &self,
        video: &VideoFile,
        row: &EpisodeRow,
        span: VideoSpan,
        report: &mut CheckReport,
    ) {
        let fps = self.dataset.fps();
        let at = usize::try_from(row.episode_index).unwrap_or(usize::MAX);
        let stamps = self.seen.times.get(&at);
        // A row may claim any length; a frame beyond the last picture lacks its own.
        let frames = row.length.min(video.len() as u64 + 1);
        let time = |frame: u64| {
            let stamp = stamps.and_then(|stamps| stamps.get(usize::try_from(frame).ok()?));
            span.from + stamp.copied().unwrap_or(frame as f64 / fps)
        };
        let lacks = |frame: &u64| video.at_time(time(*frame), TOLERANCE).is_err();
        let lacking: Vec<u64> = (0..frames).filter(lacks).collect();
        if let Some(first) = lacking.first()
            && let Err(error) = video.at_time(time(*first), TOLERANCE)
        {
            let finding = Finding::new(Severity::Error, "video-time", error.to_string());
            report.findings.push(Finding {
                episode: Some(row.episode_index),
                frame: Some(*first),
                ..finding.camera(&self.camera.key)
            });
        }
    }
}
