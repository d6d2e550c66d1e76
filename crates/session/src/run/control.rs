//! What happens on the control thread: connect both arms, then follow the leader or play an episode.

use std::sync::PoisonError;
use std::time::Duration;

use ulna_control::replay::Approach;
use ulna_control::{Plan, Replay};
use ulna_core::{Action, ActionSource, Gate, Joints, Robot, Stamp};
use ulna_drivers::connect::{ConnectError, Role};
use ulna_rt::{Pacer, Stop};

use super::{Job, ReplayJob};
use crate::rig::{LeaderSide, Rig, World};
use crate::session::{Finished, Follower, drive, wind_down};
use crate::tap::{Judge, Sampler, Tap};

/// A control loop that is over, or why it could not begin.
pub(super) type Controlled = Result<(Finished, Tap), ConnectError>;

/// One servo of each bus tells what it feels this often: six servos take turns of an eighth of a second.
const HEALTH_PERIOD: Duration = Duration::from_millis(20);

/// Everything on the control thread.
pub(super) fn control(
    rig: &mut Rig,
    job: &Job,
    stop: &Stop,
    mut tap: Tap,
    pacer: &mut dyn Pacer,
) -> Controlled {
    let Rig {
        follower,
        leader,
        policy,
        world,
        rate_hz,
        ..
    } = rig;
    if let Some(LeaderSide {
        source,
        kind,
        calibration,
        ..
    }) = leader
    {
        source.0.connect(pacer, kind, calibration, Role::Leader)?;
    }
    follower
        .arm
        .connect(pacer, &follower.kind, &follower.calibration, Role::Follower)?;
    follower.arm.watch_health(HEALTH_PERIOD);
    if let Some(leader) = leader {
        leader.source.0.watch_health(HEALTH_PERIOD);
    }
    let period = Duration::from_secs_f64(1.0 / *rate_hz);
    let limits = follower.kind.gate_limits(&follower.calibration);
    if let World::Simulated {
        task: Some(task), ..
    } = &*world
    {
        let maps = follower.kind.angle_maps(&follower.calibration);
        tap.judge = Some(Judge::new(maps, task.clone()));
    }
    let mut gate = Gate::new(
        limits,
        &follower.arm.state().position,
        Stamp::new(pacer.now()),
    );
    let finished = match job {
        Job::Replay(job) => {
            let replayed = replay(
                follower, world, job, stop, &mut tap, &mut gate, period, pacer,
            );
            replayed.inspect_err(|_| {
                // The torque is on by now, so this way out is the same as every other. What failed is told, not how the arm was left.
                wind_down(follower, &mut gate, period, pacer);
            })?
        }
        Job::Teleop { duration } | Job::Policy { duration } => {
            let mut source: Box<dyn ActionSource + '_> = match (leader.as_mut(), policy) {
                (Some(leader), _) => leader.source(&follower.kind),
                (None, Some(policy)) => Box::new(policy),
                (None, None) => Box::new(Nobody),
            };
            let start = pacer.now() + period;
            let end = duration.map_or(Duration::MAX, |duration| start + duration);
            drive(
                follower,
                &mut *source,
                &mut gate,
                &mut tap,
                stop,
                Plan { start, period, end },
                pacer,
            )
        }
    };
    if let Some(leader) = leader {
        // Ignored: a trigger left under torque is harmless, and the bus report lists the fault.
        let _ = leader.source.0.release_triggers(pacer);
    }
    Ok((finished, tap))
}

/// What drives a rig without a leader: nothing, so the gate holds.
struct Nobody;

impl ActionSource for Nobody {
    fn action(&mut self, _: Stamp) -> Option<Action> {
        None
    }
}

#[allow(clippy::too_many_arguments)]
fn replay(
    follower: &mut Follower,
    world: &mut World,
    job: &ReplayJob,
    stop: &Stop,
    tap: &mut Tap,
    gate: &mut Gate,
    period: Duration,
    pacer: &mut dyn Pacer,
) -> Result<Finished, ConnectError> {
    // The episode begins with the base at rest.
    let first = job.actions.first().copied().unwrap_or(job.start);
    let first = gate.limits().at_rest(&first);
    if let World::Simulated { arm, .. } = world {
        // The recorded arm was under its first action already, so this one is too: its goal registers hold it, and the gate stands there.
        *gate = Gate::new(*gate.limits(), &first, Stamp::new(pacer.now()));
        let goals = gate.hold(Stamp::new(pacer.now()));
        follower.arm.send_goals(pacer, &goals)?;
        let maps = follower.kind.angle_maps(&follower.calibration);
        let limits = *gate.limits();
        // A wheel has no place.
        let angles = Joints::from_fn(maps.len(), |joint| match limits.is_speed(joint) {
            true => f64::NAN,
            false => maps[joint].radians(job.start[joint]),
        });
        arm.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .place(&angles);
        follower.arm.forget();
        follower.arm.read_state(pacer)?;
    }
    let here = *gate.hold(Stamp::ZERO).goals();
    let start = pacer.now() + period;
    let approach = Approach::new(
        &here,
        &first,
        Stamp::new(start),
        &gate.limits().ramp_velocity,
    );
    let play = approach.ends();
    let rows = job.actions.clone();
    tap.sampler = Some(Sampler::new(
        play.since_epoch(),
        job.fps,
        rows.len(),
        follower.arm.state(),
    ));
    let mut source = approach.then(Replay::new(rows, job.fps, play, job.playing));
    let plan = Plan {
        start,
        period,
        end: Duration::MAX,
    };
    Ok(drive(follower, &mut source, gate, tap, stop, plan, pacer))
}
