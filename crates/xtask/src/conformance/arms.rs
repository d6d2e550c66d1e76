//! Python LeRobot's drivers on `ulna sim serve`: unmodified, over pseudo-terminals.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::environment::python_script;
use super::report::{Outcome, Report};
use super::sources;

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
        match Served::start(root, scratch.path(), kind) {
            Ok(served) => {
                let mut script = python_script(root, scratch.path(), python, "drive_arms.py");
                script.args([kind, &served.follower, &served.leader, ID]);
                script.env("HF_LEROBOT_HOME", scratch.path());
                // A driver that has a question must fail, not wait.
                script.stdin(Stdio::null());
                report.lines_of(&mut script)?;
                served.end(report)?;
            }
            Err(error) => report.line(Outcome::Failed, "sim serve", &format!("{error:#}"))?,
        }
    }
    Ok(())
}

/// A running `ulna sim serve`.
struct Served {
    child: Child,
    follower: String,
    leader: String,
}

impl Served {
    fn start(root: &Path, scratch: &Path, kind: &str) -> Result<Self> {
        // Built first, so that starting it takes no time; cargo then becomes the program, so that signals reach it.
        sources::run(sources::cargo(root).args(["build", "--quiet", "--package", "ulna-cli"]))?;
        let mut command = sources::cargo(root);
        command.args(["run", "--quiet", "--package", "ulna-cli", "--"]);
        command.args(["sim", "serve", "--robot", kind, "--leader"]);
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
