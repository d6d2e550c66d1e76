//! The two traits that every device of a rig implements around the control tick: what moves, and what says where to.
//!
//! [`Robot`] and [`ActionSource`] of `ulna-core` are what the tick calls; these add the lifecycle: connecting, what happens at the end,
//! what a thread can sleep on, and what the session's report says. A new device is one file that implements one of them and one
//! line in its registry.

use std::fmt;
use std::os::fd::OwnedFd;

use ulna_control::Observer;
use ulna_core::{ActionSource, GateLimits, Joints, Robot, SafeGoals, Stamp, TickRecord};
use ulna_drivers::connect::ConnectError;
use ulna_rt::{Machine, Pacer};

use crate::device_report::{BusReport, PolicyReport};

/// Why a device failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// Servos.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Any other device.
    #[error("{device}: {source}")]
    Other {
        /// The device, as people call it.
        device: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A port that is gone, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostPort {
    /// The port, as people call it.
    pub port: String,
    /// What the operating system said.
    pub reason: String,
}

/// What moves: an arm, a pair of arms, an arm on wheels.
pub trait Follower: Robot + fmt::Debug + Send {
    /// Checks every servo, configures it, and reads where the arm stands. It gets no torque yet.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    fn prepare(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError>;

    /// After [`prepare`](Self::prepare): switches the torque on with each goal where its joint stands, so that nothing moves.
    ///
    /// # Errors
    /// What did not confirm it; the arm is limp then.
    fn energise(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError>;

    /// Both, one after the other.
    ///
    /// # Errors
    /// As theirs.
    fn connect(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.prepare(pacer)?;
        self.energise(pacer)
    }

    /// Holds these goals: sends them once, outside the tick, and reads the positions.
    ///
    /// # Errors
    /// If a port is gone that was there before.
    fn hold(&mut self, pacer: &mut dyn Pacer, goals: &SafeGoals) -> Result<(), DeviceError>;

    /// Forgets what was measured and reads all positions again, for some seconds at most: a joint that stays silent keeps its old position.
    ///
    /// # Errors
    /// If a port is gone that was there before.
    fn read_again(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError>;

    /// Stops what keeps moving without goals (wheels), each with a confirmation.
    ///
    /// # Errors
    /// The first wheel that did not confirm; all were asked.
    fn halt(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError>;

    /// Torque off: the arm is limp.
    ///
    /// # Errors
    /// The first servo that did not confirm; all were asked.
    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError>;

    /// Drops an exchange that was cut short, by a panic for example.
    fn abandon(&mut self);

    /// The ports that are gone.
    fn lost(&self) -> Vec<LostPort>;

    /// True if no port is left.
    fn all_lost(&self) -> bool;

    /// Descriptors that become readable when the device has something to say.
    fn wait_handles(&self) -> Vec<OwnedFd>;

    /// What happened on its bus.
    fn report(&self) -> BusReport;
}

/// What the control loop knows when the first tick is due.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// The first deadline.
    pub at: Stamp,
    /// The goals that the follower holds until then, in each joint's unit.
    pub here: &'a Joints<f64>,
    /// What the gate allows.
    pub limits: &'a GateLimits,
}

/// Where a recorded episode begins, in each joint's unit.
#[derive(Debug, Clone, Copy)]
pub struct StartPose {
    /// Where the recorded arm was.
    pub state: Joints<f64>,
    /// Its first action.
    pub action: Joints<f64>,
}

/// The frames at which a session samples the follower's state, for comparing it with an episode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowGrid {
    /// When row 0 is due.
    pub start: Stamp,
    /// Rows per second.
    pub fps: f64,
    /// How many rows.
    pub rows: usize,
}

/// What a teleoperator brings into a session apart from its actions.
#[derive(Default)]
pub struct Helpers {
    /// Machines with the names of their threads.
    pub machines: Vec<(String, Box<dyn Machine + Send>)>,
    /// Take every tick on the control thread: wait-free, without a heap.
    pub observers: Vec<BoxedObserver>,
    /// Asked some ten times a second, outside the control thread, for what has gone wrong since or is well again: one sentence.
    pub news: Vec<BoxedNews>,
}

/// See [`Helpers::news`].
pub type BoxedNews = Box<dyn FnMut() -> Option<String> + Send>;

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.machines.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// An observer that can be sent to the control thread.
pub struct BoxedObserver(pub Box<dyn Observer + Send>);

impl BoxedObserver {
    /// An observer that calls `observe`.
    pub fn new(observe: impl FnMut(&TickRecord) + Send + 'static) -> Self {
        Self(Box::new(Called(observe)))
    }
}

struct Called<F>(F);

impl<F: FnMut(&TickRecord)> Observer for Called<F> {
    fn observe(&mut self, tick: &TickRecord) {
        (self.0)(tick);
    }
}

impl fmt::Debug for BoxedObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxedObserver")
    }
}

/// What a teleoperator says when the session is over.
#[derive(Debug, Default)]
pub struct TeleoperatorReport {
    /// Its bus, if it has one.
    pub bus: Option<BusReport>,
    /// What the policy did, if it is one.
    pub policy: Option<PolicyReport>,
}

/// What says where the follower goes (LeRobot's word): a leader arm, a recorded episode, a policy, a keyboard.
///
/// What its [`ActionSource`] half says crosses the safety gate like everything else. All methods but `connect` and `release` have
/// a default that suits a device without a bus.
pub trait Teleoperator: ActionSource + fmt::Debug + Send {
    /// Opens it for the session; nothing it does moves the follower yet.
    ///
    /// # Errors
    /// Everything that is missing or wrong, at once.
    fn connect(&mut self, _pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        Ok(())
    }

    /// Where the episode that it plays begins, if it plays one. A simulated arm is put there.
    fn start_pose(&self) -> Option<StartPose> {
        None
    }

    /// After [`connect`](Self::connect): the first goal that it will ask for, if that is known before it starts.
    fn first_goal(&mut self, _now: Stamp) -> Option<Joints<f64>> {
        None
    }

    /// The follower is connected and the first tick is about to come.
    fn start(&mut self, _start: &Start<'_>) {}

    /// After [`start`](Self::start): the frames at which the follower's state is to be sampled, if any.
    fn rows(&self) -> Option<RowGrid> {
        None
    }

    /// The session is over: springs and motors of the device are switched off.
    ///
    /// # Errors
    /// What did not confirm.
    fn release(&mut self, _pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        Ok(())
    }

    /// What runs in parallel with the control loop for it; asked for once, before the session begins.
    fn helpers(&mut self) -> Helpers {
        Helpers::default()
    }

    /// The ports that are gone.
    fn lost(&self) -> Vec<LostPort> {
        Vec::new()
    }

    /// Descriptors that become readable when the device has something to say.
    fn wait_handles(&self) -> Vec<OwnedFd> {
        Vec::new()
    }

    /// What happened.
    fn report(&self) -> TeleoperatorReport {
        TeleoperatorReport::default()
    }
}
