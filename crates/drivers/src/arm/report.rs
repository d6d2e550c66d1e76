//! What happened to each servo, for the report of a session.

use super::health_report::HealthReport;

/// What happened to one servo since the session began.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ServoReport {
    /// The joint it drives.
    pub joint: String,
    /// Its id on the bus.
    pub id: u8,
    /// Good replies.
    pub replies: u32,
    /// Ticks that ended without its reply.
    pub missed: u32,
    /// Damaged packets in the place of its reply.
    pub damaged: u32,
    /// Times it was asked again within a tick.
    pub retries: u32,
    /// Readings that were faster than the servo can move and that no second reading confirmed.
    pub implausible: u32,
    /// The extremes of what it felt, if it was asked.
    pub health: Option<HealthReport>,
    /// What the servo complains of, in words; empty if of nothing.
    pub complaints: String,
    /// How often it lost its torque.
    pub restarts: u8,
    /// Why it was limp at the end, although it should have had torque.
    pub left_limp: Option<&'static str>,
}

impl ServoReport {
    /// True if anything happened that its owner should know.
    pub fn had_faults(&self) -> bool {
        self.missed > 0 || self.implausible > 0 || self.restarts > 0 || !self.complaints.is_empty()
    }
}

impl std::fmt::Display for ServoReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let asked = self.replies.saturating_add(self.missed);
        write!(
            f,
            "servo {} (`{}`) missed {} of {asked} reads",
            self.id, self.joint, self.missed
        )?;
        if self.damaged > 0 {
            write!(f, ", {} damaged packets", self.damaged)?;
        }
        if self.implausible > 0 {
            write!(f, ", {} implausible readings", self.implausible)?;
        }
        if !self.complaints.is_empty() {
            write!(f, ", complains of {}", self.complaints)?;
        }
        match (self.restarts, self.left_limp) {
            (0, _) => Ok(()),
            (times, None) => write!(f, ", lost its torque {times}x and got it back"),
            (times, Some(why)) => write!(f, ", lost its torque {times}x and is LIMP: {why}"),
        }
    }
}
