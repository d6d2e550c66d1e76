//! One pump per camera, and a sink for each use of its pictures.

use ulna_core::FrameSink;
use ulna_drivers::CameraPump;
use ulna_robot::RobotKind;

use super::scaled::ScaledSink;
use crate::error::SessionError;
use crate::supply::Surroundings;

/// What pictures are used for, the most exacting use first: it decides at which size and rate its camera is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CameraUse {
    /// They become a dataset.
    Record,
    /// A policy acts on them.
    Policy,
    /// People look at them. They get no more and no larger ones than they want, whatever the camera gives.
    Display,
}

#[derive(Debug)]
struct Wish {
    camera: String,
    what_for: CameraUse,
    size: (u32, u32),
    fps: f64,
    sink: Box<dyn FrameSink>,
}

/// The cameras of a rig. Uses are added first; [`open`](Self::open) then opens each camera that has any, once.
#[derive(Debug, Default)]
pub struct CameraHub {
    wishes: Vec<Wish>,
}

/// A camera with all its uses: a machine to step.
#[derive(Debug)]
pub struct OpenedCamera {
    /// The camera's name.
    pub name: String,
    /// From the camera to its uses.
    pub pump: CameraPump,
}

impl CameraHub {
    /// Adds a use of the camera of this name, which wants pictures of this size (width and height, pixels) at this rate.
    pub fn add(
        &mut self,
        camera: &str,
        what_for: CameraUse,
        size: (u32, u32),
        fps: f64,
        sink: Box<dyn FrameSink>,
    ) {
        self.wishes.push(Wish {
            camera: camera.to_owned(),
            what_for,
            size,
            fps,
            sink,
        });
    }

    /// The size at which this camera will be opened, if it is already used.
    pub fn size_of(&self, camera: &str) -> Option<(u32, u32)> {
        self.decisive(camera).map(|wish| wish.size)
    }

    /// Whether this camera is already used for something else than looking.
    pub fn is_used(&self, camera: &str) -> bool {
        let decisive = self.decisive(camera);
        decisive.is_some_and(|wish| wish.what_for != CameraUse::Display)
    }

    /// The cameras whose pictures can be shown, those of the robot file first: those that are used anyway, and those that are there, but for the spare
    /// ones.
    pub fn shown(&self, robot: &RobotKind, surroundings: &dyn Surroundings) -> Vec<String> {
        let spare = surroundings.spare_cameras();
        let mut there = surroundings.cameras();
        there.retain(|name| !spare.contains(name) || self.is_used(name));
        let mounted = robot.cameras.iter().map(|camera| &camera.name);
        let mounted = mounted.filter(|name| self.is_used(name) || there.contains(name));
        let mut shown: Vec<String> = mounted.cloned().collect();
        // A rig may have cameras of which the robot file knows nothing.
        there.retain(|name| !shown.contains(name));
        shown.append(&mut there);
        shown
    }

    fn decisive(&self, camera: &str) -> Option<&Wish> {
        let wishes = self.wishes.iter().filter(|wish| wish.camera == camera);
        wishes.min_by_key(|wish| wish.what_for)
    }

    /// Opens every camera that has a use, in the order of their first use.
    ///
    /// # Errors
    /// If a camera cannot be opened.
    pub fn open(self, surroundings: &dyn Surroundings) -> Result<Vec<OpenedCamera>, SessionError> {
        let mut names: Vec<String> = Vec::new();
        for wish in &self.wishes {
            if !names.contains(&wish.camera) {
                names.push(wish.camera.clone());
            }
        }
        let settings: Vec<_> = names
            .iter()
            .filter_map(|name| self.decisive(name))
            .map(|wish| (wish.size, wish.fps))
            .collect();
        let mut wishes = self.wishes;
        let mut opened = Vec::new();
        for (name, (size, fps)) in names.into_iter().zip(settings) {
            let camera = surroundings.open_camera(&name, size, fps)?;
            let camera = camera.ok_or_else(|| SessionError::NoCamera {
                camera: name.clone(),
            })?;
            let uses = wishes.extract_if(.., |wish| wish.camera == name);
            let sinks = uses.map(|wish| match wish.what_for {
                CameraUse::Record | CameraUse::Policy => wish.sink,
                CameraUse::Display => {
                    Box::new(ScaledSink::new(wish.sink, wish.size, wish.fps)) as Box<dyn FrameSink>
                }
            });
            let pump = CameraPump::new(camera, sinks.collect());
            opened.push(OpenedCamera { name, pump });
        }
        Ok(opened)
    }
}
