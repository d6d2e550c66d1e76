//! What host and board say to each other.
//!
//! Every command has a number, one more than that of the command before it (modulo 65536); the answer bears the same number. A number that is not
//! newer than the last one is a repetition or came out of order: the frame is dropped, counted, and feeds no dead-man.
//!
//! [`VERSION`] changes with every change of a message. [`Command::Hello`] and [`BoardAnswer::Hello`] stay as they are in all versions, so that two ends of
//! different versions can say so.

use core::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

pub use crate::setup::MAX_JOINTS;
use crate::setup::{BridgeSetup, SetupFault};

/// The version of these messages.
pub const VERSION: u16 = 2;
/// Most raw bytes in one frame.
pub const MAX_RAW: usize = 240;

/// Bytes as they are on the servos' wire.
pub type RawBytes = Vec<u8, MAX_RAW>;

/// From the host to the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// The first command: numbers are counted from it. A board that is in cyclic mode stops the arm, since its host has begun again.
    Hello {
        /// The host's [`VERSION`].
        version: u16,
    },
    /// Are you there, and what is your time?
    Ping {
        /// Comes back.
        token: u32,
    },
    /// How are you?
    Status,
    /// Describes the arm. Only while the board is idle.
    Setup(BridgeSetup),
    /// Which setup is in force?
    Limits,
    /// Begins cyclic mode: positions are read, and goals are taken.
    Start,
    /// Where to go, in counts as the servo's goal register has them; joints that are not named get no goal from now on.
    Goals(Vec<JointGoal, MAX_JOINTS>),
    /// Ends cyclic mode. Positions are held by the servos themselves; wheels are stopped first.
    Stop,
    /// Takes back a trip. Goals begin again from where the joints are.
    Clear,
    /// Bytes for the servos as they are. Only while the board is idle, and not locked.
    Raw(RawBytes),
    /// The rate of the servos' wire while the board is idle, bits per second.
    Baud(u32),
    /// Locks raw bytes out, or lets them in again.
    Lock(bool),
    /// Brings a servo that has lost its torque in cyclic mode a step nearer to having it again. One step at a time: the next one takes the place of one that
    /// was not answered.
    Recover(JointRecovery),
}

/// A step on the way back of one joint's servo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointRecovery {
    /// Its place in the setup.
    pub joint: u8,
    /// What is done.
    pub step: RecoveryStep,
}

/// What brings a servo back. All but reading is refused for a servo that has torque, as far as the board knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryStep {
    /// The register at this address is read.
    Read {
        /// Its first byte.
        address: u8,
    },
    /// A register that the servo has forgotten is written: neither a goal, but for a limit of its current, nor the torque. (The lock of the EEPROM also under
    /// torque.)
    Write {
        /// Its first byte.
        address: u8,
        /// What it holds then.
        value: i32,
    },
    /// Its goal becomes the place where the board has measured it, within the joint's limits; a wheel's, speed zero.
    Hold,
    /// Its torque is switched on, if its goal was set by the step before.
    Torque,
}

/// One joint's goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointGoal {
    /// Its place in the setup.
    pub joint: u8,
    /// A position, or a speed for a wheel, counts.
    pub counts: i32,
}

/// From the board to the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardAnswer {
    /// Who I am.
    Hello(BoardInfo),
    /// I am here.
    Pong {
        /// As it came.
        token: u32,
        /// When the ping was taken in, µs of the board.
        board_us: u64,
    },
    /// It is done.
    Done,
    /// It is not done, and nothing has changed.
    Refused(BoardRefusal),
    /// How I am.
    Status(BoardStatus),
    /// The setup in force, if there is one.
    Limits(Option<BridgeSetup>),
    /// What a cycle measured; sent by itself in cyclic mode.
    State(CycleState),
    /// Bytes from the servos as they came; sent by itself while idle, to the end that has sent raw bytes last.
    Raw(RawBytes),
    /// What came of a [`Command::Recover`].
    Recovered {
        /// The joint.
        joint: u8,
        /// What the register held, or 0 for what was written and acknowledged; none if its servo did not answer.
        value: Option<i32>,
    },
}

/// What a board is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardInfo {
    /// Its [`VERSION`].
    pub version: u16,
    /// Its name, such as `rp2040`.
    pub name: String<16>,
    /// The version of its firmware: major, minor, patch.
    pub firmware: [u8; 3],
    /// Most joints that it drives.
    pub joints: u8,
    /// What it can do, see [`capability`].
    pub capabilities: u32,
    /// Time since it started, µs.
    pub board_us: u64,
}

/// Bits of [`BoardInfo::capabilities`].
pub mod capability {
    /// Cyclic mode with limits and a dead-man.
    pub const CYCLIC: u32 = 1;
    /// Raw bytes in frames.
    pub const RAW: u32 = 1 << 1;
    /// A second port for raw bytes alone.
    pub const RAW_PORT: u32 = 1 << 2;
    /// A watchdog of its own restarts it when its program hangs.
    pub const WATCHDOG: u32 = 1 << 3;
}

/// What a board is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Nothing by itself; raw bytes pass.
    Idle,
    /// The cyclic exchange.
    Cyclic,
}

/// Why the board has stopped the arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripReason {
    /// No valid frame came for the dead-man's time.
    DeadMan,
    /// A host has said hello in the middle of cyclic mode: it, or its program, began again.
    HostRestarted,
    /// A goal lay outside the joint's range, in a setup that does not clamp.
    Position,
    /// A goal lay further from the one before than the joint's step.
    Step,
    /// Goals moved faster than the joint's speed.
    Velocity,
    /// The servo drew more than the joint's current.
    Current,
    /// The servo became hotter than the joint allows.
    Temperature,
}

impl fmt::Display for TripReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeadMan => "no valid frame came from the host for the dead-man's time",
            Self::HostRestarted => "the host began again in the middle",
            Self::Position => "a goal lay outside the joint's range",
            Self::Step => "a goal was further from the last one than the joint's step",
            Self::Velocity => "goals moved faster than the joint's limit",
            Self::Current => "the servo drew more current than the joint's limit",
            Self::Temperature => "the servo became hotter than the joint's limit",
        })
    }
}

/// A stop that stays until it is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trip {
    /// Why.
    pub reason: TripReason,
    /// Because of which joint of the setup.
    pub joint: Option<u8>,
    /// When the board acted, µs of the board.
    pub at_us: u64,
    /// The last valid frame before that, µs of the board.
    pub last_frame_us: u64,
}

/// How a board is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BoardStatus {
    /// What it does.
    pub mode: Mode,
    /// Raw bytes are locked out.
    pub locked: bool,
    /// What has stopped the arm, if anything has.
    pub trip: Option<Trip>,
    /// What happened since it started.
    pub counters: BoardCounters,
}

/// Totals since the board started; they stop at their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BoardCounters {
    /// Good frames.
    pub frames: u32,
    /// Damaged frames, or frames of another version.
    pub bad_frames: u32,
    /// Good frames whose number was not new.
    pub repeated: u32,
    /// Numbers that were left out: frames that were lost on the way.
    pub missing: u32,
    /// Commands that were refused.
    pub refused: u32,
    /// Cycles of cyclic mode.
    pub cycles: u32,
    /// Cycles in which a goal was not where the host wanted it.
    pub limited: u32,
    /// Raw bytes that were not passed on: locked out, in cyclic mode, or without room.
    pub raw_dropped: u32,
    /// Answers for the host that found no room.
    pub answers_dropped: u32,
    /// Good replies of servos.
    pub replies: u32,
    /// Servos that were asked in cyclic mode and did not answer.
    pub missed: u32,
}

/// What one cycle measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleState {
    /// When the cycle began, µs of the board.
    pub board_us: u64,
    /// Its number since cyclic mode began.
    pub cycle: u32,
    /// The number of the goals that it sent, if it sent any.
    pub goals: Option<u16>,
    /// What has stopped the arm.
    pub trip: Option<Trip>,
    /// Joints whose goal is not where the host wanted it, a bit mask.
    pub limited: u16,
    /// One for each joint of the setup.
    pub joints: Vec<JointSample, MAX_JOINTS>,
    /// What some servos feel: of all of them in a full cycle, else of one at a time.
    pub feelings: Vec<JointFeeling, MAX_JOINTS>,
}

/// Where one joint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JointSample {
    /// Its servo did not answer in this cycle.
    Silent,
    /// Its servo answered.
    Measured {
        /// Its position, or speed, counts.
        counts: i32,
        /// When the servo looked, µs after the cycle began.
        after_us: u16,
        /// The complaints in its answer, bits as in `ulna_bus::ErrorFlags`.
        flags: u8,
    },
}

/// What one servo feels, in counts of its registers; `None` if it has no such register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JointFeeling {
    /// Its place in the setup.
    pub joint: u8,
    /// Load.
    pub load: Option<i16>,
    /// Current.
    pub current: Option<i16>,
    /// Voltage.
    pub voltage: Option<i16>,
    /// Temperature.
    pub temperature: Option<i16>,
    /// Whether it has torque, if that was asked.
    pub torque: Option<bool>,
}

/// Why a command is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoardRefusal {
    /// The host's version is another, or there was no hello since the board started.
    NoHello,
    /// Only while the board is idle.
    NotIdle,
    /// Only in cyclic mode.
    NotCyclic,
    /// There is no setup since the board started.
    NoSetup,
    /// The board has stopped the arm: clear it first.
    Tripped(TripReason),
    /// Raw bytes are locked out.
    Locked,
    /// The setup is not sound.
    Setup(SetupFault),
    /// The goals name a joint that the setup does not have, or one twice.
    Goals,
    /// A rate that no servo has.
    Baud,
    /// The joint has torque, or the step is none that brings a servo back.
    Recovery,
}

impl fmt::Display for BoardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHello => f.write_str(
                "the board has not been greeted in its version: it has restarted, or its firmware is another",
            ),
            Self::NotIdle => f.write_str("the board is driving the arm; stop that first"),
            Self::NotCyclic => {
                f.write_str("the board is not driving the arm: it has stopped or restarted")
            }
            Self::NoSetup => f.write_str("the board knows no arm: it has restarted"),
            Self::Tripped(reason) => write!(f, "the board has stopped the arm: {reason}"),
            Self::Locked => {
                f.write_str("raw bytes are locked out; `ulna bridge unlock` lets them in")
            }
            Self::Setup(fault) => fault.fmt(f),
            Self::Goals => f.write_str("the goals name a joint twice, or one that there is not"),
            Self::Baud => f.write_str("no servo has such a rate"),
            Self::Recovery => f.write_str("the joint has torque, or there is no such joint or register"),
        }
    }
}

impl core::error::Error for BoardRefusal {}
