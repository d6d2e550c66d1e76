//! The datasets that LeRobot is given, and the commands that make them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{built_example, built_ulna};

/// A dataset to check.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it is, after "reads".
    pub(crate) name: String,
    /// Whether LeRobot continues it before it is read.
    pub(crate) resumed: bool,
    dataset: PathBuf,
    /// How it is made; none when it is there already.
    command: Option<Command>,
    /// Succeeds when the dataset can be made, and what is missing when it doesn't; none when it surely can.
    probe: Option<(Command, &'static str)>,
}

/// Every dataset, those to be made in folders below `scratch`.
pub(crate) fn all(root: &Path, scratch: &Path) -> Result<Vec<Source>> {
    let mut all = vec![
        written(root, scratch, "with ulna's columns", &[], false)?,
        written(root, scratch, "plain", &["--plain"], false)?,
        written(root, scratch, "plain, and continues it", &["--plain"], true)?,
        with_ffmpeg(
            root,
            written(
                root,
                scratch,
                "in AV1, and continues it",
                &["--plain", "--codec", "av1"],
                true,
            )?,
        )?,
        recorded(root, scratch)?,
    ];
    let fixtures = std::env::var_os("ULNA_FIXTURES").map(PathBuf::from);
    let fixtures = fixtures.unwrap_or_else(|| root.join("../shared/fixtures"));
    let fixture = fixtures.join("lerobot-so101_av1");
    if fixture.is_dir() {
        all.push(with_ffmpeg(root, continued(root, scratch, &fixture)?)?);
    }
    all.extend(kept(root)?);
    Ok(all)
}

/// What every tool makes of a dataset, in folders below `results`, and that dataset.
pub(crate) fn edited(
    root: &Path,
    scratch: &Path,
    results: &Path,
) -> Result<(PathBuf, Vec<Source>)> {
    let mut original = written(root, scratch, "and edits", &[], false)?;
    original.make()?;
    run(helper(root)?
        .arg("edit")
        .arg(&original.dataset)
        .arg(results))?;
    let mut found: Vec<PathBuf> = results
        .read_dir()?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    found.sort();
    let source = |dataset: PathBuf| Source {
        name: format!(
            "what a tool wrote: {}",
            dataset.file_name().unwrap_or_default().display()
        ),
        resumed: false,
        dataset,
        command: None,
        probe: None,
    };
    Ok((original.dataset, found.into_iter().map(source).collect()))
}

/// What the library writes without a robot.
fn written(
    root: &Path,
    scratch: &Path,
    name: &str,
    options: &[&str],
    resumed: bool,
) -> Result<Source> {
    // LeRobot joins videos with a tool that trips over quotes in paths.
    let dataset = scratch.join(slug(&format!("written {name}")));
    let mut command = helper(root)?;
    command.arg("write").arg(&dataset).args(options);
    Ok(Source {
        name: format!("what crate dataset writes, {name}"),
        resumed,
        dataset,
        command: Some(command),
        probe: None,
    })
}

/// What LeRobot wrote in AV1 and crate `dataset` goes on with.
fn continued(root: &Path, scratch: &Path, fixture: &Path) -> Result<Source> {
    let dataset = scratch.join("continued");
    let mut command = helper(root)?;
    command.arg("continue").args([fixture, &dataset]);
    Ok(Source {
        name: "its own AV1 that ulna went on with".to_owned(),
        resumed: false,
        dataset,
        command: Some(command),
        probe: None,
    })
}

/// The same source, left out where no ffmpeg encodes AV1.
fn with_ffmpeg(root: &Path, source: Source) -> Result<Source> {
    let mut probe = helper(root)?;
    probe.args(["can", "av1"]);
    Ok(Source {
        probe: Some((probe, "no ffmpeg with libsvtav1 is on the PATH")),
        ..source
    })
}

/// What `ulna record` records of the simulated arm.
fn recorded(root: &Path, scratch: &Path) -> Result<Source> {
    let dataset = scratch.join("recorded");
    let mut command = Command::new(built_ulna(root)?);
    command.current_dir(root).arg("record");
    command.args(["--sim", "--lockstep", "--fps", "30", "--episodes", "2"]);
    command.args(["--episode-time", "2", "--reset-time", "0"]);
    command.args(["--task", "move as the simulated hand does"]);
    command.arg("--dataset").arg(&dataset);
    Ok(Source {
        name: "what `ulna record --sim` records".to_owned(),
        resumed: false,
        dataset,
        command: Some(command),
        probe: None,
    })
}

/// The recordings in the project's own `datasets/`.
fn kept(root: &Path) -> Result<Vec<Source>> {
    let mut found: Vec<PathBuf> = match root.join("datasets").read_dir() {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?,
        Err(_) => Vec::new(),
    };
    found.retain(|path| path.join("meta/info.json").is_file());
    found.sort();
    let source = |dataset: PathBuf| Source {
        name: format!(
            "datasets/{}",
            dataset.file_name().unwrap_or_default().display()
        ),
        resumed: false,
        dataset,
        command: None,
        probe: None,
    };
    Ok(found.into_iter().map(source).collect())
}

impl Source {
    /// The dataset's folder.
    pub(crate) fn dataset(&self) -> &Path {
        &self.dataset
    }

    /// Makes the dataset. Returns why it cannot be made yet, if so.
    pub(crate) fn make(&mut self) -> Result<Option<String>> {
        if let Some((probe, missing)) = &mut self.probe
            && !probe
                .output()
                .context("cannot start the helper")?
                .status
                .success()
        {
            return Ok(Some((*missing).to_owned()));
        }
        if let Some(command) = &mut self.command {
            run(command)?;
        }
        Ok(None)
    }
}

/// A name for a folder.
pub(crate) fn slug(name: &str) -> String {
    let letter = |c: char| if c.is_alphanumeric() { c } else { '-' };
    name.chars().map(letter).collect()
}

/// The example of crate `dataset` that writes a dataset and dumps what ulna reads from one.
pub(crate) fn helper(root: &Path) -> Result<Command> {
    let mut command = Command::new(built_example(root, "conformance")?);
    command.current_dir(root);
    Ok(command)
}

/// Runs a command, whose output matters only when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let said = words.join(" ");
    let output = (command.output()).with_context(|| format!("cannot start `{said}`"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{said}` failed: {}", errors.trim());
    }
    Ok(())
}
