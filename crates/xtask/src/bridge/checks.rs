//! What the emulated board has to show.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::Value;

use super::rig::{ID, NOISY, Rig};
use super::toolchain::Qemu;
use super::trials::{PATIENT, Trials, stop};
use crate::conformance::{lerobot, python_script};

/// Exchanges with the servos that have to be whole.
const EXCHANGES: u64 = 10_000;
/// Sessions that they may take.
const MOST_SESSIONS: u32 = 6;

type Check = fn(&mut Trials<'_>) -> Result<()>;

/// What `--only` calls the checks.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

const CHECKS: [(&str, Check); 10] = [
    ("hello", |all| all.says_who_it_is()),
    ("dead-man", |all| all.dead_man()),
    ("record", |all| all.drives_and_records()),
    ("exchanges", |all| all.exchanges_are_whole()),
    ("garbage", |all| all.garbage_is_dropped()),
    ("killed", |all| all.a_killed_host()),
    ("stopped", |all| all.a_stopped_host()),
    ("cut", |all| all.a_cut_cable()),
    ("raw", |all| all.raw_bytes_pass()),
    ("lerobot", |all| all.python_on_the_raw_port()),
];

/// Runs them all, or one.
pub(super) fn run(
    root: &Path,
    qemu: &Qemu,
    kernel: &Path,
    ulna: &Path,
    trials: u32,
    only: Option<&str>,
) -> Result<bool> {
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let rig = Rig::start(qemu, kernel, ulna, scratch.path())?;
    let mut all = Trials {
        rig,
        root,
        ulna,
        home: scratch.path(),
        trials,
        good: true,
    };
    for (name, check) in CHECKS {
        if only.is_none_or(|only| only == name) {
            check(&mut all)?;
        }
    }
    Ok(all.good)
}

impl Trials<'_> {
    fn says_who_it_is(&mut self) -> Result<()> {
        let info = self.bridge("info")?;
        let good = info["board"] == "qemu-lm3s6965" && info["mode"] == "Idle";
        let figures = format!("{} {}", info["board"], info["firmware"]);
        self.says(good, "the compiled firmware answers", &figures);
        Ok(())
    }

    fn dead_man(&mut self) -> Result<()> {
        let mut times = Vec::new();
        for _ in 0..self.trials {
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

    /// Ten thousand exchanges with the six servos: every frame between host and board, and every answer of a servo, whole and in its place.
    fn exchanges_are_whole(&mut self) -> Result<()> {
        let before = self.bridge("info")?;
        let mut after = before.clone();
        let more = |after: &Value, name: &str| {
            let of = |info: &Value| info["counters"][name].as_u64().unwrap_or(0);
            of(after).saturating_sub(of(&before))
        };
        // At 250 Hz one session is enough, but where the computer is too busy for that many.
        let (mut good, mut cut, mut sessions) = (true, 0, 0);
        while good && sessions < MOST_SESSIONS && more(&after, "cycles") < EXCHANGES {
            let (ended, report) = self.teleop(&self.rig.bridge(PATIENT), 42)?;
            let limited = &report["follower"]["links"][0]["bridge"]["limited"];
            (good, sessions) = (ended, sessions + 1);
            // A tick that a busy computer delays catches up, and the board spreads that over some cycles.
            cut += limited.as_u64().unwrap_or_default();
            after = self.bridge("info")?;
        }
        let [cycles, replies, missed] =
            ["cycles", "replies", "missed"].map(|name| more(&after, name));
        let frames = ["bad_frames", "missing", "repeated", "answers_dropped"];
        let damaged: u64 = frames.iter().map(|name| more(&after, name)).sum();
        self.says(
            good && damaged == 0 && missed == 0 && cycles >= EXCHANGES,
            "ten thousand exchanges, no byte lost or wrong",
            &format!(
                "{cycles} cycles in {sessions} sessions, {replies} answers of servos, {missed} missed; {damaged} frames damaged or lost; of a busy computer: \
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

    fn raw_bytes_pass(&mut self) -> Result<()> {
        let port = self.rig.raw.clone();
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
        script.args(["so101", &self.rig.raw, &self.rig.leader, ID]);
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
