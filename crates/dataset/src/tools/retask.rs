//! Changing tasks.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::reader::Dataset;
use crate::setters::setters;
use crate::tools::build::carry_out;
use crate::tools::plan::Plan;
use crate::tools::select::existing;
use crate::tools::work::{Edited, Target, Work};

/// What becomes of tasks. Episodes named come first, then renamings, then the task for all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskChanges {
    /// New texts by the old ones. Where the task changes within an episode, each part keeps its own.
    pub renamed: BTreeMap<String, String>,
    /// The one task of these episodes.
    pub assigned: BTreeMap<u64, String>,
    /// The one task of every episode that neither names.
    pub others: Option<String>,
}

setters!(TaskChanges {
    renamed: BTreeMap<String, String>,
    assigned: BTreeMap<u64, String>,
    others: Option<String>,
});

/// Changes tasks. As in LeRobot, the list of tasks is sorted afterwards, and holds only what is used.
pub fn change_tasks(
    dir: impl AsRef<Path>,
    changes: &TaskChanges,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let dataset = Dataset::open(dir)?;
    let refuse = |what: String, reason: String| Err(DatasetError::invalid(what, reason));
    let known = dataset.tasks().to_vec();
    if let Some(unknown) = changes.renamed.keys().find(|old| !known.contains(old)) {
        return refuse(
            format!("task `{unknown}`"),
            format!("the dataset has no such task; it has: {}", known.join("; ")),
        );
    }
    let texts = changes.renamed.values().chain(changes.assigned.values());
    if texts
        .chain(&changes.others)
        .any(|text| text.trim().is_empty())
    {
        return refuse("the new task".to_owned(), "is empty".to_owned());
    }
    let numbers: Vec<u64> = changes.assigned.keys().copied().collect();
    existing(&dataset, &numbers)?;
    let mut plan = Plan::of(dataset)?;
    let old = plan.tasks.clone();
    let mut texts: Vec<Vec<&str>> = Vec::new();
    for take in &plan.takes {
        let assigned = changes.assigned.get(&(take.episode as u64));
        let renames = |task: &u32| changes.renamed.contains_key(&old[*task as usize]);
        let one = match (assigned, &changes.others) {
            (Some(text), _) => Some(text),
            (None, Some(text)) if !take.tasks.iter().any(renames) => Some(text),
            _ => None,
        };
        texts.push(match one {
            Some(text) => vec![text.as_str(); take.tasks.len()],
            None => {
                let text = |task: &u32| {
                    let old = &old[*task as usize];
                    changes.renamed.get(old).unwrap_or(old).as_str()
                };
                take.tasks.iter().map(text).collect()
            }
        });
    }
    let mut sorted: Vec<&str> = texts.iter().flatten().copied().collect();
    sorted.sort_unstable();
    sorted.dedup();
    for (take, texts) in plan.takes.iter_mut().zip(&texts) {
        let number = |text: &&str| sorted.partition_point(|known| known < text) as u32;
        take.tasks = texts.iter().map(number).collect();
    }
    plan.tasks = sorted.into_iter().map(str::to_owned).collect();
    carry_out(&plan, target, work)
}
