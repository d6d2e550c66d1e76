//! Python LeRobot's drivers and command lines on `ulna sim serve`: unmodified, over pseudo-terminals, on a bare wire and behind an adapter.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::environment::python_script;
use super::report::{Outcome, Report};
use crate::command::built_ulna;

/// The kinds that are driven: a Feetech arm and a Dynamixel one.
const KINDS: [&str; 2] = ["so101", "koch"];
/// The id of the arms, whose calibration files lie in the scratch folder.
const ID: &str = "conformance";

/// Drives each kind.
pub(super) fn drive(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    for kind in KINDS {
        report.section(&format!(
            "Python LeRobot drives a simulated {kind} and its leader"
        ))?;
        let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
        match Served::start(root, scratch.path(), kind, "direct") {
            Ok(served) => {
                let mut script = script(root, scratch.path(), python, "drive_arms.py");
                script.args([kind, &served.follower, &served.leader, ID]);
                report.lines_of(&mut script)?;
                served.end(report)?;
            }
            Err(error) => report.line(Outcome::Failed, "sim serve", &format!("{error:#}"))?,
        }
        report.section(&format!(
            "lerobot-teleoperate and lerobot-record on a simulated {kind} behind an ordinary adapter"
        ))?;
        match Served::start(root, scratch.path(), kind, "cdc") {
            Ok(served) => {
                let folder = scratch.path().join("recorded");
                let mut script = script(root, scratch.path(), python, "lerobot_commands.py");
                script.args([kind, &served.follower, &served.leader, ID]);
                report.lines_of(script.arg(&folder))?;
                served.end(report)?;
                report_of_check(report, root, &folder)?;
            }
            Err(error) => report.line(Outcome::Failed, "sim serve", &format!("{error:#}"))?,
        }
    }
    Ok(())
}

/// One of the scripts that drive arms.
fn script(root: &Path, scratch: &Path, python: &Path, name: &str) -> Command {
    let mut script = python_script(root, scratch, python, name);
    script.env("HF_LEROBOT_HOME", scratch);
    // A driver that has a question must fail, not wait.
    script.stdin(Stdio::null());
    script
}

/// What LeRobot recorded, ulna opens without an error.
fn report_of_check(report: &mut Report, root: &Path, folder: &Path) -> Result<()> {
    let mut command = Command::new(built_ulna(root)?);
    command.args(["dataset", "check"]).arg(folder);
    let output = command
        .output()
        .context("cannot start `ulna dataset check`")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found = said
        .lines()
        .find(|line| line.trim_start().starts_with("found"));
    let outcome = match output.status.success() && found.is_some() {
        true => Outcome::Passed,
        false => Outcome::Failed,
    };
    let words = found.map_or_else(
        || output.status.to_string(),
        |found| found.split_whitespace().collect::<Vec<_>>().join(" "),
    );
    report.line(outcome, "ulna dataset check", &words)
}

/// A running `ulna sim serve`.
struct Served {
    child: Child,
    follower: String,
    leader: String,
}

impl Served {
    fn start(root: &Path, scratch: &Path, kind: &str, adapter: &str) -> Result<Self> {
        let mut command = Command::new(built_ulna(root)?);
        command.args(["sim", "serve", "--robot", kind, "--leader"]);
        command.args(["--adapter", adapter]);
        command.args(["--robot-id", ID, "--teleop-id", ID]);
        command.env("HF_LEROBOT_HOME", scratch);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("cannot start `ulna sim serve`")?;
        let lines = BufReader::new(child.stdout.take().context("it has no output")?).lines();
        let (mut follower, mut leader) = (None, None);
        for line in lines {
            let line = line?;
            match line.split_once(' ') {
                Some(("follower", port)) => follower = Some(port.to_owned()),
                Some(("leader", port)) => leader = Some(port.to_owned()),
                _ => bail!("it printed `{line}`"),
            }
            if let (Some(follower), Some(leader)) = (&follower, &leader) {
                let (follower, leader) = (follower.clone(), leader.clone());
                return Ok(Self {
                    child,
                    follower,
                    leader,
                });
            }
        }
        let status = child.wait()?;
        bail!("it ended with {status} before it named its ports")
    }

    /// Ctrl-C must end it cleanly.
    fn end(mut self, report: &mut Report) -> Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status()?;
        let status = self.child.wait()?;
        let outcome = match sent.success() && status.code() == Some(130) {
            true => Outcome::Passed,
            false => Outcome::Failed,
        };
        report.line(
            outcome,
            "Ctrl-C ends the simulated servos",
            &status.to_string(),
        )
    }
}
