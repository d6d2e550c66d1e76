//! The session's side: it is opened, and its teleoperator says what the caller says.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use ulna_core::{Action, ActionSource, Stamp, TickRecord};
use ulna_robot::ExitAction;
use ulna_rt::Stop;

use super::error::SteppedError;
use super::observe::Stepper;
use super::options::{SteppedOptions, simulated};
use super::talk::{Answer, Ask, Newest, SharedWanted, lock};
use crate::cameras::CameraUse;
use crate::client::SessionLink;
use crate::device::{BoxedObserver, Helpers, Start, Teleoperator};
use crate::error::SessionError;
use crate::eval::limit_of;
use crate::rig::Rig;
use crate::run::{SessionPlan, run};
use crate::teleoperator_type::TeleoperatorRequest;

/// Runs the session of one episode until it is over and the caller has no more questions.
pub(super) fn play(
    options: &SteppedOptions,
    stop: &Stop,
    asked: Receiver<Ask>,
    answer: &SyncSender<Answer>,
) {
    let part = stop.part();
    let ended = session(options, &part, asked, answer.clone());
    let failed = match ended {
        Ok(()) => SteppedError::Cut,
        Err(error) => error.into(),
    };
    // The caller may be gone.
    let _ = answer.send(Answer::Failed(failed));
}

fn session(
    options: &SteppedOptions,
    stop: &Stop,
    asked: Receiver<Ask>,
    answer: SyncSender<Answer>,
) -> Result<(), SessionError> {
    let mut link = SessionLink::alone(stop);
    link.without_recorder();
    let mut rig = Rig::open_for(&simulated(&options.rig), &link, |request| {
        let opened = open(request, options, stop, asked, answer);
        Ok(Box::new(opened) as Box<dyn Teleoperator>)
    })?;
    // What becomes of the arm afterwards is seen by nothing.
    rig.robot.exit.then = ExitAction::Release;
    let plan = SessionPlan {
        command: "env",
        duration: Some(limit_of(&*rig.surroundings)),
        ..SessionPlan::default()
    };
    run(rig, plan, &link).map(|_| ())
}

fn open(
    request: &mut TeleoperatorRequest<'_>,
    options: &SteppedOptions,
    stop: &Stop,
    asked: Receiver<Ask>,
    answer: SyncSender<Answer>,
) -> SteppedTeleoperator {
    let wanted = SharedWanted::default();
    let mut slots: Vec<(String, Newest)> = Vec::new();
    for name in options.cameras.iter().chain(&options.render) {
        if slots.iter().any(|(known, _)| known == name) {
            continue;
        }
        let newest = Newest::default();
        let size = options.size(request.surroundings, name);
        let (fps, sink) = (options.fps.ceil().max(1.0), Box::new(newest.clone()));
        let cameras = &mut request.cameras;
        cameras.add(name, CameraUse::Policy, size, fps, sink);
        slots.push((name.clone(), newest));
    }
    let stepper = Stepper::new(request, options, stop, slots, Arc::clone(&wanted));
    SteppedTeleoperator {
        wanted,
        stepper: Some(stepper.with(asked, answer)),
    }
}

/// A teleoperator that says what the caller said last.
#[derive(Debug)]
struct SteppedTeleoperator {
    wanted: SharedWanted,
    /// Until the session takes it.
    stepper: Option<Stepper>,
}

impl ActionSource for SteppedTeleoperator {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let target = lock(&self.wanted).target?;
        Some(Action { stamp: now, target })
    }
}

impl Teleoperator for SteppedTeleoperator {
    fn start(&mut self, start: &Start<'_>) {
        lock(&self.wanted).start = start.at;
    }

    /// The caller is waited for between two ticks. That is against the rule for observers in real time; on the virtual clock no time passes.
    fn helpers(&mut self) -> Helpers {
        let stepper = self.stepper.take();
        let observers = stepper
            .map(|mut stepper| BoxedObserver::new(move |tick: &TickRecord| stepper.observe(tick)));
        Helpers {
            observers: observers.into_iter().collect(),
            ..Helpers::default()
        }
    }
}
