//! What a check says: findings, what they mean, and what is to be done about them.

use std::path::{Path, PathBuf};

use crate::check::grade::{EpisodeGrade, Grade};
use crate::check::kinds::{About, Kind};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An observation that harms nothing.
    Note,
    /// Readers read it, but training suffers from it.
    Warning,
    /// A reader, this one or Python LeRobot, fails on it or reads something wrong.
    Error,
}

impl Severity {
    /// The word for it, as `--json` has it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A short, stable word for the kind of finding, such as `missing-video`.
    pub code: &'static str,
    /// The episode concerned, if it is one.
    pub episode: Option<u64>,
    /// The first frame concerned, if it is about frames.
    pub frame: Option<u64>,
    /// How many frames are concerned, if they were counted.
    pub frames: Option<u64>,
    /// The camera concerned, as its feature is called.
    pub camera: Option<String>,
    /// The joint concerned, as the dataset names it.
    pub joint: Option<String>,
    /// The feature concerned, if it is about one that is no camera.
    pub feature: Option<String>,
    /// The frames of the episode that stay, from and up to, if those concerned stand at its ends.
    pub stay: Option<(u64, u64)>,
    /// The best grade that an episode with this finding can have.
    pub grade: Grade,
    /// What is wrong, in a sentence.
    pub message: String,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Finding {
        Finding {
            severity,
            code,
            episode: None,
            frame: None,
            frames: None,
            camera: None,
            joint: None,
            feature: None,
            stay: None,
            grade: match severity {
                Severity::Note => Grade::Good,
                Severity::Warning => Grade::Fair,
                Severity::Error => Grade::Poor,
            },
            message: message.into(),
        }
    }

    /// A warning that makes the episode unfit for training.
    pub(super) fn spoils_if(mut self, bad: bool) -> Finding {
        if bad && self.severity == Severity::Warning {
            self.grade = Grade::Poor;
        }
        self
    }

    pub(super) fn frames(mut self, first: usize, count: usize) -> Finding {
        self.frame = Some(first as u64);
        self.frames = Some(count as u64);
        self
    }

    pub(super) fn feature(mut self, key: &str) -> Finding {
        self.feature = Some(key.to_owned());
        self
    }

    pub(super) fn camera(mut self, key: &str) -> Finding {
        self.camera = Some(key.to_owned());
        self
    }

    /// What it means for training, in a sentence.
    pub fn meaning(&self) -> &'static str {
        Kind::of(self.code).meaning
    }
}

/// What [`check`](crate::check) or [`grade`](crate::grade) found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckReport {
    /// The dataset's folder, as it was given.
    pub root: PathBuf,
    /// Everything found, in the order of the checks.
    pub findings: Vec<Finding>,
    /// How many episodes the dataset says it has.
    pub episodes: u64,
    /// How many frames it says it has.
    pub frames: u64,
    /// How many episodes' numbers were read and compared.
    pub episodes_read: u64,
    /// How many video files were opened and compared.
    pub videos_read: u64,
    /// How many pictures were decoded and looked at.
    pub pictures_read: u64,
    /// What is no movement of a joint, where the dataset does not tell its units.
    pub rest: Option<f64>,
    /// A grade for each episode, in order; empty after [`check`](crate::check), which looks at the structure only.
    pub grades: Vec<EpisodeGrade>,
}

impl CheckReport {
    /// Whether no finding is an error.
    pub fn is_sound(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings are this severe.
    pub fn count(&self, severity: Severity) -> usize {
        let of_it = self.findings.iter().filter(|f| f.severity == severity);
        of_it.count()
    }

    /// How many episodes have this grade.
    pub fn graded(&self, grade: Grade) -> usize {
        self.grades.iter().filter(|g| g.grade == grade).count()
    }

    /// The findings about one episode.
    pub fn of_episode(&self, episode: u64) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(move |finding| finding.episode == Some(episode))
    }

    /// The findings by kind (and camera), the worst first, those of most episodes first among equals.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for finding in &self.findings {
            let fits = |group: &&mut Group<'_>| {
                let first = group.findings[0];
                first.severity == finding.severity
                    && first.code == finding.code
                    && first.camera == finding.camera
                    && first.feature == finding.feature
                    && first.episode.is_some() == finding.episode.is_some()
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Group {
                    findings: vec![finding],
                }),
            }
        }
        groups.sort_by_key(|group| {
            let worst = group.findings.iter().map(|f| f.grade).max();
            std::cmp::Reverse((group.severity(), worst, group.findings.len()))
        });
        groups
    }

    /// What to do next about some findings of one kind, with the command that does it. `root` is the dataset's folder as the
    /// command is to name it.
    pub fn next_step(&self, findings: &[&Finding], root: &Path) -> String {
        let Some(first) = findings.first() else {
            return String::new();
        };
        let mut episodes: Vec<u64> = findings.iter().filter_map(|f| f.episode).collect();
        episodes.sort_unstable();
        episodes.dedup();
        Kind::of(first.code).next_step(&About {
            root,
            count: self.episodes,
            episodes: &episodes,
            feature: first.camera.as_deref().or(first.feature.as_deref()),
            camera: findings.iter().any(|finding| finding.camera.is_some()),
            stay: first.stay.filter(|_| findings.len() == 1),
            rest: self.rest,
            unreadable: self.findings.iter().any(|finding| {
                ["data", "missing-video", "video", "placeholder"].contains(&finding.code)
            }),
        })
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::new(severity, code, message));
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, code, message);
    }

    pub(super) fn warning(&mut self, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, code, message);
    }

    /// The finding that was added last is about a camera.
    pub(super) fn about_camera(&mut self, key: &str) {
        if let Some(last) = self.findings.last_mut() {
            last.camera = Some(key.to_owned());
        }
    }

    pub(super) fn at(&mut self, episode: u64, frame: Option<u64>) {
        if let Some(last) = self.findings.last_mut() {
            last.episode = Some(episode);
            last.frame = frame;
        }
    }

    pub(super) fn episode_error(
        &mut self,
        episode: u64,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.error(code, message);
        self.at(episode, None);
    }
}

/// Findings of one kind, of one camera if they are about pictures; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<'a> {
    /// The findings, in the order of their episodes.
    pub findings: Vec<&'a Finding>,
}

impl Group<'_> {
    /// How much they matter.
    pub fn severity(&self) -> Severity {
        self.findings.first().map_or(Severity::Note, |f| f.severity)
    }

    /// The kind of finding.
    pub fn kind(&self) -> &'static Kind {
        Kind::of(self.findings.first().map_or("", |f| f.code))
    }

    /// The episodes concerned, each once.
    pub fn episodes(&self) -> Vec<u64> {
        let mut episodes: Vec<u64> = self.findings.iter().filter_map(|f| f.episode).collect();
        episodes.sort_unstable();
        episodes.dedup();
        episodes
    }

    /// The camera concerned, if they are about one.
    pub fn camera(&self) -> Option<&str> {
        self.findings.first().and_then(|f| f.camera.as_deref())
    }
}
