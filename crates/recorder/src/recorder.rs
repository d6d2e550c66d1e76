//! The recorder: ticks, pictures and keys in, episodes out.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use ulna_core::Stamp;
use ulna_dataset::Writer;
use ulna_rt::latest::{self, Publisher, Watcher};
use ulna_rt::{Machine, Next, Stop, StopReason};

use crate::columns::{Columns, flag};
use crate::error::RecorderError;
use crate::feed::{CameraSource, TickSource};
use crate::phases::{Act, Ended, Key, Phase, Phases, Plan};
use crate::report::{Ages, CameraReport, EpisodeReport, Progress};
use crate::sampler::{CameraCounts, Sampled, Sampler, TickCounts};
use crate::sink::{EpisodeSink, SinkOptions};

/// What comes in besides ticks and pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// The robot's side has failed, for this reason.
    Abort(String),
}

/// Where everything comes from.
#[derive(Debug)]
pub struct Inputs {
    /// The control thread.
    pub ticks: TickSource,
    /// The cameras, in the order of the columns.
    pub cameras: Vec<CameraSource>,
    /// The keyboard and the session.
    pub inputs: Receiver<Input>,
}

/// How a session is recorded.
#[derive(Debug)]
pub struct Options {
    /// Rows per second.
    pub fps: u32,
    /// How many episodes and how long.
    pub plan: Plan,
    /// How long a row waits for pictures whose light fell before it.
    pub grace: Duration,
    /// A camera whose newest picture is older than this ends the session.
    pub oldest_picture: Duration,
    /// The way to the disk.
    pub sink: SinkOptions,
}

impl Options {
    /// Rows wait for a quarter of a second at most; pictures may be half a second old, as in LeRobot 0.6.2.
    pub fn new(fps: u32, plan: Plan, sink: SinkOptions) -> Self {
        Self {
            fps,
            plan,
            grace: Duration::from_millis(250),
            oldest_picture: Duration::from_millis(500),
            sink,
        }
    }
}

/// How long cameras may take until their first picture.
const WARM_UP: Duration = Duration::from_secs(10);

/// A session that is over.
#[derive(Debug)]
pub struct Outcome {
    /// Episodes that this session saved.
    pub episodes: u64,
    /// Their rows.
    pub rows: u64,
    /// Episodes that were thrown away.
    pub discarded: u64,
    /// The reports of the episodes that were kept.
    pub reports: Vec<EpisodeReport>,
    /// Why the session ended before its time, if it did.
    pub error: Option<RecorderError>,
}

/// An episode that is being recorded.
#[derive(Debug)]
struct Running {
    start: Stamp,
    rows: u64,
    before: TickCounts,
    without_target: u64,
    state_age: Ages,
    cameras: Vec<RunningCamera>,
}

#[derive(Debug)]
struct RunningCamera {
    report: CameraReport,
    before: CameraCounts,
    age: Ages,
    last: Option<u64>,
}

/// The machine that records. Step it every few milliseconds; it finishes when the session is over, and asks the robot's side
/// to end as well.
#[derive(Debug)]
pub struct Recorder {
    columns: Columns,
    options: RowOptions,
    inputs: Inputs,
    pressed: VecDeque<(Stamp, Key)>,
    interrupted: bool,
    sampler: Option<Sampler>,
    first_step: Stamp,
    arrivals: Vec<Stamp>,
    phases: Phases,
    sink: EpisodeSink,
    running: Option<Running>,
    closed: Option<EpisodeReport>,
    reports: Vec<EpisodeReport>,
    discarded: u64,
    progress: Progress,
    publisher: Publisher<Progress>,
    stop: Stop,
    error: Option<RecorderError>,
}

#[derive(Debug, Clone, Copy)]
struct RowOptions {
    fps: u32,
    grace: Duration,
    oldest_picture: Duration,
}

impl Recorder {
    /// A recorder into `writer`'s dataset, whose features are those of `columns`. When the session is over it calls `stop`; when
    /// somebody else interrupts, it saves the running episode.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(
        writer: Writer,
        columns: Columns,
        options: Options,
        inputs: Inputs,
        stop: Stop,
    ) -> Result<(Self, Watcher<Progress>), RecorderError> {
        let mut sink = EpisodeSink::new(writer, columns.cameras(), options.sink)?;
        sink.prepare();
        let progress = Progress {
            episode: 1,
            episodes: options.plan.episodes,
            ..Progress::default()
        };
        let (publisher, watcher) = latest::slot(&progress);
        let recorder = Self {
            arrivals: vec![Stamp::ZERO; inputs.cameras.len()],
            columns,
            options: RowOptions {
                fps: options.fps,
                grace: options.grace,
                oldest_picture: options.oldest_picture,
            },
            inputs,
            pressed: VecDeque::new(),
            interrupted: false,
            sampler: None,
            first_step: Stamp::ZERO,
            phases: Phases::new(options.plan),
            sink,
            running: None,
            closed: None,
            reports: Vec::new(),
            discarded: 0,
            progress,
            publisher,
            stop,
            error: None,
        };
        Ok((recorder, watcher))
    }

    /// Waits until everything is on the disk. A session that is not over yet is ended as if its robot had failed.
    pub fn finish(mut self) -> Outcome {
        if self.phases.phase() != Phase::Over {
            self.fail(RecorderError::Aborted {
                reason: "the session ended".to_owned(),
            });
        }
        let before = self.sink.saved();
        let mut error = self.error;
        let saved = Self::join(self.sink, before, &mut error);
        Outcome {
            episodes: saved.0,
            rows: saved.1,
            discarded: self.discarded,
            reports: self.reports,
            error,
        }
    }

    fn join(
        sink: EpisodeSink,
        before: (u64, u64),
        error: &mut Option<RecorderError>,
    ) -> (u64, u64) {
        match sink.finish() {
            Ok(saved) => saved,
            Err(late) => {
                error.get_or_insert(late);
                before
            }
        }
    }

    fn take_inputs(&mut self, now: Stamp) {
        while let Ok(input) = self.inputs.inputs.try_recv() {
            match input {
                Input::Key(key) => self.pressed.push_back((now, key)),
                Input::Abort(reason) => self.fail(RecorderError::Aborted { reason }),
            }
        }
        if !self.interrupted && self.stop.requested() == Some(StopReason::Interrupted) {
            self.interrupted = true;
            self.pressed.push_back((now, Key::Stop));
        }
    }

    fn take_data(&mut self, sampler: &mut Sampler, now: Stamp) {
        while let Some(sample) = self.inputs.ticks.next_sample() {
            sampler.push_tick(sample);
        }
        let lost = self.inputs.ticks.lost();
        if lost > 0 {
            self.fail(RecorderError::TicksLost { lost });
        }
        for index in 0..self.inputs.cameras.len() {
            loop {
                match self.inputs.cameras[index].next_frame() {
                    Ok(Some(frame)) => {
                        self.arrivals[index] = now;
                        sampler.push_frame(index, frame);
                    }
                    Ok(None) => break,
                    Err(fault) => {
                        self.fail(fault.into());
                        break;
                    }
                }
            }
        }
    }

    fn take_row(&mut self, sampler: &Sampler, row: &Sampled, now: Stamp) {
        let mut acts = Vec::new();
        while let Some((_, key)) = self.pressed.pop_front_if(|(at, _)| *at <= row.at) {
            self.phases.press(key, &mut acts);
            self.perform(&mut acts, sampler, row.at);
        }
        if let Some(fault) = self.judge_cameras(sampler, row, now) {
            self.fail(fault);
        }
        if self.phases.before_row(row.is_complete(), &mut acts) {
            self.perform(&mut acts, sampler, row.at);
            self.record(row);
            self.phases.after_row(&mut acts);
        }
        self.perform(&mut acts, sampler, row.at);
    }

    fn record(&mut self, row: &Sampled) {
        let Some(running) = &mut self.running else {
            return;
        };
        let taken = self
            .sink
            .pictures(row.pictures.iter().flatten().map(|frame| &frame.pixels));
        let mut flags = 0;
        for (camera, (seen, picture)) in running.cameras.iter_mut().zip(&row.pictures).enumerate() {
            let Some(frame) = picture else { continue };
            seen.age.add(frame.age(row.at));
            if seen.last.replace(frame.sequence) == Some(frame.sequence) {
                flags |= flag::REPEATED_PICTURE;
                seen.report.repeated += 1;
            }
            let (spooled, replaced) = (taken.spooled >> camera & 1, taken.replaced >> camera & 1);
            seen.report.spooled += u64::from(spooled);
            seen.report.replaced += u64::from(replaced);
            self.progress.spooled += u64::from(spooled);
            self.progress.replaced += u64::from(replaced);
            if replaced != 0 {
                flags |= flag::REPLACED_PICTURE;
            }
        }
        running.rows += 1;
        if let Some(state) = row.state {
            running.state_age.add(state.oldest.age(row.at));
        }
        running.without_target +=
            u64::from(row.target.is_some_and(|target| target.target.is_none()));
        // Recording begins with a complete row, and what has arrived once is never missing again.
        if let Some(numbers) = self.columns.row(row, running.start, flags) {
            self.sink.row(numbers);
        }
    }

    fn perform(&mut self, acts: &mut Vec<Act>, sampler: &Sampler, at: Stamp) {
        for act in acts.drain(..) {
            match act {
                Act::Begin => {
                    self.sink.begin();
                    self.running = Some(Running::new(at, &self.columns, sampler));
                }
                Act::Close(ended) => {
                    let more = self.phases.phase() != Phase::Over;
                    self.sink.close(ended != Ended::Discarded, more);
                    let running = self.running.take();
                    let fps = self.options.fps;
                    self.closed = running.map(|running| running.report(ended, fps, sampler));
                }
                Act::Commit => {
                    if let Some(report) = self.closed.take() {
                        self.sink
                            .commit(serde_json::to_value(&report).unwrap_or_default());
                        self.reports.push(report);
                    }
                }
                Act::Discard => {
                    self.closed = None;
                    self.discarded += 1;
                    self.sink.discard();
                }
            }
        }
    }

    /// Whether a camera's pictures have become too old to be recorded.
    fn judge_cameras(&self, sampler: &Sampler, row: &Sampled, now: Stamp) -> Option<RecorderError> {
        let allowed = self.options.oldest_picture;
        for (index, picture) in row.pictures.iter().enumerate() {
            let camera = self.columns.cameras().get(index)?.name.clone();
            let Some(frame) = picture else {
                let silence = row.at - self.first_step;
                if silence > WARM_UP {
                    return Some(RecorderError::CameraSilent { camera, silence });
                }
                continue;
            };
            let age = frame.age(row.at);
            if age <= allowed {
                continue;
            }
            let silence = self.arrivals[index].age(now);
            return Some(if sampler.camera(index).repeating && silence < allowed {
                let sequence = frame.sequence;
                RecorderError::CameraFrozen {
                    camera,
                    sequence,
                    age,
                }
            } else if silence < allowed {
                RecorderError::CameraLate {
                    camera,
                    age,
                    allowed,
                }
            } else {
                let silence = age;
                RecorderError::CameraSilent { camera, silence }
            });
        }
        None
    }

    /// Ends the session. What was saved stays; see [`RecorderError`] for what becomes of the running episode.
    fn fail(&mut self, error: RecorderError) {
        if self.phases.phase() == Phase::Over {
            self.error.get_or_insert(error);
            return;
        }
        let for_repair = matches!(
            error,
            RecorderError::Dataset(_)
                | RecorderError::Backlog { .. }
                | RecorderError::Spool { .. }
                | RecorderError::Thread { .. }
        );
        self.error.get_or_insert(error);
        self.progress.failed = true;
        let mut acts = Vec::new();
        self.phases.abort(&mut acts);
        for act in acts {
            match act {
                Act::Close(_) => self.sink.close(for_repair, false),
                Act::Discard if !for_repair => {
                    self.discarded += 1;
                    self.sink.discard();
                }
                Act::Commit => {
                    if let Some(report) = self.closed.take() {
                        self.sink
                            .commit(serde_json::to_value(&report).unwrap_or_default());
                        self.reports.push(report);
                    }
                }
                Act::Discard | Act::Begin => {}
            }
        }
        self.running = None;
    }

    fn publish(&mut self) {
        let (row, rows) = self.phases.rows();
        let kept = self.phases.kept();
        self.progress = Progress {
            phase: self.phases.phase(),
            episode: (kept + u64::from(self.phases.phase() == Phase::Recording))
                .clamp(1, self.progress.episodes.max(1)),
            row,
            rows,
            saved: self.sink.saved().0,
            ..self.progress
        };
        self.publisher.publish(self.progress);
    }
}

impl Machine for Recorder {
    fn step(&mut self, now: Duration) -> Next {
        let stamp = Stamp::new(now);
        let mut sampler = match self.sampler.take() {
            Some(sampler) => sampler,
            None => {
                self.first_step = stamp;
                let cameras = self.inputs.cameras.len();
                Sampler::new(stamp, self.options.fps, self.options.grace, cameras)
            }
        };
        self.take_inputs(stamp);
        self.take_data(&mut sampler, stamp);
        while self.phases.phase() != Phase::Over
            && let Some(row) = sampler.next_row(stamp)
        {
            self.take_row(&sampler, &row, stamp);
        }
        self.sampler = Some(sampler);
        if let Some(error) = self.sink.take_trouble() {
            self.fail(error);
        }
        self.publish();
        if self.phases.phase() == Phase::Over {
            self.stop.end();
            return Next::Finished;
        }
        Next::At(now + Duration::from_secs(1) / (4 * self.options.fps.max(1)))
    }
}

impl Running {
    fn new(start: Stamp, columns: &Columns, sampler: &Sampler) -> Self {
        let cameras = columns
            .cameras()
            .iter()
            .enumerate()
            .map(|(index, camera)| RunningCamera {
                report: CameraReport {
                    name: camera.name.clone(),
                    ..CameraReport::default()
                },
                before: sampler.camera(index),
                age: Ages::default(),
                last: None,
            });
        Self {
            start,
            rows: 0,
            before: sampler.ticks(),
            without_target: 0,
            state_age: Ages::default(),
            cameras: cameras.collect(),
        }
    }

    fn report(self, ended: Ended, fps: u32, sampler: &Sampler) -> EpisodeReport {
        let cameras = self.cameras.into_iter().enumerate().map(|(index, camera)| {
            let counts = sampler.camera(index);
            CameraReport {
                lost: counts.lost - camera.before.lost,
                late: counts.late - camera.before.late,
                age: camera.age.times(),
                ..camera.report
            }
        });
        let ticks = sampler.ticks();
        EpisodeReport {
            rows: self.rows,
            fps,
            ended,
            ticks: ticks.ticks - self.before.ticks,
            overruns: ticks.overruns - self.before.overruns,
            altered: ticks.altered - self.before.altered,
            without_target: self.without_target,
            state_age: self.state_age.times(),
            cameras: cameras.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
