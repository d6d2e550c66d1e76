//! Running a session on a rig: connect, tick, wind down, report. The same sequence on either clock.

mod control;
mod threads;

use std::sync::Arc;
use std::time::Duration;

use ulna_control::{End, Playing};
use ulna_core::Joints;
use ulna_robot::display::{Display, Stage};
use ulna_rt::Stop;
use ulna_rt::priority::Grant;

use crate::display::{Presented, Show};
use crate::error::AppError;
use crate::report::{BusReport, ClockKind, SessionReport, Timing, ended_in_words};
use crate::rig::{Rig, World};
use crate::session::{Ended, Finished, Follower};
use crate::tap::{Sampler, Snapshot, Tap};

use threads::Around;
pub use threads::Beside;

/// What the robot is to do.
#[derive(Debug, Clone)]
pub enum Job {
    /// Follow the leader; without one, hold.
    Teleop {
        /// How long; until stopped if absent.
        duration: Option<Duration>,
    },
    /// Do what the rig's policy wants.
    Policy {
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

    /// What shows the whole session, if anything does; it is asked for before anything moves, and given away.
    fn display(&mut self) -> Option<Box<dyn Display>> {
        None
    }
}

impl Ui for () {
    fn status(&mut self, _: &Snapshot) {}
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
    let show = rig.show.take().or_else(|| ui.display().map(Show::new));
    let mut presented = show.map(|show| show.prepare(stage(&rig, job), rig.rate_hz));
    let mut mind = rig.mind.take();
    let around = Around {
        beside,
        mind: mind.as_mut(),
        shown: presented.as_mut(),
    };
    let (outcome, grant) = match clock {
        ClockKind::Virtual => (threads::in_step(&mut rig, job, stop, around), None),
        ClockKind::Real => threads::on_own_thread(&mut rig, job, stop, ui, around)?,
    };
    let thought = mind.as_ref().zip(rig.policy.as_ref());
    let thought = thought.map(|(mind, source)| mind.report(source));
    // Also when the session failed: what led to it is what one wants to see.
    let display = presented.map(Presented::finish);
    let (finished, mut tap) = outcome?;
    let rows = tap.sampler.take().map(Sampler::finish).unwrap_or_default();
    let task = tap.judge.take().map(|judge| judge.score().into());
    let report = report(&rig, job, clock, &finished, &tap, grant);
    let report = SessionReport {
        task,
        display,
        policy: thought,
        ..report
    };
    rig.world = World::Hardware; // ends the simulated buses
    failure(&rig, &finished, &report)?;
    Ok(Done {
        interrupted: report.ended == "interrupted",
        report,
        rows,
    })
}

/// What a display is told of this session before it begins.
fn stage(rig: &Rig, job: &Job) -> Stage {
    let Follower {
        kind, calibration, ..
    } = &rig.follower;
    let simulated = match rig.world {
        World::Simulated { .. } => ", simulated",
        World::Hardware => "",
    };
    Stage {
        title: format!("{}: {}{simulated}", command(job), kind.name),
        robot: kind.clone(),
        angles: kind.angle_maps(calibration),
        things: Vec::new(),
        cameras: Vec::new(),
        environment: rig.task().map(|task| Arc::new(task.clone()) as _),
    }
}

fn command(job: &Job) -> &'static str {
    match job {
        Job::Teleop { .. } => "teleop",
        Job::Policy { .. } => "run",
        Job::Replay(_) => "replay",
    }
}

fn report(
    rig: &Rig,
    job: &Job,
    clock: ClockKind,
    finished: &Finished,
    tap: &Tap,
    grant: Option<Grant>,
) -> SessionReport {
    let bus = |arm: &ulna_drivers::Arms| {
        BusReport::new(arm.port_name(), arm.bus_counters(), arm.servo_reports())
    };
    let tracking = tap.tracking();
    let tracking = rig
        .follower
        .kind
        .labels()
        .into_iter()
        .zip(tracking.iter())
        .map(|(name, rms)| (name, (*rms).into()));
    SessionReport {
        command: command(job),
        robot: rig.follower.kind.name.clone(),
        simulated: !matches!(rig.world, World::Hardware),
        clock,
        ended: ended_in_words(finished),
        timing: Timing::new(rig.rate_hz, &finished.counters, &finished.work, grant),
        gate: (&finished.counters).into(),
        tracking: tracking.collect(),
        task: None,
        policy: None,
        follower: bus(&rig.follower.arm),
        leader: rig.leader.as_ref().map(|leader| bus(&leader.source.0)),
        exit: finished.exit.clone(),
        display: None,
        digest: tap.digest(),
    }
}

/// Ends that are no success, in words that say how the arm was left.
fn failure(rig: &Rig, finished: &Finished, report: &SessionReport) -> Result<(), AppError> {
    let left = &report.exit.happened;
    let lost = |arms: &ulna_drivers::Arms| {
        let lost = arms
            .lost()
            .map(|(port, reason)| format!("{port} is gone ({reason})"));
        lost.collect::<Vec<_>>().join(", ")
    };
    let what = match finished.ended {
        Ended::Panicked => format!("the control thread failed (see above); the arm: {left}"),
        Ended::Regularly(End::RobotLost) => {
            let lost = lost(&rig.follower.arm);
            format!("the follower's port {lost}; the arm: {left}")
        }
        Ended::Regularly(End::SourceLost) => {
            let lost = rig.leader.as_ref().map(|leader| lost(&leader.source.0));
            let lost = lost.unwrap_or_default();
            format!("the leader's port {lost}; the arm: {left}")
        }
        Ended::Regularly(_) if !report.exit.as_asked => {
            format!("the session ended ({}), but the arm: {left}", report.ended)
        }
        Ended::Regularly(_) => return Ok(()),
    };
    Err(AppError::Session(what))
}
