//! An episode while it is being recorded: what its report will say.

use ulna_core::Stamp;

use crate::columns::{Columns, flag};
use crate::phases::Ended;
use crate::report::{Ages, CameraReport, EpisodeReport};
use crate::sampler::{CameraCounts, Sampled, Sampler, TickCounts};
use crate::sink::PicturesTaken;

/// What was late of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Late {
    /// Cameras whose picture was older than is allowed, one bit each.
    pub(super) pictures: u32,
    /// The control loop stood still.
    pub(super) stalled: bool,
}

/// An episode that is being recorded.
#[derive(Debug)]
pub(super) struct Running {
    /// t_0 of its first row.
    pub(super) start: Stamp,
    rows: u64,
    before: TickCounts,
    without_target: u64,
    stalled: u64,
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

impl Running {
    /// An episode whose first row is at `start`.
    pub(super) fn new(start: Stamp, columns: &Columns, sampler: &Sampler) -> Self {
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
            stalled: 0,
            state_age: Ages::default(),
            cameras: cameras.collect(),
        }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts a row that was late like this and whose pictures were taken like this; returns the row's flags.
    pub(super) fn count(&mut self, row: &Sampled, late: Late, taken: PicturesTaken) -> u32 {
        let mut flags = 0;
        if late.stalled {
            flags |= flag::STALLED;
            self.stalled += 1;
        }
        for (camera, (seen, picture)) in self.cameras.iter_mut().zip(&row.pictures).enumerate() {
            let Some(frame) = picture else { continue };
            seen.age.add(frame.age(row.at));
            if seen.last.replace(frame.sequence) == Some(frame.sequence) {
                flags |= flag::REPEATED_PICTURE;
                seen.report.repeated += 1;
            }
            let (spooled, replaced) = (taken.spooled >> camera & 1, taken.replaced >> camera & 1);
            seen.report.spooled += u64::from(spooled);
            seen.report.replaced += u64::from(replaced);
            if replaced != 0 {
                flags |= flag::REPLACED_PICTURE;
            }
            if late.pictures >> camera & 1 != 0 {
                flags |= flag::LATE_PICTURE;
                seen.report.overdue += 1;
            }
        }
        self.rows += 1;
        if let Some(state) = row.state {
            self.state_age.add(state.oldest().age(row.at));
        }
        if row.target.is_some_and(|tick| tick.action.is_none()) {
            self.without_target += 1;
        }
        flags
    }

    /// Its report, made at its end.
    pub(super) fn report(self, ended: Ended, fps: u32, sampler: &Sampler) -> EpisodeReport {
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
            stalled: self.stalled,
            state_age: self.state_age.times(),
            cameras: cameras.collect(),
        }
    }
}
