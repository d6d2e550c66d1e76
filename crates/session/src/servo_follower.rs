//! A follower made of servos on one or more buses.

use std::os::fd::OwnedFd;
use std::time::Duration;

use ulna_core::{Health, Joints, LinkLost, Progress, Robot, SafeGoals, Stamp, State};
use ulna_drivers::Arms;
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::Pacer;

use crate::device::{DeviceError, Follower, LostPort};
use crate::device_report::{BusReport, HEALTH_PERIOD};

/// How long a silent servo is waited for when all positions are read again.
const AGAIN: Duration = Duration::from_secs(2);

/// The arms of a robot, with what their robot file and calibration say.
#[derive(Debug)]
pub struct ServoFollower {
    arms: Arms,
    kind: RobotKind,
    calibration: Calibration,
}

impl ServoFollower {
    /// These arms, whose ports are open; nothing has been sent yet.
    pub fn new(arms: Arms, kind: RobotKind, calibration: Calibration) -> Self {
        Self {
            arms,
            kind,
            calibration,
        }
    }
}

/// The ports of these arms that are gone.
pub(crate) fn lost_ports(arms: &Arms) -> Vec<LostPort> {
    let lost = arms.lost().map(|(port, reason)| LostPort {
        port,
        reason: reason.to_string(),
    });
    lost.collect()
}

/// The report of all buses of these arms.
pub(crate) fn bus_report(arms: &Arms) -> BusReport {
    let links = arms.links();
    BusReport::new(
        arms.port_name(),
        arms.bus_counters(),
        arms.servo_reports(),
        links,
    )
}

impl Robot for ServoFollower {
    fn begin(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        deadline: Stamp,
    ) -> Result<(), LinkLost> {
        self.arms.begin(now, goals, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.arms.step(now)
    }

    fn state(&self) -> &State {
        self.arms.state()
    }

    fn health(&self) -> Option<&Joints<Health>> {
        self.arms.health()
    }

    fn limp(&self) -> u32 {
        self.arms.limp()
    }
}

impl Follower for ServoFollower {
    fn prepare(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.arms
            .prepare(pacer, &self.kind, &self.calibration, ArmRole::Follower)?;
        Ok(())
    }

    fn energise(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.arms.energise(pacer, ArmRole::Follower)?;
        self.arms.watch_health(HEALTH_PERIOD);
        Ok(())
    }

    fn hold(&mut self, pacer: &mut dyn Pacer, goals: &SafeGoals) -> Result<(), DeviceError> {
        Ok(self.arms.send_goals(pacer, goals)?)
    }

    fn read_again(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.arms.forget();
        Ok(self.arms.read_within(pacer, AGAIN)?)
    }

    fn halt(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        Ok(self.arms.halt(pacer)?)
    }

    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        Ok(self.arms.release(pacer)?)
    }

    fn abandon(&mut self) {
        self.arms.abandon();
    }

    fn lost(&self) -> Vec<LostPort> {
        lost_ports(&self.arms)
    }

    fn all_lost(&self) -> bool {
        self.arms.all_lost()
    }

    fn wait_handles(&self) -> Vec<OwnedFd> {
        self.arms.inputs().collect()
    }

    fn report(&self) -> BusReport {
        bus_report(&self.arms)
    }
}
