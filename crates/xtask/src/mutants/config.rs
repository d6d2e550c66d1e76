//! `crates/xtask/mutants.toml`: the parts whose code is mutated, and the mutants that none can catch.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::mutant::Mutant;

/// Where it lies, from the project's root.
const FILE: &str = "crates/xtask/mutants.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    #[serde(rename = "part")]
    pub(super) parts: Vec<Part>,
    #[serde(default, rename = "survivor")]
    survivors: Vec<Survivor>,
}

/// Files, and the tests that have to notice what is changed in them. Several may bear one name: they are drawn from as one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    /// Patterns of paths, as `cargo mutants --file` takes them.
    pub(super) files: Vec<String>,
    /// Words for `cargo test`.
    tests: Vec<String>,
}

/// A mutant that survives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    /// Its name without the place: `crates/core/src/gate.rs: replace > with >= in Gate::approach`.
    mutant: String,
    /// The line that it changes.
    line: String,
    /// Why no test can, or need, catch it.
    reason: String,
}

impl Survivor {
    fn is(&self, mutant: &Mutant) -> bool {
        self.mutant == mutant.title && self.line == mutant.line
    }
}

impl Config {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Refuses survivors that are no mutants of the code as it is, and those without a reason.
    pub(super) fn check(&self, mutants: &[Mutant]) -> Result<()> {
        for survivor in &self.survivors {
            let Survivor { mutant, line, .. } = survivor;
            ensure!(
                mutants.iter().any(|mutant| survivor.is(mutant)),
                "{FILE} lists `{mutant}` on the line `{line}`, which is no mutant any more: remove the entry"
            );
            ensure!(
                !survivor.reason.trim().is_empty(),
                "{FILE} gives no reason for `{mutant}`"
            );
        }
        Ok(())
    }

    pub(super) fn tests_of(&self, mutant: &Mutant) -> &[String] {
        self.parts.get(mutant.group).map_or(&[], |part| &part.tests)
    }

    /// Why this mutant may survive.
    pub(super) fn reason(&self, mutant: &Mutant) -> Option<&str> {
        let found = self.survivors.iter().find(|survivor| survivor.is(mutant));
        found.map(|survivor| survivor.reason.as_str())
    }
}
