//! A recording that is over, for people.

use ulna_outside::{Text, files};
use ulna_session::EpisodeReport;
use ulna_session::record::{GradedEpisode, Recorded};

use crate::loudness::is_verbose;
use crate::{health, session_text};

/// More episodes than this are only summed up.
const MOST: usize = 12;

/// What was recorded and how good it is; with `-v` all timing as well.
pub(crate) fn summary(recorded: &Recorded) -> Text {
    let Recorded {
        dataset,
        fps,
        cameras,
        episodes,
        frames,
        discarded,
        total_episodes,
        reports,
        session,
        ..
    } = recorded;
    let cameras_in_words = match cameras.as_slice() {
        [] => "no cameras".to_owned(),
        names => format!("cameras {}", names.join(", ")),
    };
    let mut lines = vec![format!(
        "{}: {episodes} episodes saved, {frames} frames at {fps} fps, {cameras_in_words}; {discarded} thrown away; {total_episodes} in all",
        dataset.display()
    )];
    let numbered = (total_episodes - episodes..).zip(reports);
    let shown = numbered.skip(if is_verbose() {
        0
    } else {
        reports.len().saturating_sub(MOST)
    });
    if reports.len() > MOST && !is_verbose() {
        lines.push(format!(
            "  …           {} more (-v: all)",
            reports.len() - MOST
        ));
    }
    for (number, report) in shown {
        let grade = recorded.grades.iter().find(|grade| grade.episode == number);
        lines.push(episode(number, report, *fps, grade));
    }
    lines.extend(cameras.iter().map(|name| camera(name, reports)));
    let mut text: Text = lines.into_iter().collect();
    match is_verbose() {
        true => text.append(session_text::session(session)),
        false => text.extend(how_the_arm_was(recorded)),
    }
    let dir = files::shell(dataset);
    text.push(format_args!(
        "look at it: ulna dataset view {dir} --report report.html"
    ));
    text.extend(verdict(recorded));
    text
}

fn episode(number: u64, report: &EpisodeReport, fps: u32, grade: Option<&GradedEpisode>) -> String {
    let seconds = report.rows as f64 / f64::from(fps.max(1));
    let word = grade.map_or("-", |grade| grade.grade);
    let mut line = format!("  episode {number:<4}{word:<6}{seconds:6.1} s");
    let reasons = grade
        .map(|grade| grade.reasons.join(", "))
        .unwrap_or_default();
    if !reasons.is_empty() {
        line.push_str(": ");
        line.push_str(&reasons);
    }
    if is_verbose() {
        line.push_str(&format!(
            "; {} frames, state {:.1} ms old, {} of {} ticks altered by the gate",
            report.rows, report.state_age.mean_ms, report.altered, report.ticks
        ));
    }
    line
}

/// One camera over all episodes.
fn camera(name: &str, reports: &[EpisodeReport]) -> String {
    let of_it = || {
        let cameras = reports.iter().flat_map(|report| &report.cameras);
        cameras.filter(|camera| camera.name == name)
    };
    let rows: u64 = reports.iter().map(|report| report.rows).sum();
    let sum = |count: fn(&ulna_session::CameraReport) -> u64| of_it().map(count).sum::<u64>();
    let weighted = reports.iter().flat_map(|report| {
        let mine = report.cameras.iter().filter(|camera| camera.name == name);
        mine.map(|camera| camera.age.mean_ms * report.rows as f64)
    });
    let age = weighted.sum::<f64>() / rows.max(1) as f64;
    let mut line = format!("  {name:<12}{rows} pictures, {age:.1} ms old");
    for (count, what) in [
        (sum(|camera| camera.repeated), "repeated"),
        (sum(|camera| camera.lost), "lost"),
        (sum(|camera| camera.late), "too late for their frame"),
        (sum(|camera| camera.overdue), "frames late"),
        (sum(|camera| camera.replaced), "replaced"),
    ] {
        if count > 0 {
            line.push_str(&format!(", {count} {what}"));
        }
    }
    line
}

/// The faults of the session, and how the arm was left.
fn how_the_arm_was(recorded: &Recorded) -> Vec<String> {
    let session = &recorded.session;
    let buses = [
        ("follower", Some(&session.follower)),
        ("leader", session.leader.as_ref()),
    ];
    let mut lines = Vec::new();
    for (role, bus) in buses {
        lines.extend(health::faults(role, bus));
    }
    lines.extend(health::at_worst(&session.follower).map(|felt| format!("  health      {felt}")));
    let exit = &session.exit;
    lines.push(format!(
        "  the arm     {} ({:.1} s)",
        exit.happened, exit.seconds
    ));
    lines
}

/// What a bad recording says last.
fn verdict(recorded: &Recorded) -> Option<String> {
    let poor = recorded
        .grades
        .iter()
        .filter(|grade| grade.is_poor())
        .count();
    let dir = files::shell(&recorded.dataset);
    let check = format!("`ulna dataset check {dir}` says what is wrong, and what helps");
    match (poor, recorded.grades.len()) {
        (0, _) => None,
        (poor, all) if poor == all => Some(format!(
            "warning: no episode of this recording is fit for training: {check}"
        )),
        (poor, all) => Some(format!(
            "warning: {poor} of {all} episodes are not fit for training: {check}"
        )),
    }
}
