//! A thousand connects in real time, over a pty; `connecting.rs` has the promise on the virtual clock. For a busy machine:
//! `cargo test -p ulna-session --test a_thousand_connects -- --ignored --nocapture`.

#![allow(clippy::unwrap_used)]

use ulna_bus::engine::{Engine, EngineConfig};
use ulna_drivers::{SerialPort, ServoArm};
use ulna_robot::ArmRole;
use ulna_rt::{RealClock, RealPacer};
use ulna_session::RigOptions;
use ulna_session::supply::serve;

const CONNECTS: u64 = 1000;

#[test]
#[ignore = "takes minutes of real time; for a machine that is busy with something else meanwhile"]
fn none_fails_in_real_time() {
    let kind = ulna_robot::files::find("so101").unwrap();
    let buses = serve(&RigOptions::default(), &kind, None).unwrap();
    let (_, device) = buses.devices().remove(0);
    let calibration = kind.nominal_calibration();
    let (clock, mut longest) = (RealClock::start(), 0);
    for number in 0..CONNECTS {
        let port = SerialPort::open(&device.to_string_lossy(), kind.bus.baud).unwrap();
        let engine = Engine::new(EngineConfig::new(kind.bus.baud));
        let mut arm = ServoArm::new(Box::new(port), engine, &kind, &calibration).unwrap();
        let mut pacer = RealPacer::new(clock, arm.input().into_iter().collect());
        let begun = clock.now();
        let connected = arm.connect(&mut pacer, &kind, &calibration, ArmRole::Follower);
        assert!(connected.is_ok(), "connect {number}: {connected:?}");
        longest = longest.max((clock.now() - begun).as_millis());
    }
    eprintln!("{CONNECTS} connects, the longest took {longest} ms");
}
