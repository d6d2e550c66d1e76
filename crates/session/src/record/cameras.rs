//! The cameras of a recording.

use ulna_cameras::CameraFacts;
use ulna_recorder::{CameraSource, CameraSpec, picture_queue};
use ulna_robot::RobotKind;

use super::RecordOptions;
use super::options::CameraChoice;
use crate::cameras::{CameraHub, CameraUse};
use crate::error::SessionError;
use crate::supply::Surroundings;
use crate::teleoperators::PICTURE;
use crate::usage::{RecordUsage, UsageError};

/// What the dataset says of the recorded cameras, and where their pictures come out: those of the robot file in its order, then the others.
#[derive(Debug, Default)]
pub(super) struct RecordedCameras {
    pub(super) specs: Vec<CameraSpec>,
    pub(super) sources: Vec<CameraSource>,
    /// What the real ones are and give, in the same order.
    pub(super) facts: Vec<CameraFacts>,
    /// What to tell the user.
    pub(super) notes: Vec<String>,
}

impl RecordedCameras {
    /// Adds the recorder to the uses of the cameras that the options choose. Real ones are opened, and have settled, by the time that this returns.
    ///
    /// # Errors
    /// If the rig has no such camera, or it cannot be opened here.
    pub(super) fn add(
        hub: &mut CameraHub,
        robot: &RobotKind,
        surroundings: &dyn Surroundings,
        options: &RecordOptions,
    ) -> Result<Self, SessionError> {
        let chosen = choose(robot, surroundings, &options.cameras)?;
        faults_are_recorded(&options.camera_faults, &chosen)?;
        let (facts, notes) = surroundings.prepare_cameras(&chosen)?;
        let mut recorded = Self {
            notes,
            ..Self::default()
        };
        for (index, name) in chosen.into_iter().enumerate() {
            let (size, fps) = match facts.get(index) {
                Some(facts) => (recordable(&name, facts)?, facts.fps_measured.max(1.0)),
                None => {
                    let size = options.picture.or(surroundings.picture_size(&name));
                    (size.unwrap_or(PICTURE), f64::from(options.fps))
                }
            };
            recorded.notes.extend(
                facts
                    .get(index)
                    .and_then(|facts| too_slow(&name, facts, options.fps)),
            );
            let (sink, source) = picture_queue(&name, size);
            hub.add(&name, CameraUse::Record, size, fps, Box::new(sink));
            recorded.sources.push(source);
            recorded.specs.push(CameraSpec {
                name,
                width: size.0,
                height: size.1,
            });
        }
        Ok(Self { facts, ..recorded })
    }
}

/// The size of a real camera's pictures, if they can be encoded.
fn recordable(name: &str, facts: &CameraFacts) -> Result<(u32, u32), SessionError> {
    let (width, height) = (facts.width, facts.height);
    let fits = |side: u32, largest: u32| side.is_multiple_of(2) && (16..=largest).contains(&side);
    match fits(width, 3840) && fits(height, 2160) {
        true => Ok((width, height)),
        false => {
            let wrong = RecordUsage::PictureSize {
                camera: name.to_owned(),
                width,
                height,
            };
            Err(UsageError::from(wrong).into())
        }
    }
}

/// What follows where a camera is slower than the rows.
fn too_slow(name: &str, facts: &CameraFacts, fps: u32) -> Option<String> {
    let measured = facts.fps_measured;
    (measured < f64::from(fps) * 0.97).then(|| {
        format!(
            "camera `{name}` gives {measured:.1} pictures/s for {fps} rows/s: pictures will be there twice, and are marked; --fps {:.0} fits it",
            measured.max(1.0).floor()
        )
    })
}

fn choose(
    robot: &RobotKind,
    surroundings: &dyn Surroundings,
    choice: &CameraChoice,
) -> Result<Vec<String>, SessionError> {
    let there = surroundings.cameras();
    let mounted = robot.cameras.iter().map(|spec| spec.name.clone());
    let mut all: Vec<String> = mounted.filter(|name| there.contains(name)).collect();
    let others = there
        .into_iter()
        .filter(|name| robot.cameras.iter().all(|spec| spec.name != *name));
    all.extend(others);
    let names = match choice {
        CameraChoice::Only(names) => names,
        // A real rig without cameras is no accident only if the user says so.
        CameraChoice::All if all.is_empty() && !surroundings.simulated() => {
            let first = robot.cameras.first().map_or("front", |spec| &spec.name);
            return Err(SessionError::NoCamera {
                camera: first.to_owned(),
            });
        }
        CameraChoice::All => {
            let spare = surroundings.spare_cameras();
            all.retain(|name| !spare.contains(name));
            return Ok(all);
        }
    };
    match names.iter().find(|name| !all.contains(name)) {
        Some(unknown) if all.is_empty() => Err(SessionError::NoCamera {
            camera: unknown.clone(),
        }),
        Some(unknown) => {
            let wrong = RecordUsage::UnknownCamera {
                robot: robot.name.clone(),
                camera: unknown.clone(),
                known: all.join(", "),
            };
            Err(UsageError::from(wrong).into())
        }
        None => Ok(all
            .into_iter()
            .filter(|name| names.contains(name))
            .collect()),
    }
}

/// A fault of a camera that is not recorded would happen unseen.
fn faults_are_recorded(faults: &[String], chosen: &[String]) -> Result<(), SessionError> {
    let names = faults.iter().filter_map(|fault| fault.split(':').next());
    let mut unseen = names.filter(|name| !chosen.iter().any(|camera| camera == name));
    match unseen.next() {
        Some(name) => {
            let camera = name.to_owned();
            Err(UsageError::from(RecordUsage::FaultUnseen { camera }).into())
        }
        None => Ok(()),
    }
}
