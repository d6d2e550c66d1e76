//! What the emulated board has to show.

use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::rig::{CUT, ID, NOISY, Rig, Running};
use super::toolchain::Qemu;
use crate::conformance::{lerobot, python_script};

/// The dead-man's time of sessions that are not to trip: the emulator shares a computer with other work.
const PATIENT: &str = "?deadman=2000";

/// The rig, the program, and what was found so far.
struct Trials<'a> {
    rig: Rig,
    root: &'a Path,
    ulna: &'a Path,
    home: &'a Path,
    good: bool,
}

/// Runs them all.
pub(super) fn run(
    root: &Path,
    qemu: &Qemu,
    kernel: &Path,
    ulna: &Path,
    trials: u32,
) -> Result<bool> {
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let rig = Rig::start(qemu, kernel, ulna, scratch.path())?;
    let mut all = Trials {
        rig,
        root,
        ulna,
        home: scratch.path(),
        good: true,
    };
    all.says_who_it_is()?;
    all.dead_man(trials)?;
    all.drives_and_records()?;
    all.exchanges_are_whole()?;
    all.garbage_is_dropped()?;
    all.a_killed_host()?;
    all.a_stopped_host()?;
    all.a_cut_cable()?;
    all.raw_bytes_pass()?;
    all.python_on_the_raw_port()?;
    Ok(all.good)
}

impl Trials<'_> {
    fn says(&mut self, good: bool, what: &str, figures: &str) {
        self.good &= good;
        let word = if good { "passed" } else { "FAILED" };
        println!("  {word}  {what}: {figures}");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut ulna = Command::new(self.ulna);
        ulna.args(args).env("HF_LEROBOT_HOME", self.home);
        ulna.stdin(Stdio::null());
        ulna
    }

    fn output(&self, args: &[&str]) -> Result<Output> {
        self.command(args).output().context("cannot run ulna")
    }

    /// The answer of `ulna bridge ACTION --json`.
    fn bridge(&self, action: &str) -> Result<Value> {
        let port = self.rig.bridge("");
        let output = self.output(&["bridge", action, &port, "--json"])?;
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.trim()).with_context(|| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("`ulna bridge {action}`: {error}")
        })
    }

    /// A session with the leader.
    fn teleop_command(&self, port: &str) -> Command {
        let mut ulna = self.command(&["teleop", "--yes", "--json"]);
        ulna.args(["--robot-port", port, "--robot-id", ID]);
        ulna.args(["--teleop-port", &self.rig.leader, "--teleop-id", ID]);
        ulna
    }

    /// A session with the leader, which ends by itself.
    fn teleop(&self, port: &str, seconds: u32) -> Result<(bool, Value)> {
        let mut ulna = self.teleop_command(port);
        ulna.args(["--duration", &seconds.to_string()]);
        let output = ulna.output().context("cannot run ulna")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let report = serde_json::from_str(text.trim()).unwrap_or(Value::Null);
        Ok((output.status.success(), report))
    }

    /// A session that goes on until it is ended.
    fn begin_teleop(&self, port: &str) -> Result<Running> {
        let mut ulna = self.teleop_command(port);
        ulna.stdout(Stdio::piped()).stderr(Stdio::null());
        let child = ulna.spawn().context("cannot run ulna")?;
        let running = Running(child);
        sleep(Duration::from_secs(3));
        Ok(running)
    }

    fn says_who_it_is(&mut self) -> Result<()> {
        let info = self.bridge("info")?;
        let good = info["board"] == "qemu-lm3s6965" && info["mode"] == "Idle";
        let figures = format!("{} {}", info["board"], info["firmware"]);
        self.says(good, "the compiled firmware answers", &figures);
        Ok(())
    }

    fn dead_man(&mut self, trials: u32) -> Result<()> {
        let mut times = Vec::new();
        for _ in 0..trials {
            let trial = self.bridge("test")?;
            times.push(trial["dead_man_ms"].as_f64().unwrap_or(f64::INFINITY));
        }
        let longest = times.iter().copied().fold(0.0, f64::max);
        let in_time = times
            .iter()
            .filter(|&&time| (100.0..=101.0).contains(&time))
            .count();
        self.says(
            in_time == times.len(),
            "a dead-man of 100 ms acts by 101 ms of the board's own clock",
            &format!(
                "{in_time} of {} times, at most {longest:.2} ms",
                times.len()
            ),
        );
        Ok(())
    }

    fn drives_and_records(&mut self) -> Result<()> {
        let dataset = self.home.join("dataset").display().to_string();
        let port = self.rig.bridge(PATIENT);
        let output = self.output(&[
            "record",
            "--robot-port",
            &port,
            "--robot-id",
            ID,
            "--teleop-port",
            &self.rig.leader,
            "--teleop-id",
            ID,
            "--dataset",
            &dataset,
            "--task",
            "Follow the leader",
            "--no-cameras",
            "--episodes",
            "1",
            "--episode-time",
            "8",
            "--reset-time",
            "0",
            "--yes",
        ])?;
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim().lines().last().unwrap_or_default().to_owned();
        self.says(
            output.status.success(),
            "a session is recorded through the bridge",
            &last,
        );
        let output = self.output(&["dataset", "check", &dataset])?;
        let said = String::from_utf8_lossy(&output.stdout);
        let last = said.trim().lines().last().unwrap_or_default().to_owned();
        self.says(output.status.success(), "its dataset is sound", &last);
        match lerobot() {
            None => println!("  SKIPPED  LeRobot opens it: there is no Python LeRobot"),
            Some(python) => {
                let code = "import sys; from lerobot.datasets.lerobot_dataset import LeRobotDataset; \
                            d = LeRobotDataset('bridge/arm', root=sys.argv[1]); print(d.num_frames, d[0]['action'].shape)";
                let mut open = Command::new(python);
                open.args(["-c", code, &dataset]).env("HF_HUB_OFFLINE", "1");
                let output = open.output().context("cannot run Python")?;
                let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                self.says(output.status.success(), "LeRobot opens it", &said);
            }
        }
        Ok(())
    }

    /// Ten thousand exchanges with the six servos: nothing damaged, and none without its answer but those that the computer was too busy for.
    fn exchanges_are_whole(&mut self) -> Result<()> {
        let before = self.bridge("info")?;
        let (good, report) = self.teleop(&self.rig.bridge(PATIENT), 45)?;
        let after = self.bridge("info")?;
        let more = |name: &str| {
            let of = |info: &Value| info["counters"][name].as_u64().unwrap_or(0);
            of(&after).saturating_sub(of(&before))
        };
        let (cycles, missed) = (more("cycles"), more("missed"));
        let damaged = more("bad_frames") + more("missing") + more("repeated");
        let cut = report["follower"]["links"][0]["bridge"]["limited"].as_u64();
        // A tick that a busy computer delays catches up, and the board spreads that over some cycles.
        let cut = cut.unwrap_or_default();
        self.says(
            good && damaged == 0 && cycles >= 10_000,
            "ten thousand exchanges at 250 Hz, no byte of a frame lost or wrong",
            &format!(
                "{cycles} cycles, {damaged} frames damaged or lost; of a busy computer: {missed} answers later than the emulated board waits, \
                 {cut} goals spread over more cycles"
            ),
        );
        Ok(())
    }

    fn garbage_is_dropped(&mut self) -> Result<()> {
        let port = self.rig.bridge(PATIENT);
        let before = self.bridge("info")?;
        let mut session = self.begin_teleop(&port)?;
        self.rig.host.set(NOISY);
        sleep(Duration::from_secs(3));
        self.rig.host.quiet();
        sleep(Duration::from_millis(500));
        let lives = session.0.try_wait()?.is_none();
        stop(&mut session, Signal::INT)?;
        let after = self.bridge("info")?;
        let bad = |info: &Value| info["counters"]["bad_frames"].as_u64().unwrap_or(0);
        let dropped = bad(&after).saturating_sub(bad(&before));
        let untripped = after["trip"].is_null();
        self.says(
            lives && untripped && dropped > 0,
            "garbage in the cable costs frames, not the session",
            &format!("{dropped} damaged frames were dropped"),
        );
        Ok(())
    }

    fn tripped(&mut self, what: &str) -> Result<()> {
        let info = self.bridge("info")?;
        let reason = info["trip"]["reason"].clone();
        let us = |name: &str| info["trip"][name].as_f64().unwrap_or(f64::NAN);
        let after = (us("at_us") - us("last_frame_us")) * 1e-3;
        self.says(
            reason == "DeadMan" && after <= 101.0,
            what,
            &format!("{reason} {after:.2} ms after the last frame"),
        );
        let cleared = self.bridge("clear")?;
        if !cleared["trip"].is_null() {
            self.says(false, "a stop is cleared", "it is not");
        }
        Ok(())
    }

    fn a_killed_host(&mut self) -> Result<()> {
        let mut session = self.begin_teleop(&self.rig.bridge("?deadman=100"))?;
        stop(&mut session, Signal::KILL)?;
        sleep(Duration::from_millis(300));
        let (again, _) = self.teleop(&self.rig.bridge(""), 1)?;
        self.says(
            !again,
            "a new session is refused before the stop is cleared",
            "as it should",
        );
        self.tripped("a host that is killed stops the arm")?;
        let (again, _) = self.teleop(&self.rig.bridge(PATIENT), 2)?;
        self.says(
            again,
            "and a host that begins again after that drives it",
            "2 s",
        );
        Ok(())
    }

    fn a_stopped_host(&mut self) -> Result<()> {
        let mut session = self.begin_teleop(&self.rig.bridge("?deadman=100"))?;
        signal(&session, Signal::STOP)?;
        sleep(Duration::from_millis(500));
        signal(&session, Signal::CONT)?;
        let ended = ended_within(&mut session, Duration::from_secs(10))?;
        let failed = ended.is_some_and(|status| !status.success());
        self.says(
            failed,
            "a host that was stopped says that the board has stopped the arm",
            "exit code 1",
        );
        stop(&mut session, Signal::INT)?;
        self.tripped("a host that stops stops the arm")
    }

    fn a_cut_cable(&mut self) -> Result<()> {
        let mut session = self.begin_teleop(&self.rig.bridge("?deadman=100"))?;
        self.rig.host.set(CUT);
        let ended = ended_within(&mut session, Duration::from_secs(10))?;
        let failed = ended.is_some_and(|status| !status.success());
        self.says(
            failed,
            "a session whose cable is cut ends with an error",
            "exit code 1",
        );
        stop(&mut session, Signal::KILL)?;
        self.rig.plug_in_again()?;
        self.tripped("a cut cable stops the arm")
    }

    fn raw_bytes_pass(&mut self) -> Result<()> {
        let port = self.rig.raw.port.clone();
        let (good, report) = self.teleop(&port, 3)?;
        let ended = report["ended"].as_str().unwrap_or("failed").to_owned();
        self.says(
            good,
            "a session over the raw port, as over any adapter",
            &ended,
        );
        Ok(())
    }

    fn python_on_the_raw_port(&mut self) -> Result<()> {
        let Some(python) = lerobot() else {
            println!("  SKIPPED  Python LeRobot on the raw port: there is no Python LeRobot");
            return Ok(());
        };
        let mut script = python_script(self.root, self.home, &python, "drive_arms.py");
        script.args(["so101", &self.rig.raw.port, &self.rig.leader, ID]);
        script
            .env("HF_LEROBOT_HOME", self.home)
            .stdin(Stdio::null());
        let output = script.output().context("cannot run Python")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = said.lines().filter(|line| line.contains("FAILED")).count();
        let lines = said.trim().lines().count();
        self.says(
            output.status.success() && failed == 0,
            "Python LeRobot drives the arm over the raw port",
            &format!("{} of {lines} checks", lines - failed),
        );
        if !output.status.success() || failed > 0 {
            println!("{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

fn signal(running: &Running, signal: Signal) -> Result<()> {
    let pid = i32::try_from(running.0.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.context("it has no process id")?, signal).context("cannot send a signal")
}

/// How it ended, if it did by then.
fn ended_within(running: &mut Running, time: Duration) -> Result<Option<ExitStatus>> {
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
fn stop(running: &mut Running, what: Signal) -> Result<()> {
    if running.0.try_wait()?.is_none() {
        signal(running, what)?;
        running.0.wait()?;
    }
    Ok(())
}
