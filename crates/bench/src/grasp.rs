//! `ulna bench sim --grasp`: what a simulated hand holds, and whether MuJoCo says the same, all with one and the same setting.

use ulna_sim::engine::PhysicsEngine;
use ulna_sim::grasp::{GraspTrial, Grasped};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};

/// A cube of 3 cm and 30 g is held for a minute; then `trials` grasps of `seed` are made on each engine that is built in.
///
/// # Errors
/// If the arm cannot be simulated.
pub fn grasp(seed: u64, trials: u64) -> Result<BenchReport, BenchError> {
    let machine = machine();
    let kind = ulna_robot::files::find(ulna_robot::files::DEFAULT)?;
    let engines = PhysicsEngine::ALL.into_iter();
    let engines: Vec<PhysicsEngine> = engines.filter(|engine| engine.is_built_in()).collect();
    let mut cases = Vec::new();
    let mut held: Vec<Vec<bool>> = Vec::new();
    for engine in &engines {
        cases.push(Case::new(
            &format!("{engine}: {}", engine.settings()),
            "steps of an engine with these settings",
            1.0 / ulna_sim::arm::TICK.as_secs_f64(),
            "Hz",
            None,
        ));
        let how = engine.name();
        minute(how, &GraspTrial::MINUTE.run(&kind, *engine)?, &mut cases);
        let mut of_engine = Vec::new();
        let (mut slip, mut overlap) = (Vec::new(), Vec::new());
        for number in 0..trials {
            let found = GraspTrial::drawn(seed, number).run(&kind, *engine)?;
            of_engine.push(found.held);
            if found.held {
                slip.push(found.slip * 1e3);
                overlap.push(found.overlap * 1e3);
            }
        }
        let drawn = format!("{how}: {trials} drawn grasps of seed {seed}");
        let mut case = |metric: &str, value: f64, unit| {
            cases.push(Case::new(&drawn, metric, value, unit, None));
        };
        case("held for 10 s", slip.len() as f64, "grasps");
        case(
            "slip of those that are held, median",
            median(&mut slip),
            "mm",
        );
        case(
            "overlap of those that are held, median",
            median(&mut overlap),
            "mm",
        );
        held.push(of_engine);
    }
    if let [own, reference] = held.as_slice() {
        let agree = own
            .iter()
            .zip(reference)
            .filter(|(own, other)| own == other);
        cases.push(Case::new(
            &format!("ulna and mujoco: {trials} drawn grasps of seed {seed}"),
            "say the same of whether the cube is held",
            agree.count() as f64,
            "grasps",
            None,
        ));
    }
    Ok(BenchReport {
        bench: "grasp",
        machine,
        cases,
    })
}

fn minute(how: &str, found: &Grasped, cases: &mut Vec<Case>) {
    let name = format!("{how}: cube of 3 cm and 30 g");
    let [lifted, end] = found.gripper;
    for (metric, value, unit) in [
        (
            "still in the hand after 60 s",
            f64::from(u8::from(found.held)),
            "cubes",
        ),
        ("slip in 60 s", found.slip * 1e3, "mm"),
        ("deepest overlap", found.overlap * 1e3, "mm"),
        (
            "current under half of the torque, as LeRobot limits it",
            lifted.current,
            "A",
        ),
        (
            "current once the overload protection has cut in",
            end.current,
            "A",
        ),
        (
            "temperature of the gripper in the end, in a room of 25 °C",
            end.temperature,
            "°C",
        ),
    ] {
        cases.push(Case::new(&name, metric, value, unit, None));
    }
}

/// The middle of all; NaN if there are none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
