//! What the check says of each episode.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::check::{CameraGrade, CheckReport, EpisodeGrade, Finding, Grade, Severity};

/// Findings of one episode that the page lists at most.
pub(super) const MOST_LISTED: usize = 12;

/// The grades and findings, by episode.
#[derive(Debug)]
pub(super) struct Verdicts<'a> {
    report: &'a CheckReport,
    by_episode: BTreeMap<u64, Vec<&'a Finding>>,
}

impl<'a> Verdicts<'a> {
    pub(super) fn of(report: &'a CheckReport) -> Verdicts<'a> {
        let mut by_episode: BTreeMap<u64, Vec<&Finding>> = BTreeMap::new();
        for finding in &report.findings {
            if let Some(episode) = finding.episode {
                by_episode.entry(episode).or_default().push(finding);
            }
        }
        Verdicts { report, by_episode }
    }

    /// That of the whole dataset, by its worst finding.
    pub(super) fn whole(&self) -> Grade {
        let worst = self.report.findings.iter().map(|f| f.severity).max();
        match worst {
            Some(Severity::Error) => Grade::Poor,
            Some(Severity::Warning) => Grade::Fair,
            Some(Severity::Note) | None => Grade::Good,
        }
    }

    /// What was measured of an episode.
    pub(super) fn measured(&self, episode: usize) -> Option<&'a EpisodeGrade> {
        self.report.grades.get(episode)
    }

    /// What was measured of a camera in an episode.
    pub(super) fn camera(&self, episode: usize, camera: &str) -> Option<&'a CameraGrade> {
        let mut cameras = self.measured(episode)?.cameras.iter();
        cameras.find(|grade| grade.camera == camera)
    }

    /// The grade of an episode.
    pub(super) fn episode(&self, episode: usize) -> Grade {
        let by_findings = || self.findings(episode).iter().map(|f| f.grade).max();
        let measured = self.measured(episode).map(|measured| measured.grade);
        measured.or_else(by_findings).unwrap_or_default()
    }

    /// The findings of an episode.
    pub(super) fn findings(&self, episode: usize) -> &[&'a Finding] {
        let findings = self.by_episode.get(&(episode as u64));
        findings.map_or(&[], |findings| findings)
    }

    /// The episodes with findings, the worst first.
    pub(super) fn notable(&self) -> Vec<usize> {
        let episodes = self.by_episode.keys().copied();
        let mut episodes: Vec<usize> = episodes.filter_map(|k| usize::try_from(k).ok()).collect();
        episodes.retain(|k| self.episode(*k) > Grade::Good);
        episodes.sort_by_key(|k| (Reverse(self.episode(*k)), *k));
        episodes
    }
}

/// The name of a grade's colour in the style sheet.
pub(super) fn class(grade: Grade) -> &'static str {
    match grade {
        Grade::Good => "good",
        Grade::Fair => "fair",
        Grade::Poor => "bad",
    }
}

/// The name of a severity's colour in the style sheet.
pub(super) fn severity_class(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "bad",
        Severity::Warning => "fair",
        Severity::Note => "note",
    }
}
