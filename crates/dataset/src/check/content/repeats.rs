//! Episodes that are there twice.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use super::subject::Subject;
use crate::check::{Finding, Severity};
use crate::episode::Episode;
use crate::features::{ACTION, STATE};

/// The first episode with each fingerprint: its position in the table and its number.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    seen: BTreeMap<u64, (usize, u64)>,
}

impl Repeats {
    /// Compares an episode's states and actions with those before it, bit by bit.
    pub(super) fn compare(&mut self, subject: &Subject<'_>, found: &mut Vec<Finding>) {
        let Some(print) = fingerprint(subject.episode) else {
            return;
        };
        let (first, number) = *self
            .seen
            .entry(print)
            .or_insert((subject.at, subject.row.episode_index));
        if first == subject.at {
            return;
        }
        // Equal fingerprints of different episodes are next to impossible, and a false alarm would cost an episode.
        let keys: Vec<&str> = keys(subject.episode).collect();
        let Ok(before) = subject.dataset.episode_columns(first, &keys) else {
            return;
        };
        if keys
            .iter()
            .all(|key| same(before.column(key).ok(), subject.episode.column(key).ok()))
        {
            let message = format!("states and actions are those of episode {number}, bit for bit");
            let finding = Finding::new(Severity::Warning, "duplicate", message);
            let frames = subject.episode.len();
            found.push(finding.frames(0, frames).spoils_if(true));
        }
    }
}

fn keys(episode: &Episode) -> impl Iterator<Item = &'static str> {
    [STATE, ACTION]
        .into_iter()
        .filter(|key| episode.column(key).is_ok())
}

fn same(a: Option<&crate::Column>, b: Option<&crate::Column>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return false;
    };
    let bits = |column: &crate::Column| -> Vec<u64> {
        column.values().iter().map(|v| v.to_bits()).collect()
    };
    bits(a) == bits(b)
}

/// None for an episode without numbers.
fn fingerprint(episode: &Episode) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut any = false;
    for key in keys(episode) {
        hasher.write(key.as_bytes());
        for value in episode.column(key).ok()?.values() {
            hasher.write_u64(value.to_bits());
            any = true;
        }
    }
    any.then(|| hasher.finish())
}
