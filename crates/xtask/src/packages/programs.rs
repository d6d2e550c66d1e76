//! Two programs outside the workspace, some thirty lines each, and what they take to compile.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::answer;

/// A program that a user of our libraries could have written.
struct Program {
    name: &'static str,
    text: &'static str,
    /// The crates of the workspace that it uses, with their features; default features are off.
    uses: &'static [(&'static str, &'static [&'static str])],
    /// What it is called with, below the root of the workspace.
    argument: Option<&'static str>,
    /// What it has to print.
    says: &'static str,
    /// The most crates that it may need, itself included.
    most: usize,
}

const PROGRAMS: [Program; 2] = [
    Program {
        name: "read_dataset",
        text: include_str!("../../programs/read_dataset.rs"),
        uses: &[("dataset", &[])],
        argument: Some("datasets/so101-hand"),
        says: "episodes at 30 fps\nepisode 0: ",
        most: 89,
    },
    Program {
        name: "move_arm",
        text: include_str!("../../programs/move_arm.rs"),
        uses: &[
            ("bus", &[]),
            ("core", &[]),
            ("drivers", &[]),
            ("robot", &["files"]),
            ("rt", &[]),
            ("sim", &[]),
        ],
        argument: None,
        says: "moved by 9.",
        most: 140,
    },
];

/// Crates that compile C or C++, or bring what was compiled from it.
const COMPILES_C: [&str; 6] = [
    "bindgen",
    "cc",
    "cmake",
    "nasm-rs",
    "openh264-sys2",
    "zstd-sys",
];

/// Compiles and runs them, and says what they took.
///
/// # Errors
/// If one does not compile, says something else, or needs C or too many crates.
pub(super) fn run(root: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    for program in &PROGRAMS {
        let folder = folder.path().join(program.name);
        write(root, &folder, program)?;
        let crates = tree(&folder)?;
        let c: Vec<&str> = (COMPILES_C.into_iter())
            .filter(|name| {
                crates
                    .iter()
                    .any(|line| line.split(' ').next() == Some(name))
            })
            .collect();
        ensure!(
            c.is_empty(),
            "{} needs a C compiler, for {}",
            program.name,
            c.join(", ")
        );
        let (name, count, most) = (program.name, crates.len(), program.most);
        ensure!(
            count <= most,
            "{name} needs {count} crates, more than {most}"
        );
        let mut command = cargo(&folder);
        command.env("CARGO_TARGET_DIR", root.join("target/programs"));
        command.args(["run", "--quiet", "--"]);
        command.args(program.argument.map(|argument| root.join(argument)));
        let said = answer(&mut command).with_context(|| format!("the program {name}"))?;
        ensure!(said.contains(program.says), "{name} says: {said}");
        let lines = program.text.lines().count();
        eprintln!(
            "{name}: {lines} lines, {count} crates with build scripts' own, no C; it says: {}",
            first(&said)
        );
    }
    Ok(())
}

fn first(said: &str) -> &str {
    said.lines().next().unwrap_or_default()
}

/// The program as a package of its own, with the versions of the workspace's lock file.
fn write(root: &Path, folder: &Path, program: &Program) -> Result<()> {
    let uses = program.uses.iter().map(|(name, features)| {
        let path = root.join("crates").join(name);
        format!(
            "ulna-{name} = {{ path = {:?}, default-features = false, features = {features:?} }}\n",
            path.display().to_string()
        )
    });
    let manifest = format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{}\n[workspace]\n",
        program.name,
        uses.collect::<String>()
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), program.text)?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// The crates that it takes, those of build scripts included, as `name vVERSION`.
fn tree(folder: &Path) -> Result<BTreeSet<String>> {
    let mut command = cargo(folder);
    let said = answer(command.args(["tree", "--edges", "normal,build", "--prefix", "none"]))?;
    let crates = said.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').take(2).collect();
        words.join(" ")
    });
    Ok(crates.filter(|line| !line.is_empty()).collect())
}

/// Cargo as a stranger would call it: what this workspace's environment says of features is not theirs.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command.env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION");
    command
}
