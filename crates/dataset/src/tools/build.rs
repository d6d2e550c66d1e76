//! Carrying a plan out: the new dataset is built next to the old one, checked, and put in place.

use std::collections::BTreeMap;
use std::path::Path;

use crate::advice;
use crate::card;
use crate::check::{Severity, check};
use crate::error::{DatasetError, Result};
use crate::features::Dtype;
use crate::info::{Info, must_be_v3};
use crate::paths::must_be_distinct;
use crate::reader::Dataset;
use crate::tools::plan::Plan;
use crate::tools::replace::Site;
use crate::tools::rows::{SourceRows, canonical, data_path};
use crate::tools::tables::Places;
use crate::tools::work::{Edited, Target, Work};
use crate::tools::{carry, data, room, stats, tables, videos};

/// Builds, checks and places the result. Whatever fails before the last step leaves everything as it was.
pub(crate) fn carry_out(plan: &Plan, target: &Target, work: &mut Work) -> Result<Edited> {
    let info = plan.info()?;
    let first = &plan.sources[0];
    if plan.takes.is_empty() {
        return Err(DatasetError::invalid(
            first.root().display().to_string(),
            match plan.notes.is_empty() {
                true => "no episode would be left, which no reader opens".to_owned(),
                false => format!("no episode would be left: {}", plan.notes.join("; ")),
            },
        ));
    }
    if let Target::New(output) = target {
        plan.sources
            .iter()
            .try_for_each(|source| outside(source.root(), output))?;
    }
    let subject = match target {
        Target::InPlace => first.root().to_owned(),
        Target::New(path) => path.clone(),
    };
    work.about(&subject);
    if *target == Target::InPlace {
        must_be_distinct(first.info(), first.root())?;
        work.replaced = first.root().canonicalize().ok();
    }
    let fs = work.fs.clone();
    let site = Site::open(&*fs, first.root(), target)?;
    let built = unaltered(first, target)
        .and_then(|()| room::check(plan, &site.build, work))
        .and_then(|()| build(plan, &info, &site.build, target, work))
        .and_then(|edited| verify(plan, &site.build, &subject, work).map(|()| edited));
    match built {
        Ok(edited) => Ok(Edited {
            root: site.finish(&*fs)?,
            ..edited
        }),
        Err(error) => {
            site.abandon(&*fs);
            Err(error)
        }
    }
}

/// Refuses an output folder that is the dataset, or lies in it: what reads the one would find the other's files.
pub(crate) fn outside(root: &Path, output: &Path) -> Result<()> {
    let real = |path: &Path| {
        // The part of the path that is there, looked up, and the rest as it is.
        let mut rest = Vec::new();
        let mut here = path;
        loop {
            if let Ok(found) = here.canonicalize() {
                return rest.iter().rev().fold(found, |path, name| path.join(name));
            }
            match (here.file_name(), here.parent()) {
                (Some(name), Some(parent)) => {
                    rest.push(name);
                    here = if parent.as_os_str().is_empty() {
                        Path::new(".")
                    } else {
                        parent
                    };
                }
                _ => return path.to_owned(),
            }
        }
    };
    let (root, output) = (real(root), real(output));
    if !output.starts_with(&root) {
        return Ok(());
    }
    let sibling = advice::quoted(&advice::sibling(&root, "new"));
    Err(DatasetError::invalid(
        output.display().to_string(),
        format!(
            "lies in the dataset itself; give a folder outside of it, such as `--output {sibling}`"
        ),
    ))
}

/// Another program may have written to the dataset between its opening and its locking.
fn unaltered(dataset: &Dataset, target: &Target) -> Result<()> {
    if *target != Target::InPlace {
        return Ok(());
    }
    must_be_v3(dataset.info(), dataset.root())?;
    if dataset.uncommitted_episodes() > 0 {
        return Err(DatasetError::NeedsRepair {
            path: dataset.root().to_owned(),
        });
    }
    let now = Dataset::open(dataset.root())?;
    match now.info() == dataset.info() && now.episodes() == dataset.episodes() {
        true => Ok(()),
        false => Err(DatasetError::invalid(
            dataset.root().display().to_string(),
            "another program changed it just now; try again",
        )),
    }
}

fn build(
    plan: &Plan,
    info: &Info,
    root: &Path,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let mut edited = Edited {
        episodes: plan.takes.len() as u64,
        frames: plan.frames(),
        notes: plan.notes.clone(),
        ..Edited::default()
    };
    edited.notes.extend(plan.splits(&plan.sources[0]).1);
    let rows = data::write(plan, info, root, work, &mut edited)?;
    let mut spans = BTreeMap::new();
    for column in plan
        .columns
        .iter()
        .filter(|c| c.feature.dtype == Dtype::Video)
    {
        let written = videos::write(plan, column, info, root, work, &mut edited)?;
        spans.insert(column.feature.key.clone(), written);
    }
    let stats = stats::of_episodes(plan, info, rows.stats, work, &mut edited)?;
    let places = Places {
        data: rows.files,
        videos: spans,
    };
    if *target == Target::InPlace {
        carry::other_files(work, &plan.sources[0], root)?;
    }
    tables::write(plan, info, &places, stats, root, work)?;
    // Of several datasets, the first one's card.
    let notes = card::carry_over(&*work.fs.clone(), plan.sources[0].root(), root)?;
    edited.notes.extend(notes);
    Ok(edited)
}

/// Reads the result back: its own check must find no fault that the sources don't have, and every row that was taken
/// over must be what it was.
fn verify(plan: &Plan, root: &Path, subject: &Path, work: &mut Work) -> Result<()> {
    work.step("check", plan.frames())?;
    let errors = |root: &Path| {
        let findings = check(root).findings;
        let errors = findings
            .into_iter()
            .filter(|f| f.severity == Severity::Error);
        errors.collect::<Vec<_>>()
    };
    let found = errors(root);
    if !found.is_empty() {
        let before: Vec<&str> = plan
            .sources
            .iter()
            .flat_map(|source| errors(source.root()))
            .map(|finding| finding.code)
            .collect();
        let fresh: Vec<String> = found
            .into_iter()
            .filter(|finding| !before.contains(&finding.code))
            .map(|finding| finding.message)
            .take(3)
            .collect();
        if !fresh.is_empty() {
            return Err(DatasetError::Unsound {
                path: subject.to_owned(),
                findings: fresh.join("; "),
            });
        }
    }
    let result = Dataset::open(root)?;
    let mut written = SourceRows::new(&result);
    let mut sources: Vec<SourceRows> = plan.sources.iter().map(SourceRows::new).collect();
    for (number, take) in plan.takes.iter().enumerate() {
        let source = &plan.sources[take.source];
        let (here, there) = (
            data_path(&result, number)?,
            data_path(source, take.episode)?,
        );
        work.advance(take.frames.len() as u64)?;
        if room::same_file(&here, &there) {
            continue;
        }
        let rows = written.episode(number)?;
        let origin = sources[take.source].episode(take.episode)?;
        let origin = origin.slice(take.frames.start, take.frames.len());
        for column in plan.columns.iter().filter(|c| c.values.is_none()) {
            let feature = &column.feature;
            let pair = (
                rows.column_by_name(&feature.key),
                origin.column_by_name(&column.from),
            );
            let (Some(new), Some(old)) = pair else {
                continue;
            };
            // Both as the writer would have them: files of others keep the same values in other kinds of lists.
            let same_form = |values, path: &Path| {
                canonical(feature, values)
                    .map_err(|reason| DatasetError::field(path, &feature.key, reason))
            };
            let (new, old) = (same_form(new, &here)?, same_form(old, &there)?);
            if !feature.is_auto() && new.as_ref() != old.as_ref() {
                return Err(DatasetError::Unsound {
                    path: subject.to_owned(),
                    findings: format!("`{}` of episode {number} is not what it was", feature.key),
                });
            }
        }
    }
    Ok(())
}
