//! Joint by joint: leaps, joints that do not follow, ends of ranges, targets that were cut off.

use std::ops::Range;

use super::body::{Joint, Part};
use super::longest_run::longest_run;
use super::subject::Subject;
use crate::check::{EpisodeGrade, Finding, Severity};
use crate::features::{ACTION, STATE};
use crate::plural::plural;
use crate::units::JointUnits;

/// How much faster than its servo a joint may seem. Where times are computed from the frame number, a row that came late
/// spans two periods; where they are measured, the joints of a row are still read one after the other.
const SLACK_COMPUTED: f64 = 2.0;
const SLACK_MEASURED: f64 = 1.5;
/// More leaps than this are no single bad answer.
const FEW_LEAPS: usize = 2;
/// A joint may stand at an end, or not follow, for less than this, s.
const LONG: f64 = 1.0;
/// In multiples of what counts as rest: what an action must span for a joint to move, ...
const COMMANDED: f64 = 10.0;
/// ... to move within a second or so, ...
const COMMANDED_SOON: f64 = 20.0;
/// ... and by how much it pushes against an end: an SO-101's servo that is this many degrees off does more than half of
/// what it can, while gravity and friction alone keep it off by a few.
const PUSHED: f64 = 12.0;
/// Targets may be at the end of the leader's range for this share of the frames: folded arms rest there.
const AT_END: f64 = 0.2;
/// The share of its range's width by which a value may lie beyond it.
const BEYOND: f64 = 0.1;
/// What rounding may add to a range's end.
const ROUNDED: f64 = 0.5;
/// How far what was sent may be from the action, in multiples of rest.
const ALTERED: f64 = 0.5;
/// The share of frames whose target may be cut off.
const FEW: f64 = 0.05;

/// One joint's numbers over an episode.
struct Track<'a> {
    joint: &'a Joint,
    state: Option<Vec<f64>>,
    action: Option<Vec<f64>>,
    sent: Option<Vec<f64>>,
}

pub(super) fn look(subject: &Subject<'_>, grade: &EpisodeGrade, found: &mut Vec<Finding>) {
    let series = |key: &str, at: Option<usize>| -> Option<Vec<f64>> {
        let column = subject.episode.column(key).ok()?;
        let at = at.filter(|at| *at < column.width())?;
        Some(column.rows().map(|row| row[at]).collect())
    };
    let length = subject.episode.len();
    let frames = |seconds: f64| (seconds * subject.fps()).round() as usize;
    // Where the arm only waits, joints may rest at their ends.
    let busy = match grade.moves {
        true => frames(grade.idle_head_s)..length.saturating_sub(frames(grade.idle_tail_s)),
        false => 0..0,
    };
    for joint in &subject.body.joints {
        let track = Track {
            joint,
            state: series(STATE, joint.state),
            action: series(ACTION, joint.action),
            sent: series("ulna.action_sent", joint.action),
        };
        let before = found.len();
        leaps(subject, &track, found);
        ends(subject, &track, &busy, found);
        dead(subject, &track, found);
        altered(subject, &track, found);
        beyond(&track, found);
        for finding in &mut found[before..] {
            finding.joint = Some(joint.name.clone());
        }
    }
}

fn leaps(subject: &Subject<'_>, track: &Track<'_>, found: &mut Vec<Finding>) {
    let Some(fastest) = track.joint.fastest else {
        return;
    };
    let (period, rest) = (1.0 / subject.fps(), subject.body.rest);
    let times = subject.scalar("ulna.time");
    let slack = match times {
        Some(_) => SLACK_MEASURED,
        None => SLACK_COMPUTED,
    };
    let name = &track.joint.name;
    let unit = subject.body.unit(track.joint);
    let mut report = |code, values: &[f64], what: &str, allowed: &dyn Fn(usize) -> f64| {
        let by = |frame: usize| (values[frame] - values[frame - 1]).abs();
        let is_leap = |frame: &usize| by(*frame) > allowed(*frame) + rest;
        let leaps: Vec<usize> = (1..values.len()).filter(is_leap).collect();
        let widest = leaps
            .iter()
            .copied()
            .max_by(|a, b| by(*a).total_cmp(&by(*b)));
        let (Some(first), Some(widest)) = (leaps.first(), widest) else {
            return;
        };
        let mut message = format!(
            "{what} of `{name}` leaps by {:.1}{unit} in one frame, which takes the joint {:.0} ms at least",
            by(widest),
            by(widest) / fastest * 1e3
        );
        if leaps.len() > 1 {
            message += &format!(" ({} such leaps)", leaps.len());
        }
        if subject.body.units == Some(JointUnits::Degrees) && (by(widest) - 360.0).abs() < 20.0 {
            message +=
                "; a full turn: the encoder's end lies within the joint's travel, calibrate again";
        }
        let finding = Finding::new(Severity::Warning, code, message);
        found.push(
            finding
                .frames(*first, leaps.len())
                .spoils_if(leaps.len() > FEW_LEAPS),
        );
    };
    if let Some(state) = &track.state {
        let allowed = |frame: usize| {
            let measured = times.and_then(|times| Some(times.get(frame)? - times.get(frame - 1)?));
            fastest * slack * measured.unwrap_or(period).max(period)
        };
        report("state-jump", state, "the position", &allowed);
    }
    // The trigger of a leader's gripper snaps back by a spring.
    if let Some(action) = track
        .action
        .as_ref()
        .filter(|_| track.joint.part == Part::Joint)
    {
        let allowed = |_: usize| fastest * SLACK_COMPUTED * period;
        report("action-jump", action, "the target", &allowed);
    }
}

/// A state that stays where it is while its action goes places.
fn dead(subject: &Subject<'_>, track: &Track<'_>, found: &mut Vec<Finding>) {
    let (Some(state), Some(action)) = (&track.state, &track.action) else {
        return;
    };
    if track.joint.part == Part::Wheel || state.is_empty() || action.len() != state.len() {
        return;
    }
    let rest = subject.body.rest;
    let unit = subject.body.unit(track.joint);
    let (low, high) = span(state);
    let (asked_low, asked_high) = span(action);
    let commanded = match track.joint.part {
        // What a gripper holds stops it from closing, but not from opening.
        Part::Gripper => asked_high - high > COMMANDED * rest,
        _ => asked_high - asked_low > COMMANDED * rest,
    };
    let all = high - low <= rest / 2.0 && commanded;
    // A joint that something stops at the end of its way has its finding.
    let stopped = found.iter().any(|finding| {
        finding.code == "saturated-joint" && finding.joint.as_ref() == Some(&track.joint.name)
    });
    let still = |frame: usize| frame > 0 && state[frame] == state[frame - 1];
    let (start, count) = longest_run(state.len(), still);
    let (first, frames) = match all {
        true => (0, state.len()),
        false => (start.saturating_sub(1), count + 1),
    };
    let (from, to) = span(&action[first..(first + frames).min(action.len())]);
    let seconds = frames as f64 / subject.fps();
    let partly = track.joint.part == Part::Joint
        && !stopped
        && seconds >= LONG
        && to - from > COMMANDED_SOON * rest;
    if all || partly {
        let message = format!(
            "`{}` stays at {:.1}{unit} for {seconds:.1} s while its target goes from {from:.1} to {to:.1}",
            track.joint.name, state[first]
        );
        let finding = Finding::new(Severity::Warning, "dead-joint", message);
        found.push(finding.frames(first, frames).spoils_if(true));
    }
}

/// States and actions that stand at the end of what they can be.
fn ends(subject: &Subject<'_>, track: &Track<'_>, busy: &Range<usize>, found: &mut Vec<Finding>) {
    // Grippers are made to close and to open fully.
    if track.joint.part != Part::Joint {
        return;
    }
    // LeRobot cuts values off at the calibrated range in these units only.
    let range = track
        .joint
        .range
        .filter(|_| subject.body.units == Some(JointUnits::M100));
    let name = &track.joint.name;
    if let Some(state) = &track.state {
        let moves = span(state).1 - span(state).0 > subject.body.rest;
        let (low, high) = range.unwrap_or_else(|| span(state));
        let pushes = |frame: usize, outward: f64| {
            let asked = track.action.as_ref().and_then(|action| action.get(frame));
            asked.is_some_and(|asked| (asked - state[frame]) * outward > PUSHED * subject.body.rest)
        };
        let at_end = |frame: usize| {
            let is = |end: f64, outward: f64| {
                state[frame] == end && (range.is_some() || pushes(frame, outward))
            };
            is(low, -1.0) || is(high, 1.0)
        };
        let (first, frames) = longest_run(state.len(), |frame| {
            moves && busy.contains(&frame) && at_end(frame)
        });
        let seconds = frames as f64 / subject.fps();
        if seconds >= LONG {
            let message = format!(
                "`{name}` stands at the end of its range ({:.1}{}) for {seconds:.1} s",
                state[first],
                subject.body.unit(track.joint)
            );
            let most = frames as f64 > 0.5 * state.len() as f64;
            let finding = Finding::new(Severity::Warning, "saturated-joint", message);
            found.push(Finding {
                joint: Some(name.clone()),
                ..finding.frames(first, frames).spoils_if(most)
            });
        }
    }
    if let (Some(action), Some((low, high))) = (&track.action, range) {
        let cut = |frame: &usize| action[*frame] == low || action[*frame] == high;
        let frames: Vec<usize> = busy
            .clone()
            .filter(|f| *f < action.len())
            .filter(cut)
            .collect();
        let seconds = frames.len() as f64 / subject.fps();
        if let Some(first) = frames.first().filter(|_| seconds >= LONG) {
            let message = format!(
                "the target of `{name}` is at exactly {:.0}, the end of the leader's range, for {seconds:.1} s in all",
                action[*first]
            );
            let share = frames.len() as f64 / action.len() as f64;
            let severity = match share > AT_END {
                true => Severity::Warning,
                false => Severity::Note,
            };
            let finding = Finding::new(severity, "clipped-action", message);
            found.push(finding.frames(*first, frames.len()).spoils_if(share > 0.5));
        }
    }
}

/// What was sent is not what was wanted.
fn altered(subject: &Subject<'_>, track: &Track<'_>, found: &mut Vec<Finding>) {
    let (Some(action), Some(sent)) = (&track.action, &track.sent) else {
        return;
    };
    let allowed = match track.joint.part {
        // Speeds of a base are of the order of one.
        Part::Wheel => 0.1,
        _ => ALTERED * subject.body.rest,
    };
    let off = |frame: usize| (action[frame] - sent[frame]).abs();
    let both = action.len().min(sent.len());
    let frames: Vec<usize> = (0..both).filter(|frame| off(*frame) > allowed).collect();
    let worst = frames.iter().map(|frame| off(*frame)).fold(0.0, f64::max);
    if let Some(first) = frames.first() {
        let share = frames.len() as f64 / both as f64;
        let severity = match share > FEW {
            true => Severity::Warning,
            false => Severity::Note,
        };
        let message = format!(
            "the safety gate changed the target of `{}` in {}, by up to {worst:.1}{}",
            track.joint.name,
            plural(frames.len(), "frame"),
            subject.body.unit(track.joint)
        );
        let finding = Finding::new(severity, "clipped-action", message);
        found.push(finding.frames(*first, frames.len()).spoils_if(share > 0.5));
    }
}

/// Values that their unit cannot have.
fn beyond(track: &Track<'_>, found: &mut Vec<Finding>) {
    let Some((low, high)) = track.joint.range else {
        return;
    };
    let slack = BEYOND * (high - low);
    for (what, values) in [
        ("the position", &track.state),
        ("the target", &track.action),
    ] {
        let Some(values) = values else { continue };
        let outside = |slack: f64| -> Vec<usize> {
            let is_out = |value: &f64| *value < low - slack || *value > high + slack;
            (0..values.len()).filter(|f| is_out(&values[*f])).collect()
        };
        let (far, near) = (outside(slack), outside(ROUNDED));
        let (code, severity, frames) = match far.is_empty() {
            false => ("beyond-range", Severity::Warning, far),
            true => ("outside-range", Severity::Note, near),
        };
        if let Some(first) = frames.first() {
            let message = format!(
                "{what} of `{}` is {:.1}, outside of {low:.0} to {high:.0}, in {}",
                track.joint.name,
                values[*first],
                plural(frames.len(), "frame")
            );
            let finding = Finding::new(severity, code, message);
            found.push(finding.frames(*first, frames.len()).spoils_if(true));
        }
    }
}

/// Smallest and largest value; both zero for none.
fn span(values: &[f64]) -> (f64, f64) {
    let Some(first) = values.first() else {
        return (0.0, 0.0);
    };
    let widen = |(low, high): (f64, f64), value: &f64| (low.min(*value), high.max(*value));
    values.iter().fold((*first, *first), widen)
}
