//! Python's huggingface_hub and ulna's hub at the same server on this machine, which checks the protocol: what one pushes, the other pulls.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::environment::python_script;
use super::report::{Outcome, Report};
use super::sources;
use crate::command::built_example;

/// A small dataset and a policy, in the repository's folder `datasets`.
const FOLDERS: [&str; 2] = ["so101-hand", "so101-reach"];
/// The token that the server knows.
const TOKEN: &str = "hf_LoopbackSecret";
/// Files over this size go in parts.
const PART: &str = "50000";

/// Exchanges each folder both ways.
pub(super) fn exchange(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    report.section("Python's huggingface_hub and ulna exchange a dataset and a policy")?;
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let served = match Served::start(root) {
        Ok(served) => served,
        Err(error) => return report.line(Outcome::Failed, "the server", &format!("{error:#}")),
    };
    for folder in FOLDERS {
        let original = root.join("datasets").join(folder);
        let (theirs, ours) = (format!("me/{folder}-theirs"), format!("me/{folder}-ours"));
        let pulled = scratch.path().join(folder);
        let script = |action: &str, name: &str| {
            let mut script = python_script(root, scratch.path(), python, "exchange_hub.py");
            script.arg(action).arg(&original).arg(name);
            script.env("HF_ENDPOINT", &served.address);
            script.env("HF_TOKEN", TOKEN).env("HF_HUB_OFFLINE", "0");
            script.env("HF_HUB_DISABLE_XET", "1");
            script.env("HF_HUB_DISABLE_PROGRESS_BARS", "1");
            script.env("NO_PROXY", "127.0.0.1");
            script
        };
        let copy = |words: &[&Path]| {
            let mut command = Command::new(built_example(root, "hub_copy")?);
            command.args(words).env("HF_ENDPOINT", &served.address);
            command.env("HF_TOKEN", TOKEN).env_remove("HF_HUB_OFFLINE");
            sources::run(&mut command)
        };
        report.lines_of(&mut script("push", &theirs))?;
        let got = copy(&["pull".as_ref(), theirs.as_ref(), &pulled]);
        let got = got.and_then(|()| same(&original, &pulled));
        report_outcome(report, "ulna pulls what Python pushed", got)?;
        let pushed = copy(&["push".as_ref(), &original, ours.as_ref()]);
        report_outcome(report, "ulna pushes", pushed.map(|()| String::new()))?;
        report.lines_of(&mut script("pull", &ours))?;
    }
    served.end(report)
}

fn report_outcome(report: &mut Report, name: &str, outcome: Result<String>) -> Result<()> {
    match outcome {
        Ok(figures) => report.line(Outcome::Passed, name, &figures),
        Err(error) => report.line(Outcome::Failed, name, &format!("{error:#}")),
    }
}

/// Whether both folders hold the same files; says how many.
fn same(one: &Path, other: &Path) -> Result<String> {
    let output = Command::new("diff").arg("-r").args([one, other]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    match said.lines().next() {
        None if output.status.success() => Ok("file by file the same".to_owned()),
        first => bail!("{}", first.unwrap_or("diff failed")),
    }
}

/// The running server.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(root: &Path) -> Result<Self> {
        let mut command = Command::new(built_example(root, "loopback_hub")?);
        command.arg(PART).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot start the server")?;
        let mut address = String::new();
        let output = child.stdout.take().context("it has no output")?;
        BufReader::new(output).read_line(&mut address)?;
        let address = address.trim().to_owned();
        if !address.starts_with("http") {
            bail!("it printed `{address}`");
        }
        Ok(Self { child, address })
    }

    /// It prints what either did against the protocol.
    fn end(mut self, report: &mut Report) -> Result<()> {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let outcome = match output.status.success() {
            true => Outcome::Passed,
            false => Outcome::Failed,
        };
        let last = said.lines().last().unwrap_or_default();
        report.line(outcome, "both keep the protocol", last)
    }
}
