//! Cutting the heads and tails of episodes off.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::features::{ACTION, STATE};
use crate::movement::movement;
use crate::reader::Dataset;
use crate::tools::build::carry_out;
use crate::tools::plan::Plan;
use crate::tools::work::{Edited, Target, Work};

/// What to cut off.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// Keeps these frames of one episode.
    Frames {
        /// The episode's number.
        episode: u64,
        /// The frames that stay, numbered within the episode.
        frames: Range<usize>,
    },
    /// Cuts off, of every episode (or of these), what lies before the first and after the last movement.
    Idle {
        /// The episodes; none means all.
        episodes: Option<Vec<u64>>,
        /// How far a joint's action or state may be from where it was at the start (at the end, for tails) and still
        /// count as at rest, in the dataset's own units; for the speeds of a base in m/s it is a twentieth of this.
        threshold: f64,
        /// Seconds that stay before and after the movement.
        margin: f64,
    },
}

/// Trims episodes. LeRobot has no such tool; an episode's frames are numbered and timed from 0 again.
pub fn trim(dir: impl AsRef<Path>, cut: &Cut, target: &Target, work: &mut Work) -> Result<Edited> {
    let dataset = Dataset::open(dir)?;
    let mut notes = Vec::new();
    let kept = match cut {
        Cut::Frames { episode, frames } => BTreeMap::from([one(&dataset, *episode, frames)?]),
        Cut::Idle {
            episodes,
            threshold,
            margin,
        } => {
            if !(threshold.is_finite() && *threshold > 0.0 && margin.is_finite() && *margin >= 0.0)
            {
                let reason = "the threshold must be above 0, and the margin at least 0 s";
                return Err(DatasetError::invalid("the cut", reason));
            }
            let margin = (margin * dataset.fps()).round() as usize;
            let all = (0..dataset.len() as u64).collect();
            let mut kept = BTreeMap::new();
            for episode in episodes.as_ref().unwrap_or(&all) {
                let at = usize::try_from(*episode).unwrap_or(usize::MAX);
                match moving(&dataset, at, *threshold)? {
                    Some(frames) => {
                        let length = dataset.episode_row(at)?.length;
                        let length = usize::try_from(length).unwrap_or(usize::MAX);
                        let end = frames.end.saturating_add(margin).min(length);
                        kept.insert(at, frames.start.saturating_sub(margin)..end);
                    }
                    None => notes.push(format!(
                        "episode {episode} is left as it is: nothing in it moves by more than {threshold}"
                    )),
                }
            }
            kept
        }
    };
    let mut plan = Plan::of(dataset)?;
    for take in &mut plan.takes {
        if let Some(frames) = kept.get(&take.episode).filter(|f| **f != take.frames) {
            let (head, tail) = (frames.start, take.frames.end - frames.end);
            notes.push(format!(
                "episode {}: {head} frames cut off at its head, {tail} at its tail, {} stay",
                take.episode,
                frames.len()
            ));
            take.trim(frames.clone());
        }
    }
    plan.drop_unused_tasks();
    plan.notes = notes;
    carry_out(&plan, target, work)
}

fn one(dataset: &Dataset, episode: u64, frames: &Range<usize>) -> Result<(usize, Range<usize>)> {
    let at = usize::try_from(episode).unwrap_or(usize::MAX);
    let length = dataset.episode_row(at)?.length;
    if frames.is_empty() || frames.end as u64 > length {
        return Err(DatasetError::invalid(
            format!(
                "frames {} to {} of episode {episode}",
                frames.start, frames.end
            ),
            format!(
                "the episode has {length} frames, numbered from 0, of which at least one must stay"
            ),
        ));
    }
    Ok((at, frames.clone()))
}

/// The frames from the first to the last movement; none when there is none.
fn moving(dataset: &Dataset, episode: usize, threshold: f64) -> Result<Option<Range<usize>>> {
    let has = |key: &&str| dataset.info().features.iter().any(|f| f.key == **key);
    let keys: Vec<&str> = [ACTION, STATE].into_iter().filter(has).collect();
    if keys.is_empty() {
        let reason = format!("the dataset has neither `{ACTION}` nor `{STATE}`");
        return Err(DatasetError::invalid("the idle frames", reason));
    }
    let read = dataset.episode_columns(episode, &keys)?;
    let mut columns = Vec::new();
    for key in &keys {
        columns.push(read.column(key)?);
    }
    Ok(movement(&columns, threshold))
}
