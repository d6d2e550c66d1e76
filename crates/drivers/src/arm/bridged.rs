//! The exchange through a bridge board: goals out in counts at every tick, states in as the board measures them.
//!
//! The board asks the servos by itself, so there is nothing here of questions and answers; what a state says is taken as replies are. What the board is to
//! know of the arm follows from the robot file and the calibration: it limits goals to the same ranges as the gate, and their speed to twice the gate's,
//! so that it cuts nothing down that the gate lets through, not even after a tick that was late.

use std::time::Duration;

use ulna_bridge::message::{CycleState, JointFeeling, JointGoal, JointSample, MAX_JOINTS};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, JointLimits};
use ulna_bus::ErrorFlags;
use ulna_bus::health::Change;
use ulna_bus::registers::Role;
use ulna_core::{LinkLost, Progress, SafeSlice, Stamp};
use ulna_robot::{Calibration, RobotKind};

use super::ServoArm;
use super::board::Bridged;
use super::health::felt;
use super::link::BoardReport;
use super::question::Turn;
use super::servo::Servo;
use crate::port::BoardOptions;

/// The board's limits on speed are looser than the gate's by this.
const LOOSER: f64 = 2.0;
/// The longest step in time that the gate lets a goal use up at once, s: see `ulna_core::gate`.
const LONGEST_STEP: f64 = 0.05;
/// Cycles per second that a board is asked for at most, Hz: more than the usual ticks, at a load of the wire that leaves room for what servos feel.
const RATE: f64 = 250.0;
/// The part of the wire's time that cycles may take.
const LOAD: f64 = 0.6;

impl ServoArm {
    /// A bridge board behind the port is to drive the arm in the control loop.
    pub(super) fn drives_by_itself(&self) -> bool {
        self.bridged.setup.is_some()
    }

    /// Describes the arm for a bridge board, if there is one behind the port. One with more joints than a board drives is driven through it, not by it.
    pub fn plan_for_board(&mut self, kind: &RobotKind, calibration: &Calibration) {
        let options = self.bus.link().board(|board| Ok(board.options()));
        let Some(Ok(options)) = options else { return };
        let gate = kind.gate_limits(calibration);
        let mut joints = heapless::Vec::new();
        for (index, servo) in self.servos.iter().enumerate() {
            let limits = match (servo.is_wheel(), kind.base.as_ref()) {
                (true, base) => {
                    let fastest = base.map_or(f64::INFINITY, |base| base.wheel_speed);
                    wheel_limits(servo, fastest)
                }
                (false, _) => {
                    let fastest = gate.max_velocity[index].max(gate.ramp_velocity[index]);
                    joint_limits(servo, gate.range[index], fastest)
                }
            };
            let limits = within(limits, servo, &options);
            let mut joint = BridgeJoint::new(servo.id, servo.model.number, limits);
            joint.wheel = servo.is_wheel();
            if joints.push(joint).is_err() {
                return;
            }
        }
        let mut setup = BridgeSetup::new(kind.bus.baud, joints);
        setup.rate_hz = options.rate_hz.unwrap_or_else(|| self.rate());
        setup.fast_reads = self.engine.reads_fast();
        setup.dead_man_ms = options.dead_man_ms;
        setup.on_silence = options.on_silence;
        setup.on_excess = options.on_excess;
        self.bridged = Bridged {
            setup: Some(setup),
            ..Bridged::default()
        };
    }

    /// What a bridge board would be asked to keep to; `None` without one, or before the arm is connected.
    pub fn board_setup(&self) -> Option<&BridgeSetup> {
        self.bridged.setup.as_ref()
    }

    /// Cycles per second that leave the wire some time.
    fn rate(&self) -> u16 {
        let servos = self.servos.len();
        let cycle = self.engine.config().occupancy(self.layout.read.len, servos) * 2;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 to 250
        let rate = (2.0 * LOAD / cycle.as_secs_f64()).clamp(1.0, RATE) as u16;
        rate
    }

    pub(super) fn start_on_board(
        &mut self,
        now: Stamp,
        goals: Option<SafeSlice<'_>>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        self.take_states(now)?;
        self.link.count_unread(now, &self.state.measured);
        self.welcome_back();
        self.turn = Turn {
            began: now,
            next,
            sends: goals.is_some(),
            ..Turn::default()
        };
        let at = now.since_epoch();
        let setup = self.bridged.setup.clone();
        let begun = self.bus.link().board(|board| match setup {
            Some(setup) if !board.is_cyclic() => board.begin_cyclic_mode(at, setup),
            _ => Ok(()),
        });
        begun.unwrap_or(Err(LinkLost))?;
        let goals: heapless::Vec<JointGoal, MAX_JOINTS> = match goals {
            Some(goals) => self.goals_in_counts(&goals),
            None => heapless::Vec::new(),
        };
        let sent = self.bus.link().board(|board| board.send_goals(at, &goals));
        sent.unwrap_or(Err(LinkLost))?;
        self.recover_on_board(now)
    }

    /// The goals of the joints that get one.
    fn goals_in_counts(&self, goals: &SafeSlice<'_>) -> heapless::Vec<JointGoal, MAX_JOINTS> {
        let mut wheels = [0.0; 3];
        if let (Some(base), Some((_, body))) = (&self.base, goals.split_last_chunk::<3>()) {
            wheels = base.wheels(*body);
        }
        let mut wheels = wheels.into_iter();
        let mut out = heapless::Vec::new();
        for (joint, (servo, &goal)) in (0..).zip(self.servos.iter().zip(goals.iter())) {
            let value = match servo.is_wheel() {
                true => wheels.next().unwrap_or(0.0),
                false if goals.is_left_alone(joint.into()) || servo.torque.is_limp() => continue,
                false => goal,
            };
            let counts = servo.counts(value);
            // Cannot fail: the setup has no more joints.
            let _ = out.push(JointGoal { joint, counts });
        }
        out
    }

    pub(super) fn carry_on_board(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.take_states(now)?;
        if self.turn.settled {
            return Ok(Progress::Done);
        }
        let arrival = self.bus.link().next_arrival().map(Stamp::new);
        let until = arrival.map_or(self.turn.next, |at| at.min(self.turn.next));
        Ok(Progress::Waiting { until })
    }

    /// Takes all states that have come.
    fn take_states(&mut self, now: Stamp) -> Result<(), LinkLost> {
        loop {
            let at = now.since_epoch();
            let next = self.bus.link().board(|board| {
                let state = board.next_state(at)?;
                Ok(state.map(|state| (board.host_time(state.board_us, at), state)))
            });
            let Some((began, state)) = next.unwrap_or(Err(LinkLost))? else {
                return Ok(());
            };
            self.take_board_state(began, now, &state);
        }
    }

    /// Takes what a cycle measured that began at `began`.
    fn take_board_state(&mut self, began: Duration, now: Stamp, state: &CycleState) {
        self.turn.settled = true;
        let bridged = &mut self.bridged;
        let left_out = state.cycle.saturating_sub(bridged.cycle).saturating_sub(1);
        if bridged.states > 0 {
            bridged.missing = bridged.missing.saturating_add(left_out);
        }
        bridged.cycle = state.cycle;
        bridged.states = bridged.states.saturating_add(1);
        bridged.limited = bridged.limited.saturating_add((state.limited != 0).into());
        self.link.questions = self.link.questions.saturating_add(1);
        for (joint, sample) in state.joints.iter().enumerate().take(self.servos.len()) {
            self.take_sample(joint, sample, began, now);
        }
        self.state_of_base();
        for feeling in &state.feelings {
            self.take_feeling(feeling, began.min(now.since_epoch()));
        }
    }

    fn take_sample(&mut self, joint: usize, sample: &JointSample, began: Duration, now: Stamp) {
        let servo = &mut self.servos[joint];
        let answered = matches!(sample, JointSample::Measured { .. });
        let silent = self.roster.member(servo.id);
        let silent = silent.is_some_and(|member| member.consecutive_misses >= 2);
        let change = self.roster.record(now.since_epoch(), servo.id, answered);
        if change == Change::Returned || silent && answered {
            servo.torque.doubt();
        }
        self.health[joint].restarts = servo.restarts;
        let (replies, missed) = &mut self.bridged.replies[joint];
        match *sample {
            JointSample::Silent => *missed = missed.saturating_add(1),
            JointSample::Measured {
                counts,
                after_us,
                flags,
            } => {
                *replies = replies.saturating_add(1);
                let flags = ErrorFlags(flags);
                self.engine.note_flags(servo.id, flags);
                self.health[joint].alarms = servo.complains(flags).0;
                let measured = began + Duration::from_micros(after_us.into());
                self.measure(joint, Some(counts), Stamp::new(measured).min(now));
            }
        }
    }

    fn take_feeling(&mut self, feeling: &JointFeeling, at: Duration) {
        let joint = usize::from(feeling.joint);
        let Some(servo) = self.servos.get(joint) else {
            return;
        };
        if let Some(on) = feeling.torque {
            self.take_torque(joint, i32::from(on), Stamp::new(at));
            return;
        }
        let counts = |role| match role {
            Role::PresentLoad => feeling.load.map(i32::from),
            Role::PresentCurrent => feeling.current.map(i32::from),
            Role::PresentVoltage => feeling.voltage.map(i32::from),
            Role::PresentTemperature => feeling.temperature.map(i32::from),
            _ => None,
        };
        let health = felt(servo, Stamp::new(at), counts);
        self.note_health(joint, health);
    }

    /// What came of driving through a board.
    pub(super) fn board_report(&self) -> Option<BoardReport> {
        self.bridged.setup.as_ref()?;
        let uncertainty = self.bus.board_uncertainty();
        Some(BoardReport {
            states: self.bridged.states,
            limited: self.bridged.limited,
            missing: self.bridged.missing,
            stamps_within_ms: uncertainty.map(|time| time.as_secs_f64() * 1e3),
        })
    }
}

/// The limits of a joint that goes no further than `range` and no faster than `fastest` in its unit.
fn joint_limits(servo: &Servo, (low, high): (f64, f64), fastest: f64) -> JointLimits {
    let [one, other] = [low, high].map(|end| servo.counts(end));
    let per_unit = f64::from(one.abs_diff(other)) / (high - low).abs().max(f64::MIN_POSITIVE);
    let velocity = fastest * per_unit * LOOSER;
    let range = (one.min(other), one.max(other));
    JointLimits::new(range, whole(velocity * LONGEST_STEP), whole(velocity))
}

/// The limits of a wheel whose speed is `fastest` degrees per second at most; it may change as fast as the gate lets it.
fn wheel_limits(servo: &Servo, fastest: f64) -> JointLimits {
    // Rounding may add a count.
    let fastest = servo.counts(fastest).saturating_abs().saturating_add(1);
    let fastest = fastest.min(servo.counts(f64::INFINITY));
    let step = fastest.unsigned_abs().saturating_mul(2).max(1);
    JointLimits::new((-fastest, fastest), step, u32::MAX)
}

/// These limits, with what the user says of heat and current.
fn within(limits: JointLimits, servo: &Servo, options: &BoardOptions) -> JointLimits {
    let current = options.milliamperes.map(|limit| {
        let one = servo.model.scales.current.of(1).0 * 1e3;
        u16::try_from(whole(f64::from(limit) / one.max(f64::MIN_POSITIVE))).unwrap_or(u16::MAX)
    });
    let mut limits = limits.with_celsius(options.celsius);
    limits.current = current;
    limits
}

/// A whole number, one at least.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, and makes 0 of NaN
fn whole(value: f64) -> u32 {
    (value.ceil() as u32).max(1)
}
