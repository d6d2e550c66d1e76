//! `ulna bench sim`: how much faster than real time the simulation runs, with everything that a session has: driver, packets, gate, servos of 1 kHz and,
//! in a scene of things, contact.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ulna_core::{CameraFault, Frame, FrameSink};
use ulna_session::cameras::CameraUse;
use ulna_session::report::ClockKind;
use ulna_session::run::{SessionPlan, run};
use ulna_session::{PhysicsEngine, Rig, RigOptions, SessionLink, Stop};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};
use crate::meters::process_cpu;

/// How long each session lasts, on its own clock.
const SPAN: Duration = Duration::from_secs(30);

/// The cameras of the last case, and their pictures: width and height, pixels, and how many a second.
const CAMERAS: [&str; 2] = ["front", "wrist"];
const SIZE: (u32, u32) = (320, 240);
const FPS: f64 = 30.0;

/// Runs the bench: three cubes and a bin with an expert at work, without cameras and with two of them, against the same arm with nothing around it
/// that can be touched.
///
/// # Errors
/// If a session fails, or the engine is not built in.
pub fn sim(physics: PhysicsEngine) -> Result<BenchReport, BenchError> {
    let machine = machine();
    let (alone, _) = speed(physics, "table", false, &[])?;
    let (among, _) = speed(physics, "sort", true, &[])?;
    let (seen, pictures) = speed(physics, "sort", true, &CAMERAS)?;
    let more = SPAN.as_secs_f64() * (1.0 / seen - 1.0 / among);
    let what = "seconds simulated in a second of CPU time";
    let cases = vec![
        Case::new(
            "so101 and leader, nothing to touch, 200 Hz, lockstep, no cameras",
            what,
            alone,
            "x",
            None,
        ),
        Case::new(
            &format!(
                "so101 and leader, three cubes and a bin, expert at work; physics {physics} ({})",
                physics.settings()
            ),
            what,
            among,
            "x",
            Some(alone),
        ),
        Case::new(
            "the same with two cameras of 320x240 at 30 Hz; soft shadows, textures, 4 samples a pixel, sensor noise",
            what,
            seen,
            "x",
            Some(among),
        ),
        Case::new(
            "the same: one picture",
            "CPU beyond that of the session without cameras",
            1e3 * more / pictures.max(1) as f64,
            "ms",
            None,
        ),
    ];
    Ok(BenchReport {
        bench: "sim",
        machine,
        cases,
    })
}

/// How much faster than real time a session runs with these cameras, and how many pictures they gave.
fn speed(
    physics: PhysicsEngine,
    scene: &str,
    expert: bool,
    cameras: &[&str],
) -> Result<(f64, u64), BenchError> {
    let options = RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        scene: Some(scene.to_owned()),
        physics: Some(physics.to_string()),
        expert,
        ..RigOptions::default()
    };
    let link = SessionLink::alone(&Stop::new());
    let mut rig = Rig::open(&options, &link)?;
    let pictures = Arc::new(AtomicU64::new(0));
    for camera in cameras {
        let counter = Box::new(Counter(Arc::clone(&pictures)));
        rig.cameras
            .add(camera, CameraUse::Policy, SIZE, FPS, counter);
    }
    let plan = SessionPlan {
        command: "bench",
        duration: Some(SPAN),
        ..SessionPlan::default()
    };
    let before = process_cpu();
    run(rig, plan, &link)?;
    let taken = process_cpu().saturating_sub(before);
    // Connecting and parking come on top of it, so this is on the safe side.
    let speed = SPAN.as_secs_f64() / taken.as_secs_f64();
    Ok((speed, pictures.load(Ordering::Relaxed)))
}

/// Counts pictures.
#[derive(Debug)]
struct Counter(Arc<AtomicU64>);

impl FrameSink for Counter {
    fn take(&mut self, _frame: &Frame) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn end(&mut self, _fault: &CameraFault) {}
}
