//! `ulna bench record`: what recording costs, with two cameras of 640 x 480 at 30 frames/s and a state of six joints.
//!
//! The pictures are made beforehand and the ticks are made up, so that the figures are those of the recorder: sampling, journal,
//! encoding, saving. The floor is the dataset's encoder alone, on one thread, with the same pictures.

mod dataset;
mod inputs;
mod pauses;

use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use ulna_dataset::VideoEncoder;
use ulna_drivers::CameraPump;
use ulna_recorder::phases::Plan;
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{Columns, Inputs, Outcome, Recorder, Workers, picture_queue, tick_feed};
use ulna_robot::{RobotKind, files};
use ulna_rt::{Machine, Next, Pacer, RealClock, RealPacer, Stop};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, in_folder};
use crate::meters::{forget_peak, peak_memory, process_cpu};
use crate::pictures::{FPS, Pictures, columns, pictures, shown};
pub(crate) use dataset::writer;
use inputs::Slides;
pub(crate) use inputs::{RATE_HZ, Ticks};
use pauses::pauses;

/// Rows of the paced run: ten seconds.
const ROWS: u64 = 300;

/// Runs the bench; its datasets go to a folder among the temporary ones that is removed again.
///
/// # Errors
/// If recording fails.
pub fn record() -> Result<BenchReport, BenchError> {
    let kind = files::find(files::DEFAULT)?;
    in_folder("record", |folder| measure(&kind, folder))
}

fn measure(kind: &RobotKind, folder: &Path) -> Result<Vec<Case>, BenchError> {
    let pictures = pictures(kind)?;
    let floor = bare_encode(kind, &folder.join("bare"), &pictures)?;
    let mut cases = paced(kind, &folder.join("paced"), &pictures, floor)?;
    cases.extend(pauses(kind, &folder.join("pauses"), &pictures)?);
    Ok(cases)
}

/// CPU time per row of encoding its pictures, ms.
fn bare_encode(kind: &RobotKind, folder: &Path, pictures: &Pictures) -> Result<f64, BenchError> {
    let columns = columns(kind);
    let mut writer = writer(&columns, folder)?;
    let episode = writer.begin_episode()?;
    let encoders = columns
        .cameras()
        .iter()
        .map(|camera| episode.video_encoder(&camera.key()));
    let mut encoders = encoders.collect::<Result<Vec<VideoEncoder>, _>>()?;
    let before = process_cpu();
    for row in 0..ROWS {
        for (encoder, pictures) in encoders.iter_mut().zip(pictures) {
            encoder.push(&pictures[shown(row)])?;
        }
    }
    let cpu = process_cpu().saturating_sub(before);
    drop(encoders);
    episode.discard()?;
    Ok(cpu.as_secs_f64() * 1e3 / ROWS as f64)
}

/// A recording in real time, as `ulna record` makes it.
fn paced(
    kind: &RobotKind,
    folder: &Path,
    pictures: &Pictures,
    floor: f64,
) -> Result<Vec<Case>, BenchError> {
    let columns = columns(kind);
    let (machines, inputs) = machines(kind, &columns, pictures);
    let plan = Plan {
        episodes: 2,
        episode_rows: ROWS / 2,
        reset_rows: 0,
        approach_rows: 0,
    };
    let sink = SinkOptions::new(Workers::Threads, "bench".to_owned(), FPS);
    let (writer, stop) = (writer(&columns, folder)?, Stop::new());
    forget_peak();
    let before = process_cpu();
    let options = Options::new(FPS, plan, sink);
    let (mut recorder, _) = Recorder::new(writer, columns, options, inputs, stop.clone())?;
    let clock = RealClock::start();
    thread::scope(|scope| {
        for mut machine in machines {
            let stop = stop.clone();
            scope.spawn(move || step(&mut *machine, clock, &stop));
        }
        step(&mut recorder, clock, &stop);
    });
    let outcome = recorder.finish();
    let cpu = process_cpu().saturating_sub(before);
    if let Some(error) = outcome.error {
        return Err(error.into());
    }
    Ok(cases(&outcome, cpu.as_secs_f64() * 1e3, floor))
}

type Machines = Vec<Box<dyn Machine + Send>>;

/// A loop and cameras that feed a recorder, and its ends of their queues.
fn machines(kind: &RobotKind, columns: &Columns, pictures: &Pictures) -> (Machines, Inputs) {
    let (sink, ticks) = tick_feed(RATE_HZ);
    let mut machines: Machines = vec![Box::new(Ticks::new(sink, kind.dof()))];
    let mut cameras = Vec::new();
    for (camera, pictures) in columns.cameras().iter().zip(pictures) {
        let slides = Slides::new(&camera.name, pictures);
        let (sink, source) = picture_queue(&camera.name, (camera.width, camera.height));
        machines.push(Box::new(CameraPump::new(
            Box::new(slides),
            vec![Box::new(sink)],
        )));
        cameras.push(source);
    }
    // Its other end is gone: no keys are pressed.
    let (_, inputs) = channel();
    let inputs = Inputs {
        ticks,
        cameras,
        inputs,
    };
    (machines, inputs)
}

fn cases(outcome: &Outcome, cpu_ms: f64, floor: f64) -> Vec<Case> {
    let cameras = outcome.reports.iter().flat_map(|report| &report.cameras);
    let missing: u64 = cameras
        .map(|camera| camera.repeated + camera.replaced + camera.lost)
        .sum();
    let figure = |metric: &str, value, unit, floor| {
        Case::new("2 x 640x480 at 30 fps, paced", metric, value, unit, floor)
    };
    vec![
        figure(
            "CPU per row (floor: bare encode)",
            cpu_ms / outcome.rows.max(1) as f64,
            "ms",
            Some(floor),
        ),
        figure("rows", outcome.rows as f64, "rows", Some(ROWS as f64)),
        figure(
            "pictures lost or repeated",
            missing as f64,
            "pictures",
            None,
        ),
        figure("peak memory of the process", peak_memory(), "MB", None),
    ]
}

/// Steps a machine in real time until it has finished.
pub(crate) fn step(machine: &mut dyn Machine, clock: RealClock, stop: &Stop) {
    let mut pacer = RealPacer::new(clock, Vec::new());
    while stop.requested().is_none() {
        match machine.step(pacer.now()) {
            Next::At(until) | Next::InputOr(until) => pacer.wait(until),
            Next::Finished => return,
        }
    }
}
