//! Whether a servo has the torque that it should have, and how far it is on its way back under it.

use core::time::Duration;

use ulna_bus::registers::Role;

/// Whether a servo has the torque that it should have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Torque {
    /// It should have none.
    Off,
    /// It has, as far as is known.
    On,
    /// It had; since then it was silent, or leapt, so it is asked before anything else.
    Doubtful,
    /// It has lost it, and is on its way back.
    Lost(Comeback),
    /// It has it again, and holds where it stands. It gets goals once the gate has seen that it was away: the goals from before lie elsewhere.
    /// So many ticks more begin without.
    Back(u8),
    /// It has lost it, and does not get it again in this session.
    LeftLimp(WhyLimp),
}

/// How far a servo is on its way back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comeback {
    pub(super) phase: ReturnPhase,
    /// When the next question may be asked.
    pub(super) due: Duration,
    pub(super) failures: u8,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ReturnPhase {
    /// Has it complaints?
    Alarms,
    /// Has it enough voltage?
    Volts,
    /// Does the joint stand in its range, and on which turn does it count?
    Place,
    /// This one of the settings that it forgot, counted over the whole arm.
    Setting(usize),
    /// Its goal becomes the place where it stands.
    Goal,
    TorqueOn,
    Lock,
    /// Does it say that it has torque?
    Confirm,
}

/// Why a servo is left limp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyLimp {
    /// It lost its power too often.
    TooOften,
    /// It stands outside its calibrated range.
    OutsideRange,
    /// It does not take its settings.
    Refuses,
    /// The session ended before it was back.
    StillAway,
    /// A bridge board drives the arm, and knows its limits on the turn on which the servo counted before, or where its trigger was not.
    BehindBoard,
}

impl WhyLimp {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TooOften => {
                "it lost its torque too often: look at the power supply and the cables"
            }
            Self::OutsideRange => "it stands outside its calibrated range: move it back by hand",
            Self::Refuses => "it does not take its settings: switch its power off and on",
            Self::BehindBoard => {
                "it counts from another turn, or is a trigger, which a bridge board learns at the beginning of a session only: start it again"
            }
            Self::StillAway => "it was not back, or not well, when the session ended",
        }
    }
}

impl ReturnPhase {
    /// What is read in it; nothing where something is written.
    pub(super) fn reads(self) -> Option<Role> {
        match self {
            Self::Alarms => Some(Role::HardwareError),
            Self::Volts => Some(Role::PresentVoltage),
            Self::Place => Some(Role::PresentPosition),
            Self::Confirm => Some(Role::TorqueEnable),
            Self::Setting(_) | Self::Goal | Self::TorqueOn | Self::Lock => None,
        }
    }
}

impl Torque {
    /// It may have restarted.
    pub(super) fn doubt(&mut self) {
        match self {
            Self::On | Self::Back(_) => *self = Self::Doubtful,
            // It may have lost its power once more.
            Self::Lost(comeback) => comeback.phase = ReturnPhase::Alarms,
            Self::Off | Self::Doubtful | Self::LeftLimp(_) => {}
        }
    }

    /// It should have torque, and has none.
    pub(super) fn is_limp(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Back(_) | Self::LeftLimp(_))
    }
}
