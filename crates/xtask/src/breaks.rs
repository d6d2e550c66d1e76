//! Checks that would not notice: each invariant of ARCHITECTURE.md is broken on purpose, and the check that it names has to fail.
//!
//! The table of invariants names for each a patch in `crates/xtask/break`, which says by which check it has to be found. The patch is applied to
//! a copy of the tree, where this check passes without it and has to fail with it.

#![allow(clippy::print_stdout)] // a chore prints its answer

mod invariants;
mod patch;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::scratch::{Limits, Outcome, QUICKLY_COMPILED, Scratch};
use invariants::Invariant;
use patch::Patch;

/// For compiling, and for a check.
const LIMITS: Limits = Limits {
    busy: Duration::from_secs(1800),
    whole: Duration::from_secs(3600),
};

const USAGE: &str = "usage: cargo run -p xtask -- break [--only NAME,NAME…] [--list]
  --only takes only these patches; --list names them with their checks";

/// What came of one patch.
enum Finding {
    /// The check failed, by these words.
    Found(String),
    Missed,
    /// The check needs what is not there.
    Skipped(&'static str),
    Wrong(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(words) => write!(f, "found    {words}"),
            Self::Missed => f.write_str("MISSED   its check passes"),
            Self::Skipped(why) => write!(f, "SKIPPED  {why}"),
            Self::Wrong(why) => write!(f, "WRONG    {why}"),
        }
    }
}

/// Runs the chore.
///
/// # Errors
/// If table and patches do not agree, or something cannot be run.
pub(crate) fn run(root: &Path, words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let words: Vec<String> = words.collect();
    let invariants = invariants::read(root)?;
    let patches = patch::read_all(root)?;
    invariants::check(&invariants, &patches)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let only: Vec<&str> = match words[..] {
        [] => patches.iter().map(|patch| patch.name.as_str()).collect(),
        ["--only", names] => names.split(',').collect(),
        ["--list"] => {
            for Patch { name, check, .. } in &patches {
                println!("{name:<28} cargo {}", check.join(" "));
            }
            return Ok(ExitCode::SUCCESS);
        }
        _ => bail!("{USAGE}"),
    };
    if let Some(name) = only
        .iter()
        .find(|name| patches.iter().all(|patch| patch.name != **name))
    {
        bail!("crates/xtask/break has no {name}.patch; --list names those there are");
    }
    let taken: Vec<&Patch> = patches
        .iter()
        .filter(|patch| only.contains(&patch.name.as_str()))
        .collect();
    let findings = run_all(&Scratch::new(root, &QUICKLY_COMPILED)?, &taken)?;
    Ok(report(&invariants, &taken, &findings))
}

fn run_all(scratch: &Scratch, patches: &[&Patch]) -> Result<Vec<Finding>> {
    // What passes without a patch, by the check.
    let mut sound: BTreeMap<&[String], Option<String>> = BTreeMap::new();
    let mut findings = Vec::new();
    for patch in patches {
        let begun = Instant::now();
        let finding = match patch.cannot_run() {
            Some(why) => Finding::Skipped(why),
            None => {
                let fault = match sound.get(patch.check.as_slice()) {
                    Some(known) => known.clone(),
                    None => {
                        let fault = fault_without(scratch, patch)?;
                        sound.insert(&patch.check, fault.clone());
                        fault
                    }
                };
                match fault {
                    Some(fault) => Finding::Wrong(fault),
                    None => finding(scratch, patch)?,
                }
            }
        };
        println!(
            "{:>5.0} s  {:<28} {finding}",
            begun.elapsed().as_secs_f64(),
            patch.name
        );
        findings.push(finding);
    }
    Ok(findings)
}

/// Why the check says nothing even without a patch; none if it passes.
fn fault_without(scratch: &Scratch, patch: &Patch) -> Result<Option<String>> {
    let ran = scratch.cargo(&patch.words(), LIMITS)?;
    if !ran.passed {
        return Ok(Some(format!(
            "its check fails without the patch: {}",
            ran.why()
        )));
    }
    let no_test = patch.is_test() && ran.tests() == 0;
    Ok(no_test.then(|| "its check runs no test".to_owned()))
}

fn finding(scratch: &Scratch, patch: &Patch) -> Result<Finding> {
    let _patched = match scratch.patched(&patch.diff) {
        Ok(patched) => patched,
        Err(error) => return Ok(Finding::Wrong(format!("{error:#}"))),
    };
    let ran: Outcome = scratch.cargo(&patch.words(), LIMITS)?;
    if ran.passed {
        return Ok(Finding::Missed);
    }
    // A patch that does not compile shows nothing of a test.
    let fails_as_a_test = !patch.is_test() || ran.said.contains("test result: FAILED");
    match fails_as_a_test && ran.said.contains(&patch.says) {
        true => Ok(Finding::Found(patch.says.clone())),
        false => Ok(Finding::Wrong(format!(
            "its check fails, but does not say `{}`: {}",
            patch.says,
            ran.why()
        ))),
    }
}

fn report(invariants: &[Invariant], patches: &[&Patch], findings: &[Finding]) -> ExitCode {
    let count = |is: fn(&Finding) -> bool| findings.iter().filter(|finding| is(finding)).count();
    println!(
        "\n{} of {} breaks found, {} missed, {} wrong, {} skipped; {} invariants in the table",
        count(|finding| matches!(finding, Finding::Found(_))),
        findings.len(),
        count(|finding| matches!(finding, Finding::Missed)),
        count(|finding| matches!(finding, Finding::Wrong(_))),
        count(|finding| matches!(finding, Finding::Skipped(_))),
        invariants.len()
    );
    let mut code = ExitCode::SUCCESS;
    for (patch, finding) in patches.iter().zip(findings) {
        if matches!(finding, Finding::Missed | Finding::Wrong(_)) {
            println!(
                "{}: cargo {}\n  {finding}",
                patch.name,
                patch.check.join(" ")
            );
            code = ExitCode::FAILURE;
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invariant_has_a_patch_and_every_patch_applies() {
        let root = crate::root();
        let patches = patch::read_all(&root).unwrap();
        invariants::check(&invariants::read(&root).unwrap(), &patches).unwrap();
        for patch in patches {
            patch.check_applies(&root).unwrap();
        }
    }
}
