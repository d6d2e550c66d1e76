//! What the data says, as far as training is concerned: measured times, motion, joints, repetitions, pictures.
//!
//! Reading order: `body.rs` says what the numbers mean, `times.rs`, `motion.rs` and `joints.rs` look at the numbers of one
//! episode, `ranges.rs` at those of all, `repeats.rs` compares episodes, `pictures.rs` looks at
//! pictures (`look.rs` at one), and `views.rs` judges them.

mod body;
mod joints;
mod longest_run;
mod look;
mod motion;
mod pictures;
mod ranges;
mod rendered;
mod repeats;
mod subject;
mod times;
mod views;

use std::collections::BTreeMap;

use crate::check::structure::structure;
use crate::check::{CheckOptions, CheckReport, EpisodeGrade, Finding, Grade, Severity};
use crate::episodes::EpisodeRow;
use crate::error::Result;
use crate::reader::Dataset;
use crate::tools::Work;
use body::Body;
use pictures::PictureScan;
use ranges::Ranges;
use repeats::Repeats;
use subject::Subject;

pub(super) fn check(
    dataset: &Dataset,
    options: &CheckOptions,
    report: &mut CheckReport,
    work: &mut Work<'_>,
) -> Result<()> {
    let body = Body::of(dataset, options);
    let scan = PictureScan::new(dataset, options.pictures, body.rest);
    let mut grades = Vec::new();
    let mut repeats = Repeats::default();
    let mut ranges = Ranges::new(&body);
    report.rest = body.guessed_rest();
    work.step("numbers", report.frames)?;
    structure(dataset, report, &mut |at, episode, report| {
        let row = &dataset.episodes()[at];
        let mut grade = blank(dataset, row);
        let mut found = Vec::new();
        if let Some(episode) = episode {
            let subject = Subject {
                dataset,
                body: &body,
                row,
                episode,
                at,
            };
            times::look(&subject, &mut grade, &mut found);
            motion::look(&subject, &mut grade, &mut found);
            joints::look(&subject, &grade, &mut found);
            ranges.add(episode);
            repeats.compare(&subject, &mut found);
        }
        note(report, row.episode_index, found);
        grades.push(grade);
        work.advance(row.length)
    })?;
    if let Some(robot) = body.unknown_units() {
        let message = format!(
            "robot type `{robot}` does not tell the units of the joints, so their speeds and limits were not checked"
        );
        report.add(Severity::Note, "unknown-units", message);
    }
    ranges.judge(&body, report);
    motion::short(dataset, report);
    scan.look(&mut grades, report, work)?;
    settle(&mut grades, report);
    report.grades = grades;
    Ok(())
}

fn blank(dataset: &Dataset, row: &EpisodeRow) -> EpisodeGrade {
    EpisodeGrade {
        episode: row.episode_index,
        frames: row.length,
        seconds: row.length as f64 / dataset.fps(),
        declared_fps: dataset.fps(),
        ..EpisodeGrade::default()
    }
}

fn note(report: &mut CheckReport, episode: u64, found: Vec<Finding>) {
    let named = found.into_iter().map(|mut finding| {
        finding.episode = Some(episode);
        finding
    });
    report.findings.extend(named);
}

/// The rule of grades: the worst that a finding about the episode allows.
fn settle(grades: &mut [EpisodeGrade], report: &CheckReport) {
    let mut by_episode: BTreeMap<u64, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(episode) = finding.episode {
            by_episode.entry(episode).or_default().push(finding);
        }
    }
    for grade in grades {
        for finding in by_episode.get(&grade.episode).into_iter().flatten() {
            grade.grade = grade.grade.max(finding.grade);
            if finding.grade > Grade::Good && !grade.reasons.contains(&finding.code) {
                grade.reasons.push(finding.code);
            }
        }
    }
}
