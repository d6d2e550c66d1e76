//! `ulna bench cameras`: what two MJPEG cameras of 640 x 480 at 30 pictures/s cost, and how old their pictures are in the rows.
//!
//! The cameras are servers of the bench's own, over HTTP on this computer, so that the figures are those of reading, finding pictures, decoding and
//! recording, not of a driver. The CPU of the servers is taken off; the floor is the decoder alone with the same pictures, as often.

mod phone;
mod silent;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use image::codecs::jpeg::JpegEncoder;
use ulna_cameras::{CameraSettings, LiveCamera};
use ulna_core::{CameraFault, Frame, FrameSink, JpegFrame};
use ulna_drivers::CameraPump;
use ulna_recorder::phases::Plan;
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{Inputs, Outcome, Recorder, Workers, picture_queue, tick_feed};
use ulna_robot::{RobotKind, files};
use ulna_rt::{Machine, RealClock, Stop};

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, in_folder};
use crate::meters::{process_cpu, thread_cpu};
use crate::pictures::{FPS, SIZE, columns, pictures};
use crate::record::{RATE_HZ, Ticks, step, writer};
use phone::Phone;
use silent::{SilentCount, WatchedSink};

/// Pictures of each camera in a run: five seconds.
const PICTURES: u64 = 150;
/// Threads that do nothing but keep the computer busy.
const LOAD: usize = 4;
/// As webcams pack them.
const QUALITY: u8 = 85;

/// The pictures of one camera as JPEG.
type Jpegs = Arc<Vec<Vec<u8>>>;

/// Runs the bench; it takes half a minute.
///
/// # Errors
/// If a camera or the recording fails.
pub fn cameras() -> Result<BenchReport, BenchError> {
    let kind = files::find(files::DEFAULT)?;
    in_folder("cameras", |folder| {
        let jpegs = encoded(&kind)?;
        let uses = [Uses::Pixels, Uses::Jpeg, Uses::Both];
        let costs = uses.map(|uses| cost(&jpegs, uses));
        let mut cases = costs.into_iter().collect::<Result<Vec<_>, _>>()?;
        cases.extend(recorded(&kind, &folder.join("alone"), &jpegs, 0)?);
        cases.extend(recorded(&kind, &folder.join("loaded"), &jpegs, LOAD)?);
        Ok(cases)
    })
}

fn encoded(kind: &RobotKind) -> Result<Vec<Jpegs>, BenchError> {
    let cameras = pictures(kind)?.into_iter().map(|pictures| {
        let jpegs = pictures.iter().map(|pixels| {
            let mut jpeg = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
            let colour = image::ExtendedColorType::Rgb8;
            encoder
                .encode(pixels, SIZE.0, SIZE.1, colour)
                .map_err(BenchError::picture)?;
            Ok(jpeg)
        });
        Ok(Arc::new(jpegs.collect::<Result<_, BenchError>>()?))
    });
    cameras.collect()
}

/// What the pictures are for.
#[derive(Debug, Clone, Copy)]
enum Uses {
    /// A recording, or a policy.
    Pixels,
    /// A display alone: JPEG stays JPEG.
    Jpeg,
    /// Both: what is decoded for the one is not encoded again for the other.
    Both,
}

impl Uses {
    fn sinks(self, taken: &Arc<Mutex<u64>>) -> Vec<Box<dyn FrameSink>> {
        let sink = |as_jpeg, counts| {
            let sink = CountingSink {
                taken: Arc::clone(taken),
                counts,
                left: PICTURES,
                as_jpeg,
            };
            Box::new(sink) as Box<dyn FrameSink>
        };
        match self {
            Self::Pixels => vec![sink(false, true)],
            Self::Jpeg => vec![sink(true, true)],
            Self::Both => vec![sink(false, true), sink(true, false)],
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Pixels => "CPU per picture (floor: bare decode)",
            Self::Jpeg => "looked at alone, JPEG stays JPEG",
            Self::Both => "decoded and looked at (floor: bare decode)",
        }
    }
}

/// CPU per picture, from the socket to its uses.
fn cost(jpegs: &[Jpegs], uses: Uses) -> Result<Case, BenchError> {
    let floor = bare_decode(jpegs)?;
    let clock = RealClock::start();
    let phones = jpegs
        .iter()
        .map(|jpegs| Phone::start(Arc::clone(jpegs)))
        .collect::<Result<Vec<_>, _>>()?;
    let taken = Arc::<Mutex<u64>>::default();
    let mut pumps = Vec::new();
    for phone in &phones {
        let camera = opened(phone, clock)?;
        pumps.push(CameraPump::new(Box::new(camera), uses.sinks(&taken)));
    }
    let servers = || phones.iter().map(Phone::cpu).sum::<Duration>();
    let before = (process_cpu(), servers());
    thread::scope(|scope| {
        for pump in &mut pumps {
            scope.spawn(|| step(pump, clock, &Stop::new()));
        }
    });
    let cpu = process_cpu().saturating_sub(before.0);
    let cpu = cpu.saturating_sub(servers().saturating_sub(before.1));
    let taken = *taken.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(figure(
        "",
        uses.in_words(),
        cpu.as_secs_f64() * 1e3 / taken.max(1) as f64,
        "ms",
        Some(floor),
    ))
}

/// CPU per picture of the decoder alone, ms: a thread for each camera that wakes up for each picture, as caches are cold by the next one.
fn bare_decode(jpegs: &[Jpegs]) -> Result<f64, BenchError> {
    let decode = |jpegs: &Jpegs| -> Result<Duration, BenchError> {
        let mut pixels = vec![0; (SIZE.0 * SIZE.1 * 3) as usize];
        let (since, period) = (Instant::now(), Duration::from_secs(1) / FPS);
        let before = thread_cpu();
        for number in 0..PICTURES as u32 {
            thread::sleep((period * number).saturating_sub(since.elapsed()));
            let jpeg = &jpegs[crate::pictures::shown(u64::from(number))];
            ulna_cameras::bare_decode(jpeg, &mut pixels).map_err(BenchError::picture)?;
        }
        Ok(thread_cpu().saturating_sub(before))
    };
    let cpu = thread::scope(|scope| {
        let threads = jpegs.iter().map(|jpegs| scope.spawn(|| decode(jpegs)));
        let threads: Vec<_> = threads.collect();
        let joined = threads.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.sum::<Result<Duration, BenchError>>()
    })?;
    Ok(cpu.as_secs_f64() * 1e3 / (PICTURES * jpegs.len() as u64) as f64)
}

fn opened(phone: &Phone, clock: RealClock) -> Result<LiveCamera, BenchError> {
    let settings = CameraSettings::at(&phone.address);
    Ok(LiveCamera::open("bench", &settings, clock.epoch())?)
}

/// Counts pictures, and ends after so many.
#[derive(Debug)]
struct CountingSink {
    taken: Arc<Mutex<u64>>,
    /// Whether its pictures are those that are counted.
    counts: bool,
    left: u64,
    as_jpeg: bool,
}

impl CountingSink {
    fn count(&mut self) -> bool {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) += u64::from(self.counts);
        self.left -= 1;
        self.left > 0
    }
}

impl FrameSink for CountingSink {
    fn take(&mut self, _: &Frame) -> bool {
        self.count()
    }

    fn wants_jpeg(&self, _: (u32, u32)) -> bool {
        self.as_jpeg
    }

    fn take_jpeg(&mut self, _: &JpegFrame) -> bool {
        self.count()
    }

    fn end(&mut self, _: &CameraFault) {}
}

/// A recording of both cameras in real time, with so many threads that keep the computer busy.
fn recorded(
    kind: &RobotKind,
    folder: &Path,
    jpegs: &[Jpegs],
    load: usize,
) -> Result<Vec<Case>, BenchError> {
    let columns = columns(kind);
    let clock = RealClock::start();
    let (sink, ticks) = tick_feed(RATE_HZ);
    let mut machines: Vec<Box<dyn Machine + Send>> = vec![Box::new(Ticks::new(sink, kind.dof()))];
    let (mut cameras, mut phones) = (Vec::new(), Vec::new());
    let silent = SilentCount::default();
    for (spec, jpegs) in columns.cameras().iter().zip(jpegs) {
        let phone = Phone::start(Arc::clone(jpegs))?;
        let (sink, source) = picture_queue(&spec.name, SIZE);
        let camera = opened(&phone, clock)?;
        machines.push(Box::new(CameraPump::new(
            Box::new(camera),
            vec![Box::new(WatchedSink::new(sink, &silent))],
        )));
        cameras.push(source);
        phones.push(phone);
    }
    let plan = Plan {
        episodes: 1,
        episode_rows: PICTURES,
        reset_rows: 0,
        approach_rows: 0,
    };
    let options = Options::new(
        FPS,
        plan,
        SinkOptions::new(Workers::Threads, "bench".to_owned(), FPS),
    );
    let (_, inputs) = channel(); // no keys are pressed
    let inputs = Inputs {
        ticks,
        cameras,
        inputs,
    };
    let (stop, over) = (Stop::new(), AtomicBool::new(false));
    let (mut recorder, _) = Recorder::new(
        writer(&columns, folder)?,
        columns,
        options,
        inputs,
        stop.clone(),
    )?;
    thread::scope(|scope| {
        for _ in 0..load {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        for mut machine in machines {
            let stop = stop.clone();
            scope.spawn(move || step(&mut *machine, clock, &stop));
        }
        step(&mut recorder, clock, &stop);
        over.store(true, Ordering::Relaxed);
    });
    let outcome = recorder.finish();
    match outcome.error {
        Some(error) => Err(error.into()),
        None => Ok(cases(&outcome, load, silent.get())),
    }
}

fn cases(outcome: &Outcome, load: usize, silent: u64) -> Vec<Case> {
    let cameras: Vec<_> = outcome
        .reports
        .iter()
        .flat_map(|report| &report.cameras)
        .collect();
    let sum = |of: &dyn Fn(&ulna_recorder::CameraReport) -> u64| {
        cameras.iter().map(|camera| of(camera)).sum::<u64>() as f64
    };
    let oldest = cameras
        .iter()
        .map(|camera| camera.age.max_ms)
        .fold(0.0, f64::max);
    let mean =
        cameras.iter().map(|camera| camera.age.mean_ms).sum::<f64>() / cameras.len().max(1) as f64;
    let with = match load {
        0 => String::new(),
        load => format!(", {load} busy threads of the bench"),
    };
    // A picture is half a period old on average when nothing holds it up.
    let half = 500.0 / f64::from(FPS);
    vec![
        figure(&with, "light-to-row age, mean", mean, "ms", Some(half)),
        figure(&with, "light-to-row age, most", oldest, "ms", None),
        figure(
            &with,
            "rows",
            outcome.rows as f64,
            "rows",
            Some(PICTURES as f64),
        ),
        figure(
            &with,
            "rows with a picture again (marked)",
            sum(&|camera| camera.repeated),
            "rows",
            None,
        ),
        figure(
            &with,
            "pictures again as new ones (silent)",
            silent as f64,
            "pictures",
            None,
        ),
        figure(
            &with,
            "pictures lost",
            sum(&|camera| camera.lost),
            "pictures",
            None,
        ),
    ]
}

fn figure(with: &str, metric: &str, value: f64, unit: &'static str, floor: Option<f64>) -> Case {
    Case::new(
        &format!("2 x 640x480 MJPG at 30/s{with}"),
        metric,
        value,
        unit,
        floor,
    )
}
