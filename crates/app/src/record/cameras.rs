//! The cameras of a rig.

use std::sync::Arc;

use ulna_core::kinematics::Chain;
use ulna_core::{Camera, RobotKind};
use ulna_outside::Text;
use ulna_recorder::CameraSpec;
use ulna_sim::camera::{CameraOptions, FaultyCamera, SimCamera, Trouble, cube_from_seed};
use ulna_sim::scene::{self, Colour, Scene};

use super::CameraChoice;
use crate::error::AppError;
use crate::rig::{Rig, RigOptions, World};

/// The cube on the table of a simulated recording.
const CUBE: Colour = Colour([36, 92, 210]);

/// Which cameras, and how they take their pictures if they are simulated.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    /// Which of the robot's.
    pub(crate) cameras: &'a CameraChoice,
    /// Width and height, pixels.
    pub(crate) size: (u32, u32),
    /// Pictures per second.
    pub(crate) fps: u32,
    /// What goes wrong with them.
    pub(crate) faults: &'a [String],
}

/// What the cameras of a simulated rig look at, but for the mark of a task, which moves: without a task there is a cube.
pub(crate) fn scene(kind: &RobotKind, with_task: bool, seed: u64) -> Scene {
    let mut scene = Scene::of(kind);
    if !with_task {
        scene.objects.push(cube_from_seed(&scene.table, CUBE, seed));
    }
    scene
}

/// The cameras that are wanted, in the order of the robot file.
pub(crate) fn open(
    rig: &Rig,
    options: &RigOptions,
    wanted: &Wanted<'_>,
) -> Result<Vec<Box<dyn Camera>>, AppError> {
    let kind = &rig.follower.kind;
    let chosen = choose(kind, wanted.cameras)?;
    let troubles = wanted.faults.iter().map(|text| Trouble::parse(text));
    let troubles = troubles
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| AppError::UsageLines(Text::split(error)))?;
    if let Some((name, _)) = troubles
        .iter()
        .find(|(name, _)| !chosen.iter().any(|camera| camera.name == *name))
    {
        return Err(AppError::Usage(format!(
            "--camera-fault: camera `{name}` is not among those that are recorded"
        )));
    }
    let World::Simulated { arm, task, .. } = &rig.world else {
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        return Err(AppError::Usage(
            "this version has no driver for real cameras: pass --no-cameras to record states and actions alone".to_owned(),
        ));
    };
    let scene = Arc::new(scene(kind, task.is_some(), options.seed));
    let (width, height) = wanted.size;
    let how = CameraOptions::new(width, height, f64::from(wanted.fps));
    let cameras = chosen.into_iter().map(|view| {
        let (scene, arm) = (Arc::clone(&scene), Arc::clone(arm));
        let camera = SimCamera::new(view, scene, Chain::new(kind), arm, how.clone());
        let camera = camera.map_err(|error| AppError::UsageLines(Text::split(error)))?;
        let mut camera = Box::new(camera.with_task(task.clone())) as Box<dyn Camera>;
        let mine = |(name, _): &&(String, Trouble)| name == camera.name();
        if let Some((_, trouble)) = troubles.iter().find(mine) {
            camera = Box::new(FaultyCamera::new(camera, *trouble));
        }
        Ok(camera)
    });
    cameras.collect()
}

fn choose(kind: &RobotKind, choice: &CameraChoice) -> Result<Vec<scene::Camera>, AppError> {
    let mut all = scene::cameras_of(kind);
    if let CameraChoice::Only(names) = choice {
        if let Some(unknown) = names
            .iter()
            .find(|name| !all.iter().any(|camera| camera.name == **name))
        {
            let known: Vec<&str> = all.iter().map(|camera| camera.name.as_str()).collect();
            return Err(AppError::Usage(format!(
                "robot `{}` has no camera `{unknown}`; it has: {}",
                kind.name,
                known.join(", ")
            )));
        }
        all.retain(|camera| names.contains(&camera.name));
    }
    Ok(all)
}

/// What the dataset says of these cameras.
pub(super) fn specs(cameras: &[Box<dyn Camera>]) -> Vec<CameraSpec> {
    let specs = cameras.iter().map(|camera| {
        let (width, height) = camera.size();
        CameraSpec {
            name: camera.name().to_owned(),
            width,
            height,
        }
    });
    specs.collect()
}
