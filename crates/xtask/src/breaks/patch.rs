//! One patch: what `git apply` takes, with a head that says by which check it has to be found.
//!
//! ```text
//! Check: test -p ulna-core --lib gate
//! Says: whatever_comes_goals_are_finite
//! ```
//! `Check` is what follows `cargo`, `Says` what the check prints when it fails for the right reason, and `Needs`, which may be absent, what
//! the check needs apart from cargo.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Where the patches lie, from the project's root.
const FOLDER: &str = "crates/xtask/break";

#[derive(Debug, Default)]
pub(super) struct Patch {
    pub(super) name: String,
    pub(super) check: Vec<String>,
    pub(super) says: String,
    pub(super) needs: Option<String>,
    pub(super) diff: String,
}

/// All of them, those of one check one after the other.
pub(super) fn read_all(root: &Path) -> Result<Vec<Patch>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(root.join(FOLDER)).context(FOLDER)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        patches.push(Patch::parse(&name, &text).with_context(|| path.display().to_string())?);
    }
    patches.sort_by(|a, b| (&a.check, &a.name).cmp(&(&b.check, &b.name)));
    Ok(patches)
}

impl Patch {
    fn parse(name: &str, text: &str) -> Result<Self> {
        let (head, diff) = text
            .split_once("\n\n")
            .context("there is no empty line between the head and the patch")?;
        let mut patch = Self {
            name: name.to_owned(),
            diff: diff.to_owned(),
            ..Self::default()
        };
        for line in head.lines() {
            match line.split_once(": ") {
                Some(("Check", words)) => {
                    patch.check = words.split(' ').map(str::to_owned).collect();
                }
                Some(("Says", words)) => words.clone_into(&mut patch.says),
                Some(("Needs", words)) => patch.needs = Some(words.to_owned()),
                _ => bail!("`{line}` is no line of a head: Check, Says and Needs are"),
            }
        }
        ensure!(!patch.check.is_empty(), "the head has no `Check: `");
        ensure!(!patch.says.is_empty(), "the head has no `Says: `");
        Ok(patch)
    }

    pub(super) fn is_test(&self) -> bool {
        self.check.first().is_some_and(|word| word == "test")
    }

    pub(super) fn words(&self) -> Vec<&str> {
        self.check.iter().map(String::as_str).collect()
    }

    /// Why the check cannot be run here.
    pub(super) fn cannot_run(&self) -> Option<&'static str> {
        match self.needs.as_deref() {
            Some("lerobot") if std::env::var_os("ULNA_BREAK_CONFORMANCE").is_none() => {
                Some("needs Python LeRobot, some GB and minutes: ULNA_BREAK_CONFORMANCE=1 runs it")
            }
            Some("vm") if std::env::var_os("ULNA_BREAK_VM").is_none() => {
                Some("needs Debian's packages for a virtual machine: ULNA_BREAK_VM=1 runs it")
            }
            Some("mujoco") if std::env::var_os("MUJOCO_DYNAMIC_LINK_DIR").is_none() => {
                Some("needs MuJoCo: `cargo run -p xtask -- fetch-mujoco` says what to set")
            }
            _ => None,
        }
    }

    /// An error if it does not apply to the tree as it is.
    #[cfg(test)]
    pub(super) fn check_applies(&self, root: &Path) -> Result<()> {
        let path = root.join(FOLDER).join(format!("{}.patch", self.name));
        let mut git = std::process::Command::new("git");
        git.args(["apply", "--check"]).arg(&path).current_dir(root);
        crate::command::answer(&mut git)
            .map(|_| ())
            .with_context(|| {
                format!(
                    "{} breaks nothing any more: write it for the code as it is",
                    path.display()
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_is_run_and_what_it_has_to_say() {
        let patch = Patch::parse("x", "Check: test -p a\nSays: b c\n\n--- a/x\n").unwrap();
        assert_eq!(
            (patch.words(), patch.says.as_str()),
            (vec!["test", "-p", "a"], "b c")
        );
        assert!(patch.is_test() && patch.diff == "--- a/x\n");
        for wrong in [
            "Check: test\n\n",
            "Says: x\n\n",
            "Check: a\nSays: b\nElse: c\n\n",
            "Check: a",
        ] {
            assert!(Patch::parse("x", wrong).is_err(), "{wrong:?}");
        }
    }
}
