//! What happens on the control thread: connect both devices, tick, bring the arm to rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ulna_control::TickPlan;
use ulna_core::{Action, ActionSource, Gate, Joints, LinkLost, Progress, Stamp};
use ulna_rt::{Pacer, Stop};

use crate::client::{EventSender, SessionEvent, SessionPhase};
use crate::controlled::{ControlledArm, Finished, TickInputs};
use crate::device::{DeviceError, Follower, Start, Teleoperator};
use crate::error::SessionError;
use crate::fanout::{FanOut, RowSampler};
use crate::first_move::FirstMove;
use crate::options::FarMoves;
use crate::question::OpenQuestion;
use crate::rig::Rig;
use crate::supply::Surroundings;

/// A control loop that is over with what it measured, or why it could not begin.
pub(crate) type Controlled = Result<(Finished, FanOut), SessionError>;

/// What a control loop is to do.
#[derive(Debug)]
pub(crate) struct ControlPlan {
    /// How long; until stopped, or until the teleoperator has finished, if absent.
    pub(crate) duration: Option<Duration>,
    /// Ends it.
    pub(crate) stop: Stop,
    /// Up while the arm is to be held.
    pub(crate) paused: Arc<AtomicBool>,
    /// Where phases are reported to.
    pub(crate) events: EventSender,
    /// What clients are asked.
    pub(crate) question: OpenQuestion,
}

/// Everything on the control thread.
pub(crate) fn control(
    rig: &mut Rig,
    plan: &ControlPlan,
    mut fanout: FanOut,
    pacer: &mut dyn Pacer,
) -> Controlled {
    let (period, simulated) = (rig.period(), rig.surroundings.simulated());
    let far_moves = match simulated {
        true => FarMoves::Allow,
        false => rig.far_moves,
    };
    let Rig {
        robot,
        calibration,
        follower,
        teleoperator,
        surroundings,
        rate_hz,
        ..
    } = rig;
    let (question, events) = (&plan.question, &plan.events);
    let mut first_move = FirstMove::new(robot, calibration, far_moves, question, events);
    events.phase(SessionPhase::Connecting);
    teleoperator.connect(pacer)?;
    let connected = connect(
        &mut **follower,
        &mut **teleoperator,
        &mut first_move,
        &plan.stop,
        pacer,
    );
    connected.inspect_err(|_| {
        // A trigger is not left under torque. What failed is reported.
        let _ = teleoperator.release(pacer);
    })?;
    warn_of_slow_links(&**follower, &**teleoperator, *rate_hz, events);
    let maps = robot.angle_maps(calibration);
    fanout.measured.judge = surroundings.judge(&maps);
    let mut arm = ControlledArm::new(&mut **follower, robot, calibration, period, pacer.now());
    place(&mut arm, &**teleoperator, &**surroundings, pacer).inspect_err(|_| {
        // The torque is on by now, so this way out is the same as every other. What failed is reported, not how the arm was left.
        arm.wind_down(pacer);
    })?;
    let start = pacer.now() + period;
    teleoperator.start(&Start {
        at: Stamp::new(start),
        here: arm.gate.hold(Stamp::ZERO).goals(),
        limits: arm.gate.limits(),
    });
    let rows = teleoperator.rows();
    fanout.measured.rows = rows.map(|grid| RowSampler::new(grid, arm.follower.state()));
    let end = plan.duration.map(|duration| start + duration);
    let mut source = Guarded {
        here: arm.follower.state().position,
        source: &mut **teleoperator,
        paused: &plan.paused,
        first_move: &mut first_move,
    };
    plan.events.phase(SessionPhase::Running);
    let drive = TickInputs {
        source: &mut source,
        observer: &mut fanout,
        stop: &plan.stop,
        plan: TickPlan {
            start,
            period,
            end: end.unwrap_or(Duration::MAX),
        },
    };
    let finished = arm.drive(drive, pacer, |leaving| {
        plan.events.phase(SessionPhase::Ending);
        plan.events.send(SessionEvent::Leaving(leaving));
    });
    // Ignored: a trigger left under torque is harmless, and the bus report lists the fault.
    let _ = teleoperator.release(pacer);
    match first_move.refusal() {
        Some(error) => Err(error),
        None => Ok((finished, fanout)),
    }
}

/// Says once which links are slower than the rate asks for.
fn warn_of_slow_links(
    follower: &dyn Follower,
    teleoperator: &dyn Teleoperator,
    rate_hz: f64,
    events: &EventSender,
) {
    for bus in [Some(follower.report()), teleoperator.report().bus]
        .iter()
        .flatten()
    {
        for text in bus.slow_links(rate_hz) {
            events.send(SessionEvent::Warning { text });
        }
    }
}

/// Gives the follower its torque, once all checks are passed and it may go to its first goal.
fn connect(
    follower: &mut dyn Follower,
    teleoperator: &mut dyn Teleoperator,
    first_move: &mut FirstMove,
    stop: &Stop,
    pacer: &mut dyn Pacer,
) -> Result<(), SessionError> {
    follower.prepare(pacer)?;
    let here = follower.state().position;
    if let Some(first) = teleoperator.first_goal(Stamp::new(pacer.now())) {
        first_move.settle(&here, &first, stop, pacer)?;
    }
    Ok(follower.energise(pacer)?)
}

/// Puts a simulated arm where the recorded one was. That one was under its first action already, so this one is too: its goal registers
/// hold it, and the gate stands there. A real arm stays where it is, and approaches.
fn place(
    arm: &mut ControlledArm<'_>,
    teleoperator: &dyn Teleoperator,
    surroundings: &dyn Surroundings,
    pacer: &mut dyn Pacer,
) -> Result<(), DeviceError> {
    let Some(pose) = teleoperator.start_pose() else {
        return Ok(());
    };
    if !surroundings.can_place() {
        return Ok(());
    }
    let limits = *arm.gate.limits();
    // The episode begins with the base at rest.
    let first = limits.at_rest(&pose.action);
    arm.gate = Gate::new(limits, &first, Stamp::new(pacer.now()));
    let goals = arm.gate.hold(Stamp::new(pacer.now()));
    arm.follower.hold(pacer, &goals)?;
    let maps = arm.robot.angle_maps(arm.calibration);
    // A wheel has no place.
    let angles = Joints::from_fn(maps.len(), |joint| match limits.is_speed(joint) {
        true => f64::NAN,
        false => maps[joint].radians(pose.state[joint]),
    });
    surroundings.place(&angles);
    arm.follower.read_again(pacer)
}

/// A teleoperator that says nothing while a client wants a pause, so that the gate holds the arm, and ramps to what it says afterwards; nor
/// anything before its first goal is near, or allowed.
struct Guarded<'a> {
    source: &'a mut dyn Teleoperator,
    paused: &'a AtomicBool,
    first_move: &'a mut FirstMove,
    /// Where the follower stood before.
    here: Joints<f64>,
}

impl ActionSource for Guarded<'_> {
    fn begin(&mut self, now: Stamp, deadline: Stamp) -> Result<(), LinkLost> {
        self.source.begin(now, deadline)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.source.step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<Action> {
        let action = self.source.action(now)?;
        let action = self.first_move.passes(action, &self.here)?;
        (!self.paused.load(Ordering::Relaxed)).then_some(action)
    }

    fn finished(&self, now: Stamp) -> bool {
        self.first_move.is_refused() || self.source.finished(now)
    }
}
