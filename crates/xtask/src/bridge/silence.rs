//! A host that falls silent: killed, stopped, or with its cable cut.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::rig::CUT;
use super::trials::{PATIENT, Trials, ended_within, signal, stop};

/// So long a host is silent that is to be found silent by a dead-man of 100 ms: the board's clock stands while the computer has no time for it.
const LONG: Duration = Duration::from_secs(1);

impl Trials<'_> {
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

    pub(super) fn a_killed_host(&mut self) -> Result<()> {
        let mut session = self.begin_teleop(&self.rig.bridge("?deadman=100"))?;
        stop(&mut session, Signal::KILL)?;
        sleep(LONG);
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

    pub(super) fn a_stopped_host(&mut self) -> Result<()> {
        let mut session = self.begin_teleop(&self.rig.bridge("?deadman=100"))?;
        signal(&session, Signal::STOP)?;
        sleep(LONG);
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

    pub(super) fn a_cut_cable(&mut self) -> Result<()> {
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
        sleep(LONG);
        self.rig.plug_in_again()?;
        self.tripped("a cut cable stops the arm")
    }
}
