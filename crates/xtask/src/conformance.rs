//! Conformance with Python LeRobot, both ways: it reads, edits and continues what ulna wrote, and ulna reads what it
//! wrote; its drivers drive our simulated arms; it opens what is left when ulna is killed. One line per check, and the
//! counts alone on the last line.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

mod arms;
mod cases;
pub(crate) mod environment;
mod environments;
mod fixtures;
mod hub;
mod kills;
mod policies;
mod report;
mod sources;

use environment::Python;
pub(crate) use environment::python_script;
use report::{Outcome, Report};
use sources::Source;

/// The Python that has LeRobot, if there is one.
pub(crate) fn lerobot() -> Option<std::path::PathBuf> {
    match environment::prepare() {
        Ok(Python::Ready(python)) => Some(python),
        Ok(Python::Missing(_)) | Err(_) => None,
    }
}

/// Runs every check. Fails when one of them does, not when something is missing. `--kills N` and `--stops N` run only
/// those, so often, with `--load N` on a computer that N threads keep busy; `--cases` only the table of datasets as the world writes them, `--arms` only
/// what drives simulated arms, `--policies` only the import of checkpoints, `--env` only the environments.
pub(crate) fn run(root: &Path, words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let mut words = words.peekable();
    let mut report = Report::new(std::io::stdout());
    let alone = ["--cases", "--arms", "--policies", "--env"];
    if let Some(word) = words.next_if(|word| alone.contains(&word.as_str())) {
        match environment::prepare()? {
            Python::Ready(python) => match word.as_str() {
                "--cases" => cases::check(&mut report, root, &python)?,
                "--arms" => arms::drive(&mut report, root, &python)?,
                "--env" => environments::check(&mut report, root, &python)?,
                _ => policies::compare(&mut report, root, &python)?,
            },
            Python::Missing(why) => report.skip_all(&why)?,
        }
        return report.close();
    }
    if let Some(plan) = kills_alone(words)? {
        match environment::prepare()? {
            Python::Ready(python) => kills::check(&mut report, root, Some(&python), plan)?,
            Python::Missing(why) => {
                kills::check(&mut report, root, None, plan)?;
                report.skip_all(&why)?;
            }
        }
        return report.close();
    }
    match environment::prepare()? {
        Python::Ready(python) => {
            lerobot_reads_ours(&mut report, root, &python)?;
            compare_edits_with_lerobot(&mut report, root, &python)?;
            cases::check(&mut report, root, &python)?;
            arms::drive(&mut report, root, &python)?;
            hub::exchange(&mut report, root, &python)?;
            policies::compare(&mut report, root, &python)?;
            environments::check(&mut report, root, &python)?;
            kills::check(&mut report, root, Some(&python), kills::USUAL)?;
        }
        Python::Missing(why) => {
            report.skip_all(&why)?;
            kills::check(&mut report, root, None, kills::USUAL)?;
        }
    }
    fixtures::check(&mut report, root)?;
    report.close()
}

/// What `--kills`, `--stops` and `--load` ask for; none without any of them.
fn kills_alone(mut words: impl Iterator<Item = String>) -> Result<Option<kills::Plan>> {
    let mut asked = None;
    while let Some(word) = words.next() {
        let number = words.next().and_then(|number| number.parse().ok());
        let plan = asked.get_or_insert(kills::Plan {
            kills: 0,
            stops: 0,
            load: 0,
            seed: 0,
        });
        match (word.as_str(), number) {
            ("--kills", Some(number)) => plan.kills = number,
            ("--stops", Some(number)) => plan.stops = number,
            ("--load", Some(number)) => plan.load = number,
            ("--seed", Some(number)) => plan.seed = number,
            _ => bail!(
                "usage: cargo run -p xtask -- conformance [--cases | --arms | --policies | --env | [--kills N] [--stops N] [--load THREADS] [--seed N]]"
            ),
        }
    }
    Ok(asked)
}

fn lerobot_reads_ours(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    report.section(&environment::versions(python)?)?;
    for mut source in sources::all(root, scratch.path())? {
        report.section(&format!("Python LeRobot reads {}", source.name))?;
        if let Err(error) = check(report, root, scratch.path(), python, &mut source) {
            report.line(Outcome::Failed, "comparison", &format!("{error:#}"))?;
        }
    }
    Ok(())
}

/// LeRobot reads what each tool wrote, and its own tools, where it has them, come to the same.
fn compare_edits_with_lerobot(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let results = scratch.path().join("tools");
    std::fs::create_dir(&results)?;
    let (original, sources) = match sources::edited(root, scratch.path(), &results) {
        Ok(made) => made,
        Err(error) => return report.line(Outcome::Failed, "the tools", &format!("{error:#}")),
    };
    for mut source in sources {
        report.section(&format!("Python LeRobot reads {}", source.name))?;
        if let Err(error) = check(report, root, scratch.path(), python, &mut source) {
            report.line(Outcome::Failed, "comparison", &format!("{error:#}"))?;
        }
    }
    report.section("Python LeRobot's tools do the same")?;
    let mut command = python_script(root, scratch.path(), python, "compare_tools.py");
    command.args([&original, &results, &scratch.path().join("theirs")]);
    report.lines_of(&mut command)
}

/// Makes the dataset, has LeRobot continue it where that is asked for, and compares the two readers.
fn check(
    report: &mut Report,
    root: &Path,
    scratch: &Path,
    python: &Path,
    source: &mut Source,
) -> Result<()> {
    let work = scratch.join(sources::slug(&source.name));
    std::fs::create_dir_all(&work)?;
    if let Some(why) = source.make()? {
        return report.line(Outcome::Skipped, "making it", &why);
    }
    let dataset = source.dataset();
    let script = |name: &str| {
        let mut command = python_script(root, scratch, python, name);
        command.arg(dataset);
        command
    };
    if source.resumed {
        report.lines_of(&mut script("resume_dataset.py"))?;
    }
    let dump = work.join("dump");
    sources::run(sources::helper(root)?.arg("dump").args([dataset, &dump]))?;
    report.lines_of(script("check_dataset.py").arg(&dump).arg(&work))?;
    // Pictures as plain bytes take room.
    std::fs::remove_dir_all(&work).context("cannot remove temporary files")
}
