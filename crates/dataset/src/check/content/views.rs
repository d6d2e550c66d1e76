//! Judging what a camera saw: pictures that stood still, that show nothing, that are another episode's.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use super::look::Look;
use super::rendered;
use crate::check::{CheckReport, Finding, Severity};
use crate::features::STATE;
use crate::pictures::PictureReader;
use crate::plural::plural;
use crate::reader::Dataset;

/// The codes of pictures in which nothing can be distinguished, and what they are like.
const NOTHING_TO_SEE: [(&str, &str); 3] = [
    ("dark", "all but black"),
    ("blank", "of one colour"),
    ("overexposed", "burnt out"),
];
/// For how long, s, something must be wrong with a camera.
const LONG: f64 = 1.0;
/// How far joints must move meanwhile, all together, for a picture to have to change, as a share of what they move in the
/// whole episode.
const MOTION: f64 = 0.1;
/// The part of an episode that may be spoilt, beyond which the episode is.
const FEW: f64 = 0.2;
/// What is remembered of a picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct PictureSample {
    frame: usize,
    brightness: f64,
    /// One of [`NOTHING_TO_SEE`].
    nothing_to_see: Option<&'static str>,
    /// Where the pictures begin that show the same as this one, as an index of samples.
    same_since: usize,
}

/// One camera over one episode.
#[derive(Clone, Debug)]
pub(super) struct CameraView {
    /// The episode's position in the table, and its number.
    pub(super) at: usize,
    episode: u64,
    /// The frame that is looked at.
    pub(super) next: usize,
    pub(super) samples: Vec<PictureSample>,
    /// The first of the pictures that show the same as the last one.
    first: Option<Look>,
}

impl CameraView {
    pub(super) fn new(at: usize, episode: u64) -> CameraView {
        CameraView {
            at,
            episode,
            next: 0,
            samples: Vec::new(),
            first: None,
        }
    }

    pub(super) fn add(&mut self, frame: usize, look: Look) {
        // ulna and LeRobot encode every other picture by itself, and the ones between by what changed: of a picture that
        // stands still, only those of one kind come out equal.
        let compared = frame.is_multiple_of(2);
        let first = self.first.as_ref().filter(|_| compared);
        let same = first.is_some_and(|first| first.shows_the_same_as(&look));
        let same_since = match self.samples.last() {
            Some(before) if same || !compared => before.same_since,
            _ => self.samples.len(),
        };
        self.samples.push(PictureSample {
            frame,
            brightness: look.brightness,
            nothing_to_see: match () {
                () if look.dark => Some("dark"),
                () if look.blank => Some("blank"),
                () if look.overexposed => Some("overexposed"),
                () => None,
            },
            same_since,
        });
        if compared && !same {
            self.first = Some(look);
        }
    }

    pub(super) fn brightness(&self) -> Option<f64> {
        let sum: f64 = self.samples.iter().map(|sample| sample.brightness).sum();
        (!self.samples.is_empty()).then(|| sum / self.samples.len() as f64)
    }

    /// The stretches of pictures that show the same, as the first and the last sample of each.
    fn still(&self) -> Vec<(usize, usize)> {
        let ends = (0..self.samples.len()).filter(|at| {
            let next = self.samples.get(at + 1);
            next.is_none_or(|next| next.same_since == at + 1)
        });
        ends.map(|last| (self.samples[last].same_since, last))
            .collect()
    }
}

/// Adds what is wrong with a camera in an episode to the report, and returns for how long its picture stood still while
/// the arm moved, s.
pub(super) fn judge(
    dataset: &Dataset,
    reader: &mut PictureReader,
    view: &CameraView,
    rest: f64,
    report: &mut CheckReport,
) -> f64 {
    let Some(last) = view.samples.last() else {
        return 0.0;
    };
    let camera = reader.camera().to_owned();
    let fps = dataset.fps();
    let length = last.frame + 1;
    let mut add = |code, message: String, first: usize, frames: usize| {
        let finding = Finding::new(Severity::Warning, code, message).frames(first, frames);
        report.findings.push(Finding {
            episode: Some(view.episode),
            ..finding
                .camera(&camera)
                .spoils_if(frames as f64 > FEW * length as f64)
        });
    };
    for (code, what) in NOTHING_TO_SEE {
        let is = |sample: &&PictureSample| sample.nothing_to_see == Some(code);
        let bad: Vec<&PictureSample> = view.samples.iter().filter(is).collect();
        let Some(first) = bad.first() else { continue };
        // Each picture looked at stands for those around it.
        let frames = (bad.len() * length).div_ceil(view.samples.len());
        if frames as f64 / fps >= LONG || bad.len() == view.samples.len() {
            let message = format!(
                "`{camera}`: {} of {} looked at are {what}",
                bad.len(),
                plural(view.samples.len(), "picture")
            );
            add(code, message, first.frame, frames);
        }
    }
    let mut frozen = 0.0;
    for (first, last) in view.still() {
        let samples = &view.samples[first..=last];
        let seconds = (samples[samples.len() - 1].frame - samples[0].frame) as f64 / fps;
        // Pictures that show nothing have their finding.
        if seconds < LONG || samples[0].nothing_to_see.is_some() {
            continue;
        }
        let between = (samples[0].frame, samples[samples.len() - 1].frame);
        let share = share_of_motion(dataset, rest, view.at, between);
        if share.is_none_or(|share| share < MOTION)
            || rendered::goes_on(dataset, view.at, &camera, between)
        {
            continue;
        }
        let start = begins(reader, view, first);
        let frames = between.1 + 1 - start;
        let seconds = frames as f64 / fps;
        frozen += seconds;
        let message = format!(
            "`{camera}`: the picture stands still for {seconds:.1} s, in which the arm does {:.0} % of its motion",
            share.unwrap_or(0.0) * 100.0
        );
        add("frozen-camera", message, start, frames);
    }
    frozen
}

/// How much of the joints' motion in an episode happens between two frames; none if nothing moves.
fn share_of_motion(
    dataset: &Dataset,
    rest: f64,
    at: usize,
    between: (usize, usize),
) -> Option<f64> {
    let episode = dataset.episode_columns(at, &[STATE]).ok()?;
    let state = episode.column(STATE).ok()?;
    let (mut here, mut all) = (0.0, 0.0);
    for joint in 0..state.width() {
        let span = |from: usize, to: usize| {
            let rows = state.rows().skip(from).take(to + 1 - from);
            let values = rows.map(|row| row[joint]);
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
            // What is no more than rest is no motion.
            Some(high - low)
                .filter(|span| span.is_finite() && *span > rest)
                .unwrap_or(0.0)
        };
        here += span(between.0, between.1);
        all += span(0, episode.len());
    }
    (all > 0.0).then(|| here / all)
}

/// The first of the frames that show the same as the sample does, of those since the sample before it.
fn begins(reader: &mut PictureReader, view: &CameraView, sample: usize) -> usize {
    let found = view.samples[sample].frame;
    let Some(before) = sample.checked_sub(1).map(|at| view.samples[at].frame) else {
        return found;
    };
    let Ok(picture) = reader.read_shared(view.at, found) else {
        return found;
    };
    let wanted = Look::of(&picture);
    let mut between = before + 1..found;
    let shows_it = |frame: &usize| {
        let picture = reader.read_shared(view.at, *frame);
        picture.is_ok_and(|picture| Look::of(&picture).shows_the_same_as(&wanted))
    };
    between.find(shows_it).unwrap_or(found)
}

/// Episodes whose pictures are all those of another, although their numbers are not.
pub(super) fn same_pictures(
    prints: &BTreeMap<usize, DefaultHasher>,
    dataset: &Dataset,
    report: &mut CheckReport,
) {
    let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
    let findings = report.findings.iter().filter(|f| f.code == "duplicate");
    let duplicates: BTreeSet<u64> = findings.filter_map(|f| f.episode).collect();
    for (at, print) in prints {
        let Ok(row) = dataset.episode_row(*at) else {
            continue;
        };
        let before = *seen.entry(print.finish()).or_insert(row.episode_index);
        let known = duplicates.contains(&row.episode_index);
        if before != row.episode_index && !known {
            let message = format!("every picture looked at is that of episode {before}");
            let finding = Finding::new(Severity::Warning, "duplicated-pictures", message);
            report.findings.push(Finding {
                episode: Some(row.episode_index),
                ..finding.spoils_if(true)
            });
        }
    }
}
