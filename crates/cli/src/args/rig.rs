//! The rig: which robots, where, real or simulated, on which clock.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command, Error};
use ulna_session::cameras::CameraSettings;
use ulna_session::report::ClockKind;
use ulna_session::rig_file::{self, GivenRig, RigCameras, RigFile};
use ulna_session::{FarMoves, PhysicsEngine, RigOptions, SessionError, UsageError};

use crate::attended::attended;

use super::adapter::AdapterName;
use super::values::Variation;

/// The rig: which robots, where, real or simulated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rig")]
pub(super) struct RigArgs {
    /// A rig of your own (`ulna rig new NAME`), or the path of its file; options that are given come before what it says
    #[arg(value_name = "RIG", help_heading = None)]
    rig: Option<String>,

    /// The robot: a built-in name, or the path of a robot file [default: so101]
    #[arg(long, value_name = "F")]
    robot: Option<String>,

    /// The follower's serial port, those of a pair as LEFT,RIGHT; the only USB adapter that is left unless given
    #[arg(long, value_name = "P")]
    robot_port: Option<String>,

    /// The id under which the follower was calibrated; the only one there is unless given
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// A real camera, such as front=/dev/video0 or wrist=http://10.0.0.4:8080/video,rotation=90; may be repeated; keys as in a rig file
    #[arg(long, value_name = "NAME=CAMERA", value_parser = camera, conflicts_with = "sim")]
    camera: Vec<(String, CameraSettings)>,

    /// Simulated servos: no port is opened
    #[arg(long)]
    sim: bool,

    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sim")]
    seed: u64,

    /// What is around the simulated arm, and what is to be done there: a name, or the path of a scene file; `ulna sim scenes` lists them
    #[arg(long, value_name = "NAME", default_value = ulna_session::scenes::DEFAULT, value_parser = SceneName, requires = "sim")]
    scene: String,

    /// What moves the simulated arm and the things around it: ulna's own engine, or MuJoCo where it is built in
    #[arg(
        long,
        value_name = "ulna|mujoco",
        default_value = "ulna",
        requires = "sim"
    )]
    physics: PhysicsEngine,

    /// Whether the scene's light, colours, textures, cameras' places and noise vary with the seed
    #[arg(long, value_enum, default_value_t = Variation::On, value_name = "WHAT", requires = "sim")]
    scene_variation: Variation,

    /// What goes wrong on the simulated follower's bus, such as dead:elbow_flex@2s+2s; may be repeated; `--fault help` lists all
    #[arg(long, value_name = "FAULT", requires = "sim")]
    fault: Vec<String>,

    /// The USB adapter in front of each simulated bus [default: cdc]; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName, requires = "sim")]
    adapter: Option<String>,

    /// Control ticks per second [default: 200]
    #[arg(long, value_name = "HZ")]
    rate: Option<f64>,

    /// How long the adapter's slowest answers take, if it is not to be measured while connecting
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    round_trip: Option<Duration>,

    /// Let a real follower go to its first goal however far that is, and ask nothing
    #[arg(long)]
    yes: bool,
}

/// A camera with its name.
pub(super) fn camera(text: &str) -> Result<(String, CameraSettings), String> {
    let example = "give NAME=CAMERA, such as front=/dev/video0";
    let (name, camera) = text.split_once('=').ok_or(example)?;
    rig_file::check_camera_name(name).map_err(|wrong| wrong.to_string())?;
    let settings = CameraSettings::parse(camera);
    Ok((
        name.to_owned(),
        settings.map_err(|error| error.to_string())?,
    ))
}

/// A time of a link, ms.
fn milliseconds(text: &str) -> Result<Duration, String> {
    let ms: f64 = text
        .parse()
        .map_err(|_| "give milliseconds, such as 17.5".to_owned())?;
    match (0.0..=1000.0).contains(&ms) {
        true => Ok(Duration::from_secs_f64(ms / 1e3)),
        false => Err("no adapter takes that long; give 0 to 1000 milliseconds".to_owned()),
    }
}

/// A scene by its name, or by the path of its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct SceneName;

impl SceneName {
    fn known() -> PossibleValuesParser {
        let scenes = ulna_session::scenes::all().iter();
        let values = scenes
            .map(|scene| PossibleValue::new(scene.name.as_str()).help(scene.summary.as_str()));
        PossibleValuesParser::new(values)
    }
}

impl TypedValueParser for SceneName {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let name = StringValueParser::new().parse_ref(command, arg, value)?;
        match name.contains(['/', '\\']) || name.ends_with(".toml") {
            true => Ok(name),
            false => Self::known().parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let scenes = ulna_session::scenes::all().iter();
        Some(Box::new(scenes.map(|scene| {
            PossibleValue::new(scene.name.as_str()).help(scene.summary.as_str())
        })))
    }
}

/// What drives: the arm that is moved by hand, or something else.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rig")]
pub(super) struct LeaderArgs {
    /// The robot whose leader arm drives, the same kind as the robot unless given; or `none`: the arm holds
    #[arg(long, value_name = "F")]
    teleop: Option<String>,

    /// The leader's serial port, those of a pair as LEFT,RIGHT; the only USB adapter that is left unless given
    #[arg(long, value_name = "P")]
    teleop_port: Option<String>,

    /// The id under which the leader was calibrated; the only one there is unless given
    #[arg(long, value_name = "ID")]
    teleop_id: Option<String>,

    /// An expert moves the simulated leader, and does the scene's task
    #[arg(long, requires = "sim", conflicts_with = "teleop")]
    expert: bool,
}

impl RigArgs {
    /// The task of the scene, if it has one alone.
    pub(super) fn task_of_scene(&self) -> Result<Option<String>, SessionError> {
        if !self.sim {
            return Ok(None);
        }
        let scene = ulna_session::scenes::find(&self.scene);
        let scene = scene.map_err(|error| UsageError::Scene(Box::new(error)))?;
        Ok(match scene.tasks.as_slice() {
            [task] => Some(task.clone()),
            [] => None,
            tasks => {
                let scene = self.scene.clone();
                let tasks = tasks.join("\" or --task \"");
                return Err(UsageError::SeveralTasks { scene, tasks }.into());
            }
        })
    }

    pub(super) fn is_simulated(&self) -> bool {
        self.sim
    }

    /// Whether the user says which robot it is.
    pub(super) fn names_robot(&self) -> bool {
        self.robot.is_some() || self.rig.is_some()
    }

    /// The rig file, if one is named.
    pub(super) fn file(&self) -> Result<Option<RigFile>, SessionError> {
        self.rig.as_deref().map(rig_file::load).transpose()
    }

    /// The cameras to record by the rig file, if it limits them. Real cameras are those that there are; in the simulation, those of the robot.
    pub(super) fn recorded_cameras(&self) -> Result<Option<Vec<String>>, SessionError> {
        let names = match self.file()?.and_then(|file| file.cameras) {
            Some(RigCameras::Names(names)) if self.camera.is_empty() => Some(names),
            _ => None,
        };
        Ok(names)
    }

    /// The options of a session on this rig.
    ///
    /// # Errors
    /// If the rig file is none.
    pub(super) fn options(
        &self,
        clock: ClockKind,
        leader: &LeaderArgs,
    ) -> Result<RigOptions, SessionError> {
        let mut given = GivenRig {
            robot: self.robot.clone(),
            robot_port: self.robot_port.clone(),
            robot_id: self.robot_id.clone(),
            teleop: leader.teleop.clone(),
            teleop_port: leader.teleop_port.clone(),
            teleop_id: leader.teleop_id.clone(),
            rate_hz: self.rate,
            unit: None,
            motor: None,
            cameras: self.camera.clone(),
        };
        if let Some(mut file) = self.file()? {
            // A rig stays the same rig in the simulation, which opens no port.
            if self.sim {
                (file.robot.port, file.teleop.port, file.cameras) = (None, None, None);
            }
            file.fill(&mut given);
        }
        Ok(RigOptions {
            sim: self.sim,
            clock,
            seed: self.seed,
            scene: Some(self.scene.clone()),
            physics: Some(self.physics.to_string()),
            scene_variation: self.scene_variation.is_on(),
            expert: leader.expert,
            round_trip: self.round_trip,
            far_moves: match () {
                () if self.yes => FarMoves::Allow,
                () if attended() => FarMoves::Ask,
                () => FarMoves::Refuse,
            },
            faults: self.fault.clone(),
            adapter: self.adapter.clone(),
            ..given.options()
        })
    }
}

pub(super) fn clock(lockstep: bool) -> ClockKind {
    if lockstep {
        ClockKind::Virtual
    } else {
        ClockKind::Real
    }
}
