//! A leader arm that is moved by hand; with wheels under the follower, combined with what drives those.

use std::os::fd::OwnedFd;

use ulna_core::{Action, ActionSource, Joints, LinkLost, Progress, Stamp};
use ulna_drivers::Leader;
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::Pacer;

use super::WithBase;
use super::base::open_base;
use crate::device::{DeviceError, LostPort, Teleoperator, TeleoperatorReport};
use crate::device_report::HEALTH_PERIOD;
use crate::error::SessionError;
use crate::servo_follower::{bus_report, lost_ports};
use crate::supply::build_arms;
use crate::teleoperator_type::{TeleoperatorRequest, TeleoperatorType};
use crate::usage::UsageError;

/// See the module.
pub(super) const TYPE: TeleoperatorType = TeleoperatorType {
    name: "leader",
    summary: "a leader arm, moved by hand",
    leader_arm: true,
    open,
};

fn open(request: &mut TeleoperatorRequest<'_>) -> Result<Box<dyn Teleoperator>, SessionError> {
    let Some(kind) = request.leader else {
        let robot = request.robot.name.clone();
        return Err(UsageError::NoLeader { robot }.into());
    };
    let (arms, calibration) = build_arms(kind, std::mem::take(&mut request.leader_arms))?;
    let arm = LeaderTeleoperator {
        source: Leader(arms),
        kind: kind.clone(),
        calibration,
    };
    Ok(match &request.robot.base {
        Some(_) => Box::new(WithBase::new(Box::new(arm), open_base(request)?)),
        None => Box::new(arm),
    })
}

/// The arms of a leader.
#[derive(Debug)]
struct LeaderTeleoperator {
    source: Leader,
    kind: RobotKind,
    calibration: Calibration,
}

impl ActionSource for LeaderTeleoperator {
    fn begin(&mut self, now: Stamp, deadline: Stamp) -> Result<(), LinkLost> {
        self.source.begin(now, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.source.step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.source.action(now)
    }
}

impl Teleoperator for LeaderTeleoperator {
    fn connect(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        let arms = &mut self.source.0;
        arms.connect(pacer, &self.kind, &self.calibration, ArmRole::Leader)?;
        Ok(())
    }

    fn first_goal(&mut self, now: Stamp) -> Option<Joints<f64>> {
        self.source.action(now).map(|action| action.target)
    }

    fn start(&mut self, _start: &crate::device::Start<'_>) {
        self.source.0.watch_health(HEALTH_PERIOD);
    }

    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        Ok(self.source.0.release_triggers(pacer)?)
    }

    fn lost(&self) -> Vec<LostPort> {
        lost_ports(&self.source.0)
    }

    fn wait_handles(&self) -> Vec<OwnedFd> {
        self.source.0.inputs().collect()
    }

    fn report(&self) -> TeleoperatorReport {
        TeleoperatorReport {
            bus: Some(bus_report(&self.source.0)),
            ..TeleoperatorReport::default()
        }
    }
}
