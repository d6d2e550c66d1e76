//! The table of invariants in ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::patch::Patch;

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Invariants";

/// A row of the table.
#[derive(Debug)]
pub(super) struct Invariant {
    /// How it begins, for messages.
    pub(super) words: String,
    /// The patches that break it.
    pub(super) patches: Vec<String>,
}

/// All rows.
///
/// # Errors
/// If the page has no such table, or a row has another number of columns.
pub(super) fn read(root: &Path) -> Result<Vec<Invariant>> {
    let page = fs::read_to_string(root.join(PAGE)).context(PAGE)?;
    parse(&page)
}

fn parse(page: &str) -> Result<Vec<Invariant>> {
    let (_, section) = page
        .split_once(HEADING)
        .with_context(|| format!("{PAGE} has no section `{HEADING}`"))?;
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(row).collect()
}

fn row(line: &str) -> Result<Invariant> {
    let columns: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    let [words, _, patches] = columns[..] else {
        bail!("{PAGE}: this row of the invariants has not three columns: {line}");
    };
    Ok(Invariant {
        words: words.chars().take(60).collect(),
        patches: (patches.split(','))
            .map(|name| name.trim().trim_matches('`').to_owned())
            .filter(|name| !name.is_empty())
            .collect(),
    })
}

/// Refuses an invariant without a patch, and a patch without an invariant.
pub(super) fn check(invariants: &[Invariant], patches: &[Patch]) -> Result<()> {
    let there: BTreeSet<&str> = patches.iter().map(|patch| patch.name.as_str()).collect();
    let mut named = BTreeSet::new();
    for Invariant { words, patches } in invariants {
        ensure!(
            !patches.is_empty(),
            "{PAGE} names no patch that breaks `{words}…`: add one to crates/xtask/break and name it in the third column"
        );
        for name in patches {
            ensure!(
                there.contains(name.as_str()),
                "{PAGE} names the patch {name}, which is not in crates/xtask/break"
            );
            ensure!(
                named.insert(name.as_str()),
                "{PAGE} names the patch {name} twice"
            );
        }
    }
    match there.difference(&named).next() {
        Some(name) => bail!("crates/xtask/break/{name}.patch breaks no invariant of {PAGE}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# x\n## Invariants, and\n| invariant | checked by | broken by |\n|---|---|---|\n| a is b | `t` | `one`, `two` |\n\n## Next\n| x | y |\n";

    fn patch(name: &str) -> Patch {
        Patch {
            name: name.to_owned(),
            ..Patch::default()
        }
    }

    #[test]
    fn rows_name_their_patches() {
        let rows = parse(PAGE).unwrap();
        assert_eq!((rows.len(), rows[0].words.as_str()), (1, "a is b"));
        assert_eq!(rows[0].patches, ["one", "two"]);
        assert!(check(&rows, &[patch("one"), patch("two")]).is_ok());
        for (patches, why) in [
            (&["one"][..], "which is not in"),
            (&["one", "three", "two"][..], "breaks no invariant"),
        ] {
            let patches: Vec<Patch> = patches.iter().map(|name| patch(name)).collect();
            let error = check(&rows, &patches).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(parse(&PAGE.replace(" | `one`, `two`", "")).is_err());
        let without = parse(&PAGE.replace("`one`, `two`", "")).unwrap();
        assert!(check(&without, &[]).is_err());
    }
}
