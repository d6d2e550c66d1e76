//! Running a session on a rig: connect, tick, wind down, report. The same sequence on either clock.

use ulna_control::End;
use ulna_core::{Joints, TickRecord};
use ulna_recorder::TickSink;
use ulna_robot::display::SessionInfo;
use ulna_rt::executor::{Executed, Executor, ExecutorError, NamedMachine, Priority};
use ulna_rt::priority::Grant;
use ulna_rt::{Machine, latest};

use crate::alarm_watch::AlarmWatch;
use crate::cameras::OpenedCamera;
use crate::client::{SessionEvent, SessionLink};
use crate::control_loop::{ControlPlan, Controlled, control};
use crate::controlled::{Finished, TicksEnded};
use crate::device::{BoxedNews, BoxedObserver, Helpers, LostPort, TeleoperatorReport};
use crate::display::{DisplayHandle, DisplaySetup};
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::fanout::{FanOut, Measurements, RowSampler};
use crate::report::{BusReport, ClockKind, SessionReport, SessionTiming, ended_in_words};
use crate::rig::Rig;

/// What a session is to do with its rig.
#[derive(Debug, Default)]
pub struct SessionPlan<'a> {
    /// The command, for reports.
    pub command: &'static str,
    /// How long; until stopped, or until the teleoperator has finished, if absent.
    pub duration: Option<std::time::Duration>,
    /// Shows the session, if anything does.
    pub display: Option<DisplaySetup>,
    /// Records it, if anything does.
    pub recording: Option<Recording<'a>>,
    /// Takes every tick on the control thread as well, if anything does: wait-free, without a heap.
    pub watch: Option<BoxedObserver>,
}

/// A recorder that follows the control loop.
pub struct Recording<'a> {
    /// Where the ticks go.
    pub ticks: TickSink,
    /// The recorder; the session waits until it is finished.
    pub recorder: &'a mut (dyn Machine + Send),
    /// Called once the control loop is over, with the reason if it failed. The recorder must finish soon after.
    pub ended: OnEnd<'a>,
}

impl std::fmt::Debug for Recording<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}

/// A session that is over.
#[derive(Debug)]
pub struct SessionOutcome {
    /// The report.
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
pub fn run(
    mut rig: Rig,
    plan: SessionPlan<'_>,
    link: &SessionLink,
) -> Result<SessionOutcome, SessionError> {
    let (command, clock) = (plan.command, rig.clock_kind);
    let mut parts = Parts::new(&mut rig, plan, link)?;
    let display = parts.display.take();
    let (outcome, mut display) = parts.execute(&mut rig, link, display);
    // Also when the session failed: what led to it is what one wants to see.
    let slow = |text| link.events.send(SessionEvent::Warning { text });
    let display = display
        .take()
        .map(|display| display.finish(&link.stop, slow));
    let (controlled, grant) = outcome?;
    let (finished, fanout) = controlled?;
    let mut measured = fanout.measured;
    let rows = measured.rows.take().map(RowSampler::finish);
    let report = SessionReport {
        display,
        ..report(&rig, command, clock, &finished, &measured, grant)
    };
    link.events
        .send(SessionEvent::Report(Box::new(report.clone())));
    let lost = (rig.follower.lost(), rig.teleoperator.lost());
    drop(rig); // ends simulated buses
    failure(&finished, &report, &lost.0, &lost.1).map_err(|error| match error {
        SessionError::Session(failure) => SessionError::Ended {
            failure,
            report: Box::new(report.clone()),
        },
        other => other,
    })?;
    Ok(SessionOutcome {
        interrupted: report.ended == "interrupted",
        report,
        rows: rows.unwrap_or_default(),
    })
}

/// Called once the control loop is over, with the reason if it failed.
type OnEnd<'a> = &'a mut (dyn FnMut(Option<String>) + Send);

/// Everything that runs next to the control loop.
struct Parts<'a> {
    fanout: FanOut,
    control: ControlPlan,
    recorder: Option<&'a mut (dyn Machine + Send)>,
    ended: Option<OnEnd<'a>>,
    cameras: Vec<OpenedCamera>,
    machines: Vec<(String, Box<dyn Machine + Send>)>,
    news: Vec<BoxedNews>,
    display: Option<DisplayHandle>,
    newest: latest::Watcher<Option<TickRecord>>,
}

/// A control loop that ran, with what the operating system granted its thread; or why there was none.
type Ran = Result<(Controlled, Option<Grant>), SessionError>;

impl<'a> Parts<'a> {
    fn new(rig: &mut Rig, plan: SessionPlan<'a>, link: &SessionLink) -> Result<Self, SessionError> {
        let mut fanout = FanOut::new(rig.clock_kind == ClockKind::Virtual);
        let (publisher, newest) = latest::slot(&None);
        let mut publisher = publisher;
        fanout.add(BoxedObserver::new(move |tick: &TickRecord| {
            publisher.publish(Some(*tick));
        }));
        plan.watch.into_iter().for_each(|watch| fanout.add(watch));
        let recording = plan.recording.map(|recording| {
            let mut ticks = recording.ticks;
            fanout.add(BoxedObserver::new(move |tick: &TickRecord| {
                ticks.push(tick);
            }));
            (recording.recorder, recording.ended)
        });
        let (recorder, ended) = recording.unzip();
        let Helpers {
            machines,
            observers,
            news,
        } = rig.teleoperator.helpers();
        observers
            .into_iter()
            .for_each(|observer| fanout.add(observer));
        let info = session_info(rig, plan.command);
        let mut display = plan
            .display
            .map(|setup| setup.prepare(info, rig.rate_hz, &mut rig.cameras));
        if let Some(mut feed) = display.as_mut().and_then(DisplayHandle::take_feed) {
            fanout.add(BoxedObserver::new(move |tick: &TickRecord| feed.push(tick)));
        }
        let cameras = std::mem::take(&mut rig.cameras).open(&*rig.surroundings)?;
        let control = ControlPlan {
            duration: plan.duration,
            stop: link.stop.clone(),
            paused: link.paused(),
            events: link.events.clone(),
            question: link.question().clone(),
        };
        Ok(Self {
            fanout,
            control,
            recorder,
            ended,
            cameras,
            machines,
            news,
            display,
            newest,
        })
    }

    /// Runs the control loop with recorder and display; the display comes back.
    fn execute(
        self,
        rig: &mut Rig,
        link: &SessionLink,
        mut display: Option<DisplayHandle>,
    ) -> (Ran, Option<DisplayHandle>) {
        let Self {
            fanout,
            control: plan,
            recorder,
            ended,
            mut cameras,
            mut machines,
            mut news,
            mut newest,
            ..
        } = self;
        let mut tasks = Vec::new();
        tasks.extend(recorder.map(|recorder| {
            NamedMachine::new("ulna-record", recorder)
                .priority(Priority::Ordinary)
                .awaited()
        }));
        tasks.extend(
            cameras.iter_mut().map(|camera| {
                NamedMachine::new(format!("camera-{}", camera.name), &mut camera.pump)
            }),
        );
        tasks.extend(
            machines
                .iter_mut()
                .map(|(name, machine)| NamedMachine::new(name.clone(), &mut **machine)),
        );
        let executor = match rig.clock_kind {
            ClockKind::Virtual => {
                tasks.extend(display.as_mut().and_then(DisplayHandle::task));
                Executor::Lockstep
            }
            ClockKind::Real => {
                if let Err(source) = display.as_mut().map_or(Ok(()), DisplayHandle::spawn) {
                    let what = "starting the display's thread".to_owned();
                    return (Err(SessionError::System { what, source }), None);
                }
                let mut inputs = rig.follower.wait_handles();
                inputs.extend(rig.teleoperator.wait_handles());
                Executor::Threads {
                    clock: rig.clock,
                    inputs,
                }
            }
        };
        let mut alarms = AlarmWatch::new(rig.robot.labels());
        let watch = || {
            for text in news.iter_mut().filter_map(|news| news()) {
                link.events.send(SessionEvent::Warning { text });
            }
            if let Some(tick) = newest.newest() {
                for text in alarms.look(tick) {
                    link.events.send(SessionEvent::Warning { text });
                }
                link.events.send(SessionEvent::Tick(Box::new(*tick)));
            }
        };
        let over = |outcome: Option<&(Controlled, Option<Grant>)>| {
            if let Some(ended) = ended {
                ended(match outcome {
                    Some((controlled, _)) => broken(controlled),
                    None => Some(SessionFailure::NoReport.to_string()),
                });
            }
        };
        let ran = executor.run(
            tasks,
            |pacer, grant| (control(rig, &plan, fanout, pacer), grant),
            watch,
            over,
        );
        let ran = ran.map(|Executed { outcome, .. }| outcome);
        (ran.map_err(executor_error), display)
    }
}

fn executor_error(error: ExecutorError) -> SessionError {
    match error {
        ExecutorError::NoThread { name, source } => SessionError::System {
            what: format!("starting the thread {name}"),
            source,
        },
        _ => SessionFailure::NoReport.into(),
    }
}

/// Why a control loop that is over counts as failed.
fn broken(outcome: &Controlled) -> Option<String> {
    match outcome {
        Err(error) => Some(error.to_string()),
        Ok((finished, _)) => match finished.ended {
            TicksEnded::Panicked | TicksEnded::Regularly(End::RobotLost | End::SourceLost) => {
                Some(ended_in_words(finished).to_owned())
            }
            TicksEnded::Regularly(_) => None,
        },
    }
}

/// What a display needs of this session before it begins.
fn session_info(rig: &Rig, command: &str) -> SessionInfo {
    let simulated = match rig.surroundings.simulated() {
        true => ", simulated",
        false => "",
    };
    SessionInfo {
        title: format!("{command}: {}{simulated}", rig.robot.name),
        robot: rig.robot.clone(),
        angles: rig.robot.angle_maps(&rig.calibration),
        objects: rig.surroundings.objects(),
        cameras: rig.cameras.shown(&rig.robot, &*rig.surroundings),
        environment: rig.surroundings.environment(),
        moving_things: rig.surroundings.moving_things(),
    }
}

fn report(
    rig: &Rig,
    command: &'static str,
    clock: ClockKind,
    finished: &Finished,
    measured: &Measurements,
    grant: Option<Grant>,
) -> SessionReport {
    let tracking = measured.tracking();
    let labels = rig.robot.labels().into_iter();
    let tracking = labels.zip(tracking.iter());
    let tracking = tracking.map(|(name, rms)| (name, (*rms).into()));
    let TeleoperatorReport { bus, policy } = rig.teleoperator.report();
    SessionReport {
        command,
        robot: rig.robot.name.clone(),
        simulated: rig.surroundings.simulated(),
        clock,
        ended: ended_in_words(finished),
        timing: SessionTiming::new(rig.rate_hz, &finished.counters, &finished.work, grant),
        gate: (&finished.counters).into(),
        tracking: tracking.collect(),
        task: measured.judge.as_ref().map(|judge| judge.score()),
        policy,
        follower: rig.follower.report(),
        leader: bus,
        exit: finished.exit.clone(),
        display: None,
        digest: measured.digest(),
    }
}

/// Ends that are no success, in words that say how the arm was left.
fn failure(
    finished: &Finished,
    report: &SessionReport,
    follower: &[LostPort],
    teleoperator: &[LostPort],
) -> Result<(), SessionError> {
    let left = report.exit.happened.to_string();
    let gone = |lost: &[LostPort]| {
        let lost = lost.iter();
        let lost = lost.map(|lost| format!("{} is gone ({})", lost.port, lost.reason));
        lost.collect::<Vec<_>>().join(", ")
    };
    let failure = match finished.ended {
        TicksEnded::Panicked => SessionFailure::Panicked { left },
        TicksEnded::Regularly(End::RobotLost) => SessionFailure::FollowerLost {
            ports: gone(follower),
            left,
        },
        TicksEnded::Regularly(End::SourceLost) => SessionFailure::LeaderLost {
            ports: gone(teleoperator),
            left,
        },
        TicksEnded::Regularly(_) if !report.exit.as_asked => SessionFailure::ExitFailed {
            ended: report.ended.to_string(),
            left,
        },
        TicksEnded::Regularly(_) => return unread_or_limp(report),
    };
    Err(failure.into())
}

/// A session that ended as it should, but in which most reads failed, or servos were left limp.
fn unread_or_limp(report: &SessionReport) -> Result<(), SessionError> {
    let left = report.exit.happened.to_string();
    let buses = [Some(&report.follower), report.leader.as_ref()];
    let mut buses = buses.into_iter().flatten();
    if let Some(unread) = buses.find_map(BusReport::mostly_unread) {
        let unread = unread.to_string();
        return Err(SessionFailure::Unread { unread, left }.into());
    }
    match report.follower.left_limp().as_slice() {
        [] => Ok(()),
        limp => {
            let failure = SessionFailure::Limp {
                ended: report.ended.to_string(),
                limp: limp.join(", and "),
                left,
            };
            Err(failure.into())
        }
    }
}
