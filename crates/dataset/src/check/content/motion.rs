//! Whether, when and for how long the arm moves.

use super::subject::Subject;
use crate::check::{CheckReport, EpisodeGrade, Finding, Severity};
use crate::episode::Column;
use crate::features::{ACTION, STATE};
use crate::movement::movement;
use crate::reader::Dataset;

/// Standing still for less than this, s, at the start or the end is how people work.
const IDLE: f64 = 1.0;
/// From this on it is worth cutting off.
const LONG_IDLE: f64 = 2.0;
/// An episode below this, s, is none.
const SHORTEST: f64 = 0.5;
/// An episode below this share of the median length was most likely broken off.
const SHORT: f64 = 0.25;
/// So many episodes have a median worth the name.
const ENOUGH: usize = 4;

pub(super) fn look(subject: &Subject<'_>, grade: &mut EpisodeGrade, found: &mut Vec<Finding>) {
    let columns: Vec<&Column> = [ACTION, STATE]
        .into_iter()
        .filter_map(|key| subject.episode.column(key).ok())
        .collect();
    let length = subject.episode.len();
    if columns.is_empty() || length == 0 {
        return;
    }
    let rest = subject.body.rest;
    let Some(moving) = movement(&columns, rest) else {
        let message = format!("no joint moves by more than {rest:.3}, in state or action");
        let finding = Finding::new(Severity::Warning, "no-motion", message).frames(0, length);
        return found.push(finding.spoils_if(true));
    };
    grade.moves = true;
    let (head, tail) = (moving.start, length - moving.end);
    grade.idle_head_s = head as f64 / subject.fps();
    grade.idle_tail_s = tail as f64 / subject.fps();
    let threshold = match subject.body.units {
        None => format!(" (give `--threshold {rest:.4}`)"),
        _ => String::new(),
    };
    let mut idle = |code, seconds: f64, first, frames, what: &str| {
        if seconds >= IDLE {
            let severity = match seconds >= LONG_IDLE {
                true => Severity::Warning,
                false => Severity::Note,
            };
            let message = format!("{seconds:.1} s {what}{threshold}");
            found.push(Finding::new(severity, code, message).frames(first, frames));
        }
    };
    let (head_s, tail_s) = (grade.idle_head_s, grade.idle_tail_s);
    idle("idle-head", head_s, 0, head, "pass before anything moves");
    idle(
        "idle-tail",
        tail_s,
        moving.end,
        tail,
        "pass after the last movement",
    );
}

/// Episodes that are too short, in themselves or compared with the others.
pub(super) fn short(dataset: &Dataset, report: &mut CheckReport) {
    let fps = dataset.fps();
    let rows = dataset.episodes();
    let mut lengths: Vec<u64> = rows.iter().map(|row| row.length).collect();
    lengths.sort_unstable();
    let median = match lengths.len() >= ENOUGH {
        true => lengths[lengths.len() / 2] as f64,
        false => 0.0,
    };
    for row in rows.iter().filter(|row| row.length > 0) {
        let (frames, seconds) = (row.length as f64, row.length as f64 / fps);
        if frames < SHORT * median || seconds < SHORTEST {
            let mut message = format!("it is {seconds:.1} s long");
            if median > 0.0 {
                message += &format!("; half of the others are {:.1} s or longer", median / fps);
            }
            report.warning("short", message);
            report.at(row.episode_index, None);
        }
    }
}
