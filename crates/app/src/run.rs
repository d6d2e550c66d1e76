//! Running a session on a rig: connect, tick, wind down, report. The same sequence on either clock.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ulna_control::replay::Approach;
use ulna_control::{End, Plan, Playing, Replay};
use ulna_core::{ActionSource, Gate, Joints, Robot, Stamp};
use ulna_drivers::connect::{ConnectError, Role};
use ulna_recorder::TickSink;
use ulna_rt::priority::{self, Grant};
use ulna_rt::{Company, Machine, Next, Pacer, RealClock, RealPacer, Stop, latest};

use crate::error::AppError;
use crate::report::{BusReport, ClockKind, SessionReport, Timing, ended_in_words};
use crate::rig::{LeaderSide, Rig, World};
use crate::session::{Ended, Finished, Follower, drive};
use crate::tap::{Sampler, Snapshot, Tap};

/// What the robot is to do.
#[derive(Debug, Clone)]
pub enum Job {
    /// Follow the leader.
    Teleop {
        /// How long; until stopped if absent.
        duration: Option<Duration>,
    },
    /// Play a recorded episode.
    Replay(ReplayJob),
}

/// An episode to be played.
#[derive(Debug, Clone)]
pub struct ReplayJob {
    /// The recorded actions, in the rig's units.
    pub actions: Vec<Joints<f64>>,
    /// Where the recorded arm was at the start; a simulated arm is put there, a real one approaches the first action.
    pub start: Joints<f64>,
    /// Frames per second.
    pub fps: f64,
    /// What happens between frames.
    pub playing: Playing,
}

/// Shows people what is going on.
pub trait Ui {
    /// About ten times a second, in real time.
    fn status(&mut self, snapshot: &Snapshot);
}

impl Ui for () {
    fn status(&mut self, _: &Snapshot) {}
}

/// What runs beside the control loop and takes its ticks: a recorder and its cameras.
pub struct Beside<'a> {
    /// Where the ticks go.
    pub ticks: TickSink,
    /// The machine that decides when everything beside the loop is over; it comes first at equal times.
    pub leading: &'a mut (dyn Machine + Send),
    /// The others, with the names of their threads.
    pub others: Vec<(String, &'a mut (dyn Machine + Send))>,
    /// Called once the control loop is over, with the reason if it failed. The leading machine must finish soon after.
    pub ended: &'a mut dyn FnMut(Option<String>),
}

impl std::fmt::Debug for Beside<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside")
            .field("others", &self.others.len())
            .finish_non_exhaustive()
    }
}

/// A session that is over.
#[derive(Debug)]
pub struct Done {
    /// What to tell.
    pub report: SessionReport,
    /// The state at each frame of a replayed episode.
    pub rows: Vec<Joints<f64>>,
    /// True if it was ended by Ctrl-C or the like.
    pub interrupted: bool,
}

/// How often the status is shown.
const STATUS_PERIOD: Duration = Duration::from_millis(100);

/// Runs one session.
///
/// # Errors
/// If the rig cannot be connected, a port is lost, or the control thread fails; the arm has been brought to rest by then, as far as
/// that is possible.
pub fn run(rig: Rig, job: &Job, stop: &Stop, ui: &mut dyn Ui) -> Result<Done, AppError> {
    run_beside(rig, job, stop, ui, None)
}

/// As [`run`], with a recorder and its cameras beside the control loop: on threads of their own in real time, in step with the
/// ticks on the virtual clock.
///
/// # Errors
/// As [`run`].
pub fn run_beside(
    mut rig: Rig,
    job: &Job,
    stop: &Stop,
    ui: &mut dyn Ui,
    beside: Option<Beside<'_>>,
) -> Result<Done, AppError> {
    let clock = match &rig.world {
        World::Simulated { clock, .. } => *clock,
        World::Hardware => ClockKind::Real,
    };
    let (outcome, grant) = match clock {
        ClockKind::Virtual => (in_step(&mut rig, job, stop, beside), None),
        ClockKind::Real => on_own_thread(&mut rig, job, stop, ui, beside)?,
    };
    let (finished, mut tap) = outcome?;
    let rows = tap.sampler.take().map(Sampler::finish).unwrap_or_default();
    let report = report(&rig, job, clock, &finished, &tap, grant);
    drop(rig.world);
    failure(&rig.follower, &finished, &report)?;
    Ok(Done {
        interrupted: report.ended == "interrupted",
        report,
        rows,
    })
}

type Controlled = Result<(Finished, Tap), ConnectError>;

/// Why a control loop that is over counts as failed.
fn broken(outcome: &Controlled) -> Option<String> {
    match outcome {
        Err(error) => Some(error.to_string()),
        Ok((finished, _)) => match finished.ended {
            Ended::Panicked | Ended::Regularly(End::RobotLost | End::SourceLost) => {
                Some(ended_in_words(finished).to_owned())
            }
            Ended::Regularly(_) => None,
        },
    }
}

fn in_step(rig: &mut Rig, job: &Job, stop: &Stop, beside: Option<Beside<'_>>) -> Controlled {
    let mut tap = Tap::hashing();
    let Some(Beside {
        ticks,
        leading,
        others,
        ended,
    }) = beside
    else {
        return control(rig, job, stop, tap, &mut Company::new([]));
    };
    tap.recorder = Some(ticks);
    let mut machines: Vec<&mut dyn Machine> = vec![leading];
    machines.extend(
        others
            .into_iter()
            .map(|(_, machine)| machine as &mut dyn Machine),
    );
    let mut company = Company::new(machines);
    let outcome = control(rig, job, stop, tap, &mut company);
    ended(broken(&outcome));
    company.run_out(0);
    outcome
}

/// Steps a machine in real time until it is finished or nobody needs it any more.
fn step_until(machine: &mut dyn Machine, clock: RealClock, over: &AtomicBool) {
    let mut pacer = RealPacer::new(clock, Vec::new());
    while !over.load(Ordering::Acquire) {
        match machine.step(pacer.now()) {
            Next::At(until) | Next::InputOr(until) => pacer.wait(until),
            Next::Finished => return,
        }
    }
}

/// Raises its flag when it goes out of scope, however that happens.
struct RaisedAtLast<'a>(&'a AtomicBool);

impl Drop for RaisedAtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn on_own_thread(
    rig: &mut Rig,
    job: &Job,
    stop: &Stop,
    ui: &mut dyn Ui,
    beside: Option<Beside<'_>>,
) -> Result<(Controlled, Option<Grant>), AppError> {
    let (publisher, mut watcher) = latest::slot(&Snapshot::default());
    let mut tap = Tap::publishing(publisher);
    let (clock, over) = (rig.clock, AtomicBool::new(false));
    let system = |what: &str| {
        let what = what.to_owned();
        move |source| AppError::System { what, source }
    };
    thread::scope(|scope| {
        let over = &over;
        let _over = RaisedAtLast(over);
        let mut leading = None;
        if let Some(beside) = beside {
            tap.recorder = Some(beside.ticks);
            for (name, machine) in beside.others {
                let thread = thread::Builder::new().name(name);
                thread
                    .spawn_scoped(scope, move || {
                        priority::give_way();
                        step_until(machine, clock, over);
                    })
                    .map_err(system("starting a camera's thread"))?;
            }
            let (machine, ended) = (beside.leading, beside.ended);
            let thread = thread::Builder::new().name("ulna-record".to_owned());
            let thread = thread
                .spawn_scoped(scope, move || step_until(machine, clock, over))
                .map_err(system("starting the recorder's thread"))?;
            leading = Some((thread, ended));
        }
        let control_thread = thread::Builder::new()
            .name("ulna-control".to_owned())
            .spawn_scoped(scope, || {
                let grant = priority::ask();
                let inputs = [
                    Some(&rig.follower.arm),
                    rig.leader.as_ref().map(|leader| &leader.source.0),
                ];
                let inputs = inputs
                    .into_iter()
                    .flatten()
                    .filter_map(|arm| arm.input())
                    .collect();
                let mut pacer = RealPacer::new(rig.clock, inputs);
                (control(rig, job, stop, tap, &mut pacer), Some(grant))
            });
        let control_thread = control_thread.map_err(system("starting the control thread"))?;
        while !control_thread.is_finished() {
            thread::sleep(STATUS_PERIOD);
            let snapshot = watcher.newest();
            if snapshot.ticks > 0 {
                ui.status(snapshot);
            }
        }
        let failed = "the control thread failed (see above)";
        let outcome = control_thread
            .join()
            .map_err(|_| AppError::Session(failed.to_owned()));
        if let Some((thread, ended)) = leading {
            ended(match &outcome {
                Ok((controlled, _)) => broken(controlled),
                Err(_) => Some(failed.to_owned()),
            });
            // A recorder that panics has said so on stderr, and its threads tell the rest.
            let _ = thread.join();
        }
        outcome
    })
}

/// Everything on the control thread.
fn control(
    rig: &mut Rig,
    job: &Job,
    stop: &Stop,
    mut tap: Tap,
    pacer: &mut dyn Pacer,
) -> Controlled {
    let Rig {
        follower,
        leader,
        world,
        rate_hz,
        ..
    } = rig;
    if let Some(LeaderSide {
        source,
        kind,
        calibration,
    }) = leader
    {
        source.0.connect(pacer, kind, calibration, Role::Leader)?;
    }
    follower
        .arm
        .connect(pacer, &follower.kind, &follower.calibration, Role::Follower)?;
    let period = Duration::from_secs_f64(1.0 / *rate_hz);
    let limits = follower.kind.gate_limits(&follower.calibration);
    let mut gate = Gate::new(
        limits,
        &follower.arm.state().position,
        Stamp::new(pacer.now()),
    );
    let finished = match (job, leader) {
        (Job::Replay(job), _) => replay(
            follower, world, job, stop, &mut tap, &mut gate, period, pacer,
        )?,
        (Job::Teleop { duration }, Some(leader)) => {
            let start = pacer.now() + period;
            let end = duration.map_or(Duration::MAX, |duration| start + duration);
            let plan = Plan { start, period, end };
            drive(
                follower,
                &mut leader.source,
                &mut gate,
                &mut tap,
                stop,
                plan,
                pacer,
            )
        }
        (Job::Teleop { .. }, None) => {
            let plan = Plan {
                start: pacer.now(),
                period,
                end: pacer.now(),
            };
            drive(
                follower,
                &mut Nobody,
                &mut gate,
                &mut tap,
                stop,
                plan,
                pacer,
            )
        }
    };
    Ok((finished, tap))
}

/// A source without actions: the gate holds.
struct Nobody;

impl ActionSource for Nobody {
    fn action(&mut self, _: Stamp) -> Option<ulna_core::Action> {
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
    let first = job.actions.first().copied().unwrap_or(job.start);
    if let World::Simulated { arm, .. } = world {
        // The recorded arm was under its first action already, so this one is too: its goal registers hold it, and the gate stands there.
        *gate = Gate::new(*gate.limits(), &first, Stamp::new(pacer.now()));
        let goals = gate.hold(Stamp::new(pacer.now()));
        follower.arm.send_goals(pacer, &goals)?;
        let maps = follower.kind.angle_maps(&follower.calibration);
        let angles = Joints::from_fn(maps.len(), |joint| maps[joint].radians(job.start[joint]));
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

fn report(
    rig: &Rig,
    job: &Job,
    clock: ClockKind,
    finished: &Finished,
    tap: &Tap,
    grant: Option<Grant>,
) -> SessionReport {
    let bus = |arm: &ulna_drivers::ServoArm| {
        BusReport::new(arm.port_name(), arm.bus_counters(), arm.servo_reports())
    };
    let tracking = tap.tracking();
    let tracking = rig
        .follower
        .kind
        .names()
        .zip(tracking.iter())
        .map(|(name, rms)| (name.to_owned(), (*rms).into()));
    SessionReport {
        command: match job {
            Job::Teleop { .. } => "teleop",
            Job::Replay(_) => "replay",
        },
        robot: rig.follower.kind.name.clone(),
        simulated: !matches!(rig.world, World::Hardware),
        clock,
        ended: ended_in_words(finished),
        timing: Timing::new(rig.rate_hz, &finished.counters, &finished.work, grant),
        gate: (&finished.counters).into(),
        tracking: tracking.collect(),
        follower: bus(&rig.follower.arm),
        leader: rig.leader.as_ref().map(|leader| bus(&leader.source.0)),
        exit: finished.exit.clone(),
        digest: tap.digest(),
    }
}

/// Ends that are no success, in words that say how the arm was left.
fn failure(
    follower: &Follower,
    finished: &Finished,
    report: &SessionReport,
) -> Result<(), AppError> {
    let left = &report.exit.happened;
    let what = match finished.ended {
        Ended::Panicked => format!("the control thread failed (see above); the arm: {left}"),
        Ended::Regularly(End::RobotLost) => {
            let reason = follower
                .arm
                .lost()
                .map_or_else(|| "closed".to_owned(), ToString::to_string);
            format!(
                "the follower's port {} is gone ({reason}); the arm: {left}",
                report.follower.port
            )
        }
        Ended::Regularly(End::SourceLost) => format!("the leader's port is gone; the arm: {left}"),
        Ended::Regularly(_) if !report.exit.as_asked => {
            format!("the session ended ({}), but the arm: {left}", report.ended)
        }
        Ended::Regularly(_) => return Ok(()),
    };
    Err(AppError::Session(what))
}
