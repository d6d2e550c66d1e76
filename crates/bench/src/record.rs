//! `ulna bench record`: what recording costs, with two cameras of 640 x 480 at 30 frames/s and a state of six joints.
//!
//! The pictures are made beforehand and the ticks are made up, so that the figures are those of the recorder: sampling, journal,
//! encoding, saving. The floor is the dataset's encoder alone, on one thread, with the same pictures.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use ulna_core::{Camera, CameraFault, Frame, Joints, Stamp};
use ulna_dataset::{Spec, VideoEncoder, VideoPart, Writer};
use ulna_recorder::phases::Plan;
use ulna_recorder::recorder::Options;
use ulna_recorder::sink::SinkOptions;
use ulna_recorder::{
    CameraSpec, Columns, EpisodeSink, Inputs, Lanes, PictureEncoder, Recorder, TickSample,
    TickSink, camera_feed, tick_feed,
};
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Chain;
use ulna_rt::{Machine, Next, Pacer, RealClock, RealPacer, Stop};
use ulna_sim::camera::SensorNoise;
use ulna_sim::render::Renderer;
use ulna_sim::visual::{VisualScene, cameras_of};

use crate::error::BenchError;
use crate::{Bench, Case, in_folder};
use ulna_robot::files;

const FPS: u32 = 30;
const SIZE: (u32, u32) = (640, 480);
/// Different pictures of each camera; they are shown forth and back.
const PICTURES: usize = 8;
/// Rows of the paced run: ten seconds.
const ROWS: u64 = 300;
/// Episodes of the run that measures the pause between two, and their rows.
const EPISODES: usize = 12;
const EPISODE_ROWS: usize = 150;
const RATE_HZ: f64 = 200.0;

/// Runs the bench; its datasets go to a folder among the temporary ones that is removed again.
///
/// # Errors
/// If recording fails.
pub fn record() -> Result<Bench, BenchError> {
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

/// Pictures of each camera: the arm in motion, with a sensor's noise.
pub(super) type Pictures = Vec<Vec<Arc<[u8]>>>;

pub(super) fn pictures(kind: &RobotKind) -> Result<Pictures, BenchError> {
    let (chain, scene) = (Chain::new(kind), VisualScene::of(kind));
    let mut renderer =
        Renderer::new(SIZE.0, SIZE.1).map_err(|error| BenchError::Sim(error.to_string()))?;
    let noise = SensorNoise {
        seed: 1,
        amplitude: 3,
    };
    let cameras = cameras_of(kind);
    let pictures = cameras.iter().take(2).map(|camera| {
        let pictures = (0..PICTURES).map(|number| {
            // Three degrees from one picture to the next: a brisk motion.
            let turn = number as f64 * 0.05;
            let angles = Joints::from_fn(kind.dof(), |_| turn);
            let mut picture = renderer
                .render(&scene, &chain.pose(&angles), camera)
                .to_vec();
            noise.add(number as u64, &mut picture);
            picture.into()
        });
        pictures.collect()
    });
    Ok(pictures.collect())
}

/// Which picture is shown at frame `number`.
pub(super) fn shown(number: u64) -> usize {
    let round = 2 * (PICTURES as u64 - 1);
    let step = number % round;
    usize::try_from(step.min(round - step)).unwrap_or(0)
}

pub(super) fn columns(kind: &RobotKind) -> Columns {
    let names = ["front", "wrist"].map(|name| CameraSpec {
        name: name.to_owned(),
        width: SIZE.0,
        height: SIZE.1,
    });
    Columns::new(kind.value_names(), names.to_vec(), false)
}

fn writer(columns: &Columns, folder: &Path) -> Result<Writer, BenchError> {
    let spec = Spec {
        fps: FPS,
        robot_type: None,
        features: columns.features(FPS),
        manifest: None,
    };
    Ok(Writer::create(folder, &spec)?)
}

/// CPU time of all threads of this process.
pub(super) fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
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

/// A camera that shows the pictures on its grid, half a frame off the recorder's.
#[derive(Debug)]
struct Slides {
    name: String,
    pictures: Vec<Arc<[u8]>>,
    next: u64,
}

impl Slides {
    fn stamp(&self) -> Stamp {
        Stamp::new(Duration::from_secs_f64(
            (self.next as f64 + 0.5) / f64::from(FPS),
        ))
    }
}

impl Camera for Slides {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn fps(&self) -> f64 {
        f64::from(FPS)
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        let stamp = self.stamp();
        if stamp > now {
            return Ok(None);
        }
        let sequence = self.next;
        self.next += 1;
        Ok(Some(Frame {
            stamp,
            sequence,
            width: SIZE.0,
            height: SIZE.1,
            pixels: Arc::clone(&self.pictures[shown(sequence)]),
        }))
    }

    fn next_due(&self, _: Stamp) -> Stamp {
        self.stamp()
    }
}

/// A control loop without a robot.
struct Ticks {
    sink: TickSink,
    joints: usize,
    index: u64,
}

impl Machine for Ticks {
    fn step(&mut self, now: Duration) -> Next {
        let next = now + Duration::from_secs_f64(1.0 / RATE_HZ);
        let measured = Stamp::new(now);
        let position = Joints::filled(self.joints, (now.as_secs_f64() * 2.0).sin() * 20.0);
        self.index += 1;
        self.sink.push(TickSample {
            index: self.index,
            untouched: true,
            sends_at: Stamp::new(next),
            measured,
            oldest: measured,
            position,
            target: Some(position),
            sent: position,
        });
        Next::At(next)
    }
}

/// A recording in real time, as `ulna record` makes it.
fn paced(
    kind: &RobotKind,
    folder: &Path,
    pictures: &Pictures,
    floor: f64,
) -> Result<Vec<Case>, BenchError> {
    let columns = columns(kind);
    let writer = writer(&columns, folder)?;
    let cameras = columns.cameras().iter().zip(pictures);
    let (feeds, sources): (Vec<_>, Vec<_>) = cameras
        .map(|(camera, pictures)| {
            camera_feed(Box::new(Slides {
                name: camera.name.clone(),
                pictures: pictures.clone(),
                next: 0,
            }))
        })
        .unzip();
    let (sink, ticks) = tick_feed(RATE_HZ);
    let ticking = Ticks {
        sink,
        joints: kind.dof(),
        index: 0,
    };
    let (_keys, inputs) = channel();
    let inputs = Inputs {
        ticks,
        cameras: sources,
        inputs,
    };
    let plan = Plan {
        episodes: 2,
        episode_rows: ROWS / 2,
        reset_rows: 0,
    };
    let sink = SinkOptions::new(Lanes::Threads, "bench".to_owned(), FPS);
    let stop = Stop::new();
    forget_peak();
    let before = process_cpu();
    let options = Options::new(FPS, plan, sink);
    let (mut recorder, _) = Recorder::new(writer, columns, options, inputs, stop.clone())?;
    let clock = RealClock::start();
    thread::scope(|scope| {
        let mut others: Vec<Box<dyn Machine + Send>> = vec![Box::new(ticking)];
        others.extend(
            feeds
                .into_iter()
                .map(|feed| Box::new(feed) as Box<dyn Machine + Send>),
        );
        for mut machine in others {
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
    let cameras = outcome.reports.iter().flat_map(|report| &report.cameras);
    let missing: u64 = cameras
        .map(|camera| camera.repeated + camera.replaced + camera.lost)
        .sum();
    let case = "2 x 640x480 at 30 fps, paced";
    let figure = |metric: &str, value: f64, unit, floor| Case {
        case: case.to_owned(),
        metric: metric.to_owned(),
        value,
        unit,
        floor,
    };
    Ok(vec![
        figure(
            "CPU per row (floor: bare encode)",
            cpu.as_secs_f64() * 1e3 / outcome.rows.max(1) as f64,
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
    ])
}

fn step(machine: &mut dyn Machine, clock: RealClock, stop: &Stop) {
    let mut pacer = RealPacer::new(clock, Vec::new());
    while stop.requested().is_none() {
        match machine.step(pacer.now()) {
            Next::At(until) | Next::InputOr(until) => pacer.wait(until),
            Next::Finished => return,
        }
    }
}

/// Lets the highest mark of this process's memory start anew, where the system can.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The highest mark of this process's memory, MB.
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1e3
}

/// Says when its episode's first picture comes to it.
struct Announcing {
    inner: Box<VideoEncoder>,
    first: Option<Sender<Instant>>,
    done: Sender<()>,
}

impl PictureEncoder for Announcing {
    fn push(&mut self, rgb: &[u8]) -> ulna_dataset::Result<()> {
        if let Some(first) = self.first.take() {
            let _ = first.send(Instant::now());
        }
        let pushed = self.inner.push(rgb);
        let _ = self.done.send(());
        pushed
    }

    fn sync(&mut self) -> ulna_dataset::Result<()> {
        self.inner.sync()
    }

    fn finish(self: Box<Self>) -> ulna_dataset::Result<VideoPart> {
        self.inner.finish()
    }
}

/// From the end of an episode to the first picture of the next at its encoder: everything that must be on the disk by then is.
fn pauses(kind: &RobotKind, folder: &Path, pictures: &Pictures) -> Result<Vec<Case>, BenchError> {
    let columns = columns(kind);
    let writer = writer(&columns, folder)?;
    let width = writer.layout().width();
    let (first_in, first) = channel();
    let (done_in, done) = channel();
    let options = SinkOptions {
        wrap: Box::new(move |encoder| {
            Box::new(Announcing {
                inner: Box::new(encoder),
                first: Some(first_in.clone()),
                done: done_in.clone(),
            })
        }),
        ..SinkOptions::new(Lanes::Threads, "bench".to_owned(), FPS)
    };
    let cameras = columns.cameras().len();
    let mut sink = EpisodeSink::new(writer, columns.cameras(), options)?;
    let mut pauses = Vec::new();
    let mut ended = None;
    sink.begin();
    for episode in 0..=EPISODES {
        for row in 0..EPISODE_ROWS {
            let number = shown(row as u64);
            sink.pictures(pictures.iter().map(|pictures| &pictures[number]));
            sink.row(vec![0.0; width]);
            if row == 0
                && let Some(ended) = ended
            {
                pauses.push(last(&first, cameras)?.saturating_duration_since(ended));
            } else if row == 0 {
                last(&first, cameras)?;
            }
            // A camera would not be faster than the encoders either.
            wait(&done, cameras)?;
        }
        if episode < EPISODES {
            ended = Some(Instant::now());
            sink.close(true, true);
            sink.commit(serde_json::Value::Null);
            sink.begin();
        }
    }
    sink.close(true, false);
    sink.commit(serde_json::Value::Null);
    sink.finish()?;
    pauses.sort();
    let figure = |metric: &str, pause: Option<&Duration>| Case {
        case: format!("{EPISODES} episodes of 5 s, synced"),
        metric: metric.to_owned(),
        value: pause.map_or(0.0, |pause| pause.as_secs_f64() * 1e3),
        unit: "ms",
        floor: None,
    };
    Ok(vec![
        figure("end of one to the next, p50", pauses.get(pauses.len() / 2)),
        figure("end of one to the next, max", pauses.last()),
    ])
}

/// The time of the last camera's first picture.
fn last(first: &Receiver<Instant>, cameras: usize) -> Result<Instant, BenchError> {
    let times = (0..cameras).map(|_| first.recv_timeout(PATIENCE).map_err(|_| stuck()));
    Ok(times
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .max()
        .unwrap_or_else(Instant::now))
}

fn wait(done: &Receiver<()>, cameras: usize) -> Result<(), BenchError> {
    (0..cameras).try_for_each(|_| done.recv_timeout(PATIENCE).map_err(|_| stuck()))
}

/// An encoder that takes longer for a picture is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

fn stuck() -> BenchError {
    BenchError::Failed("an encoder of the bench gave no sign of life for 30 s".to_owned())
}
