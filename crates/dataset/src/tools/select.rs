//! Deleting episodes, and splitting a dataset.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::episode::Episode;
use crate::error::{DatasetError, IoContext, Result};
use crate::reader::{Dataset, EpisodeReader};
use crate::setters::setters;
use crate::tools::build::carry_out;
use crate::tools::plan::Plan;
use crate::tools::replace::must_be_free;
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

/// Which episodes stay: those that fulfil all that is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// One of these.
    pub episodes: Option<Vec<u64>>,
    /// With frames of one of these tasks.
    pub tasks: Vec<String>,
    /// At least so long, s.
    pub at_least: Option<f64>,
    /// At most so long, s.
    pub at_most: Option<f64>,
}

setters!(Choice {
    episodes: Option<Vec<u64>>,
    tasks: Vec<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
});

/// Keeps only some episodes, renumbered from 0. Tasks that no frame has any more go.
pub fn select(
    dir: impl AsRef<Path>,
    choice: &Choice,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let dataset = Dataset::open(dir)?;
    let refuse = |what: &str, reason: String| Err(DatasetError::invalid(what, reason));
    if *choice == Choice::default() {
        return refuse(
            "the selection",
            "nothing says which episodes stay".to_owned(),
        );
    }
    let unknown = choice
        .tasks
        .iter()
        .find(|task| !dataset.tasks().contains(task));
    if let Some(unknown) = unknown {
        let known = dataset.tasks().join("; ");
        return refuse(
            &format!("task `{unknown}`"),
            format!("the dataset has no such task; it has: {known}"),
        );
    }
    let named = match &choice.episodes {
        Some(episodes) => existing(&dataset, episodes)?,
        None => (0..dataset.len()).collect(),
    };
    let mut kept = BTreeSet::new();
    let mut reader = EpisodeReader::new(&dataset, Vec::new());
    for episode in named {
        let seconds = dataset.episode_row(episode)?.length as f64 / dataset.fps();
        let long = choice.at_least.is_none_or(|least| seconds >= least)
            && choice.at_most.is_none_or(|most| seconds <= most);
        let asked = |episode: &Episode| {
            let mut tasks = (0..episode.len()).filter_map(|frame| episode.task(frame));
            tasks.any(|task| choice.tasks.iter().any(|asked| asked == task))
        };
        // The rows say which task they are of, not the table.
        if long && (choice.tasks.is_empty() || asked(&reader.read(episode)?)) {
            kept.insert(episode);
        }
    }
    if kept.is_empty() {
        return refuse("the selection", "no episode fulfils it".to_owned());
    }
    let mut plan = Plan::of_episodes(dataset, |episode| kept.contains(&episode))?;
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

/// Makes a dataset of each part: `NAME` below `output`, else `DIR_NAME` next to `DIR`, as LeRobot names them. The original
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
        if let Err(error) = ulna_outside::name::check(name) {
            return Err(DatasetError::invalid("the split", error.to_string()));
        }
        if let Some(twice) = episodes.iter().find(|episode| !taken.insert(**episode)) {
            let reason = format!("episode {twice} is in two parts; give it to one");
            return Err(DatasetError::invalid("the split", reason));
        }
    }
    let place = |name: &str| match output {
        Some(output) => Ok(output.join(name)),
        None => sibling(dataset.root(), name),
    };
    // All of them before the first is written: it would be in the way of the next attempt.
    for (name, _) in &parts {
        must_be_free(&place(name)?)?;
    }
    let mut out = Vec::new();
    for (name, episodes) in parts {
        let mut plan = Plan::of_episodes(dataset.clone(), |episode| episodes.contains(&episode))?;
        plan.drop_unused_tasks();
        let target = Target::New(place(&name)?);
        out.push((name, carry_out(&plan, &target, work)?));
    }
    Ok(out)
}

fn sibling(root: &Path, part: &str) -> Result<PathBuf> {
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
