//! The whole chain in memory: packets, registers, motor law, gravity, encoder, packets.

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use ulna_bus::dynamixel;
use ulna_bus::families::{sts3215 as reg, xl330};
use ulna_bus::feetech::{Decoder, MAX_PACKET, packet};
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::servo::Servo;
use ulna_sim::workbench::Workbench;

/// An SO-101 whose homing offsets are anything but zero, calibrated as its file says.
fn calibrated_arm() -> (ServoBus<Arm>, Vec<i32>) {
    let robot = include_str!("../../../configs/so101.toml");
    let kind: ulna_robot::RobotKind = toml::from_str(robot).unwrap();
    let mut calibration = kind.nominal_calibration();
    let offsets = [-1900, -700, 0, 350, 1200, 2047];
    for ((_, joint), offset) in calibration.joints.iter_mut().zip(offsets) {
        joint.homing_offset = offset;
    }
    let arm = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap();
    let servos = calibration.values().zip(1..).map(|(joint, id)| {
        let mut servo = Servo::new(id, ulna_bus::families::sts3215::STS3215);
        servo.set(reg::HOMING_OFFSET, joint.homing_offset).unwrap();
        servo.set(reg::MIN_POSITION_LIMIT, joint.range_min).unwrap();
        servo.set(reg::MAX_POSITION_LIMIT, joint.range_max).unwrap();
        servo
    });
    let middles = calibration
        .values()
        .map(|joint| joint.middle() as i32)
        .collect();
    let bus = ServoBus::new(servos.collect(), arm, BusOptions::default()).unwrap();
    (bus, middles)
}

fn positions(bus: &mut ServoBus<Arm>, now: Duration) -> Vec<i32> {
    let mut buffer = [0; MAX_PACKET];
    let question = packet::sync_read(&mut buffer, 56, 2, 1..=6).unwrap();
    bus.host_writes(now, question);
    let count = bus.host_reads(now + Duration::from_millis(8), &mut buffer);
    let mut positions = Vec::new();
    Decoder::new().feed(&buffer[..count], |packet| {
        positions.extend(reg::PRESENT_POSITION.decode(packet.params));
    });
    positions
}

#[test]
fn an_arm_goes_where_its_goals_say() {
    let (mut bus, middles) = calibrated_arm();
    let at_start = positions(&mut bus, Duration::ZERO);
    for (position, middle) in at_start.iter().zip(&middles) {
        assert!((position - middle).abs() <= 10, "{at_start:?} {middles:?}");
    }
    let mut buffer = [0; MAX_PACKET];
    let torque = packet::write(&mut buffer, 0xFE, reg::TORQUE_ENABLE.address, &[1]).unwrap();
    bus.host_writes(Duration::from_millis(10), torque);
    let goals: Vec<[u8; 2]> = middles
        .iter()
        .map(|middle| u16::try_from(middle + 200).unwrap().to_le_bytes())
        .collect();
    let entries = goals.iter().zip(1..).map(|(goal, id)| (id, &goal[..]));
    let goals = packet::sync_write(&mut buffer, 42, 2, entries).unwrap();
    bus.host_writes(Duration::from_millis(20), goals);
    let at_end = positions(&mut bus, Duration::from_secs(3));
    for (position, middle) in at_end.iter().zip(&middles) {
        // The arm sags: a servo holds a load only with an error.
        assert!(
            (position - middle - 200).abs() <= 60,
            "{at_end:?} {middles:?}"
        );
    }
    assert!(bus.servos().iter().all(|servo| servo.error().is_empty()));
}

/// An arm of the Koch's servos in extended position mode, its elbow reversed and all offsets off.
#[test]
fn an_arm_of_dynamixels_goes_where_its_goals_say() {
    let robot = include_str!("../../../configs/so101.toml");
    let mut kind: ulna_robot::RobotKind = toml::from_str(robot).unwrap();
    kind.follower.registers = [("Operating_Mode".to_owned(), 4)].into();
    for (index, joint) in kind.joints.iter_mut().enumerate() {
        joint.model = ["xl430-w250", "xl330-m288"][usize::from(index > 1)].to_owned();
        // These servos are made for a lighter arm.
        joint.link.mass *= 0.2;
        joint.link.inertia = joint.link.inertia.map(|inertia| inertia * 0.2);
    }
    let mut calibration = kind.nominal_calibration();
    for ((_, joint), offset) in calibration
        .joints
        .iter_mut()
        .zip([0, -300, 700, 250, -90, 7])
    {
        joint.homing_offset = offset;
    }
    calibration.joints[2].1.drive_mode = 1;
    let run = || {
        let arm = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap();
        let servos = Workbench::follower(&kind, &calibration).unwrap();
        let mut bus = servos.into_bus(arm, BusOptions::default()).unwrap();
        let mut buffer = [0; dynamixel::MAX_PACKET];
        let torque = dynamixel::packet::write(&mut buffer, 0xFE, 64, &[1]).unwrap();
        bus.host_writes(Duration::ZERO, torque);
        let goals: Vec<[u8; 4]> = calibration
            .values()
            .map(|joint| (joint.middle() as i32 + 200).to_le_bytes())
            .collect();
        let entries = goals.iter().zip(1..).map(|(goal, id)| (id, &goal[..]));
        let goals = dynamixel::packet::sync_write(&mut buffer, 116, 4, entries).unwrap();
        bus.host_writes(Duration::from_millis(10), goals);
        bus.advance(Duration::from_secs(3));
        let ask = dynamixel::packet::fast_sync_read(&mut buffer, 132, 4, 1..=6).unwrap();
        bus.host_writes(Duration::from_secs(3), ask);
        let count = bus.host_reads(Duration::from_secs(4), &mut buffer);
        let mut decoder = dynamixel::Decoder::new();
        decoder.expect_blocks(Some((4, 6)));
        decoder.push(&buffer[..count]);
        let mut positions = Vec::new();
        while let Some(dynamixel::Decoded::Block(block)) = decoder.next() {
            positions.extend(xl330::PRESENT_POSITION.decode(block.data));
        }
        (positions, bus.plant().angles().to_vec())
    };
    let (positions, angles) = run();
    assert_eq!(positions.len(), 6);
    for ((position, value), joint) in positions.iter().zip(calibration.values()).zip(&kind.joints) {
        let ahead = position - value.middle() as i32;
        assert!((ahead - 200).abs() <= 60, "{}: {ahead}", joint.name);
    }
    // Rising positions are rising angles, reversed servo or not.
    for (angle, joint) in angles.iter().zip(&kind.joints) {
        assert!(
            (angle - joint.middle() - 0.307).abs() < 0.1,
            "{}: {angle}",
            joint.name
        );
    }
    assert_eq!(run(), (positions, angles), "bit by bit");
}
