//! The link to the servos of one arm: adapter, driver and operating system.

use std::time::Duration;

use serde::Serialize;
use ulna_bus::engine::EngineConfig;
use ulna_bus::health::{LinkEstimate, RoundTripSummary};
use ulna_core::{Joints, Stamp};

/// What is known of the link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) estimate: LinkEstimate,
    pub(super) measured: Option<RoundTripSummary>,
    /// Its owner has said how slow it is.
    pub(super) fixed: bool,
    /// Questions of the control loop, positions and health.
    pub(super) questions: u32,
    /// Ticks of all joints, and those of them that began without a recent position.
    pub(super) joint_ticks: u64,
    pub(super) unread: u64,
}

/// A position older than this is none.
const RECENT: Duration = Duration::from_millis(250);

/// How fast the link is, for reports.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LinkReport {
    /// What a read takes beyond the time on the wire, ms: the fastest, half of them, all but one in a hundred. Measured while connecting;
    /// none if the user has said it.
    pub round_trip_ms: Option<RoundTripReport>,
    /// How long an answer is waited for beyond the time on the wire, ms.
    pub turnaround_ms: f64,
    /// Readings of all positions per second that such round trips allow.
    pub reads_per_second: f64,
    /// Questions of the control loop: for positions, and for what servos feel.
    pub questions: u32,
    /// What a bridge board measured, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge: Option<BoardReport>,
    /// Part of all joints' ticks that began without a position measured in the last quarter of a second.
    pub unread: f64,
}

/// What a session behind a bridge board measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BoardReport {
    /// States that came.
    pub states: u32,
    /// States in which a joint's goal was not where the gate wanted it: the board's limits cut it down.
    pub limited: u32,
    /// Cycles of the board whose state did not come.
    pub missing: u32,
    /// By how much a time of measurement may be wrong, ms, if that is known.
    pub stamps_within_ms: Option<f64>,
}

/// The spread of round trips, ms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RoundTripReport {
    /// The fastest.
    pub min: f64,
    /// Half took longer.
    pub p50: f64,
    /// One in a hundred took longer.
    pub p99: f64,
}

impl Link {
    /// Not measured yet: as slow as the engine's settings say.
    pub(super) fn new(config: &EngineConfig) -> Self {
        Self {
            estimate: LinkEstimate::fixed(config.link.turnaround),
            measured: None,
            fixed: false,
            questions: 0,
            joint_ticks: 0,
            unread: 0,
        }
    }

    /// Notes with which positions a tick begins.
    pub(super) fn count_unread(&mut self, now: Stamp, measured: &Joints<Stamp>) {
        let old = measured.iter().filter(|stamp| stamp.age(now) > RECENT);
        self.unread = self.unread.saturating_add(old.count() as u64);
        self.joint_ticks = self.joint_ticks.saturating_add(measured.len() as u64);
    }
}
