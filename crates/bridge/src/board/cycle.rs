//! The state of cyclic mode.

use core::time::Duration;

use heapless::Vec;

use crate::limiter::Limiter;
use crate::message::{JointFeeling, JointRecovery, JointSample, MAX_JOINTS};
use crate::setup::SoundSetup;

/// A joint that was not measured for longer than this gets no goals: if they moved on without it, it would leap to them when the cable makes
/// contact again.
pub(super) const ABSENT_AFTER: Duration = Duration::from_millis(250);
/// Cyclic mode.
#[derive(Debug, Clone)]
pub(super) struct Cyclic {
    /// When the next cycle is due.
    pub(super) next: Duration,
    /// When the newest cycle began.
    pub(super) began: Duration,
    pub(super) cycle: u32,
    pub(super) asking: Option<Ask>,
    /// The number of the newest goals, and when they came.
    pub(super) goals: Option<(u16, Duration)>,
    /// The number of the goals that the newest cycle sent.
    pub(super) sent: Option<u16>,
    pub(super) limited: u16,
    pub(super) joints: [JointRun; MAX_JOINTS],
    /// Whose turn it is, and with which question.
    pub(super) turn: usize,
    /// In this cycle the turn was taken.
    pub(super) turn_taken: bool,
    pub(super) feelings: Vec<JointFeeling, MAX_JOINTS>,
    /// How often what stops the arm is still to be written: at once, then with each cycle.
    pub(super) stops_left: u8,
    pub(super) stop_due: bool,
    /// The stop command that is to be answered.
    pub(super) ending: Option<u16>,
    /// The step of a servo on its way back that is due, and the number of its command.
    pub(super) recovery: Option<(u16, JointRecovery)>,
    /// The cycle in which a turn was taken last.
    pub(super) turned: u32,
}

/// What the open question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    State,
    Feeling(usize),
    Torque(usize),
    /// The step of a servo on its way back, with the number of its command.
    Recovery(u16, JointRecovery),
}

/// One joint in cyclic mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct JointRun {
    pub(super) limiter: Limiter,
    /// What its servo answered last, counts.
    pub(super) newest: Option<i32>,
    /// Where it was last by two answers that agree, counts: a checksum of eight bits lets one damaged answer in 256 pass, and goals begin from here.
    pub(super) position: Option<i32>,
    pub(super) measured: Duration,
    pub(super) asked: Duration,
    pub(super) sample: JointSample,
    /// Its servo says that it has no torque.
    pub(super) limp: bool,
    /// Since it has no torque, its goal was made the place where it stands, and it was not silent after that.
    pub(super) settled: bool,
    pub(super) over_current: u8,
    pub(super) over_heat: u8,
}

impl JointRun {
    const UNKNOWN: Self = Self {
        limiter: Limiter::at(None),
        newest: None,
        position: None,
        measured: Duration::ZERO,
        asked: Duration::ZERO,
        sample: JointSample::Silent,
        limp: false,
        settled: false,
        over_current: 0,
        over_heat: 0,
    };
}

impl Cyclic {
    pub(super) const NONE: Self = Self {
        next: Duration::ZERO,
        began: Duration::ZERO,
        cycle: 0,
        asking: None,
        goals: None,
        sent: None,
        limited: 0,
        joints: [JointRun::UNKNOWN; MAX_JOINTS],
        turn: 0,
        turn_taken: false,
        feelings: Vec::new(),
        stops_left: 0,
        stop_due: false,
        ending: None,
        recovery: None,
        turned: 0,
    };

    pub(super) fn starting(now: Duration, sound: &SoundSetup) -> Self {
        let mut cyclic = Self {
            next: now,
            began: now,
            ..Self::NONE
        };
        for (run, joint) in cyclic.joints.iter_mut().zip(&sound.setup.joints) {
            run.measured = now;
            if joint.wheel {
                run.limiter = Limiter::at(Some(0));
            }
        }
        cyclic
    }
}
