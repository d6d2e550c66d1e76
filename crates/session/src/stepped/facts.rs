//! What an environment is, before any episode: its values, their names and limits.

use ulna_core::Unit;
use ulna_robot::VisualSpec;
use ulna_rt::Stop;

use super::options::{SteppedOptions, simulated};
use crate::client::SessionLink;
use crate::error::SessionError;
use crate::eval::limit_of;
use crate::options::RigOptions;
use crate::rig::{RATES, Rig};
use crate::supply::scenes;
use crate::teleoperators;
use crate::usage::{SteppedUsage, UsageError};

/// One value of a state and an action.
#[derive(Debug, Clone, PartialEq)]
pub struct SteppedJoint {
    /// LeRobot's name of it: `shoulder_pan.pos`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The lowest and highest goal that the gate lets through.
    pub range: (f64, f64),
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SteppedCamera {
    /// Its name.
    pub name: String,
    /// Width and height of its pictures, pixels.
    pub size: (u32, u32),
}

/// What all episodes of an environment have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct SteppedFacts {
    /// The scene.
    pub scene: String,
    /// The robot.
    pub robot: String,
    /// LeRobot's name of its type.
    pub robot_type: String,
    /// The values of a state and an action, in order.
    pub joints: Vec<SteppedJoint>,
    /// The observed cameras.
    pub cameras: Vec<SteppedCamera>,
    /// The camera for people, if there is one.
    pub render: Option<SteppedCamera>,
    /// Names of the values of the surroundings, if they are observed: those of the scene, then for each thing its place (m) and its turn as a
    /// quaternion (w first, not negative), in the frame of the robot's base.
    pub environment: Vec<String>,
    /// What may be to be done, in words.
    pub tasks: Vec<String>,
    /// How long an episode may take, s.
    pub time_limit_s: f64,
    /// The most steps that an episode can have.
    pub most_steps: u64,
}

/// What a thing's pose is made of.
const POSE: [&str; 7] = ["x", "y", "z", "qw", "qx", "qy", "qz"];

/// The names of the cameras that an episode on this rig observes unless others are named.
///
/// # Errors
/// If there is no such robot or scene.
pub fn cameras(options: &RigOptions) -> Result<Vec<String>, SessionError> {
    let rig = open(&simulated(options))?;
    let (mut names, spare) = (rig.surroundings.cameras(), rig.surroundings.spare_cameras());
    names.retain(|name| !spare.contains(name));
    Ok(names)
}

/// The rig with a teleoperator that says nothing.
fn open(options: &RigOptions) -> Result<Rig, SessionError> {
    let nothing = teleoperators::named("none")?;
    let link = SessionLink::alone(&Stop::new());
    Rig::open_for(options, &link, |request| (nothing.open)(request))
}

/// The facts of an environment; options that cannot be are found here.
///
/// # Errors
/// If there is no such robot, scene or camera, or no such pictures or steps.
pub fn facts(options: &SteppedOptions) -> Result<SteppedFacts, SessionError> {
    let rig_options = simulated(&options.rig);
    if !(*RATES.start()..=rig_options.rate_hz).contains(&options.fps) {
        let (fps, low, high) = (options.fps, *RATES.start(), rig_options.rate_hz);
        return Err(UsageError::from(SteppedUsage::Fps { fps, low, high }).into());
    }
    let scene = rig_options.scene.as_deref().unwrap_or(scenes::DEFAULT);
    let kind = scenes::find(scene).map_err(|error| UsageError::Scene(Box::new(error)))?;
    let rig = open(&rig_options)?;
    check_cameras(options, &rig)?;
    let surroundings = &*rig.surroundings;
    let mut environment = Vec::new();
    environment.extend(
        surroundings
            .environment()
            .map_or(Vec::new(), |it| it.names()),
    );
    if let Some(things) = surroundings.moving_things().filter(|_| options.objects) {
        for (name, _) in things.things() {
            environment.extend(POSE.map(|part| format!("{name}.{part}")));
        }
    }
    let camera = |name: &String| SteppedCamera {
        name: name.clone(),
        size: options.size(surroundings, name),
    };
    let limits = rig.robot.gate_limits(&rig.calibration);
    let joints = rig.robot.value_names().into_iter().zip(&rig.robot.joints);
    let joints = joints.zip(limits.range.iter());
    let limit = limit_of(surroundings);
    // The first observation comes at the end of the first tick.
    let steps = (limit.as_secs_f64() - 1.0 / rig.rate_hz) * options.fps;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // within the rates and limits
    let most_steps = steps.ceil().max(1.0) as u64;
    Ok(SteppedFacts {
        scene: kind.name,
        robot: rig.robot.name.clone(),
        robot_type: rig.robot.follower.robot_type.clone(),
        joints: joints
            .map(|((name, joint), range)| SteppedJoint {
                name,
                unit: joint.unit,
                range: *range,
            })
            .collect(),
        cameras: options.cameras.iter().map(camera).collect(),
        render: options.render.as_ref().map(camera),
        environment,
        tasks: kind.tasks,
        time_limit_s: limit.as_secs_f64(),
        most_steps,
    })
}

/// Each camera is there, named once, and takes such pictures.
fn check_cameras(options: &SteppedOptions, rig: &Rig) -> Result<(), SessionError> {
    let known = rig.surroundings.cameras();
    for (index, name) in options.cameras.iter().enumerate() {
        if options.cameras[..index].contains(name) {
            let camera = name.clone();
            return Err(UsageError::from(SteppedUsage::Twice { camera }).into());
        }
    }
    for name in options.cameras.iter().chain(&options.render) {
        if !known.contains(name) {
            let wrong = SteppedUsage::Camera {
                camera: name.clone(),
                robot: rig.robot.name.clone(),
                known: known.join(", "),
            };
            return Err(UsageError::from(wrong).into());
        }
        rig.surroundings
            .open_camera(name, options.size(&*rig.surroundings, name), options.fps)?;
    }
    Ok(())
}

/// The places and turns of things, as [`POSE`] names them.
pub(super) fn poses(things: &[(String, VisualSpec)]) -> impl Iterator<Item = f64> {
    things.iter().flat_map(|(_, thing)| {
        let [x, y, z] = thing.frame.xyz;
        let turn = thing.frame.isometry().rotation;
        // Both signs are the same turn.
        let sign = if turn.w < 0.0 { -1.0 } else { 1.0 };
        let [w, i, j, k] = [turn.w, turn.i, turn.j, turn.k].map(|part| part * sign);
        [x, y, z, w, i, j, k]
    })
}
