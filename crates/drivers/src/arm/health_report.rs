//! Whose turn it is to report what it feels, and the extremes of what servos reported.

use serde::Serialize;
use ulna_bus::health::Rotation;
use ulna_core::{Health, Joints, Stamp};

/// Whose turn it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watching {
    pub(super) rotation: Rotation,
    /// The joints whose servos are asked about their torque when it is their turn again, a bit mask; the others are asked what they feel.
    pub(super) torque_next: u32,
    /// When each joint's servo was asked last.
    pub(super) asked_at: Joints<Stamp>,
    /// The joint that was asked last of those on their way back.
    pub(super) last_comeback: usize,
}

/// The extremes of what a servo felt since the session began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HealthReport {
    /// Readings.
    pub readings: u32,
    /// Lowest voltage, V.
    pub volts_low: Option<f32>,
    /// Highest temperature, °C.
    pub celsius_high: Option<f32>,
    /// Largest load, part of the full drive.
    pub load_high: Option<f32>,
    /// Largest current, A.
    pub amperes_high: Option<f32>,
}

impl HealthReport {
    pub(super) const NONE: Self = Self {
        readings: 0,
        volts_low: None,
        celsius_high: None,
        load_high: None,
        amperes_high: None,
    };

    pub(super) fn take(&mut self, health: &Health) {
        let larger = |high: Option<f32>, new: Option<f32>| match (high, new) {
            (Some(high), Some(new)) => Some(high.max(new.abs())),
            (None, new) => new.map(f32::abs),
            (high, None) => high,
        };
        self.readings = self.readings.saturating_add(1);
        self.volts_low = match (self.volts_low, health.volts) {
            (Some(low), Some(new)) => Some(low.min(new)),
            (low, new) => low.or(new),
        };
        self.celsius_high = larger(self.celsius_high, health.celsius);
        self.load_high = larger(self.load_high, health.load);
        self.amperes_high = larger(self.amperes_high, health.amperes);
    }
}
