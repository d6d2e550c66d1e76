//! Measured times: the achieved rate, gaps, and the ages of states and pictures.
//!
//! They stand in ulna's own columns. The time stamps of LeRobot's recordings are computed from the frame number, so
//! nothing can be measured there, and nothing is reported.

use serde_json::Value;

use super::rendered::share_of_new;
use super::subject::Subject;
use crate::check::{CameraGrade, EpisodeGrade, Finding, Severity};
use crate::features::STATE;
use crate::plural::plural;

/// Below this share of the declared rate there is a finding; below the second one the episode is unfit for training.
const RATE: (f64, f64) = (0.95, 0.8);
/// A camera may be a little slower: rows then repeat a picture now and then.
const CAMERA_RATE: (f64, f64) = (0.8, 0.4);
/// Longer than this many rows without a new state is a gap.
const GAP_ROWS: f64 = 2.5;
/// A gap of this length, s, is no matter of a late answer or two.
const LONG_GAP: f64 = 0.2;
/// How old a joint's value may be beyond the others', s.
const OLD_STATE: f64 = 0.1;
/// How old a picture may be, s (or this many rows): several times what a webcam takes to deliver it.
const OLD_PICTURE: (f64, f64) = (0.25, 4.0);
/// The share of control ticks or pictures that may go wrong.
const FEW: f64 = 0.05;

pub(super) fn look(subject: &Subject<'_>, grade: &mut EpisodeGrade, found: &mut Vec<Finding>) {
    if let Some(times) = subject.scalar("ulna.time") {
        states(subject, times, grade, found);
    }
    let cameras = subject.dataset.info().features.iter();
    for camera in cameras.filter(|feature| feature.is_camera()) {
        let mut one = CameraGrade {
            camera: camera.key.clone(),
            ..CameraGrade::default()
        };
        let name = camera.key.rsplit('.').next().unwrap_or(&camera.key);
        if let Some(ages) = subject.scalar(&format!("ulna.age.{name}")) {
            pictures(subject, ages, &mut one, found);
        }
        grade.cameras.push(one);
    }
    if let Ok(Some(report)) = subject.dataset.episode_report(subject.at) {
        session(subject, &report, grade, found);
    }
}

fn states(
    subject: &Subject<'_>,
    times: &[f64],
    grade: &mut EpisodeGrade,
    found: &mut Vec<Finding>,
) {
    let fps = subject.fps();
    let Some(last) = times.len().checked_sub(1).filter(|last| *last > 0) else {
        return;
    };
    let renewed: Vec<usize> = renewed(subject, times);
    // From each new state to the next, and from the last one to the end: where the gap begins, and how long it is, s.
    let mut gaps: Vec<(usize, f64)> = renewed
        .windows(2)
        .map(|pair| (pair[0] + 1, times[pair[1]] - times[pair[0]]))
        .collect();
    if let Some(newest) = renewed.last().filter(|newest| **newest < last) {
        gaps.push((newest + 1, (last - newest) as f64 / fps));
    }
    let longest = gaps.iter().map(|(_, gap)| *gap).fold(0.0, f64::max);
    let achieved = renewed.len().saturating_sub(1) as f64 * fps / last as f64;
    grade.achieved_fps = Some(achieved);
    grade.longest_gap_s = Some(longest);
    if achieved < fps * RATE.0 {
        let message = format!(
            "{achieved:.1} states a second were measured, {fps} are declared ({:.0} %)",
            achieved / fps * 100.0
        );
        let finding = Finding::new(Severity::Warning, "rate", message);
        found.push(finding.spoils_if(achieved < fps * RATE.1));
    }
    gaps.retain(|(_, gap)| *gap > GAP_ROWS / fps);
    if let Some((first, _)) = gaps.first() {
        let many = gaps.len() as f64 > FEW * last as f64;
        let severity = match many || longest >= LONG_GAP {
            true => Severity::Warning,
            false => Severity::Note,
        };
        let message = format!(
            "{} without a new state, the longest {longest:.2} s",
            plural(gaps.len(), "gap")
        );
        let finding = Finding::new(severity, "time-gap", message).frames(*first, gaps.len());
        found.push(finding.spoils_if(longest >= 1.0));
    }
    ages(subject, times, grade, found);
}

/// The rows whose state was measured after that of the row before.
fn renewed(subject: &Subject<'_>, times: &[f64]) -> Vec<usize> {
    let ages = subject.scalar("ulna.state_age");
    let state = subject.episode.column(STATE).ok();
    // While the whole bus is silent, the time is that of the attempt: all values stay, and their age grows.
    let is_attempt = |row: usize| {
        let (Some(ages), Some(state)) = (ages, state) else {
            return false;
        };
        let period = 1.0 / subject.fps();
        let older = (ages[row] - ages[row - 1] - period).abs() < 0.2 * period;
        older && state.row(row) == state.row(row - 1)
    };
    let mut renewed: Vec<usize> = Vec::new();
    for (row, time) in times.iter().enumerate() {
        let is_new =
            (renewed.last()).is_none_or(|before| *time > times[*before] && !is_attempt(row));
        if is_new {
            renewed.push(row);
        }
    }
    renewed
}

/// Joints whose values are older than the row says.
fn ages(subject: &Subject<'_>, times: &[f64], grade: &mut EpisodeGrade, found: &mut Vec<Finding>) {
    let Some(ages) = subject.scalar("ulna.state_age") else {
        return;
    };
    let Some(oldest) = ages.iter().copied().reduce(f64::max) else {
        return;
    };
    grade.oldest_state_s = Some(oldest).filter(|age| age.is_finite());
    // When row k was due, on the clock of `times`: what they are off by is the same for all rows (trimmed episodes begin
    // late), and the most frequent difference is that of rows in which all joints answered.
    let fps = subject.fps();
    let due = |frame: usize| frame as f64 / fps;
    let mut offsets: Vec<f64> = (0..ages.len().min(times.len()))
        .map(|frame| times[frame] + ages[frame] - due(frame))
        .collect();
    offsets.sort_by(f64::total_cmp);
    let Some(offset) = offsets.get(offsets.len() / 2) else {
        return;
    };
    let beyond = |frame: usize| ages[frame] - (due(frame) + offset - times[frame]);
    let is_old = |frame: &usize| beyond(*frame) > OLD_STATE;
    let rows: Vec<usize> = (0..offsets.len()).filter(is_old).collect();
    if let Some(first) = rows.first() {
        let message = format!(
            "joints' values are up to {oldest:.2} s old, in {}",
            plural(rows.len(), "frame")
        );
        let many = rows.len() as f64 > FEW * ages.len() as f64;
        let finding = Finding::new(Severity::Warning, "stale-state", message);
        found.push(finding.frames(*first, rows.len()).spoils_if(many));
    }
}

fn pictures(
    subject: &Subject<'_>,
    ages: &[f64],
    grade: &mut CameraGrade,
    found: &mut Vec<Finding>,
) {
    let fps = subject.fps();
    let length = ages.len();
    let Some(oldest) = ages.iter().copied().reduce(f64::max) else {
        return;
    };
    if !ages.iter().all(|age| age.is_finite()) || length < 2 {
        return;
    }
    let achieved = share_of_new(ages, fps) * fps;
    grade.achieved_fps = Some(achieved);
    grade.oldest_s = Some(oldest);
    let limit = OLD_PICTURE.0.max(OLD_PICTURE.1 / fps);
    let old = ages.iter().filter(|age| **age > limit).count();
    if let Some(first) = ages.iter().position(|age| *age > limit) {
        let message = format!(
            "`{}`: pictures are up to {oldest:.2} s old, {} older than {limit:.2} s",
            grade.camera,
            plural(old, "frame")
        );
        let finding = Finding::new(Severity::Warning, "stale-pictures", message)
            .camera(&grade.camera)
            .frames(first, old);
        found.push(finding.spoils_if(oldest >= 1.0 || old as f64 > 0.2 * length as f64));
    } else if achieved < fps * CAMERA_RATE.0 {
        let message = format!(
            "`{}`: {achieved:.1} new pictures a second, {fps} are declared",
            grade.camera
        );
        let finding = Finding::new(Severity::Warning, "camera-rate", message).camera(&grade.camera);
        found.push(finding.spoils_if(achieved < fps * CAMERA_RATE.1));
    }
}

/// What the recording program noted about its own timing.
fn session(
    subject: &Subject<'_>,
    report: &Value,
    grade: &mut EpisodeGrade,
    found: &mut Vec<Finding>,
) {
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_f64);
    let rows = number(report, "rows").unwrap_or(0.0);
    // A trimmed episode keeps the report of the whole.
    let is_whole = rows == subject.episode.len() as f64;
    if let Some(ticks) = number(report, "ticks").filter(|_| is_whole && rows > 1.0) {
        let hz = ticks * subject.fps() / (rows - 1.0);
        grade.control_hz = Some(hz);
        let asked = subject.body.control_rate;
        let overruns = number(report, "overruns").unwrap_or(0.0);
        let slow = asked.is_some_and(|asked| hz < 0.9 * asked);
        if slow || overruns > FEW * ticks {
            let asked = asked.map_or(String::new(), |asked| format!(" of {asked:.0}"));
            let message = format!(
                "the control loop ran {hz:.0}{asked} times a second, with {overruns:.0} overruns in {ticks:.0} ticks"
            );
            found.push(Finding::new(Severity::Warning, "control-rate", message));
        }
    }
    let cameras = report.get("cameras").and_then(Value::as_array);
    for camera in cameras.into_iter().flatten() {
        let lost: f64 = ["lost", "replaced"]
            .iter()
            .filter_map(|key| number(camera, key))
            .sum();
        if lost > FEW * rows.max(1.0) {
            let name = camera.get("name").and_then(Value::as_str).unwrap_or("?");
            let key = format!("observation.images.{name}");
            let message = format!("`{key}`: {lost:.0} pictures were lost in {rows:.0} rows");
            let finding = Finding::new(Severity::Warning, "lost-pictures", message);
            found.push(finding.camera(&key));
        }
    }
}
