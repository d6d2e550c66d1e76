//! A control cycle on the simulated bus takes no memory from the heap, so that lockstep runs as fast as the CPU allows and the
//! real-time thread never waits for an allocator.

#![allow(unsafe_code, missing_docs)] // an allocator that counts cannot be written without

use std::time::Duration;

use ulna_bus::dynamixel;
use ulna_bus::families::sts3215::STS3215;
use ulna_bus::feetech::{MAX_PACKET, packet};
use ulna_core::{Joints, Stamp, State};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::fault::{Fault, FaultPlan};
use ulna_sim::workbench::Workbench;

#[path = "../../../tests/harness/counting.rs"]
#[allow(dead_code)] // a part of it is used here
mod counting;

/// Runs 200 cycles, which must not allocate; returns how often the servos answered.
fn run_cycles(bus: &mut ServoBus<Arm>, cycle: &[u8]) -> u64 {
    let mut buffer = [0; 1024];
    let before = counting::allocations();
    for index in 0..200 {
        bus.host_writes(Duration::from_millis(10 * index), cycle);
        while bus.deadline() < Duration::MAX {
            let now = bus.deadline();
            bus.host_reads(now, &mut buffer);
        }
    }
    assert_eq!(counting::allocations(), before);
    bus.counters().answers
}

#[test]
fn a_cycle_of_dynamixels_allocates_nothing() {
    let robot = include_str!("../../../configs/so101.toml");
    let mut kind: ulna_robot::RobotKind = toml::from_str(robot).unwrap();
    for joint in &mut kind.joints {
        joint.model = "xl330-m288".to_owned();
    }
    let calibration = kind.nominal_calibration();
    let arm = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap();
    let servos = Workbench::follower(&kind, &calibration).unwrap();
    let mut bus = servos.into_bus(arm, BusOptions::default()).unwrap();
    let mut buffer = [0; dynamixel::MAX_PACKET];
    let goals = (1..=6).map(|id| (id, &[0x00, 0x08, 0, 0][..]));
    let mut cycle = dynamixel::packet::sync_write(&mut buffer, 116, 4, goals)
        .unwrap()
        .to_vec();
    cycle.extend(dynamixel::packet::sync_read(&mut buffer, 126, 21, 1..=6).unwrap());
    assert_eq!(run_cycles(&mut bus, &cycle), 1200);
    let fast = dynamixel::packet::fast_sync_read(&mut buffer, 132, 4, 1..=6);
    let fast = fast.unwrap().to_vec();
    bus.advance(Duration::from_secs(2));
    let before = (counting::allocations(), bus.counters().answers);
    bus.host_writes(Duration::from_secs(2), &fast);
    bus.host_reads(Duration::from_secs(3), &mut buffer);
    let after = (counting::allocations(), bus.counters().answers);
    assert_eq!((after.0 - before.0, after.1 - before.1), (0, 1));
}

#[test]
fn a_cycle_allocates_nothing() {
    let robot = include_str!("../../../configs/so101.toml");
    let kind: ulna_robot::RobotKind = toml::from_str(robot).unwrap();
    let arm = Arm::new(&kind, &kind.nominal_calibration(), ArmOptions::default()).unwrap();
    let models = [1, 2, 3, 4, 5, 6].map(|id| (id, STS3215));
    let faults = vec![
        Fault::Flip { probability: 0.01 },
        Fault::Burst { probability: 0.01 },
        Fault::Late {
            by: Duration::from_millis(5),
            probability: 0.01,
        },
        Fault::Stuck {
            id: 2,
            from: Duration::from_millis(500),
            lasting: Duration::from_millis(500),
        },
        Fault::Unplug {
            first: Some(5),
            from: Duration::from_millis(1000),
            lasting: Duration::from_millis(300),
        },
    ];
    let faults = FaultPlan { seed: 1, faults };
    let options = BusOptions {
        faults,
        ..BusOptions::default()
    };
    let mut bus = ServoBus::with_models(&models, arm, options).unwrap();
    let mut buffer = [0; MAX_PACKET];
    let goals = (1..=6).map(|id| (id, &[0x00, 0x08][..]));
    let mut cycle = packet::sync_write(&mut buffer, 42, 2, goals)
        .unwrap()
        .to_vec();
    cycle.extend(packet::sync_read(&mut buffer, 56, 15, 1..=6).unwrap());

    assert!(run_cycles(&mut bus, &cycle) > 600);
}

/// What a scene with a task does on the control thread: its environment and its judge.
#[test]
fn environments_and_judges_allocate_nothing() {
    let robot = include_str!("../../../configs/so101.toml");
    let kind: ulna_robot::RobotKind = toml::from_str(robot).unwrap();
    let maps = kind.angle_maps(&kind.nominal_calibration());
    let slot = ulna_sim::pose_slot::PoseSlot::new(Joints::filled(6, 0.0));
    let sight = ulna_sim::sight::Sight::new(slot);
    for scene in ulna_sim::scenes::all() {
        let scene = scene.set_up(&kind, 1, None).unwrap();
        let environment = scene.environment();
        let mut judge = scene.task().map(|task| task.judge(maps, &sight));
        let mut values = vec![0.0; environment.as_ref().map_or(0, |it| it.names().len())];
        let before = counting::allocations();
        for tick in 0..2000 {
            let now = Stamp::new(Duration::from_millis(5 * tick));
            if let Some(environment) = &environment {
                environment.read(now, &mut values);
            }
            if let Some(judge) = &mut judge {
                judge.observe(&State {
                    stamp: now,
                    position: Joints::filled(6, 0.0),
                    measured: Joints::filled(6, now),
                });
            }
        }
        assert_eq!(counting::allocations(), before);
        if let Some(judge) = judge {
            assert!(judge.score().attempts.value > 0);
        }
    }
}
