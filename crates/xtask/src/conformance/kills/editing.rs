//! One edit, killed once: afterwards the dataset is the old one or the new one, byte for byte.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::files::{self, Tree};
use super::left::Left;
use super::process::{Ulna, killed_after};

/// The tools that are killed, as words of the command line; `*` stands for the dataset. One that names an output makes
/// a new dataset of it, the others edit in place.
const TOOLS: [&str; 6] = [
    "compact *",
    "delete * --yes --episodes 1,3",
    "trim * --yes --episode 2 --from 5 --to 20",
    "reencode * --codec h264",
    "merge * * --output",
    "tasks * --assign 0 another",
];
const EPISODES: usize = 5;

/// What a killed edit left after repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Old,
    New,
    /// No dataset yet where one was to be made.
    Nothing,
}

/// The outcome of one kill.
#[derive(Debug)]
pub(super) struct Killed {
    pub(super) found: Found,
    pub(super) left: Option<Left>,
    pub(super) repairs_killed: u64,
}

/// A dataset, and what each tool makes of it when nothing disturbs it.
#[derive(Debug)]
pub(super) struct Bench {
    scratch: PathBuf,
    original: PathBuf,
    old: Tree,
    edits: Vec<Edit>,
}

#[derive(Debug)]
struct Edit {
    words: Vec<String>,
    /// The result stands in a folder of its own.
    makes_new: bool,
    new: Tree,
    takes: Duration,
}

impl Bench {
    /// Records the dataset and uses every tool on a copy of it once.
    pub(super) fn prepare(ulna: &Ulna, scratch: &Path) -> Result<Bench> {
        let original = scratch.join("original");
        let mut record = ulna.command(&["record", "--sim", "--lockstep", "--task", "push"], &[]);
        record.args([
            "--camera-size",
            "64x48",
            "--episode-time",
            "1",
            "--reset-time",
            "0",
        ]);
        record.args(["--episodes", &EPISODES.to_string(), "--dataset"]);
        done(record.arg(&original))?;
        let edits = TOOLS.map(|tool| {
            let folder = scratch.join("undisturbed");
            let words: Vec<String> = tool.split(' ').map(str::to_owned).collect();
            let makes_new = tool.ends_with("--output");
            let subject = subject(&folder, makes_new);
            std::fs::create_dir_all(&folder)?;
            files::copy(&original, &folder.join("data"))?;
            let start = Instant::now();
            done(&mut command(ulna, &words, makes_new, &folder))?;
            let takes = start.elapsed();
            let new = contents(&subject)?;
            std::fs::remove_dir_all(&folder)?;
            Ok(Edit {
                words,
                makes_new,
                new,
                takes,
            })
        });
        Ok(Bench {
            old: contents(&original)?,
            scratch: scratch.to_owned(),
            original,
            edits: edits.into_iter().collect::<Result<_>>()?,
        })
    }

    /// The names of the tools.
    pub(super) fn tools(&self) -> String {
        let names = self.edits.iter().filter_map(|edit| edit.words.first());
        names.cloned().collect::<Vec<_>>().join(", ")
    }

    /// Kills one of the tools at a random instant, and looks at what is left.
    pub(super) fn kill(&self, ulna: &Ulna, kill: usize) -> Result<Killed> {
        let mut rng = ChaCha8Rng::seed_from_u64(kill as u64);
        let edit = &self.edits[kill % self.edits.len()];
        let folder = self.scratch.join(format!("edit-{kill}"));
        std::fs::create_dir_all(&folder)?;
        files::copy(&self.original, &folder.join("data"))?;
        let after = edit.takes.mul_f64(rng.random_range(0.0..1.2));
        let mut command = command(ulna, &edit.words, edit.makes_new, &folder);
        let killed = killed_after(&mut command, after, &mut |_| true)?;
        self.left_by(ulna, edit, &folder, &mut rng, killed.is_none())
            .with_context(|| format!("{}, killed after {after:?}", edit.words.join(" ")))
    }

    fn left_by(
        &self,
        ulna: &Ulna,
        edit: &Edit,
        folder: &Path,
        rng: &mut ChaCha8Rng,
        ended: bool,
    ) -> Result<Killed> {
        let dataset = subject(folder, edit.makes_new);
        let repairs_killed = ulna.repair_with_kills(&dataset, rng, edit.takes)?;
        let mut nothing = false;
        if edit.makes_new {
            let source = contents(&folder.join("data"))?;
            if let Some(path) = files::difference(&self.old, &source) {
                bail!("the source's {} changed", path.display());
            }
            nothing = !dataset.join("meta/info.json").is_file();
            if nothing {
                ensure!(!ended, "there is no result");
                // What it left must not be in the way of doing it again.
                let mut repair = ulna.command(&["dataset", "repair"], &[&dataset]);
                repair.output().context("cannot start ulna")?;
                done(&mut command(ulna, &edit.words, true, folder))?;
            }
        }
        let lengths = ulna.repaired(&dataset)?;
        let now = contents(&dataset)?;
        let found = match files::difference(&edit.new, &now) {
            None if nothing => Found::Nothing,
            None => Found::New,
            Some(path) if ended => bail!("it ended, and {} is not as it should be", path.display()),
            Some(path) => match files::difference(&self.old, &now) {
                None if !edit.makes_new => Found::Old,
                _ => bail!("{} is neither the old one nor the new one", path.display()),
            },
        };
        let siblings = std::fs::read_dir(folder)?
            .flatten()
            .map(|entry| entry.file_name());
        let hidden: Vec<_> = siblings
            .filter(|name| name.as_encoded_bytes().starts_with(b"."))
            .collect();
        ensure!(hidden.is_empty(), "{hidden:?} is left next to the dataset");
        Ok(Killed {
            found,
            left: Some(Left { dataset, lengths }),
            repairs_killed,
        })
    }
}

/// The dataset that a tool changes or makes.
fn subject(folder: &Path, makes_new: bool) -> PathBuf {
    folder.join(if makes_new { "new" } else { "data" })
}

fn command(ulna: &Ulna, words: &[String], makes_new: bool, folder: &Path) -> Command {
    let mut command = ulna.command(&["dataset"], &[]);
    for word in words {
        match word.as_str() {
            "*" => command.arg(folder.join("data")),
            word => command.arg(word),
        };
    }
    command.args(makes_new.then(|| subject(folder, true)));
    command
}

/// Runs a command that must succeed.
fn done(command: &mut Command) -> Result<()> {
    command.stderr(std::process::Stdio::piped());
    let output = command.output().context("cannot start ulna")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    ensure!(
        output.status.success(),
        "`ulna {}` failed: {}",
        words.join(" "),
        errors.trim()
    );
    Ok(())
}

/// The files of a dataset, without what is unfinished.
fn contents(dataset: &Path) -> Result<Tree> {
    let mut tree = files::tree(dataset)?;
    tree.retain(|path, _| !path.starts_with(".ulna"));
    Ok(tree)
}
