//! What a session says when it is over: the same figures for people and for programs.

use serde::Serialize;
use ulna_control::{Counters, End};
use ulna_core::TaskScore;
use ulna_rt::priority::Grant;
use ulna_rt::{Distribution, StopReason, Summary};

use crate::controlled::{Exit, Finished, TicksEnded};
use crate::display::DisplayReport;

pub use crate::device_report::{
    BusReport, HealthReport, LinkReport, PolicyReport, PortLink, ServoReport,
};

/// Which clock a session ran on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Time passed as it does.
    Real,
    /// Lockstep: virtual time, as fast as the computer allows, bit-identical for a seed.
    Virtual,
}

/// The timing report of a session.
#[derive(Debug, Clone, Serialize)]
pub struct SessionTiming {
    /// Ticks per second asked for.
    pub rate_hz: f64,
    /// Ticks per second that happened.
    pub achieved_hz: f64,
    /// Ticks that ran.
    pub ticks: u64,
    /// Deadlines that passed while an earlier tick was still busy.
    pub overruns: u64,
    /// From the start of one tick to the start of the next.
    pub period: Summary,
    /// How late ticks started after their deadline.
    pub lateness: Summary,
    /// Computing time of a tick; zero under the virtual clock, where computing takes no time.
    pub work: Summary,
    /// From the start of a tick until its answers were in, or were waited for no longer.
    pub port_wait: Summary,
    /// What the operating system granted the control thread; none under the virtual clock.
    pub scheduling: Option<Grant>,
}

impl SessionTiming {
    /// The report of these ticks at this nominal rate.
    pub fn new(
        rate_hz: f64,
        counters: &Counters,
        work: &Distribution,
        scheduling: Option<Grant>,
    ) -> Self {
        let period = counters.period.summary();
        let achieved_hz = if period.mean_us > 0.0 {
            1e6 / period.mean_us
        } else {
            0.0
        };
        Self {
            rate_hz,
            achieved_hz,
            ticks: counters.ticks,
            overruns: counters.overruns,
            period,
            lateness: counters.lateness.summary(),
            work: work.summary(),
            port_wait: counters.port_wait.summary(),
            scheduling,
        }
    }
}

/// How many ticks the gate changed, and how.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GateReport {
    /// Target outside the position limits.
    pub clamped: u64,
    /// Faster than the velocity limit.
    pub slowed: u64,
    /// Part of a ramp: at the start, or after a jump.
    pub ramped: u64,
    /// No action, a stale one, or one with a NaN.
    pub held: u64,
}

impl From<&Counters> for GateReport {
    fn from(counters: &Counters) -> Self {
        let Counters {
            clamped,
            slowed,
            ramped,
            held,
            ..
        } = *counters;
        Self {
            clamped,
            slowed,
            ramped,
            held,
        }
    }
}

/// A session, whole.
#[derive(Debug, Clone, Serialize)]
pub struct SessionReport {
    /// The command.
    pub command: &'static str,
    /// The robot's name.
    pub robot: String,
    /// Whether the servos were simulated.
    pub simulated: bool,
    /// The clock.
    pub clock: ClockKind,
    /// How the ticks ended.
    pub ended: &'static str,
    /// Rates, times, overruns.
    pub timing: SessionTiming,
    /// What the gate changed.
    pub gate: GateReport,
    /// RMS of goal minus measured position of each joint, in its unit.
    pub tracking: serde_json::Map<String, serde_json::Value>,
    /// How well the task was done, in a simulated scene that has one.
    pub task: Option<TaskScore>,
    /// What the policy did, if one drove the arm.
    pub policy: Option<PolicyReport>,
    /// The follower's bus.
    pub follower: BusReport,
    /// The leader's bus, if there is one.
    pub leader: Option<BusReport>,
    /// How the arm was left.
    pub exit: Exit,
    /// What the display showed, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<DisplayReport>,
    /// Under the virtual clock: a hash over every state and goal. Two runs with one seed have the same.
    pub digest: Option<String>,
}

/// How the ticks ended, in words.
pub fn ended_in_words(finished: &Finished) -> &'static str {
    match finished.ended {
        TicksEnded::Regularly(End::Elapsed) => "time is over",
        TicksEnded::Regularly(End::SourceFinished) => "the episode is over",
        TicksEnded::Regularly(End::Stopped(StopReason::Interrupted)) => "interrupted",
        TicksEnded::Regularly(End::Stopped(StopReason::Ended)) => "stopped",
        TicksEnded::Regularly(End::RobotLost) => "the follower's port is gone",
        TicksEnded::Regularly(End::SourceLost) => "the leader's port is gone",
        TicksEnded::Panicked => "the control thread failed",
    }
}
