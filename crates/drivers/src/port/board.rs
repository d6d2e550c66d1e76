//! What a port can do besides bytes if a bridge board is behind it.

use std::io;
use std::time::Duration;

use ulna_bridge::message::{CycleState, JointGoal, JointRecovery};
use ulna_bridge::setup::{BridgeSetup, ExcessAction, StopAction};
use ulna_rt::Pacer;

/// A bridge board. As with [`Port`](super::Port), nothing blocks but what takes a pacer, and any error means that the link is gone: the board holds the
/// arm by itself then.
pub trait BoardLink {
    /// What its user asks of it.
    fn options(&self) -> BoardOptions;

    /// It drives the arm.
    fn is_cyclic(&self) -> bool;

    /// Has it drive this arm from now on.
    ///
    /// # Errors
    /// If the port is gone.
    fn begin_cyclic_mode(&mut self, now: Duration, setup: BridgeSetup) -> io::Result<()>;

    /// Has it end that, and waits until it has.
    ///
    /// # Errors
    /// If the port is gone or the board does not answer.
    fn leave_cyclic_mode(&mut self, pacer: &mut dyn Pacer) -> io::Result<()>;

    /// Sends goals, in counts; without any, a sign of life.
    ///
    /// # Errors
    /// If the port is gone.
    fn send_goals(&mut self, now: Duration, goals: &[JointGoal]) -> io::Result<()>;

    /// The oldest state that has come and was not taken yet.
    ///
    /// # Errors
    /// If the port is gone, or the board has stopped the arm or started again.
    fn next_state(&mut self, now: Duration) -> io::Result<Option<CycleState>>;

    /// Has it bring a servo that has lost its torque a step nearer to having it again.
    ///
    /// # Errors
    /// If the port is gone.
    fn recover(&mut self, now: Duration, step: JointRecovery) -> io::Result<()>;

    /// What came of the step that was asked for last: nothing as long as there is no answer; `Some(None)` if it was not done, else what was read. Taken once.
    fn recovered(&mut self) -> Option<Option<i32>>;

    /// The host's time at a time of the board, µs; at `now` at the latest.
    fn host_time(&self, board_us: u64, now: Duration) -> Duration;
}

/// What its user asks of a bridge board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoardOptions {
    /// The dead-man's time, ms.
    pub dead_man_ms: u16,
    /// What the board does when it is up.
    pub on_silence: StopAction,
    /// What it does with goals outside the limits.
    pub on_excess: ExcessAction,
    /// Cycles per second; as many as fit, up to 250, if absent.
    pub rate_hz: Option<u16>,
    /// Highest temperature of a servo, °C.
    pub celsius: u8,
    /// Highest current of a servo, mA, if any.
    pub milliamperes: Option<u16>,
}

impl Default for BoardOptions {
    /// 200 ms: 40 ticks of the usual loop, and less than a person needs to see that something is wrong. 70 °C is what an STS3215 takes for too hot itself.
    fn default() -> Self {
        Self {
            dead_man_ms: 200,
            on_silence: StopAction::Hold,
            on_excess: ExcessAction::Clamp,
            rate_hz: None,
            celsius: 70,
            milliamperes: None,
        }
    }
}
