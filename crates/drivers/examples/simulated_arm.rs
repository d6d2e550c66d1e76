//! What `arm.rs` does, with simulated servos in memory, on a virtual clock: `cargo run -p ulna-sim --example simulated_arm`.

#![allow(clippy::print_stdout)] // what an example finds out

use ulna_robot::files;
use ulna_rt::VirtualClock;
use ulna_sim::world::{SimArm, SimWorld, WorldOptions};

#[allow(dead_code)] // its main, which opens a port
#[path = "arm.rs"]
mod arm;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kind = files::built_in("so101")?;
    let calibration = kind.nominal_calibration();
    let simulated = SimArm::new(&kind, &calibration);
    let mut world = SimWorld::new(&kind, &[simulated], &[], &WorldOptions::default())?;
    let port = world.follower_ports()?.pop().ok_or("no bus")?;
    let mut clock = VirtualClock::new();
    let (before, there) = arm::read_and_move(port, &kind, &calibration, &mut clock)?;
    println!("the first joint went from {before:.1} to {there:.1} degrees and back");
    if (there - before).abs() < 8.0 {
        return Err("it did not arrive".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_moves_there_and_back() {
        assert!(super::main().is_ok());
    }
}
