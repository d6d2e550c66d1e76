//! The threads of a session, or the lack of them on the virtual clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ulna_control::End;
use ulna_recorder::TickSink;
use ulna_rt::priority::{self, Grant};
use ulna_rt::{LockstepScheduler, Machine, Next, Pacer, RealClock, RealPacer, Stop, latest};

use super::control::{Controlled, control};
use super::{Job, Ui};
use crate::display::Presented;
use crate::error::AppError;
use crate::policies::Mind;
use crate::report::ended_in_words;
use crate::rig::Rig;
use crate::session::Ended;
use crate::tap::{Snapshot, Tap};

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

/// Everything around a control loop.
#[derive(Debug)]
pub(super) struct Around<'a, 'b> {
    /// Who takes its ticks.
    pub(super) beside: Option<Beside<'a>>,
    /// Who decides what it does, if a policy drives.
    pub(super) mind: Option<&'b mut Mind>,
    /// Who shows it.
    pub(super) shown: Option<&'b mut Presented>,
}

/// How often the status is shown.
const STATUS_PERIOD: Duration = Duration::from_millis(100);

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

/// On the virtual clock: everything on this thread, in step.
pub(super) fn in_step(rig: &mut Rig, job: &Job, stop: &Stop, around: Around<'_, '_>) -> Controlled {
    let Around {
        beside,
        mind,
        shown,
    } = around;
    let mut tap = Tap::hashing();
    let mut machines: Vec<&mut dyn Machine> = Vec::new();
    let mut told = None;
    if let Some(beside) = beside {
        tap.recorder = Some(beside.ticks);
        machines.push(beside.leading);
        let others = beside.others.into_iter();
        machines.extend(others.map(|(_, machine)| machine as &mut dyn Machine));
        told = Some(beside.ended);
    }
    if let Some(mind) = mind {
        tap.senses = mind.senses.take();
        let thinking = mind.machines().into_iter();
        machines.extend(thinking.map(|(_, machine)| machine as &mut dyn Machine));
    }
    if let Some(shown) = shown {
        tap.display = shown.take_feed();
        machines.extend(shown.machines());
    }
    let mut scheduler = LockstepScheduler::new(machines);
    let outcome = control(rig, job, stop, tap, &mut scheduler);
    if let Some(ended) = told {
        ended(broken(&outcome));
        scheduler.run_until_finished(0);
    }
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

/// In real time: the control loop and each machine beside it on threads of their own; this one shows the status.
pub(super) fn on_own_thread(
    rig: &mut Rig,
    job: &Job,
    stop: &Stop,
    ui: &mut dyn Ui,
    around: Around<'_, '_>,
) -> Result<(Controlled, Option<Grant>), AppError> {
    let Around {
        beside,
        mind,
        shown,
    } = around;
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
        if let Some(shown) = shown {
            tap.display = shown.take_feed();
            shown
                .go()
                .map_err(system("starting the display's thread"))?;
            for camera in shown.watched() {
                let thread = thread::Builder::new().name(format!("camera-{}", camera.name()));
                thread
                    .spawn_scoped(scope, move || {
                        priority::give_way();
                        step_until(camera, clock, over);
                    })
                    .map_err(system("starting a camera's thread"))?;
            }
        }
        let mut others: Vec<(String, &mut (dyn Machine + Send))> = Vec::new();
        if let Some(mind) = mind {
            tap.senses = mind.senses.take();
            others.extend(mind.machines());
        }
        let mut recording = None;
        if let Some(beside) = beside {
            tap.recorder = Some(beside.ticks);
            let cameras = beside.others.into_iter();
            others.extend(
                cameras.map(|(name, machine)| (name, machine as &mut (dyn Machine + Send))),
            );
            recording = Some((beside.leading, beside.ended));
        }
        for (name, machine) in others {
            let thread = thread::Builder::new().name(name);
            thread
                .spawn_scoped(scope, move || {
                    priority::give_way();
                    step_until(machine, clock, over);
                })
                .map_err(system("starting a camera's or the policy's thread"))?;
        }
        let mut leading = None;
        if let Some((machine, ended)) = recording {
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
                    .flat_map(|arms| arms.inputs())
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
