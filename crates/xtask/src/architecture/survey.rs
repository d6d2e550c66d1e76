//! What the check finds in the workspace: faults, which are never tolerated, and what is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::Table;

use super::circles::{Circle, circles};
use super::limits::Counts;
use super::modules::Modules;
use super::{arrows, homonyms, rules, sizes, words};

/// The longest file of shipped code.
pub(super) const LONGEST_FILE: usize = 400;
/// The longest file of tests.
pub(super) const LONGEST_TESTS: usize = 600;
/// The longest function.
pub(super) const LONGEST_FUNCTION: usize = 80;

/// So many types of the same name are listed, public or not.
pub(super) const MANY_TYPES: usize = 4;

/// The crate that simulates, and the one that may name it in a single file.
const SUPPLIER: (&str, &str) = ("ulna_sim", "session");

/// The pages that are searched for words; true for those for users.
const PAGES: [(&str, bool); 4] = [
    ("README.md", true),
    ("CHANGELOG.md", true),
    ("ARCHITECTURE.md", false),
    ("CONTRIBUTING.md", false),
];

/// The file that has the list of words.
const WORDS: &str = "crates/xtask/src/architecture/words.rs";

/// Everything that was found; places are `file:line …`, by crate.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) faults: Vec<String>,
    /// By crate: the text of each circle, and how many files all of them have.
    pub(super) circles: BTreeMap<String, (Vec<String>, usize)>,
    pub(super) long_files: BTreeMap<String, Vec<String>>,
    pub(super) long_functions: BTreeMap<String, Vec<String>>,
    /// Files of the session that name the simulation.
    pub(super) simulation: BTreeMap<String, Vec<String>>,
    /// Types: name → crates and files, public ones apart.
    pub(super) public_types: BTreeMap<String, BTreeSet<String>>,
    pub(super) types: BTreeMap<String, Vec<String>>,
    /// Word → places.
    pub(super) words: BTreeMap<&'static str, Vec<String>>,
}

impl Survey {
    /// Looks at the workspace.
    ///
    /// # Errors
    /// If a file cannot be read or is not what its name says.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let mut survey = Self::default();
        let page = read(&root.join("ARCHITECTURE.md"))?;
        let allowed = arrows::allow_list(&page);
        for folder in folders(&root.join("crates"))? {
            let name = folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let manifest = folder.join("Cargo.toml");
            let table: Table = read(&manifest)?
                .parse()
                .with_context(|| manifest.display().to_string())?;
            survey
                .faults
                .extend(arrows::faults(&name, &table, &allowed));
            survey.modules(&name, &folder)?;
            for file in rust_files(&folder.join("src"))? {
                survey.sizes(root, &name, &file)?;
            }
        }
        for folder in ["crates", "tests"] {
            for file in rust_files(&root.join(folder))? {
                let shown = shown(root, &file);
                if shown != WORDS {
                    let found = words::in_rust(&read(&file)?);
                    survey.add_words(&shown, found.with_context(|| shown.clone())?);
                }
            }
        }
        for (page, for_users) in PAGES {
            survey.add_words(page, words::in_page(&read(&root.join(page))?, for_users));
        }
        let needless = homonyms::without_allowed(&mut survey.public_types);
        survey.faults.extend(needless);
        survey.types.retain(|_, files| files.len() >= MANY_TYPES);
        Ok(survey)
    }

    fn modules(&mut self, name: &str, folder: &Path) -> Result<()> {
        for file in ["lib.rs", "main.rs"].map(|file| folder.join("src").join(file)) {
            if !file.is_file() {
                continue;
            }
            self.faults.extend(rules::no_std_fault(name, &read(&file)?));
            let modules = Modules::read(&file)?;
            self.faults.extend(rules::faults(name, folder, &modules));
            for circle in circles(&modules) {
                let (texts, files) = self.circles.entry(name.to_owned()).or_default();
                *files += circle.files.len();
                texts.push(in_words(&circle, folder));
            }
            if name == SUPPLIER.1 {
                let names = |path: &[String]| path.first().is_some_and(|first| first == SUPPLIER.0);
                let naming = modules
                    .0
                    .values()
                    .filter(|module| rules::named_outside(module).any(|(path, _, _)| names(&path)));
                let files: BTreeSet<String> =
                    naming.map(|module| shown(folder, &module.file)).collect();
                let all = self.simulation.entry(name.to_owned()).or_default();
                all.extend(files);
            }
        }
        Ok(())
    }

    fn sizes(&mut self, root: &Path, name: &str, file: &Path) -> Result<()> {
        let (text, shown) = (read(file)?, shown(root, file));
        let is_test = shown.contains("/tests/") || shown.ends_with("tests.rs");
        let sizes = sizes::sizes(&text).with_context(|| shown.clone())?;
        let (lines, most) = match is_test {
            true => (text.lines().count(), LONGEST_TESTS),
            false => (sizes.lines, LONGEST_FILE),
        };
        if lines > most {
            let files = self.long_files.entry(name.to_owned()).or_default();
            files.push(format!("{shown}: {lines} lines"));
        }
        if is_test {
            return Ok(());
        }
        for (function, line, _) in sizes
            .functions
            .iter()
            .filter(|(_, _, lines)| *lines > LONGEST_FUNCTION)
        {
            let functions = self.long_functions.entry(name.to_owned()).or_default();
            functions.push(format!("{shown}:{line} {function}"));
        }
        for (type_name, is_public) in sizes.types {
            if is_public {
                let crates = self.public_types.entry(type_name.clone()).or_default();
                crates.insert(name.to_owned());
            }
            self.types.entry(type_name).or_default().push(shown.clone());
        }
        Ok(())
    }

    fn add_words(&mut self, file: &str, found: words::Places) {
        for (word, lines) in found {
            let places = self.words.entry(word).or_default();
            places.extend(lines.iter().map(|line| format!("{file}:{line}")));
        }
    }

    /// The numbers that are compared with the limits.
    pub(super) fn counts(&self) -> Counts {
        let lengths = |places: &BTreeMap<String, Vec<String>>| {
            let places = places.iter();
            places
                .map(|(name, places)| (name.clone(), places.len()))
                .collect()
        };
        let circles = self.circles.iter();
        let words = self.words.iter();
        Counts::from([
            (
                "circles",
                circles
                    .map(|(name, (_, files))| (name.clone(), *files))
                    .collect(),
            ),
            ("long_files", lengths(&self.long_files)),
            ("long_functions", lengths(&self.long_functions)),
            ("simulation", lengths(&self.simulation)),
            (
                "homonyms",
                BTreeMap::from([("all".to_owned(), self.public_types.len())]),
            ),
            (
                "words",
                words
                    .map(|(word, places)| ((*word).to_owned(), places.len()))
                    .collect(),
            ),
        ])
    }
}

/// A circle as text: its files, then the arrows that close it.
fn in_words(circle: &Circle<'_>, folder: &Path) -> String {
    let files: Vec<String> = circle
        .files
        .iter()
        .map(|file| shown(folder, file))
        .collect();
    let mut text = format!("{} files: {}", files.len(), files.join(" "));
    for ((from, to), why) in &circle.arrows {
        let (from, to) = (shown(folder, from), shown(folder, to));
        let _ = write!(text, "\n    {from}:{} → {to} by {}", why.line, why.path);
    }
    text
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| file.display().to_string())
}

fn shown(root: &Path, file: &Path) -> String {
    file.strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string()
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path)?.flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = entries
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    all.sort();
    Ok(all)
}

fn rust_files(path: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path)?.flatten() {
        let path = entry.path();
        // What a fuzz target or a build leaves behind is no source.
        if path.is_dir() && !path.ends_with("target") {
            all.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}
