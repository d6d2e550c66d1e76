//! The architecture check: the table of crates in ARCHITECTURE.md is the allow-list of arrows, and the rules that a
//! program can read in the sources are read there.
//!
//! Reading order: [`arrows`] (between crates), [`modules`] and [`naming`] (what the code of a crate names), [`rules`] (what it must
//! not name), [`circles`] (between its files), [`sizes`] (of files and functions), [`words`] (that are not used), [`survey`] (all of
//! that), [`limits`] (what of it is still tolerated), [`list`] (what is left to mend).

mod arrows;
mod circles;
mod homonyms;
mod items;
mod limits;
mod list;
mod modules;
mod naming;
mod rules;
mod sizes;
mod survey;
mod words;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use survey::Survey;

/// Runs the chore.
///
/// # Errors
/// If a rule is broken, or something cannot be read.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let arguments: Vec<String> = arguments.collect();
    let survey = Survey::of(root)?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => std::io::stdout().write_all(list::list(&survey).as_bytes())?,
        ["--tighten"] => limits::tighten(root, &survey.counts())?,
        [] => {
            let (faults, lower) = verdict(root, &survey)?;
            for fault in &faults {
                eprintln!("{fault}");
            }
            for hint in lower {
                eprintln!("may be lowered with --tighten: {hint}");
            }
            if !faults.is_empty() {
                bail!(
                    "{} of the rules in ARCHITECTURE.md are broken",
                    faults.len()
                );
            }
            eprintln!("architecture: every arrow is allowed, every rule holds");
        }
        _ => bail!("architecture takes nothing, --list (what is left to mend) or --tighten"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that breaks a rule, and the limits that may be lowered, one sentence each.
fn verdict(root: &Path, survey: &Survey) -> Result<(Vec<String>, Vec<String>)> {
    let (too_high, lower) = limits::compare(&limits::read(root)?, &survey.counts());
    let mut faults = survey.faults.clone();
    faults.extend(too_high);
    faults.extend(top_level_faults(root));
    Ok((faults, lower))
}

/// What may lie at the top.
const TOP_LEVEL: [&str; 16] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "firmware",
    "configs",
    "datasets",
    "tests",
    "README.md",
    "LICENSE",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "rust-toolchain.toml",
    ".ci",
    ".gitignore",
    ".clippy.toml",
];

fn top_level_faults(root: &Path) -> Vec<String> {
    let names = tracked(root).into_iter();
    let strange = names.filter(|name| !TOP_LEVEL.contains(&name.as_str()));
    strange
        .map(|name| format!("`{name}` does not belong at the top level"))
        .collect()
}

/// The top-level names that git knows; untracked recordings and builds are not looked at. None without git.
fn tracked(root: &Path) -> BTreeSet<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output();
    let listed = listed
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    listed
        .split('\0')
        .filter_map(|path| path.split('/').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_keeps_its_rules() {
        let root = crate::root();
        let (faults, _) = verdict(&root, &Survey::of(&root).unwrap()).unwrap();
        assert_eq!(faults, Vec::<String>::new());
    }
}
