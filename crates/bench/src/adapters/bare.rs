//! A host without an engine: the bytes of a cycle, again as soon as the last byte of the answers is there.

use std::time::Duration;

use ulna_bus::feetech::{MAX_PACKET, packet};
use ulna_bus::registers::Role;
use ulna_robot::{RobotKind, files};
use ulna_sim::adapter::{Adapter, AdapterModel};
use ulna_sim::bench::Bench;
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::workbench::Workbench;

use crate::error::BenchError;

/// Of the simulation.
pub(super) const SEED: u64 = 5;

const CYCLES: u32 = 400;

/// How long one cycle of goals and positions takes on average on the (first) bus of this robot.
pub(super) fn round_trip(robot: &str, model: AdapterModel) -> Result<Duration, BenchError> {
    let kind = files::find(robot)?;
    let kind = kind.sides.first().map_or(&kind, |side| &side.kind);
    let mut bus = bus(kind, model)?;
    let (question, answer) = cycle(kind)?;
    let (mut now, mut arrived, mut out) = (Duration::ZERO, 0, [0; 256]);
    for _ in 0..CYCLES {
        bus.host_writes(now, &question);
        while arrived < answer {
            now = bus.deadline();
            if now == Duration::MAX {
                return Err(BenchError::PortLost);
            }
            arrived += bus.host_reads(now, &mut out);
        }
        arrived -= answer;
    }
    Ok(now / CYCLES)
}

fn bus(kind: &RobotKind, model: AdapterModel) -> Result<ServoBus<Bench>, BenchError> {
    let calibration = kind.nominal_calibration();
    let servos = Workbench::follower(kind, &calibration).map_err(BenchError::sim)?;
    let options = BusOptions {
        adapter: Adapter {
            model,
            seed: SEED,
            bus: 0,
        },
        ..BusOptions::default()
    };
    let loose = Bench::loose(kind, &calibration).map_err(BenchError::sim)?;
    servos.into_bus(loose, options).map_err(BenchError::sim)
}

/// The bytes of one cycle, and how many the answers have: goals of joints and wheels, and the positions and speeds of all.
fn cycle(kind: &RobotKind) -> Result<(Vec<u8>, usize), BenchError> {
    let family = kind.family().ok_or(BenchError::PortLost)?;
    let register = |role| family.find(role).ok_or(BenchError::PortLost);
    let mut question = Vec::new();
    for (role, of_wheels) in [(Role::GoalPosition, false), (Role::GoalVelocity, true)] {
        let goal = register(role)?;
        let joints = kind
            .joints
            .iter()
            .filter(|joint| joint.is_wheel() == of_wheels);
        let zero = [0; 4];
        let entries: Vec<(u8, &[u8])> = joints
            .map(|joint| (joint.id, &zero[..usize::from(goal.width)]))
            .collect();
        if !entries.is_empty() {
            let mut buffer = [0; MAX_PACKET];
            let packet = packet::sync_write(&mut buffer, goal.address, goal.width, entries);
            question.extend_from_slice(packet.map_err(BenchError::sim)?);
        }
    }
    let position = register(Role::PresentPosition)?;
    let has_wheels = kind.joints.iter().any(|joint| joint.is_wheel());
    let width = match has_wheels {
        true => register(Role::PresentVelocity)?.end() - position.address,
        false => position.width,
    };
    let ids = kind.joints.iter().map(|joint| joint.id);
    let mut buffer = [0; MAX_PACKET];
    let packet = packet::sync_read(&mut buffer, position.address, width, ids);
    question.extend_from_slice(packet.map_err(BenchError::sim)?);
    let answer = kind.dof() * (ulna_bus::feetech::OVERHEAD + usize::from(width));
    Ok((question, answer))
}
