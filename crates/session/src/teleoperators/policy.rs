//! A learned policy: what it sees, the network on a thread of its own, and the chunks of targets that come out.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use ulna_core::{Action, ActionSource, Environment, Stamp, TickRecord};
use ulna_outside::Printable;
use ulna_policy::runner::{grippers, runner, starvation};
use ulna_policy::{
    Bundle, ChunkSettings, Contract, Inference, Merge, ObservationSlot, PolicySource, Report,
    RobotContract, RunnerOptions, frame_slot, prepare,
};
use ulna_rt::{Machine, Next};

use crate::cameras::CameraUse;
use crate::device::{BoxedNews, BoxedObserver, Helpers, Teleoperator, TeleoperatorReport};
use crate::device_report::PolicyReport;
use crate::error::SessionError;
use crate::failure::SessionFailure;
use crate::policy_options::PolicyOptions;
use crate::report::ClockKind;
use crate::supply::scenes;
use crate::teleoperator_type::{TeleoperatorRequest, TeleoperatorType};

/// See the module.
pub(super) const TYPE: TeleoperatorType = TeleoperatorType {
    name: "policy",
    summary: "a learned policy; settings: bundle, engine, threads",
    leader_arm: false,
    open: |request| {
        let settings: Settings = request.settings()?;
        let mut options = PolicyOptions::new(settings.bundle);
        options.threads = settings.threads.unwrap_or(options.threads);
        let bundle = Bundle::open(&options.bundle)?;
        open_policy(request, &bundle, &options)
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    bundle: PathBuf,
    threads: Option<NonZeroUsize>,
}

/// A camera's name, and the width and height of its pictures.
type NamedSize = (String, (u32, u32));

/// Pictures of a camera that neither the policy nor anything else wants at another size.
pub(crate) const PICTURE: (u32, u32) = (640, 480);

/// The cameras of a rig with the sizes of their pictures: those of the robot file in the simulation, those that the user has named otherwise. One that
/// is recorded gives what is recorded, and a real one what it has; else it is opened at the size that the policy wants.
fn camera_sizes(
    request: &mut TeleoperatorRequest<'_>,
    contract: &Contract,
) -> Result<Vec<NamedSize>, SessionError> {
    let names = request.surroundings.cameras();
    let seen = names.iter().filter(|name| contract.picture(name).is_some());
    let seen: Vec<String> = seen.cloned().collect();
    let (facts, notes) = request.surroundings.prepare_cameras(&seen)?;
    request.notes.extend(notes);
    let sizes = names.into_iter().map(|name| {
        let index = seen.iter().position(|seen| *seen == name);
        let real = index.and_then(|index| facts.get(index));
        let real = real.map(|facts| (facts.width, facts.height));
        let size = request.cameras.size_of(&name).or(real);
        let size = size.or(contract.picture(&name)).unwrap_or(PICTURE);
        (name, size)
    });
    Ok(sizes.collect())
}

/// Opens a policy for a rig, after it has passed its checks against the robot, its cameras and its surroundings.
///
/// # Errors
/// If the policy does not fit the rig, or the engine does not answer as it should.
pub fn open_policy(
    request: &mut TeleoperatorRequest<'_>,
    bundle: &Bundle,
    options: &PolicyOptions,
) -> Result<Box<dyn Teleoperator>, SessionError> {
    let contract = bundle.contract();
    let environment = request.surroundings.environment();
    let values = environment.as_ref().map_or(0, |it| it.names().len());
    let offered = RobotContract::of(request.robot, request.rate_hz);
    let offered = offered.with_environment_state(values);
    let sizes = camera_sizes(request, contract)?;
    let offered = sizes.iter().fold(offered, |offered, (name, size)| {
        offered.with_camera(name, *size)
    });
    if request.surroundings.simulated() {
        scene_fits(bundle, values)?;
    }
    let engine = options.open_engine()?;
    let (ready, checked) = prepare(bundle, &engine, options.threads, Some(&offered))?;
    let turnaround = match request.clock {
        ClockKind::Virtual => options.latency,
        ClockKind::Real => checked.took,
    };
    let plan = Plan {
        chunks: *bundle.chunks(),
        fps: contract.fps,
        merge: options.merge,
    };
    let starves = plan.starves(turnaround);
    request
        .notes
        .extend(starves.map(|why| format!("policy `{}`: {why}", Printable(bundle.name()))));
    let fps = contract.fps.ceil().max(1.0);
    let mut watchers = Vec::new();
    for name in contract.cameras() {
        let (slot, watcher) = frame_slot(name);
        let known = sizes.iter().find(|(known, _)| known == name);
        let size = known.map_or(PICTURE, |(_, size)| *size);
        let cameras = &mut request.cameras;
        cameras.add(name, CameraUse::Policy, size, fps, Box::new(slot));
        watchers.push(watcher);
    }
    let runner_options = RunnerOptions::default()
        .latency(match request.clock {
            ClockKind::Virtual => options.latency,
            ClockKind::Real => Duration::ZERO,
        })
        .merge(options.merge)
        .blend_steps(options.blend_steps)
        .unblended(grippers(contract))
        .refill(options.refill)
        // A goal leaves one tick after it was asked for, and a chunk may be seen one tick late.
        .lead(Duration::from_secs_f64(2.0 / request.rate_hz));
    let parts = runner(ready, watchers, runner_options);
    let values = vec![0.0; contract.environment_state()];
    Ok(Box::new(PolicyTeleoperator {
        source: parts.source,
        worker: PolicyWorker(Arc::new(Mutex::new(parts.inference))),
        feed: Some(ObservationFeed {
            observations: parts.observations,
            environment,
            numbers: vec![0.0; values.len()],
            values,
        }),
        checked,
        plan,
        task: options.task.clone().or_else(|| request.surroundings.task()),
    }))
}

/// What decides whether a plan outlasts the delay.
#[derive(Debug, Clone, Copy)]
struct Plan {
    chunks: ChunkSettings,
    fps: f64,
    merge: Merge,
}

impl Plan {
    fn starves(&self, turnaround: Duration) -> Option<String> {
        starvation(&self.chunks, self.fps, self.merge, turnaround)
    }
}

/// Names the scene that reports what a policy wants to see, if this one, with so many `values`, does not.
fn scene_fits(bundle: &Bundle, values: usize) -> Result<(), SessionError> {
    let asked = bundle.contract().environment_state();
    let mut scenes = scenes::all().iter();
    let fitting = scenes.find(|scene| asked != values && scene.environment.len() == asked);
    let Some(scene) = fitting else {
        return Ok(());
    };
    let failure = SessionFailure::PolicyScene {
        policy: bundle.name().to_owned(),
        numbers: asked,
        scene: scene.name.clone(),
    };
    Err(failure.into())
}

/// A policy that drives.
#[derive(Debug)]
pub struct PolicyTeleoperator {
    source: PolicySource,
    worker: PolicyWorker,
    feed: Option<ObservationFeed>,
    checked: Report,
    plan: Plan,
    task: Option<String>,
}

impl ActionSource for PolicyTeleoperator {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.source.action(now)
    }
}

impl Teleoperator for PolicyTeleoperator {
    fn helpers(&mut self) -> Helpers {
        let worker = Box::new(self.worker.clone()) as Box<dyn Machine + Send>;
        let feed = self.feed.take();
        let observer = feed.map(|mut feed| BoxedObserver::new(move |tick| feed.observe(tick)));
        Helpers {
            machines: vec![("ulna-policy".to_owned(), worker)],
            observers: observer.into_iter().collect(),
            news: vec![self.worker.clone().news()],
        }
    }

    fn report(&self) -> TeleoperatorReport {
        let (inference, source) = (self.worker.lock().report(), self.source.report());
        let longest = Duration::from_secs_f64(inference.latency.max_us.max(0.0) / 1e6);
        let starved = source.starved > 0 || inference.late > 0;
        let starvation = starved.then(|| self.plan.starves(longest)).flatten();
        TeleoperatorReport {
            policy: Some(PolicyReport {
                checked: self.checked.clone(),
                inference,
                source,
                task: self.task.clone(),
                starvation,
            }),
            ..TeleoperatorReport::default()
        }
    }
}

/// The network at work. Its thread holds the lock while the session runs; others try to take it, and the report does afterwards.
#[derive(Debug, Clone)]
struct PolicyWorker(Arc<Mutex<Inference>>);

impl PolicyWorker {
    fn lock(&self) -> MutexGuard<'_, Inference> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A policy that has had nothing to observe for so long is worth a line.
const BLIND: Duration = Duration::from_secs(1);

impl PolicyWorker {
    /// Says once that there is nothing to observe, and once that there is again.
    fn news(self) -> BoxedNews {
        let mut said = false;
        Box::new(move || {
            // The network may think for long, and holds the lock meanwhile.
            let inference = self.0.try_lock().ok()?;
            match inference.blind_to() {
                Some((missing, time)) if !said && time >= BLIND => {
                    said = true;
                    Some(format!(
                        "the policy has nothing recent to observe, the arm holds: {missing}"
                    ))
                }
                None if said => {
                    said = false;
                    Some("the policy observes again".to_owned())
                }
                _ => None,
            }
        })
    }
}

impl Machine for PolicyWorker {
    fn step(&mut self, now: Duration) -> Next {
        self.lock().step(now)
    }
}

/// The control thread's end: what was measured, with the numbers of the surroundings at that moment. Wait-free, and without a heap.
#[derive(Debug)]
struct ObservationFeed {
    observations: ObservationSlot,
    environment: Option<Arc<dyn Environment>>,
    values: Vec<f64>,
    numbers: Vec<f32>,
}

impl ObservationFeed {
    #[allow(clippy::cast_possible_truncation)] // networks compute in single precision
    fn observe(&mut self, tick: &TickRecord) {
        let state = &tick.state;
        if let Some(environment) = &self.environment {
            environment.read(state.stamp, &mut self.values);
            for (number, value) in self.numbers.iter_mut().zip(&self.values) {
                *number = *value as f32;
            }
            self.observations.set_environment_state(&self.numbers);
        }
        self.observations.push(state);
    }
}
