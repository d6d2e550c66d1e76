//! Whether the cameras still see what they should.

use std::time::Duration;

use ulna_core::Stamp;

use crate::columns::Columns;
use crate::error::RecorderError;
use crate::sampler::{Sampled, Sampler};

/// How long cameras may take until their first picture.
const WARM_UP: Duration = Duration::from_secs(10);
/// So many pictures in a row that had arrived before are no accident: of a busy computer some are missing, and the next one that comes may look like
/// the last one that came, where nothing moves and a camera has no noise.
const FROZEN: u32 = 4;

/// What there is to say of the pictures of a row.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Cameras whose picture is older than is allowed, one bit each.
    pub(super) late: u32,
    /// Why the first of them is.
    pub(super) reason: Option<RecorderError>,
    /// The camera is not only late: waiting for it makes no sense.
    pub(super) broken: bool,
}

impl Judged {
    fn add(&mut self, camera: usize, reason: RecorderError, broken: bool) {
        self.late |= 1 << camera;
        if self.reason.is_none() || (broken && !self.broken) {
            self.reason = Some(reason);
        }
        self.broken |= broken;
    }
}

/// Watches the age of pictures.
#[derive(Debug)]
pub(super) struct Watch {
    allowed: Duration,
    longest_silence: Duration,
    since: Stamp,
    arrivals: Vec<Stamp>,
}

impl Watch {
    /// Pictures may be `allowed` old, and none come for `longest_silence`.
    pub(super) fn new(allowed: Duration, longest_silence: Duration, cameras: usize) -> Self {
        Self {
            allowed,
            longest_silence,
            since: Stamp::ZERO,
            arrivals: vec![Stamp::ZERO; cameras],
        }
    }

    /// The session begins, or goes on after everything stood still.
    pub(super) fn begin(&mut self, now: Stamp) {
        self.since = now;
        self.arrivals.fill(now);
    }

    /// A picture has arrived.
    pub(super) fn arrived(&mut self, camera: usize, now: Stamp) {
        if let Some(arrival) = self.arrivals.get_mut(camera) {
            *arrival = now;
        }
    }

    /// Looks at the pictures of this row.
    pub(super) fn judge(
        &self,
        columns: &Columns,
        sampler: &Sampler,
        row: &Sampled,
        now: Stamp,
    ) -> Judged {
        let mut judged = Judged::default();
        let cameras = columns.cameras().iter().zip(&self.arrivals).enumerate();
        for ((index, (camera, arrival)), picture) in cameras.zip(&row.pictures) {
            let camera = camera.name.clone();
            let Some(frame) = picture else {
                let silence = row.at - self.since;
                if silence > WARM_UP {
                    judged.add(index, RecorderError::CameraSilent { camera, silence }, true);
                }
                continue;
            };
            let (age, allowed) = (frame.age(row.at), self.allowed);
            if age <= allowed {
                continue;
            }
            let silence = arrival.age(now);
            if sampler.camera(index).again >= FROZEN && silence < allowed {
                let sequence = frame.sequence;
                let frozen = RecorderError::CameraFrozen {
                    camera,
                    sequence,
                    age,
                };
                judged.add(index, frozen, true);
            } else if silence < allowed {
                let late = RecorderError::CameraLate {
                    camera,
                    age,
                    allowed,
                };
                judged.add(index, late, false);
            } else {
                let broken = silence > self.longest_silence;
                let silence = silence.max(age);
                judged.add(
                    index,
                    RecorderError::CameraSilent { camera, silence },
                    broken,
                );
            }
        }
        judged
    }
}
