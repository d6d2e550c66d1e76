//! The architecture check: the table of crates in ARCHITECTURE.md is the allow-list of arrows, and the rules that a
//! program can read in the sources are read there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use toml::{Table, Value};

/// Everything that breaks a rule, one sentence each.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let allowed = allow_list(&page);
    let mut faults = Vec::new();
    for folder in folders(&root.join("crates"))? {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(folder.join("Cargo.toml"))
            .with_context(|| format!("crates/{name}/Cargo.toml"))?;
        let manifest: Table = text
            .parse()
            .with_context(|| format!("crates/{name}/Cargo.toml"))?;
        faults.extend(arrow_faults(&name, &manifest, &allowed));
        for source in rust_files(&folder.join("src"))? {
            let text = fs::read_to_string(&source)?;
            faults.extend(source_faults(
                &name,
                &source
                    .strip_prefix(root)
                    .unwrap_or(&source)
                    .display()
                    .to_string(),
                &text,
            ));
        }
    }
    faults.extend(top_level_faults(root));
    Ok(faults)
}

/// Crate → crates it may use, from the lines `| name | … | a b c |` of the page's table; `–` is none, `all above` is all named before.
fn allow_list(page: &str) -> BTreeMap<String, Vec<String>> {
    let mut allowed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut before = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else {
            continue;
        };
        let name = first.trim_matches('`').to_owned();
        let uses = match *last {
            "–" => Vec::new(),
            "all above" => before.clone(),
            list => list.split_whitespace().map(str::to_owned).collect(),
        };
        before.push(name.clone());
        allowed.insert(name, uses);
    }
    allowed
}

fn arrow_faults(
    name: &str,
    manifest: &Table,
    allowed: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let Some(may_use) = allowed.get(name) else {
        return vec![format!(
            "crates/{name} is not in ARCHITECTURE.md's table of crates"
        )];
    };
    let mut faults = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (dependency, value) in manifest
            .get(section)
            .and_then(Value::as_table)
            .into_iter()
            .flatten()
        {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                faults.push(format!(
                    "crates/{name}: `{dependency}` is not declared in the root manifest"
                ));
            }
            if let Some(other) = dependency
                .strip_prefix("ulna-")
                .filter(|other| !may_use.iter().any(|may| may == other))
            {
                faults.push(format!(
                    "crates/{name} uses {other}, which ARCHITECTURE.md does not allow"
                ));
            }
        }
    }
    faults
}

/// What must not occur in the sources of a crate, and why. Only shipped code counts, not tests or comments.
const FORBIDDEN: [(&[&str], &str, &str); 5] = [
    (&["core", "bus"], "std::", "is no_std"),
    (&["core", "bus", "control"], "Instant", "reads no clock"),
    (
        &["core", "bus", "control", "sim"],
        "SystemTime",
        "reads no clock",
    ),
    (&["core", "bus", "control"], "thread::", "knows no threads"),
    (&["core", "bus", "control", "rt"], "fs::", "opens no files"),
];

/// Lines that a file may have before it surely holds more than one idea.
const LONGEST_FILE: usize = 600;

fn source_faults(name: &str, path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if matches!(name, "core" | "bus")
        && path.ends_with("src/lib.rs")
        && !text.contains("#![no_std]")
    {
        faults.push(format!("{path}: crate {name} is no_std"));
    }
    let is_test = path.contains("/tests/") || path.ends_with("tests.rs");
    let shipped = if is_test {
        ""
    } else {
        text.split("#[cfg(test)]").next().unwrap_or(text)
    };
    let code = || {
        shipped
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
    };
    for (crates, word, why) in FORBIDDEN {
        // `rustix::fs` in rt sets no file; only std's does.
        let found = code().any(|line| {
            line.contains(word) && !line.contains("rustix::") && !line.contains("core::")
        });
        if crates.contains(&name) && found {
            faults.push(format!("{path}: `{word}`, but crate {name} {why}"));
        }
    }
    if text.lines().count() > LONGEST_FILE {
        faults.push(format!(
            "{path} is longer than {LONGEST_FILE} lines: split it"
        ));
    }
    faults
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
    let mut faults = Vec::new();
    for name in tracked(root) {
        if !TOP_LEVEL.contains(&name.as_str()) {
            faults.push(format!("`{name}` does not belong at the top level"));
        }
    }
    faults
}

/// The top-level names that git knows: what somebody recorded or built in the folder is nobody's business. None without git.
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

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> = fs::read_dir(path)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    all.retain(|path| path.join("Cargo.toml").is_file());
    all.sort();
    Ok(all)
}

fn rust_files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path)?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "| crate | what | may use |\n|---|---|---|\n| `core` | types | – |\n| `sim` | servos | core |\n| `app` | glue | all above |\n";

    fn faults(name: &str, manifest: &str) -> Vec<String> {
        arrow_faults(name, &manifest.parse().unwrap(), &allow_list(PAGE))
    }

    #[test]
    fn this_workspace_keeps_its_rules() {
        assert_eq!(check(&crate::root()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn arrows_are_those_of_the_table() {
        let uses_sim = "[dependencies]\nulna-sim.workspace = true";
        assert!(faults("app", uses_sim).is_empty());
        assert_eq!(
            faults("core", uses_sim),
            ["crates/core uses sim, which ARCHITECTURE.md does not allow"]
        );
        assert_eq!(
            faults("sim", "[dev-dependencies]\nulna-session.workspace = true").len(),
            1
        );
        assert_eq!(faults("web", "").len(), 1);
        assert_eq!(faults("app", "[dependencies]\nserde = \"1\"").len(), 1);
    }

    #[test]
    fn clocks_and_files_are_found_but_not_in_comments() {
        assert_eq!(
            source_faults("control", "a.rs", "let t = Instant::now();").len(),
            1
        );
        assert_eq!(source_faults("control", "a.rs", "// Instant\n").len(), 0);
        assert_eq!(
            source_faults("app", "a.rs", "let t = Instant::now();").len(),
            0
        );
        assert_eq!(
            source_faults("bus", "crates/bus/src/lib.rs", "//! x\n").len(),
            1
        );
    }
}
