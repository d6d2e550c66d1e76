//! Looking at pictures: which ones, and what is remembered of them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::DefaultHasher;

use super::look::Look;
use super::views::{self, View};
use crate::check::{CheckReport, EpisodeGrade, Finding, Pictures, Severity};
use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::pictures::PictureReader;
use crate::reader::Dataset;
use crate::tools::Work;

/// Pictures of each camera that are looked at in a second, and at least and at most in an episode.
const A_SECOND: f64 = 2.0;
const FEWEST: usize = 3;
const MOST: usize = 40;

/// Looks at the pictures of all cameras.
pub(super) struct Eyes<'a> {
    dataset: &'a Dataset,
    pictures: Pictures,
    /// What is no movement of a joint.
    rest: f64,
    /// The digest of all that the cameras saw of an episode, by its position in the table.
    prints: BTreeMap<usize, DefaultHasher>,
}

impl<'a> Eyes<'a> {
    pub(super) fn new(dataset: &'a Dataset, pictures: Pictures, rest: f64) -> Eyes<'a> {
        Eyes {
            dataset,
            pictures,
            rest,
            prints: BTreeMap::new(),
        }
    }

    pub(super) fn look(
        mut self,
        grades: &mut [EpisodeGrade],
        report: &mut CheckReport,
        work: &mut Work<'_>,
    ) -> Result<()> {
        if self.pictures == Pictures::None {
            return Ok(());
        }
        let dataset = self.dataset;
        let cameras: Vec<&Feature> = (dataset.info().features.iter())
            .filter(|feature| feature.is_camera())
            .collect();
        let counts = (dataset.episodes().iter()).map(|row| self.count(row.length));
        let total = counts.fold(0_u64, u64::saturating_add);
        work.step("pictures", total.saturating_mul(cameras.len() as u64))?;
        for camera in cameras {
            self.camera(camera, grades, report, work)?;
        }
        views::same_pictures(&self.prints, dataset, report);
        Ok(())
    }

    /// How many pictures of an episode of this length are looked at.
    fn count(&self, length: u64) -> u64 {
        match self.pictures {
            Pictures::None => 0,
            Pictures::All => length,
            Pictures::Some => {
                let seconds = length as f64 / self.dataset.fps();
                let count = (seconds * A_SECOND).ceil() as u64;
                count.clamp(FEWEST as u64, MOST as u64).min(length)
            }
        }
    }

    /// Their frames, evenly over the episode. If they are chosen, they have even numbers, see [`View::add`].
    fn frames(&self, length: u64) -> impl Iterator<Item = usize> + use<> {
        let count = u128::from(self.count(length));
        let (last, gaps) = (length.saturating_sub(1), count.saturating_sub(1).max(1));
        let odd = match self.pictures {
            Pictures::All => 0,
            _ => 1,
        };
        (0..count).map(move |n| (n * u128::from(last) / gaps) as usize & !odd)
    }

    fn camera(
        &mut self,
        camera: &Feature,
        grades: &mut [EpisodeGrade],
        report: &mut CheckReport,
        work: &mut Work<'_>,
    ) -> Result<()> {
        let dataset = self.dataset;
        let mut reader = match dataset.pictures(&camera.key) {
            Ok(reader) => reader,
            Err(error) => {
                let finding = Finding::new(Severity::Note, "pictures-unread", error.to_string());
                report.findings.push(finding.camera(&camera.key));
                return Ok(());
            }
        };
        // What cannot be read has its finding already.
        let broken: BTreeSet<u64> = (report.findings.iter())
            .filter(|f| f.severity == Severity::Error)
            .filter(|f| {
                let mine = f.camera.as_deref() == Some(&camera.key);
                mine || ["data", "placeholder"].contains(&f.code)
            })
            .filter_map(|finding| finding.episode)
            .collect();
        for (at, row) in dataset.episodes().iter().enumerate() {
            if broken.contains(&row.episode_index) {
                work.advance(self.count(row.length))?;
                continue;
            }
            let mut view = View::new(at, row.episode_index);
            let read = self.episode(&mut reader, &mut view, row.length, work)?;
            report.pictures_read += view.samples.len() as u64;
            if let Err(error) = read {
                let message = format!("`{}`: {error}", camera.key);
                let finding = Finding::new(Severity::Warning, "pictures-unread", message);
                report.findings.push(Finding {
                    episode: Some(row.episode_index),
                    frame: Some(view.next as u64),
                    ..finding.camera(&camera.key)
                });
            }
            let grade = grades.get_mut(at).and_then(|grade| {
                let mut cameras = grade.cameras.iter_mut();
                cameras.find(|one| one.camera == camera.key)
            });
            if let Some(grade) = grade {
                grade.pictures = view.samples.len() as u64;
                grade.brightness = view.brightness();
                grade.frozen_s = views::judge(dataset, &mut reader, &view, self.rest, report);
            }
        }
        Ok(())
    }

    /// Looks at one episode. The outer error is the user's who wants to stop, the inner one that of a picture.
    fn episode(
        &mut self,
        reader: &mut PictureReader,
        view: &mut View,
        length: u64,
        work: &mut Work<'_>,
    ) -> Result<Result<(), DatasetError>> {
        let mut skipped = self.count(length);
        for frame in self.frames(length) {
            view.next = frame;
            match reader.read_shared(view.at, frame) {
                Ok(picture) => {
                    let look = Look::of(&picture);
                    if !look.dark && !look.blank {
                        look.digest(self.prints.entry(view.at).or_default());
                    }
                    view.add(frame, look);
                }
                Err(error) => {
                    work.advance(skipped)?;
                    return Ok(Err(error));
                }
            }
            skipped -= 1;
            work.advance(1)?;
        }
        Ok(Ok(()))
    }
}
