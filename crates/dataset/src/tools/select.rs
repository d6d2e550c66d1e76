//! Deleting episodes, and splitting a dataset.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{DatasetError, IoContext, Result};
use crate::reader::Dataset;
use crate::tools::build::carry_out;
use crate::tools::plan::Plan;
use crate::tools::work::{Edited, Target, Work};

/// Removes episodes; those after them move up. Tasks that no frame has any more go too.
pub fn delete(
    dir: impl AsRef<Path>,
    episodes: &[u64],
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let dataset = Dataset::open(dir)?;
    let gone = existing(&dataset, episodes)?;
    if gone.is_empty() {
        return Err(DatasetError::invalid(
            "the edit",
            "no episodes to delete are named",
        ));
    }
    let mut plan = Plan::of_episodes(dataset, |episode| !gone.contains(&episode))?;
    plan.drop_unused_tasks();
    carry_out(&plan, target, work)
}

/// How to split.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// Consecutive episodes by shares of their number, rounded down; the last part gets the rest, as in LeRobot.
    Fractions(Vec<(String, f64)>),
    /// Episodes by their numbers.
    Episodes(Vec<(String, Vec<u64>)>),
}

/// Makes a dataset of each part: `NAME` below `output`, else `DIR_NAME` beside `DIR`, as LeRobot names them. The original
/// stays as it is. Parts too small for an episode are left out.
pub fn split(
    dir: impl AsRef<Path>,
    parts: &Parts,
    output: Option<&Path>,
    work: &mut Work,
) -> Result<Vec<(String, Edited)>> {
    let dataset = Dataset::open(dir)?;
    let parts = resolve(&dataset, parts)?;
    let mut taken = BTreeSet::new();
    for (name, episodes) in &parts {
        if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            let reason = format!("`{name}` cannot be the name of a folder");
            return Err(DatasetError::invalid("the split", reason));
        }
        if let Some(twice) = episodes.iter().find(|episode| !taken.insert(**episode)) {
            let reason = format!("episode {twice} is in two parts; give it to one");
            return Err(DatasetError::invalid("the split", reason));
        }
    }
    let mut out = Vec::new();
    for (name, episodes) in parts {
        let mut plan = Plan::of_episodes(dataset.clone(), |episode| episodes.contains(&episode))?;
        plan.drop_unused_tasks();
        let target = Target::New(match output {
            Some(output) => output.join(&name),
            None => beside(dataset.root(), &name)?,
        });
        out.push((name, carry_out(&plan, &target, work)?));
    }
    Ok(out)
}

fn beside(root: &Path, part: &str) -> Result<PathBuf> {
    let root = root.canonicalize().at("find", root)?;
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    Ok(root.with_file_name(format!("{name}_{part}")))
}

fn resolve(dataset: &Dataset, parts: &Parts) -> Result<Vec<(String, BTreeSet<usize>)>> {
    let refuse = |reason: String| Err(DatasetError::invalid("the split", reason));
    let resolved: Vec<(String, BTreeSet<usize>)> = match parts {
        Parts::Episodes(parts) => {
            let one =
                |(name, list): &(String, Vec<u64>)| Ok((name.clone(), existing(dataset, list)?));
            parts.iter().map(one).collect::<Result<_>>()?
        }
        Parts::Fractions(parts) => {
            let sum: f64 = parts.iter().map(|(_, share)| share).sum();
            let odd = parts
                .iter()
                .any(|(_, share)| !(*share > 0.0 && *share <= 1.0));
            if odd || sum > 1.0 + 1e-9 {
                return refuse(
                    "shares must lie between 0 and 1, and together be at most 1".to_owned(),
                );
            }
            let mut next = 0;
            let mut out = Vec::new();
            for (at, (name, share)) in parts.iter().enumerate() {
                let count = (dataset.len() as f64 * share) as usize;
                if count == 0 {
                    continue;
                }
                let end = match at + 1 == parts.len() {
                    true => dataset.len(),
                    false => next + count,
                };
                out.push((name.clone(), (next..end).collect()));
                next = end;
            }
            out
        }
    };
    match resolved.iter().find(|(_, episodes)| episodes.is_empty()) {
        Some((name, _)) => refuse(format!("part `{name}` has no episodes")),
        None if resolved.is_empty() => refuse("no part has an episode".to_owned()),
        None => Ok(resolved),
    }
}

/// The episodes named, all of which must exist.
pub(crate) fn existing(dataset: &Dataset, episodes: &[u64]) -> Result<BTreeSet<usize>> {
    let one = |episode: &u64| {
        let at = usize::try_from(*episode).unwrap_or(usize::MAX);
        dataset.episode_row(at).map(|_| at)
    };
    episodes.iter().map(one).collect()
}
