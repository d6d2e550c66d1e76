//! Promise: connecting to a healthy arm works, however slow a moment the computer or the adapter has.

#![allow(clippy::unwrap_used)]

use ulna_app::memory::MemoryPort;
use ulna_app::rig::{RigOptions, serve};
use ulna_bus::engine::{Engine, EngineConfig};
use ulna_bus::registers::sts3215;
use ulna_drivers::connect::Role;
use ulna_drivers::{SerialPort, ServoArm};
use ulna_rt::{Lockstep, RealClock, RealPacer};
use ulna_sim::bus::BusOptions;
use ulna_sim::fault::FaultPlan;
use ulna_sim::hand::{SweepHand, SweptArm};
use ulna_sim::workbench::Workbench;

const CONNECTS: u64 = 1000;

/// Every answer may be late, by a scheduler's slice or by much more.
#[test]
fn none_fails_though_answers_are_late() {
    let kind = ulna_app::robots::find("so101").unwrap();
    let calibration = kind.nominal_calibration();
    for seed in 0..CONNECTS {
        let texts = ["late:8ms@5%", "late:40ms@1%", "late:120ms@0.3%"];
        let faults = FaultPlan::parse(texts, seed, &[]).unwrap();
        let servos = Workbench::set_up(&kind).unwrap();
        let arm = SweptArm::new(&kind, &calibration, SweepHand::default());
        let options = BusOptions {
            faults,
            ..BusOptions::default()
        };
        let mut bus = servos.into_bus(arm, options).unwrap();
        for (index, value) in calibration.values().enumerate() {
            let servo = bus.servo_mut(index).unwrap();
            for (register, value) in [
                (sts3215::MIN_POSITION_LIMIT, value.range_min),
                (sts3215::MAX_POSITION_LIMIT, value.range_max),
            ] {
                servo.set(register, value).unwrap();
            }
        }
        let engine = Engine::new(EngineConfig::new(kind.bus.baud));
        let port = Box::new(MemoryPort(bus));
        let mut arm = ServoArm::new(port, engine, &kind, &calibration).unwrap();
        let mut clock = Lockstep::new();
        let connected = arm.connect(&mut clock, &kind, &calibration, Role::Follower);
        assert!(connected.is_ok(), "seed {seed}: {connected:?}");
    }
}

#[test]
#[ignore = "takes minutes of real time; for a machine that is busy with something else meanwhile"]
fn none_fails_in_real_time() {
    let kind = ulna_app::robots::find("so101").unwrap();
    let buses = serve(&RigOptions::default(), &kind, false).unwrap();
    let (_, device) = buses.devices().remove(0);
    let calibration = kind.nominal_calibration();
    let (clock, mut longest) = (RealClock::start(), 0);
    for number in 0..CONNECTS {
        let port = SerialPort::open(&device.to_string_lossy(), kind.bus.baud).unwrap();
        let engine = Engine::new(EngineConfig::new(kind.bus.baud));
        let mut arm = ServoArm::new(Box::new(port), engine, &kind, &calibration).unwrap();
        let mut pacer = RealPacer::new(clock, arm.input().into_iter().collect());
        let begun = clock.now();
        let connected = arm.connect(&mut pacer, &kind, &calibration, Role::Follower);
        assert!(connected.is_ok(), "connect {number}: {connected:?}");
        longest = longest.max((clock.now() - begun).as_millis());
    }
    eprintln!("{CONNECTS} connects, the longest took {longest} ms");
}
