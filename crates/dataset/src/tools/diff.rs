//! In what two datasets differ.

use std::collections::BTreeSet;
use std::path::Path;

use crate::episode::Episode;
use crate::error::Result;
use crate::reader::{Dataset, EpisodeReader};
use crate::tools::packets::PacketFile;
use crate::tools::video_runs::video_path;
use crate::tools::work::Work;

/// The number of a row, and the row in both datasets.
type RowPair<'a> = (usize, (&'a [f64], &'a [f64]));

/// One difference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The episode concerned, if it is one.
    pub episode: Option<u64>,
    /// The feature, if it is one.
    pub feature: Option<String>,
    /// What differs, in a sentence.
    pub message: String,
}

/// Compares two datasets: what they declare, their tasks, and episode by episode their rows and pictures. Pictures are
/// compared as they are encoded. Where episodes have been removed or added, those with the same number are compared.
pub fn diff(
    one: impl AsRef<Path>,
    other: impl AsRef<Path>,
    work: &mut Work,
) -> Result<Vec<Difference>> {
    let (one, other) = (Dataset::open(one)?, Dataset::open(other)?);
    work.about(one.root());
    let mut found = Differences::default();
    found.declared(&one, &other);
    let both = one.len().min(other.len());
    let frames = one.episodes().iter().take(both).map(|row| row.length);
    work.step("compare", frames.fold(0, u64::saturating_add))?;
    let (mut mine, mut theirs) = (EpisodeReader::of_all(&one), EpisodeReader::of_all(&other));
    for episode in 0..both {
        found.episode = Some(episode as u64);
        match (mine.read(episode), theirs.read(episode)) {
            (Ok(mine), Ok(theirs)) => found.rows(&mine, &theirs),
            (Err(error), Ok(_)) => found.add(None, format!("cannot be read in the first: {error}")),
            (Ok(_), Err(error)) => {
                found.add(None, format!("cannot be read in the second: {error}"));
            }
            (Err(_), Err(_)) => {}
        }
        for camera in one.info().cameras() {
            if other.info().feature(&camera.key).is_ok() {
                found.pictures(&one, &other, &camera.key, episode);
            }
        }
        work.advance(one.episode_row(episode)?.length)?;
    }
    Ok(found.list)
}

#[derive(Default)]
struct Differences {
    list: Vec<Difference>,
    episode: Option<u64>,
}

impl Differences {
    fn add(&mut self, feature: Option<&str>, message: String) {
        self.list.push(Difference {
            episode: self.episode,
            feature: feature.map(str::to_owned),
            message,
        });
    }

    fn declared(&mut self, one: &Dataset, other: &Dataset) {
        let (mine, theirs) = (one.info(), other.info());
        let mut unequal = |what: &str, a: String, b: String| {
            if a != b {
                self.add(None, format!("{what}: {a} against {b}"));
            }
        };
        let robot = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        unequal(
            "format",
            mine.format.version().to_owned(),
            theirs.format.version().to_owned(),
        );
        unequal(
            "frames a second",
            mine.fps.to_string(),
            theirs.fps.to_string(),
        );
        unequal(
            "robot type",
            robot(&mine.robot_type),
            robot(&theirs.robot_type),
        );
        unequal("episodes", one.len().to_string(), other.len().to_string());
        let tasks =
            |dataset: &Dataset| -> BTreeSet<String> { dataset.tasks().iter().cloned().collect() };
        for (only, which) in [
            (&tasks(one) - &tasks(other), "first"),
            (&tasks(other) - &tasks(one), "second"),
        ] {
            for task in only {
                self.add(None, format!("only the {which} has the task `{task}`"));
            }
        }
        for feature in &mine.features {
            match theirs.feature(&feature.key) {
                Err(_) => self.add(Some(&feature.key), "only the first has it".to_owned()),
                Ok(there) if !feature.same_data(there) => {
                    let message = format!(
                        "{} {:?} against {} {:?}, or other names",
                        feature.dtype.name(),
                        feature.shape,
                        there.dtype.name(),
                        there.shape
                    );
                    self.add(Some(&feature.key), message);
                }
                Ok(_) => {}
            }
        }
        for feature in theirs
            .features
            .iter()
            .filter(|f| mine.feature(&f.key).is_err())
        {
            self.add(Some(&feature.key), "only the second has it".to_owned());
        }
    }

    fn rows(&mut self, mine: &Episode, theirs: &Episode) {
        if mine.len() != theirs.len() {
            return self.add(
                None,
                format!("{} frames against {}", mine.len(), theirs.len()),
            );
        }
        let other_task = (0..mine.len()).find(|frame| mine.task(*frame) != theirs.task(*frame));
        if let Some(frame) = other_task {
            let text = |task: Option<&str>| task.unwrap_or("none").to_owned();
            let (a, b) = (text(mine.task(frame)), text(theirs.task(frame)));
            self.add(
                None,
                format!("the task from frame {frame} on: `{a}` against `{b}`"),
            );
        }
        for (key, column) in mine.columns() {
            let Ok(there) = theirs.column(key) else {
                continue;
            };
            if column.width() != there.width() {
                continue;
            }
            let pairs = column.rows().zip(there.rows()).enumerate();
            let same = |a: &f64, b: &f64| a == b || (a.is_nan() && b.is_nan());
            let unequal = pairs.filter(|(_, (a, b))| !a.iter().zip(*b).all(|(a, b)| same(a, b)));
            let unequal: Vec<RowPair<'_>> = unequal.collect();
            let apart = |(_, (a, b)): &RowPair<'_>| {
                let off = a.iter().zip(*b).map(|(a, b)| (a - b).abs());
                off.fold(0.0, f64::max)
            };
            if let Some((first, _)) = unequal.first() {
                let most = unequal.iter().map(apart).fold(0.0, f64::max);
                let message = format!(
                    "other values in {} of {} frames, from frame {first} on, by up to {most}",
                    unequal.len(),
                    mine.len()
                );
                self.add(Some(key), message);
            }
        }
    }

    fn pictures(&mut self, one: &Dataset, other: &Dataset, camera: &str, episode: usize) {
        match (
            packets(one, camera, episode),
            packets(other, camera, episode),
        ) {
            (Ok(a), Ok(b)) if a.0 != b.0 => {
                self.add(Some(camera), format!("{} pictures against {}", a.0, b.0));
            }
            (Ok(a), Ok(b)) if a.1 != b.1 => {
                self.add(
                    Some(camera),
                    "other pictures, or the same encoded in another way".to_owned(),
                );
            }
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(error), _) => self.add(
                Some(camera),
                format!("cannot be read in the first: {error}"),
            ),
            (_, Err(error)) => self.add(
                Some(camera),
                format!("cannot be read in the second: {error}"),
            ),
        }
    }
}

/// How many pictures an episode has, and a checksum of them as they are encoded.
fn packets(dataset: &Dataset, camera: &str, episode: usize) -> Result<(usize, u32)> {
    let (path, span) = video_path(dataset, camera, episode)?;
    let read = dataset.episode_columns(episode, &[])?;
    let times: Vec<f64> = read
        .timestamps()
        .iter()
        .map(|time| span.from + time)
        .collect();
    let file = PacketFile::open(&path)?;
    let places: Vec<usize> = file.places_there(&times).into_iter().flatten().collect();
    let mut reader = file.reader()?;
    let mut sum = crc32fast::Hasher::new();
    for place in &places {
        sum.update(&reader.read(file.packet_at(*place))?);
    }
    Ok((places.len(), sum.finalize()))
}
