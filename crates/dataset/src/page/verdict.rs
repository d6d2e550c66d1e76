//! What the check says of each episode.

use std::collections::BTreeMap;

use crate::check::{Finding, Report, Severity};

/// Findings of one episode that the page lists at most.
pub(super) const MOST_LISTED: usize = 12;

/// How an episode, or a dataset, came out of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Nothing found.
    Good,
    /// Warnings only.
    Fair,
    /// Errors.
    Bad,
}

impl Verdict {
    /// The name of its colour in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Fair => "fair",
            Verdict::Bad => "bad",
        }
    }

    /// In a word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Good => "sound",
            Verdict::Fair => "warnings",
            Verdict::Bad => "errors",
        }
    }

    fn of(severity: Severity) -> Verdict {
        match severity {
            Severity::Warning => Verdict::Fair,
            Severity::Error => Verdict::Bad,
        }
    }
}

/// The findings, by episode.
#[derive(Debug, Default)]
pub(super) struct Verdicts<'a> {
    by_episode: BTreeMap<u64, Vec<&'a Finding>>,
    whole: Option<Verdict>,
}

impl<'a> Verdicts<'a> {
    pub(super) fn of(report: &'a Report) -> Verdicts<'a> {
        let mut verdicts = Verdicts::default();
        for finding in &report.findings {
            verdicts.whole = verdicts.whole.max(Some(Verdict::of(finding.severity)));
            if let Some(episode) = finding.episode {
                let of_episode: &mut Vec<_> = verdicts.by_episode.entry(episode).or_default();
                of_episode.push(finding);
            }
        }
        verdicts
    }

    /// That of the whole dataset.
    pub(super) fn whole(&self) -> Verdict {
        self.whole.unwrap_or(Verdict::Good)
    }

    /// That of an episode.
    pub(super) fn episode(&self, episode: usize) -> Verdict {
        let findings = self.findings(episode).iter();
        let worst = findings.map(|finding| Verdict::of(finding.severity)).max();
        worst.unwrap_or(Verdict::Good)
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
        episodes.sort_by_key(|k| {
            let worst = std::cmp::Reverse(self.episode(*k));
            (worst, std::cmp::Reverse(self.findings(*k).len()), *k)
        });
        episodes
    }
}
