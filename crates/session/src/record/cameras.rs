//! The cameras of a recording.

use ulna_recorder::{CameraSource, CameraSpec, picture_queue};
use ulna_robot::RobotKind;

use super::RecordOptions;
use super::options::CameraChoice;
use crate::cameras::{CameraHub, CameraUse};
use crate::error::SessionError;
use crate::supply::Surroundings;

/// What the dataset says of the recorded cameras, and where their pictures come out, in the order of the robot file.
#[derive(Debug, Default)]
pub(super) struct RecordedCameras {
    pub(super) specs: Vec<CameraSpec>,
    pub(super) sources: Vec<CameraSource>,
}

impl RecordedCameras {
    /// Adds the recorder to the uses of the cameras that the options choose.
    ///
    /// # Errors
    /// If the robot has no such camera, or it cannot be opened here.
    pub(super) fn add(
        hub: &mut CameraHub,
        robot: &RobotKind,
        surroundings: &dyn Surroundings,
        options: &RecordOptions,
    ) -> Result<Self, SessionError> {
        let chosen = choose(robot, &options.cameras)?;
        faults_are_recorded(&options.camera_faults, &chosen)?;
        let there = surroundings.cameras();
        if let Some(camera) = chosen.iter().find(|name| !there.contains(name)) {
            return Err(SessionError::NoCameraDriver {
                camera: camera.clone(),
            });
        }
        let (width, height) = options.picture;
        let mut recorded = Self::default();
        for name in chosen {
            let (sink, source) = picture_queue(&name, options.picture);
            let fps = f64::from(options.fps);
            hub.add(
                &name,
                CameraUse::Record,
                options.picture,
                fps,
                Box::new(sink),
            );
            recorded.sources.push(source);
            recorded.specs.push(CameraSpec {
                name,
                width,
                height,
            });
        }
        Ok(recorded)
    }
}

fn choose(robot: &RobotKind, choice: &CameraChoice) -> Result<Vec<String>, SessionError> {
    let all: Vec<String> = robot.cameras.iter().map(|spec| spec.name.clone()).collect();
    let CameraChoice::Only(names) = choice else {
        return Ok(all);
    };
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(SessionError::Usage(format!(
            "robot `{}` has no camera `{unknown}`; it has: {}",
            robot.name,
            all.join(", ")
        )));
    }
    Ok(all
        .into_iter()
        .filter(|name| names.contains(name))
        .collect())
}

/// A fault of a camera that is not recorded would happen unseen.
fn faults_are_recorded(faults: &[String], chosen: &[String]) -> Result<(), SessionError> {
    let names = faults.iter().filter_map(|fault| fault.split(':').next());
    let mut unseen = names.filter(|name| !chosen.iter().any(|camera| camera == name));
    match unseen.next() {
        Some(name) => Err(SessionError::Usage(format!(
            "--camera-fault: camera `{name}` is not among those that are recorded"
        ))),
        None => Ok(()),
    }
}
