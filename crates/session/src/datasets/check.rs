//! `ulna dataset check`: what is wrong with a dataset, how good its episodes are, and what to do about it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use ulna_dataset::{
    CheckOptions, CheckReport, EpisodeGrade, Finding, Grade, Group, Severity, grade, plural,
};

use ulna_outside::Text;

use super::answer::DatasetAnswer;
use super::edit::ProgressListener;
use super::number;
use crate::Stop;
use crate::error::SessionError;

pub use ulna_dataset::Pictures;

/// What is looked at, and how much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CheckSettings {
    /// Which pictures are decoded.
    pub pictures: Pictures,
    /// Warnings make the command fail too.
    pub strict: bool,
    /// Every finding and every episode in the text, not only a summary.
    pub verbose: bool,
}

/// Checks a dataset's structure and content, and grades its episodes. Only an interruption is an error: what cannot be
/// read is a finding.
///
/// # Errors
/// If `stop` is requested meanwhile.
pub fn checked(
    dir: &Path,
    settings: CheckSettings,
    stop: &Stop,
    watch: ProgressListener,
) -> Result<DatasetAnswer, SessionError> {
    let options = CheckOptions::default()
        .pictures(settings.pictures)
        .speeds(speeds(dir));
    let report = grade(dir, &options, &mut |progress| {
        watch(progress);
        stop.requested().is_none()
    })?;
    Ok(DatasetAnswer {
        json: to_json(&report),
        text: to_text(&report, settings.verbose),
        good: report.is_sound() && !(settings.strict && report.count(Severity::Warning) > 0),
    })
}

/// How fast the joints of the robot can move that the dataset was recorded with, in the dataset's units; nothing if the
/// robot is not known.
pub(crate) fn speeds(dir: &Path) -> BTreeMap<String, f64> {
    let Ok((_, Some((kind, angles)))) = crate::view::open(dir, None, None) else {
        return BTreeMap::new();
    };
    let joints = kind.joints.iter().zip(angles.iter());
    joints
        .filter(|(joint, _)| !joint.is_wheel())
        .map(|(joint, map)| (joint.name.clone(), kind.gate.max_velocity / map.scale.abs()))
        .collect()
}

fn to_json(report: &CheckReport) -> Value {
    let finding = |finding: &Finding| {
        let kind = ulna_dataset::Kind::of(finding.code);
        json!({
            "severity": finding.severity.word(),
            "code": finding.code,
            "episode": finding.episode,
            "frame": finding.frame,
            "frames": finding.frames,
            "camera": finding.camera,
            "joint": finding.joint,
            "grade": finding.grade.word(),
            "message": finding.message,
            "meaning": kind.meaning,
            "feature": finding.feature,
            "next": report.next_step(&[finding], &report.root),
        })
    };
    json!({
        "sound": report.is_sound(),
        "episodes": report.episodes,
        "frames": report.frames,
        "episodes_read": report.episodes_read,
        "videos_read": report.videos_read,
        "pictures_read": report.pictures_read,
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "notes": report.count(Severity::Note),
        "graded": {
            "good": report.graded(Grade::Good),
            "fair": report.graded(Grade::Fair),
            "poor": report.graded(Grade::Poor),
        },
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "grades": report.grades.iter().map(grade_to_json).collect::<Vec<_>>(),
    })
}

fn grade_to_json(grade: &EpisodeGrade) -> Value {
    let cameras: Vec<Value> = (grade.cameras.iter())
        .map(|camera| {
            json!({
                "camera": camera.camera,
                "achieved_fps": camera.achieved_fps,
                "oldest_s": camera.oldest_s,
                "pictures": camera.pictures,
                "brightness": camera.brightness,
                "frozen_s": camera.frozen_s,
            })
        })
        .collect();
    json!({
        "episode": grade.episode,
        "grade": grade.grade.word(),
        "reasons": grade.reasons,
        "frames": grade.frames,
        "seconds": grade.seconds,
        "declared_fps": number(grade.declared_fps),
        "achieved_fps": grade.achieved_fps,
        "longest_gap_s": grade.longest_gap_s,
        "oldest_state_s": grade.oldest_state_s,
        "control_hz": grade.control_hz,
        "idle_head_s": grade.idle_head_s,
        "idle_tail_s": grade.idle_tail_s,
        "moves": grade.moves,
        "cameras": cameras,
    })
}

fn to_text(report: &CheckReport, verbose: bool) -> Text {
    let mut lines = Vec::new();
    for group in report.groups() {
        if verbose || group.severity() > Severity::Note {
            lines.extend(group_lines(report, &group, verbose));
        }
    }
    if verbose {
        lines.extend(report.grades.iter().map(episode_line));
    }
    lines.push(format!(
        "{}: {} episodes, {} frames; {} videos and {} pictures looked at",
        report.root.display(),
        report.episodes_read,
        report.frames,
        report.videos_read,
        report.pictures_read
    ));
    if !report.grades.is_empty() {
        lines.push(format!("  rate    {}", rate(report)));
        lines.push(format!("  grades  {}", grades(report)));
    }
    let counts = [
        (report.count(Severity::Error), "error"),
        (report.count(Severity::Warning), "warning"),
        (report.count(Severity::Note), "note"),
    ];
    let counts = counts.map(|(count, what)| plural(count, what)).join(", ");
    let hint = match verbose || report.findings.is_empty() {
        true => "",
        false => "; --verbose shows each, and every episode",
    };
    lines.push(format!("  found   {counts}{hint}"));
    lines.into_iter().collect()
}

/// One kind of finding: where, what, what it means, what to do.
fn group_lines(report: &CheckReport, group: &Group<'_>, verbose: bool) -> Vec<String> {
    let kind = group.kind();
    let episodes = group.episodes();
    let place = match episodes.as_slice() {
        [] => String::new(),
        [one] => format!(", episode {one}"),
        several => format!(", {} episodes ({})", several.len(), ranges(several)),
    };
    let mut lines = vec![format!(
        "{} [{}] {}{place}",
        group.severity().word(),
        group.kind().code,
        kind.title
    )];
    let worst = (group.findings.iter()).max_by_key(|finding| {
        (
            finding.grade,
            finding.frames,
            std::cmp::Reverse(finding.episode),
        )
    });
    let shown: Vec<&Finding> = match verbose {
        true => group.findings.clone(),
        false => worst.copied().into_iter().collect(),
    };
    let hidden = group.findings.len() - shown.len();
    for finding in shown {
        let more = match hidden {
            0 => String::new(),
            _ => format!(" (and {hidden} more)"),
        };
        lines.push(format!("    {}{}{more}", at(finding), finding.message));
    }
    lines.push(format!("    {}", kind.meaning));
    lines.push(format!(
        "    -> {}",
        report.next_step(&group.findings, &report.root)
    ));
    lines
}

fn at(finding: &Finding) -> String {
    let frames = (finding.frame).map_or(String::new(), |frame| format!(", from frame {frame}"));
    match finding.episode {
        Some(episode) => format!("episode {episode}{frames}: "),
        None => String::new(),
    }
}

fn episode_line(grade: &EpisodeGrade) -> String {
    let rate = grade.achieved_fps.map_or("not measured".to_owned(), |fps| {
        format!("{fps:.1} of {} fps", grade.declared_fps)
    });
    let reasons = match grade.reasons.is_empty() {
        true => String::new(),
        false => format!("  {}", grade.reasons.join(", ")),
    };
    format!(
        "episode {:<5} {:<5} {:7.1} s  {rate:<15}  idle {:4.1} s + {:4.1} s{reasons}",
        grade.episode,
        grade.grade.word(),
        grade.seconds,
        grade.idle_head_s,
        grade.idle_tail_s
    )
}

/// The achieved rate against the declared one.
fn rate(report: &CheckReport) -> String {
    let declared = report
        .grades
        .first()
        .map_or(0.0, |grade| grade.declared_fps);
    let measured = || report.grades.iter().filter_map(|grade| grade.achieved_fps);
    let Some(slowest) = measured().reduce(f64::min) else {
        return format!(
            "{declared} fps declared; not measured: the time stamps are computed from frame numbers"
        );
    };
    let mean = measured().sum::<f64>() / measured().count() as f64;
    format!("{declared} fps declared, {mean:.1} measured, {slowest:.1} in the slowest episode")
}

fn grades(report: &CheckReport) -> String {
    let one = |grade: Grade| {
        let of_it = report.grades.iter().filter(|one| one.grade == grade);
        let episodes: Vec<u64> = of_it.map(|one| one.episode).collect();
        match (episodes.len(), grade) {
            (count, Grade::Good) | (count @ 0, _) => format!("{count} {}", grade.word()),
            (count, _) => format!("{count} {} ({})", grade.word(), ranges(&episodes)),
        }
    };
    [Grade::Good, Grade::Fair, Grade::Poor].map(one).join(", ")
}

/// `0, 2-5`; long lists are cut.
fn ranges(episodes: &[u64]) -> String {
    const MOST: usize = 12;
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &episode in episodes {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(episode) => *last = episode,
            _ => runs.push((episode, episode)),
        }
    }
    let shown = runs
        .iter()
        .take(MOST)
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if runs.len() > MOST {
        text += ", …";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_is_no_failure() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/so101-hand");
        let (stop, settings) = (Stop::new(), CheckSettings::default());
        let mut steps = Vec::new();
        let answer = checked(&dir, settings, &stop, &mut |p| steps.push(p.step));
        assert!(answer.is_ok_and(|answer| answer.good));
        assert_eq!(steps.first(), Some(&"numbers"));
        stop.interrupt();
        let ended = checked(&dir, settings, &stop, &mut |_| {});
        assert!(ended.is_err_and(|error| error.is_interruption()));
    }

    #[test]
    fn lists_of_episodes_are_short() {
        assert_eq!(ranges(&[0, 2, 3, 4, 9]), "0, 2-4, 9");
        let every_other: Vec<u64> = (0..100).step_by(2).collect();
        assert!(ranges(&every_other).ends_with("22, …"));
    }
}
