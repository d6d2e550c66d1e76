//! What a row consists of: LeRobot's columns and ours.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `action` | float32 x joints | the source's target in force at t_k, before the safety gate |
//! | `observation.state` | float32 x joints | the newest state measured at or before t_k |
//! | `observation.environment_state` | float32 x names | the state of the surroundings at t_k, if they report one |
//! | `observation.images.<camera>` | video | the newest picture whose light fell at or before t_k |
//! | `ulna.action_sent` | float32 x joints | what the gate sent of that target |
//! | `ulna.time` | float32 | when that state was measured, s after the first row's t_0; `timestamp` is the nominal time |
//! | `ulna.state_age` | float32 | how old the oldest joint's value is at t_k, s |
//! | `ulna.age.<camera>` | float32 | how old the picture is at t_k, s |
//! | `ulna.flags` | int64 | a sum of [`flag`]s |
//!
//! Plain datasets have none of those whose names begin with `ulna.`.

use std::sync::Arc;

use ulna_core::{Environment, Stamp};
use ulna_dataset::{Feature, Number};

use crate::sampler::Sampled;

/// What can be out of the ordinary about a row.
pub mod flag {
    /// A camera had no new picture since the row before, so its last one is there again.
    pub const REPEATED_PICTURE: u32 = 1;
    /// A picture found no room on its way to its encoder, so the one before it is there again.
    pub const REPLACED_PICTURE: u32 = 2;
    /// The source wanted nothing: `action` is what the gate sent.
    pub const NO_TARGET: u32 = 4;
    /// The newest picture of a camera was older than is allowed.
    pub const LATE_PICTURE: u32 = 8;
    /// The control loop stood still: state and action are those of the moment before.
    pub const STALLED: u32 = 16;
}

/// A camera of the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraSpec {
    /// Its name, e.g. `front`.
    pub name: String,
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
}

impl CameraSpec {
    /// The name of its pictures in the dataset.
    pub fn key(&self) -> String {
        format!("observation.images.{}", self.name)
    }
}

/// The columns of a dataset.
#[derive(Debug, Clone)]
pub struct Columns {
    joints: Vec<String>,
    cameras: Vec<CameraSpec>,
    environment: Option<Arc<dyn Environment>>,
    plain: bool,
}

impl Columns {
    /// The columns for these numbers of a state or an action (LeRobot's names, such as `shoulder_pan.pos` or `x.vel`) and cameras; `plain`
    /// leaves out ours.
    pub fn new(joints: Vec<String>, cameras: Vec<CameraSpec>, plain: bool) -> Self {
        Self {
            joints,
            cameras,
            environment: None,
            plain,
        }
    }

    /// The same columns, and one for the state of these surroundings.
    #[must_use]
    pub fn with_environment(self, environment: Option<Arc<dyn Environment>>) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// The cameras, in order.
    pub fn cameras(&self) -> &[CameraSpec] {
        &self.cameras
    }

    /// The features to declare, in order.
    pub fn features(&self, fps: u32) -> Vec<Feature> {
        let joints = |key| Feature::vector(key, Number::Float32, self.joints.iter().cloned());
        let mut features = vec![joints("action"), joints("observation.state")];
        features.extend(self.environment.iter().map(|environment| {
            Feature::vector(
                "observation.environment_state",
                Number::Float32,
                environment.names(),
            )
        }));
        features.extend(self.cameras.iter().map(|camera| {
            Feature::camera(
                &camera.key(),
                camera.width as usize,
                camera.height as usize,
                fps,
            )
        }));
        if !self.plain {
            features.push(joints("ulna.action_sent"));
            features.push(Feature::scalar("ulna.time", Number::Float32));
            features.push(Feature::scalar("ulna.state_age", Number::Float32));
            for camera in &self.cameras {
                features.push(Feature::scalar(
                    &format!("ulna.age.{}", camera.name),
                    Number::Float32,
                ));
            }
            features.push(Feature::scalar("ulna.flags", Number::Int64));
        }
        features
    }

    /// The numbers of a complete row, in the order of [`features`](Self::features); `start` is t_0 of its episode. `None` if
    /// something is missing.
    pub fn row(&self, sampled: &Sampled, start: Stamp, mut flags: u32) -> Option<Vec<f64>> {
        let (state, tick) = (sampled.state?, sampled.target?);
        if tick.action.is_none() {
            flags |= flag::NO_TARGET;
        }
        let mut row = tick.target().unwrap_or(tick.sent).to_vec();
        row.extend_from_slice(&state.state.position);
        if let Some(environment) = &self.environment {
            let mut numbers = vec![0.0; environment.names().len()];
            environment.read(sampled.at, &mut numbers);
            row.extend(numbers);
        }
        if !self.plain {
            row.extend_from_slice(&tick.sent);
            row.push(state.state.stamp.seconds() - start.seconds());
            row.push(state.oldest().age(sampled.at).as_secs_f64());
            for picture in &sampled.pictures {
                row.push(picture.as_ref()?.age(sampled.at).as_secs_f64());
            }
            row.push(f64::from(flags));
        }
        Some(row)
    }
}
