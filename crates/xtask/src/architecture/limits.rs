//! What the check still tolerates: numbers that only fall.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::{Table, Value};

/// What is counted: section → key → number.
pub(super) type Counts = BTreeMap<&'static str, BTreeMap<String, usize>>;

const HEAD: &str = "\
# What `cargo run -p xtask -- architecture` still tolerates. The check fails if a number rises, and says so if one may be lowered;
# `architecture --tighten` lowers them. What is not named here is zero.
";

fn file(root: &Path) -> PathBuf {
    root.join("crates/xtask/architecture.toml")
}

/// Reads the tolerated numbers.
///
/// # Errors
/// If the file is absent or is no table of tables of numbers.
pub(super) fn read(root: &Path) -> Result<Table> {
    let file = file(root);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    text.parse().with_context(|| file.display().to_string())
}

/// The tolerated number for a key.
fn tolerated(limits: &Table, section: &str, key: &str) -> usize {
    let number = limits.get(section).and_then(|section| section.get(key));
    let number = number.and_then(Value::as_integer).unwrap_or(0);
    usize::try_from(number).unwrap_or(0)
}

/// The counts that are too high, and those whose limit may be lowered: a sentence each.
pub(super) fn compare(limits: &Table, counts: &Counts) -> (Vec<String>, Vec<String>) {
    let (mut too_high, mut lower) = (Vec::new(), Vec::new());
    for (section, key, count) in all(counts) {
        let most = tolerated(limits, section, key);
        if count > most {
            too_high.push(format!(
                "{section} of {key}: {count}, at most {most} (see --list)"
            ));
        }
    }
    for (section, table) in limits {
        for (key, _) in table.as_table().into_iter().flatten() {
            let count = counts
                .get(section.as_str())
                .and_then(|counts| counts.get(key));
            let (count, most) = (count.copied().unwrap_or(0), tolerated(limits, section, key));
            if count < most {
                lower.push(format!("{section} of {key}: {count}, tolerated {most}"));
            }
        }
    }
    (too_high, lower)
}

fn all(counts: &Counts) -> impl Iterator<Item = (&'static str, &str, usize)> {
    counts.iter().flat_map(|(section, counts)| {
        let counts = counts.iter();
        counts.map(|(key, count)| (*section, key.as_str(), *count))
    })
}

/// Writes the smaller of each count and what was tolerated before; without a file before, the counts.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn tighten(root: &Path, counts: &Counts) -> Result<()> {
    let before = read(root).ok();
    let mut text = HEAD.to_owned();
    for (section, counts) in counts {
        let numbers = counts.iter().filter_map(|(key, count)| {
            let most = before
                .as_ref()
                .map(|before| tolerated(before, section, key));
            let number = most.unwrap_or(*count).min(*count);
            (number > 0).then(|| format!("\"{key}\" = {number}\n"))
        });
        let numbers: String = numbers.collect();
        if !numbers.is_empty() {
            text.push_str(&format!("\n[{section}]\n{numbers}"));
        }
    }
    let file = file(root);
    fs::write(&file, text).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(key: &str, count: usize) -> Counts {
        Counts::from([("circles", BTreeMap::from([(key.to_owned(), count)]))])
    }

    #[test]
    fn numbers_may_fall_but_not_rise() {
        let limits: Table = "[circles]\nsim = 3".parse().unwrap();
        let faults = |key, count| {
            let (too_high, lower) = compare(&limits, &counts(key, count));
            (too_high.len(), lower.len())
        };
        assert_eq!(faults("sim", 4), (1, 0));
        assert_eq!(faults("sim", 3), (0, 0));
        assert_eq!(faults("sim", 2), (0, 1));
        assert_eq!(faults("bus", 1), (1, 1)); // and sim's is zero now
    }

    #[test]
    fn tightening_never_loosens() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("crates/xtask")).unwrap();
        for (count, written) in [(5, Some(5)), (7, Some(5)), (2, Some(2)), (0, None)] {
            tighten(folder.path(), &counts("sim", count)).unwrap();
            let table = read(folder.path()).unwrap();
            let number = table.get("circles").and_then(|table| table.get("sim"));
            assert_eq!(number.and_then(Value::as_integer), written);
        }
    }
}
