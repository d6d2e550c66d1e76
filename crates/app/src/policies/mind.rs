//! A policy in the leader's place: what it sees, what thinks, and what comes out.

use std::time::Duration;

use serde::Serialize;
use ulna_core::{Camera, Environment, Stamp, State};
use ulna_policy::runner::{grippers, runner};
use ulna_policy::{
    Bundle, CameraTap, Inference, InferenceReport, ObservationTap, PolicySource, Report,
    RobotContract, RunnerOptions, SourceReport, prepare,
};
use ulna_rt::Machine;
use ulna_sim::task::Reach;

use super::PolicyOptions;
use crate::error::AppError;
use crate::record::CameraChoice;
use crate::record::cameras::{self, Wanted};
use crate::report::ClockKind;
use crate::rig::{Rig, RigOptions};

/// The part of a policy that thinks, beside the control loop; its actions come out of the rig's [`PolicySource`].
#[derive(Debug)]
pub struct Mind {
    /// Where the control thread tells what it measured; the tap takes it.
    pub senses: Option<Senses>,
    inference: Inference,
    /// Cameras that nobody but the policy reads.
    eyes: Vec<CameraTap>,
    checked: Report,
}

/// What a policy did, for the session's report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyReport {
    /// What was held against what before anything moved.
    pub checked: Report,
    /// Chunks and how long they took.
    pub inference: InferenceReport,
    /// What the control loop made of them.
    pub source: SourceReport,
}

/// The control thread's end: wait-free, and without a heap.
#[derive(Debug)]
pub struct Senses {
    tap: ObservationTap,
    surroundings: Option<Reach>,
    told: Vec<f64>,
    numbers: Vec<f32>,
}

impl Senses {
    /// Tells what was measured.
    #[allow(clippy::cast_possible_truncation)] // networks compute in single precision
    pub fn observe(&mut self, now: Stamp, state: &State) {
        if let Some(surroundings) = &self.surroundings {
            surroundings.tell(now, &mut self.told);
            for (number, told) in self.numbers.iter_mut().zip(&self.told) {
                *number = *told as f32;
            }
            self.tap.set_environment_state(&self.numbers);
        }
        self.tap.push(state);
    }
}

impl Mind {
    /// Everything that runs beside the control loop, with names for threads.
    pub(crate) fn machines(&mut self) -> Vec<(String, &mut (dyn Machine + Send))> {
        let inference = (
            "ulna-policy".to_owned(),
            &mut self.inference as &mut (dyn Machine + Send),
        );
        let eyes = self.eyes.iter_mut().map(|eye| {
            let name = format!("camera-{}", eye.name());
            (name, eye as &mut (dyn Machine + Send))
        });
        std::iter::once(inference).chain(eyes).collect()
    }

    /// What it did, and what the control loop made of it.
    pub(crate) fn report(&self, source: &PolicySource) -> PolicyReport {
        PolicyReport {
            checked: self.checked.clone(),
            inference: self.inference.report(),
            source: source.report(),
        }
    }
}

/// Pictures for a policy whose cameras nobody records.
const PICTURE: (u32, u32) = (640, 480);

/// Opens the rig for a policy, without a leader.
///
/// # Errors
/// If the bundle is not sound, or the rig cannot be opened.
pub(crate) fn open_rig(
    options: &RigOptions,
    policy: &PolicyOptions,
) -> Result<(Rig, Bundle), AppError> {
    let bundle = Bundle::open(&policy.bundle)?;
    let options = RigOptions {
        unit: Some(bundle.contract().unit),
        ..options.clone()
    };
    Ok((Rig::open(&options, false)?, bundle))
}

/// Puts the policy into the rig, after it has passed its checks. `cameras` are those that others read; they come back with taps on those that
/// the policy looks through, and it gets eyes of its own for the rest.
///
/// # Errors
/// If the policy does not fit the rig, or the engine does not answer as it should.
pub(crate) fn attach(
    rig: &mut Rig,
    options: &RigOptions,
    bundle: &Bundle,
    policy: &PolicyOptions,
    cameras: Vec<Box<dyn Camera>>,
) -> Result<Vec<Box<dyn Camera>>, AppError> {
    let contract = bundle.contract();
    let (kind, rate_hz) = (&rig.follower.kind, rig.rate_hz);
    let task = rig.task().cloned();
    let offered = RobotContract::of(kind, rate_hz);
    let offered =
        offered.with_environment_state(task.as_ref().map_or(0, |task| task.names().len()));
    // The robot's other cameras are opened only if the policy wants them, and then at the size that it wants.
    let others = kind
        .cameras
        .iter()
        .filter(|spec| !cameras.iter().any(|camera| camera.name() == spec.name));
    let offered = others.fold(offered, |offered, spec| {
        offered.with_camera(&spec.name, contract.picture(&spec.name).unwrap_or(PICTURE))
    });
    let offered = cameras.iter().fold(offered, |offered, camera| {
        offered.with_camera(camera.name(), camera.size())
    });
    let engine = policy.open_engine()?;
    let (ready, checked) = prepare(bundle, &engine, policy.threads, Some(&offered))?;

    let missing = contract
        .cameras()
        .filter(|name| !cameras.iter().any(|camera| camera.name() == *name));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let fps = contract.fps.ceil().max(1.0) as u32;
    let mut opened = Vec::new();
    for name in missing {
        opened.extend(cameras::open(
            rig,
            options,
            &Wanted {
                cameras: &CameraChoice::Only(vec![name.to_owned()]),
                size: contract.picture(name).unwrap_or(PICTURE),
                fps,
                faults: &[],
            },
        )?);
    }
    let mut watchers = Vec::new();
    let mut tapped = |camera: Box<dyn Camera>| {
        let name = camera.name().to_owned();
        let (tap, watcher) = CameraTap::new(camera);
        watchers.push((name, watcher));
        tap
    };
    let eyes: Vec<CameraTap> = opened.into_iter().map(&mut tapped).collect();
    let seen = |camera: &dyn Camera| contract.cameras().any(|name| name == camera.name());
    let cameras = cameras.into_iter().map(|camera| match seen(&*camera) {
        true => Box::new(tapped(camera)) as Box<dyn Camera>,
        false => camera,
    });
    let cameras = cameras.collect();
    let order = |name: &str| contract.cameras().position(|wanted| wanted == name);
    watchers.sort_by_key(|(name, _)| order(name));
    let watchers = watchers.into_iter().map(|(_, watcher)| watcher).collect();
    let latency = match options.clock {
        ClockKind::Virtual => policy.latency,
        ClockKind::Real => Duration::ZERO,
    };
    let options = RunnerOptions {
        latency,
        merge: policy.merge,
        blend_steps: policy.blend_steps,
        unblended: grippers(contract),
        refill: policy.refill,
        ..RunnerOptions::default()
    };
    let parts = runner(ready, watchers, options);
    let told = vec![0.0; contract.environment_state()];
    rig.policy = Some(parts.source);
    rig.mind = Some(Mind {
        senses: Some(Senses {
            tap: parts.tap,
            surroundings: task,
            numbers: vec![0.0; told.len()],
            told,
        }),
        inference: parts.inference,
        eyes,
        checked,
    });
    Ok(cameras)
}
