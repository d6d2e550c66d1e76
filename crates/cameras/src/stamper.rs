//! When the light of a picture fell.

use std::time::{Duration, Instant};

use ulna_core::Stamp;

use crate::settings::CameraSettings;
use crate::source::{Shot, StampSource};

/// A driver's stamp that is farther than this ahead of its arrival, or behind it, is of another clock. vivid's are some 30 ms ahead.
const AHEAD: Duration = Duration::from_secs(1);
const BEHIND: Duration = Duration::from_secs(5);

/// Gives pictures their stamps, in order.
#[derive(Debug)]
pub(crate) struct Stamper {
    epoch: Instant,
    /// What is taken off the arrival where no driver stamps.
    latency: Duration,
    source: StampSource,
    last: Option<Stamp>,
}

impl Stamper {
    /// For stamps that count from `epoch`.
    pub(crate) fn new(epoch: Instant, settings: &CameraSettings) -> Self {
        let latency = settings.latency_ms.unwrap_or(0.0) / 1e3;
        Self {
            epoch,
            latency: Duration::try_from_secs_f64(latency).unwrap_or_default(),
            source: StampSource::Arrival,
            last: None,
        }
    }

    /// Where the last stamp came from.
    pub(crate) fn source(&self) -> StampSource {
        self.source
    }

    /// A moment as a stamp; what was before the epoch is the epoch.
    pub(crate) fn at(&self, moment: Instant) -> Stamp {
        Stamp::new(moment.saturating_duration_since(self.epoch))
    }

    /// When the light fell, and how long before its arrival that was, s.
    pub(crate) fn stamp(&mut self, shot: &Shot) -> (Stamp, f64) {
        let believed = shot.light.filter(|light| {
            let ahead = light.saturating_duration_since(shot.arrived);
            let behind = shot.arrived.saturating_duration_since(*light);
            ahead < AHEAD && behind < BEHIND
        });
        self.source = match believed {
            Some(_) => StampSource::Driver,
            None => StampSource::Arrival,
        };
        let by_arrival = shot.arrived.checked_sub(self.latency);
        let light = believed.or(by_arrival).unwrap_or(shot.arrived);
        let ahead = light.saturating_duration_since(shot.arrived).as_secs_f64();
        let behind = shot.arrived.saturating_duration_since(light).as_secs_f64();
        // Pictures come in order, whatever their stamps say.
        let after = self
            .last
            .map_or(Stamp::ZERO, |last| last + Duration::from_nanos(1));
        let stamp = self.at(light).max(after);
        self.last = Some(stamp);
        (stamp, behind - ahead)
    }
}
