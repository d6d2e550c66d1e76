//! `ulna bench sim`: how much faster than real time the simulation runs, with everything that a session has: driver, packets, gate, servos of 1 kHz and,
//! in a scene of things, contact.

use std::time::Duration;

use ulna_session::report::ClockKind;
use ulna_session::run::{SessionPlan, run};
use ulna_session::{PhysicsEngine, Rig, RigOptions, SessionLink, Stop};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};
use crate::meters::process_cpu;

/// How long each session lasts, on its own clock.
const SPAN: Duration = Duration::from_secs(30);

/// Runs the bench: three cubes and a bin with an expert at work, against the same arm with nothing around it that can be touched.
///
/// # Errors
/// If a session fails, or the engine is not built in.
pub fn sim(physics: PhysicsEngine) -> Result<BenchReport, BenchError> {
    let machine = machine();
    let alone = speed(physics, "table", false)?;
    let among = speed(physics, "sort", true)?;
    let cases = vec![
        Case::new(
            "so101 and leader, nothing to touch, 200 Hz, lockstep, no cameras",
            "seconds simulated in a second of CPU time",
            alone,
            "x",
            None,
        ),
        Case::new(
            &format!(
                "so101 and leader, three cubes and a bin, expert at work; physics {physics} ({})",
                physics.settings()
            ),
            "seconds simulated in a second of CPU time",
            among,
            "x",
            Some(alone),
        ),
    ];
    Ok(BenchReport {
        bench: "sim",
        machine,
        cases,
    })
}

fn speed(physics: PhysicsEngine, scene: &str, expert: bool) -> Result<f64, BenchError> {
    let options = RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        scene: Some(scene.to_owned()),
        physics: Some(physics.to_string()),
        expert,
        ..RigOptions::default()
    };
    let link = SessionLink::alone(&Stop::new());
    let rig = Rig::open(&options, &link)?;
    let plan = SessionPlan {
        command: "bench",
        duration: Some(SPAN),
        ..SessionPlan::default()
    };
    let before = process_cpu();
    run(rig, plan, &link)?;
    let taken = process_cpu().saturating_sub(before);
    // Connecting and parking come on top of it, so this is on the safe side.
    Ok(SPAN.as_secs_f64() / taken.as_secs_f64())
}
