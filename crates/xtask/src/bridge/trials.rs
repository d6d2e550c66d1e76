//! A trial of the emulated board: the rig, the commands that are run at it, and what was found.

use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::rig::{ID, Rig, Running};

/// The dead-man's time of sessions that are not to trip: the emulator shares a computer with other work.
pub(super) const PATIENT: &str = "?deadman=2000";

/// The rig, the program, and what was found so far.
pub(super) struct Trials<'a> {
    pub(super) rig: Rig,
    pub(super) root: &'a Path,
    pub(super) ulna: &'a Path,
    pub(super) home: &'a Path,
    pub(super) trials: u32,
    pub(super) good: bool,
}

impl Trials<'_> {
    pub(super) fn says(&mut self, good: bool, what: &str, figures: &str) {
        self.good &= good;
        let word = if good { "passed" } else { "FAILED" };
        println!("  {word}  {what}: {figures}");
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut ulna = Command::new(self.ulna);
        ulna.args(args).env("HF_LEROBOT_HOME", self.home);
        ulna.stdin(Stdio::null());
        ulna
    }

    pub(super) fn output(&self, args: &[&str]) -> Result<Output> {
        self.command(args).output().context("cannot run ulna")
    }

    /// The answer of `ulna bridge ACTION --json`.
    pub(super) fn bridge(&self, action: &str) -> Result<Value> {
        let port = self.rig.bridge("");
        let output = self.output(&["bridge", action, &port, "--json"])?;
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.trim()).with_context(|| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("`ulna bridge {action}`: {error}")
        })
    }

    /// A session with the leader.
    pub(super) fn teleop_command(&self, port: &str) -> Command {
        let mut ulna = self.command(&["teleop", "--yes", "--json"]);
        ulna.args(["--robot-port", port, "--robot-id", ID]);
        ulna.args(["--teleop-port", &self.rig.leader, "--teleop-id", ID]);
        ulna
    }

    /// A session with the leader, which ends by itself.
    pub(super) fn teleop(&self, port: &str, seconds: u32) -> Result<(bool, Value)> {
        let mut ulna = self.teleop_command(port);
        ulna.args(["--duration", &seconds.to_string()]);
        let output = ulna.output().context("cannot run ulna")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let report = serde_json::from_str(text.trim()).unwrap_or(Value::Null);
        Ok((output.status.success(), report))
    }

    /// A session that goes on until it is ended.
    pub(super) fn begin_teleop(&self, port: &str) -> Result<Running> {
        let mut ulna = self.teleop_command(port);
        ulna.stdout(Stdio::piped()).stderr(Stdio::null());
        let child = ulna.spawn().context("cannot run ulna")?;
        let running = Running(child);
        sleep(Duration::from_secs(3));
        Ok(running)
    }
}

pub(super) fn signal(running: &Running, signal: Signal) -> Result<()> {
    let pid = i32::try_from(running.0.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.context("it has no process id")?, signal).context("cannot send a signal")
}

/// How it ended, if it did by then.
pub(super) fn ended_within(running: &mut Running, time: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + time;
    loop {
        let ended = running.0.try_wait()?;
        if ended.is_some() || Instant::now() > end {
            return Ok(ended);
        }
        sleep(Duration::from_millis(50));
    }
}

/// Sends a signal and waits for the end.
pub(super) fn stop(running: &mut Running, what: Signal) -> Result<()> {
    if running.0.try_wait()?.is_none() {
        signal(running, what)?;
        running.0.wait()?;
    }
    Ok(())
}
