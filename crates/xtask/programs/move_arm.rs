//! Moves the first joint of a simulated SO-101 by ten degrees.

use std::time::Duration;
use ulna_bus::engine::{Engine, EngineConfig};
use ulna_core::{Action, Gate, Robot, Stamp};
use ulna_drivers::ServoArm;
use ulna_robot::{ArmRole, files};
use ulna_rt::{Pacer, VirtualClock};
use ulna_sim::world::{SimArm, SimWorld, WorldOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kind = files::built_in("so101")?;
    let calibration = kind.nominal_calibration();
    let part = SimArm::new(&kind, &calibration);
    let mut world = SimWorld::new(&kind, &[part], &[], &WorldOptions::default())?;
    let port = world.follower_ports()?.remove(0);
    let engine = Engine::new(EngineConfig::with_protocol(kind.bus.protocol, kind.bus.baud));
    let mut arm = ServoArm::new(port, engine, &kind, &calibration)?;
    let mut clock = VirtualClock::new();
    arm.connect(&mut clock, &kind, &calibration, ArmRole::Follower)?;
    let start = arm.state().position;
    let mut gate = Gate::new(kind.gate_limits(&calibration), &start, Stamp::new(clock.now()));
    let mut target = start;
    target[0] += 10.0;
    for _ in 0..100 {
        let stamp = Stamp::new(clock.now());
        let (goals, _) = gate.check(stamp, Some(&Action { stamp, target }), arm.state());
        arm.send_goals(&mut clock, &goals)?;
        clock.wait(stamp.since_epoch() + Duration::from_millis(20));
    }
    println!("moved by {:.1} degrees", arm.state().position[0] - start[0]);
    Ok(arm.release(&mut clock)?)
}
