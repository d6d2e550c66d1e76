//! Whether the cameras still see what they should.

use std::time::Duration;

use ulna_core::Stamp;

use crate::columns::Columns;
use crate::error::RecorderError;
use crate::sampler::{Sampled, Sampler};

/// How long cameras may take until their first picture.
const WARM_UP: Duration = Duration::from_secs(10);

/// Watches the age of pictures.
#[derive(Debug)]
pub(super) struct Watch {
    allowed: Duration,
    since: Stamp,
    arrivals: Vec<Stamp>,
}

impl Watch {
    /// Pictures may be `allowed` old.
    pub(super) fn new(allowed: Duration, cameras: usize) -> Self {
        Self {
            allowed,
            since: Stamp::ZERO,
            arrivals: vec![Stamp::ZERO; cameras],
        }
    }

    /// The session begins.
    pub(super) fn begin(&mut self, now: Stamp) {
        self.since = now;
    }

    /// A picture has arrived.
    pub(super) fn arrived(&mut self, camera: usize, now: Stamp) {
        if let Some(arrival) = self.arrivals.get_mut(camera) {
            *arrival = now;
        }
    }

    /// The first camera whose pictures have become too old to be recorded at this row.
    pub(super) fn judge(
        &self,
        columns: &Columns,
        sampler: &Sampler,
        row: &Sampled,
        now: Stamp,
    ) -> Option<RecorderError> {
        let allowed = self.allowed;
        for (index, picture) in row.pictures.iter().enumerate() {
            let camera = columns.cameras().get(index)?.name.clone();
            let Some(frame) = picture else {
                let silence = row.at - self.since;
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
}
