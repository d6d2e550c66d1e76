//! The sampling rule: row k holds the newest state and pictures stamped at or before t_k, and the target in force at t_k.
//!
//! All rows lie on one grid, t_k = k / fps since the run's epoch, whatever phase the session is in; an episode is a stretch of it. A
//! row is final when nothing stamped at or before t_k can arrive any more: a later tick and a later picture of every
//! camera have arrived (they arrive in order), or the grace period is over.

use std::collections::VecDeque;
use std::time::Duration;

use ulna_core::{Frame, Stamp};

use ulna_core::TickRecord;

/// One row, before it is known whether it belongs to an episode.
#[derive(Debug, Clone)]
pub struct Sampled {
    /// t_k.
    pub at: Stamp,
    /// The tick whose state is the newest measured at or before t_k.
    pub state: Option<TickRecord>,
    /// The tick whose target is in force at t_k.
    pub target: Option<TickRecord>,
    /// The newest picture of each camera.
    pub pictures: Vec<Option<Frame>>,
    /// How long there were no control ticks, as far as that is known, around t_k: much more than a tick's period where the control loop,
    /// or the whole computer, stood still.
    pub standstill: Duration,
}

impl Sampled {
    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.state.is_some() && self.target.is_some() && self.pictures.iter().all(Option::is_some)
    }
}

/// What a camera has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CameraCounts {
    /// Pictures that never arrived, by the gaps in their numbers.
    pub lost: u64,
    /// Pictures that arrived after the row they belong to was final.
    pub late: u64,
    /// Pictures that arrived again, by their numbers.
    pub duplicates: u64,
    /// How many of the pictures that arrived last, in a row, had arrived before.
    pub again: u32,
}

#[derive(Debug, Default)]
struct Pictures {
    waiting: VecDeque<Frame>,
    counts: CameraCounts,
}

/// What the control loop has done up to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TickCounts {
    /// Ticks.
    pub ticks: u64,
    /// Missed deadlines, by the gaps in the ticks' numbers.
    pub overruns: u64,
    /// Ticks that the gate altered.
    pub altered: u64,
}

/// Brings ticks and pictures onto the grid.
#[derive(Debug)]
pub struct Sampler {
    fps: u32,
    grace: Duration,
    /// Rows are not final before the grace period from here on is over.
    resumed: Stamp,
    next: u64,
    ticks: VecDeque<TickRecord>,
    state: Option<TickRecord>,
    counts: TickCounts,
    cameras: Vec<Pictures>,
}

/// Time of row `k` on the grid: exact to the nanosecond, however large `k` is.
pub fn row_time(k: u64, fps: u32) -> Stamp {
    let nanos = u128::from(k) * 1_000_000_000 / u128::from(fps.max(1));
    Stamp::new(Duration::from_nanos(
        u64::try_from(nanos).unwrap_or(u64::MAX),
    ))
}

impl Sampler {
    /// Rows at `fps`, from the first one after `now`. `grace` is how long a row waits for what is stamped at or before it; it
    /// must be longer than a camera's latency and a frame.
    pub fn new(now: Stamp, fps: u32, grace: Duration, cameras: usize) -> Self {
        let mut next = (now.seconds() * f64::from(fps)) as u64;
        while row_time(next, fps) < now {
            next += 1;
        }
        Self {
            fps,
            grace,
            resumed: Stamp::ZERO,
            next,
            ticks: VecDeque::new(),
            state: None,
            counts: TickCounts::default(),
            cameras: (0..cameras).map(|_| Pictures::default()).collect(),
        }
    }

    /// When the next row is due; it becomes final later.
    pub fn next_time(&self) -> Stamp {
        row_time(self.next, self.fps)
    }

    /// Takes a tick; they come in order.
    pub fn push_tick(&mut self, sample: TickRecord) {
        self.ticks.push_back(sample);
    }

    /// Takes a picture; each camera's come in order.
    pub fn push_frame(&mut self, camera: usize, frame: Frame) {
        let final_until = self.next.checked_sub(1).map(|k| row_time(k, self.fps));
        let Some(pictures) = self.cameras.get_mut(camera) else {
            return;
        };
        let counts = &mut pictures.counts;
        if let Some(last) = pictures.waiting.back() {
            if frame.sequence <= last.sequence {
                counts.duplicates += 1;
                counts.again = counts.again.saturating_add(1);
                return;
            }
            counts.lost += frame.sequence - last.sequence - 1;
            counts.late += u64::from(final_until.is_some_and(|until| frame.stamp <= until));
        }
        counts.again = 0;
        pictures.waiting.push_back(frame);
    }

    /// The caller was held up until now, and those that deliver ticks and pictures may have been, too: what is stamped before the next rows
    /// may only arrive from now on. Where that happens again and again, rows do not wait again and again.
    pub fn resumed(&mut self, now: Stamp) {
        if self.resumed == Stamp::ZERO || now - self.resumed > 8 * self.grace {
            self.resumed = now;
        }
    }

    /// What the control loop had done by the last row.
    pub fn ticks(&self) -> TickCounts {
        self.counts
    }

    /// What camera number `camera` has done so far.
    pub fn camera(&self, camera: usize) -> CameraCounts {
        self.cameras
            .get(camera)
            .map(|pictures| pictures.counts)
            .unwrap_or_default()
    }

    /// The next row, once it is final.
    pub fn next_row(&mut self, now: Stamp) -> Option<Sampled> {
        let at = self.next_time();
        let ticks_complete = self.ticks.back().is_some_and(|tick| tick.sends_at > at);
        let complete = ticks_complete
            && self.cameras.iter().all(|pictures| {
                pictures
                    .waiting
                    .back()
                    .is_some_and(|frame| frame.stamp > at)
            });
        if !complete && now < at.max(self.resumed) + self.grace {
            return None;
        }
        self.next += 1;
        // Ticks are kept from the one in force on; a state counts from when it was measured, which is before its tick sends.
        for tick in self.ticks.iter().take_while(|tick| tick.state.stamp <= at) {
            if self
                .state
                .is_none_or(|state| state.state.stamp <= tick.state.stamp)
            {
                self.state = Some(*tick);
            }
        }
        while let [gone, tick, ..] = self.ticks.make_contiguous()
            && tick.sends_at <= at
        {
            let counts = &mut self.counts;
            counts.ticks += 1;
            counts.overruns += tick.index.saturating_sub(gone.index + 1);
            counts.altered += u64::from(!tick.note.untouched());
            self.ticks.pop_front();
        }
        let pictures = self.cameras.iter_mut().map(|pictures| {
            let waiting = &mut pictures.waiting;
            while waiting.get(1).is_some_and(|frame| frame.stamp <= at) {
                waiting.pop_front();
            }
            waiting.front().filter(|frame| frame.stamp <= at).cloned()
        });
        let pictures = pictures.collect();
        let mut ticks = self.ticks.iter();
        let target = ticks.next().filter(|tick| tick.sends_at <= at).copied();
        let until = ticks.next().map_or(at, |later| later.sends_at);
        Some(Sampled {
            at,
            state: self.state,
            pictures,
            target,
            standstill: target.map_or(Duration::ZERO, |tick| until - tick.sends_at),
        })
    }
}

#[cfg(test)]
mod tests;
