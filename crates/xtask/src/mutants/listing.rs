//! The mutants that there are, as `cargo mutants` lists them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::config::Config;
use super::mutant::Mutant;
use crate::command::answer;

/// What is used of an entry of `cargo mutants --list --json --diff`.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    file: String,
    span: Span,
    diff: String,
}

#[derive(Debug, Deserialize)]
struct Span {
    start: Place,
}

#[derive(Debug, Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// The diff with a head that `git apply` takes; theirs says in place of the file's new name what was done to it.
fn as_git(file: &str, diff: &str) -> String {
    let body = diff.split_inclusive('\n').skip(2).collect::<String>();
    format!("--- a/{file}\n+++ b/{file}\n{body}")
}

/// All mutants of all parts.
///
/// # Errors
/// If `cargo mutants` is not installed or does not understand the sources, or a part has no mutant.
pub(super) fn list(root: &Path, config: &Config) -> Result<Vec<Mutant>> {
    let mut mutants = Vec::new();
    for (group, part) in config.parts.iter().enumerate() {
        let mut command = Command::new("cargo");
        command.args(["mutants", "--list", "--json", "--diff", "--workspace"]);
        for file in &part.files {
            command.args(["--file", file]);
        }
        let listed = answer(command.current_dir(root))
            .context("`cargo mutants` lists nothing; if it is not there, `cargo install cargo-mutants --locked` brings it")?;
        let entries: Vec<Entry> =
            serde_json::from_str(&listed).context("`cargo mutants --list --json` has changed")?;
        ensure!(
            !entries.is_empty(),
            "no mutant in the files of `{}`",
            part.name
        );
        for entry in entries {
            let Place { line, column } = entry.span.start;
            let text = fs::read_to_string(root.join(&entry.file))?;
            let at = format!("{}:{line}:{column}: ", entry.file);
            let change = entry.name.strip_prefix(&at).unwrap_or(&entry.name);
            mutants.push(Mutant {
                group,
                part: part.name.clone(),
                title: format!("{}: {change}", entry.file),
                line: text
                    .lines()
                    .nth(line - 1)
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
                name: entry.name,
                diff: as_git(&entry.file, &entry.diff),
            });
        }
    }
    Ok(mutants)
}
