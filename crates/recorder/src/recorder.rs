//! The recorder: ticks, pictures and keys in, episodes out.

mod approach;
mod phase;
mod running;
mod session;
mod watch;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use ulna_core::Stamp;
use ulna_dataset::Writer;
use ulna_rt::latest::{self, Publisher, Watcher};
use ulna_rt::{Machine, Next, Stop, StopReason};

use crate::columns::Columns;
use crate::error::RecorderError;
use crate::phases::{Act, Ended, Key, Phase, Phases, Ready};
use crate::report::{EpisodeReport, Progress};
use crate::sampler::{Sampled, Sampler};
use crate::sink::EpisodeSink;
use approach::Approach;
use running::{Late, Running};
use watch::{Judged, Watch};

pub use session::{Input, Inputs, OnInterrupt, OnLate, Options, Outcome};

/// The machine that records. Step it every few milliseconds; it finishes when the session is over, and asks the robot's side
/// to end as well.
#[derive(Debug)]
pub struct Recorder {
    columns: Columns,
    fps: u32,
    grace: Duration,
    oldest: Duration,
    longest_pause: Duration,
    on_interrupt: OnInterrupt,
    on_late: OnLate,
    inputs: Inputs,
    pressed: VecDeque<(Stamp, Key)>,
    interrupted: bool,
    sampler: Option<Sampler>,
    stepped: Option<Stamp>,
    watch: Watch,
    arm: Approach,
    phases: Phases,
    sink: EpisodeSink,
    running: Option<Running>,
    closed: Option<EpisodeReport>,
    reports: Vec<EpisodeReport>,
    discarded: u64,
    cut_short: Option<u64>,
    progress: Progress,
    publisher: Publisher<Progress>,
    stop: Stop,
    error: Option<RecorderError>,
}

impl Recorder {
    /// A recorder into `writer`'s dataset, whose features are those of `columns`. When the session is over it calls `stop`; when
    /// another party raises `stop`, it does with the running episode as the options say.
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
        let before = writer.episodes();
        let mut sink = EpisodeSink::new(writer, columns.cameras(), options.sink)?;
        sink.prepare();
        let progress = Progress {
            episode: 1,
            episodes: options.plan.episodes,
            before,
            ..Progress::default()
        };
        let (publisher, watcher) = latest::slot(&progress);
        let recorder = Self {
            watch: Watch::new(
                options.oldest,
                options.longest_silence,
                inputs.cameras.len(),
            ),
            columns,
            fps: options.fps,
            grace: options.grace,
            oldest: options.oldest,
            longest_pause: options.longest_pause,
            on_interrupt: options.on_interrupt,
            on_late: options.on_late,
            inputs,
            pressed: VecDeque::new(),
            interrupted: false,
            sampler: None,
            stepped: None,
            arm: Approach::default(),
            phases: Phases::new(options.plan),
            sink,
            running: None,
            closed: None,
            reports: Vec::new(),
            discarded: 0,
            cut_short: None,
            progress,
            publisher,
            stop,
            error: None,
        };
        Ok((recorder, watcher))
    }

    /// Waits until everything is on the disk. A session that is not over yet is ended as if its robot had failed.
    pub fn finish(mut self) -> Outcome {
        if self.phases.phase() != Phase::Over
            && let Some(sampler) = self.sampler.take()
        {
            let reason = "the session ended".to_owned();
            self.fail(RecorderError::Aborted { reason }, &sampler);
        }
        // What is saved by the time that everything has ended, whether or not something failed on the way.
        let saved = self.sink.saved_so_far();
        let mut error = self.error;
        if let Err(late) = self.sink.finish() {
            error.get_or_insert(late);
        }
        Outcome {
            episodes: saved.episodes(),
            rows: saved.rows(),
            discarded: self.discarded,
            cut_short: self.cut_short,
            reports: self.reports,
            error,
        }
    }

    /// Takes keys; gives why the session has to end, if the robot's side says so.
    fn take_inputs(&mut self, now: Stamp) -> Option<RecorderError> {
        let mut fault = None;
        while let Ok(input) = self.inputs.inputs.try_recv() {
            match input {
                Input::Key(key) => self.pressed.push_back((now, key)),
                Input::Abort(reason) => fault = Some(RecorderError::Aborted { reason }),
            }
        }
        if !self.interrupted && self.stop.requested() == Some(StopReason::Interrupted) {
            self.interrupted = true;
            self.pressed.push_back((now, self.interrupting_key()));
        }
        fault
    }

    fn interrupting_key(&self) -> Key {
        match self.on_interrupt {
            OnInterrupt::Save => Key::Stop,
            OnInterrupt::Discard => Key::Abandon,
        }
    }

    /// Ends the session while the running episode can still be saved, if the disk is nearly full.
    fn stop_if_disk_is_nearly_full(&mut self, now: Stamp) {
        if !self.progress.failed
            && let Some(shortage) = self.sink.shortage()
        {
            self.error.get_or_insert(shortage);
            self.progress.failed = true;
            self.pressed.push_back((now, Key::Stop));
        }
    }

    /// Takes what has arrived; gives why no more can, if so.
    fn take_data(&mut self, sampler: &mut Sampler, now: Stamp) -> Option<RecorderError> {
        let mut fault = None;
        while let Some(sample) = self.inputs.ticks.next_tick() {
            sampler.push_tick(sample);
        }
        let lost = self.inputs.ticks.lost();
        if lost > 0 {
            fault = Some(RecorderError::TicksLost { lost });
        }
        for index in 0..self.inputs.cameras.len() {
            loop {
                match self.inputs.cameras[index].next_frame() {
                    Ok(Some(frame)) => {
                        self.watch.arrived(index, now);
                        sampler.push_frame(index, frame);
                    }
                    Ok(None) => break,
                    Err(gone) => {
                        fault.get_or_insert(gone.into());
                        break;
                    }
                }
            }
        }
        fault
    }

    fn take_row(&mut self, sampler: &Sampler, row: &Sampled, now: Stamp) {
        let mut acts = Vec::new();
        while let Some((_, key)) = self.pressed.pop_front_if(|(at, _)| *at <= row.at) {
            self.phases.press(key, &mut acts);
            self.perform(&mut acts, sampler, row.at);
        }
        let late = self.judge(sampler, row, now, &mut acts);
        self.perform(&mut acts, sampler, row.at);
        let Some(late) = late else { return };
        // Where lateness ends an episode, none begins with a late row.
        let begins = self.on_late == OnLate::Mark || late == Late::default();
        let ready = Ready {
            complete: row.is_complete() && begins,
            arrived: self.arm.has_arrived(row),
        };
        if self.phases.before_row(ready, &mut acts) {
            self.perform(&mut acts, sampler, row.at);
            self.record(row, late);
            self.phases.after_row(&mut acts);
        }
        self.perform(&mut acts, sampler, row.at);
    }

    /// What is late of a row, once everything is done that lateness asks for; nothing if the row lies in a pause, which belongs to no
    /// phase.
    fn judge(
        &mut self,
        sampler: &Sampler,
        row: &Sampled,
        now: Stamp,
        acts: &mut Vec<Act>,
    ) -> Option<Late> {
        let since_tick = row
            .target
            .map_or(Duration::ZERO, |tick| row.at - tick.sends_at);
        let one_row = Duration::from_secs(1) / self.fps.max(1);
        let paused = row.standstill > self.longest_pause && since_tick > one_row;
        let judged = match paused {
            true => Judged::default(),
            false => self.watch.judge(&self.columns, sampler, row, now),
        };
        let late = Late {
            pictures: judged.late,
            stalled: paused || since_tick > self.oldest,
        };
        self.progress.late += u64::from(!paused && late != Late::default());
        let reason = judged.reason.or_else(|| {
            let standstill = row.standstill;
            late.stalled
                .then_some(RecorderError::Stalled { standstill })
        });
        match reason {
            Some(reason) if judged.broken => self.fail(reason, sampler),
            Some(reason) if self.phases.phase() == Phase::Recording => match self.on_late {
                OnLate::Mark if paused => self.phases.pause(acts),
                OnLate::Mark => {}
                OnLate::Discard => self.phases.press(Key::Rerecord, acts),
                OnLate::Stop => self.fail(reason, sampler),
            },
            _ => {}
        }
        (!paused).then_some(late)
    }

    fn record(&mut self, row: &Sampled, late: Late) {
        let Some(running) = &mut self.running else {
            return;
        };
        let taken = self
            .sink
            .pictures(row.pictures.iter().flatten().map(|frame| &frame.pixels));
        let flags = running.count(row, late, taken);
        self.progress.spooled += u64::from(taken.spooled.count_ones());
        self.progress.replaced += u64::from(taken.replaced.count_ones());
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
                    let fps = self.fps;
                    self.closed = running.map(|running| running.report(ended, fps, sampler));
                }
                Act::Commit => self.commit(),
                Act::Discard => {
                    self.closed = None;
                    self.discarded += 1;
                    self.sink.discard();
                }
            }
        }
    }

    fn commit(&mut self) {
        if let Some(report) = self.closed.take() {
            self.sink
                .commit(serde_json::to_value(&report).unwrap_or_default());
            self.reports.push(report);
        }
    }

    /// Ends the session. What was saved stays, and the running episode is saved as far as it went; where the way to the disk is what
    /// failed, it waits for repair.
    fn fail(&mut self, error: RecorderError, sampler: &Sampler) {
        let for_repair = matches!(
            error,
            RecorderError::Dataset(_)
                | RecorderError::Backlog { .. }
                | RecorderError::Spool { .. }
                | RecorderError::Thread { .. }
        );
        self.error.get_or_insert(error);
        let phase = self.phases.phase();
        if phase == Phase::Over {
            return;
        }
        self.progress.failed = true;
        let mut acts = Vec::new();
        self.phases.abort(&mut acts);
        match (&self.running, for_repair) {
            (Some(_), true) => {
                self.sink.close(true, false);
                self.running = None;
            }
            (running, _) => {
                self.cut_short = running.as_ref().map(Running::rows);
                self.perform(&mut acts, sampler, sampler.next_time());
            }
        }
    }

    fn publish(&mut self) {
        let (row, rows) = self.phases.rows();
        let kept = self.phases.kept();
        self.progress = Progress {
            phase: self.phases.phase(),
            approaching: self.phases.is_approaching(),
            episode: (kept + u64::from(self.phases.phase() == Phase::Recording))
                .clamp(1, self.progress.episodes.max(1)),
            row,
            rows,
            saved: self.sink.saved().0,
            free: self.sink.free_bytes(),
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
                self.watch.begin(stamp);
                let cameras = self.inputs.cameras.len();
                Sampler::new(stamp, self.fps, self.grace, cameras)
            }
        };
        if self.stepped.is_some_and(|last| stamp - last > self.grace) {
            self.watch.begin(stamp);
            sampler.resumed(stamp);
        }
        self.stepped = Some(stamp);
        let fault = self.take_inputs(stamp);
        let fault = self.take_data(&mut sampler, stamp).or(fault);
        self.stop_if_disk_is_nearly_full(stamp);
        while self.phases.phase() != Phase::Over
            && let Some(row) = sampler.next_row(stamp)
        {
            self.take_row(&sampler, &row, stamp);
        }
        for error in fault.into_iter().chain(self.sink.take_error()) {
            self.fail(error, &sampler);
        }
        self.sampler = Some(sampler);
        self.publish();
        if self.phases.phase() == Phase::Over {
            self.stop.end();
            return Next::Finished;
        }
        Next::At(now + Duration::from_secs(1) / (4 * self.fps.max(1)))
    }
}
