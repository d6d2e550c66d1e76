//! The question that is open on a bus, and where the tick stands with it.

use ulna_core::Stamp;

/// What the open question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Positions,
    /// What servos feel.
    Health,
    /// Whether they have torque.
    Torque,
    /// The next question on the way of this joint's servo back under torque.
    Comeback(usize),
}

/// Where the present tick stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    /// When the next tick begins.
    pub(super) next: Stamp,
    /// When this tick began.
    pub(super) began: Stamp,
    /// Goals come with every tick, and nothing may be on the wire then.
    pub(super) sends: bool,
    pub(super) open: Option<Question>,
    /// Goals have been sent since that was asked.
    pub(super) goals_behind: bool,
    /// What of all that came in was no sound packet when it was asked.
    pub(super) garbage: u32,
    /// What was asked last, in this tick or before.
    pub(super) last: Option<Question>,
    /// Positions have been asked for in this tick.
    pub(super) asked: bool,
    /// Positions have come in in this tick, or were given up.
    pub(super) settled: bool,
}
