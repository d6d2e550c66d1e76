//! Promise: connecting to a healthy arm works, however slow a moment the computer or the adapter has.

#![allow(clippy::unwrap_used)]

use ulna_app::report::ClockKind;
use ulna_app::rig::{Rig, RigOptions, serve};
use ulna_bus::engine::{Engine, EngineConfig};
use ulna_drivers::connect::Role;
use ulna_drivers::{SerialPort, ServoArm};
use ulna_rt::{Lockstep, RealClock, RealPacer};

const CONNECTS: u64 = 1000;

/// Every answer may be late, by a scheduler's slice or by much more.
#[test]
fn none_fails_though_answers_are_late() {
    for seed in 0..CONNECTS {
        let options = RigOptions {
            sim: true,
            clock: ClockKind::Virtual,
            seed,
            faults: vec![
                "late:8ms@5%".to_owned(),
                "late:40ms@1%".to_owned(),
                "late:120ms@0.3%".to_owned(),
            ],
            ..RigOptions::default()
        };
        let mut rig = Rig::open(&options, false).unwrap();
        let follower = &mut rig.follower;
        let connected = follower.arm.connect(
            &mut Lockstep::new(),
            &follower.kind,
            &follower.calibration,
            Role::Follower,
        );
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
