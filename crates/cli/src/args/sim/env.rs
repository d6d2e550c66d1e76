//! `ulna sim env`.

use std::path::PathBuf;

use clap::Args;
use ulna_env::server::Place;
use ulna_env::{EnvOptions, MOST_ENVIRONMENTS};
use ulna_session::stepped::{SteppedOptions, cameras};
use ulna_session::{RigOptions, SessionError};

use crate::args::replay::UnitsArg;
use crate::args::rig::SceneName;
use crate::args::values::{Variation, size};

#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    /// The scene: a name, or the path of a scene file; `ulna sim scenes` lists them
    #[arg(long, value_name = "NAME", value_parser = SceneName)]
    pub(crate) scene: String,

    /// How many environments; they step at the same time
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = count)]
    num_envs: usize,

    /// Steps per second of simulated time, 1 to 200: the rate at which the policy was recorded
    #[arg(long, default_value_t = 30.0, value_name = "HZ")]
    fps: f64,

    /// The cameras to observe, by name, separated by commas [default: all but spare ones]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    cameras: Option<Vec<String>>,

    /// Observe no camera
    #[arg(long, conflicts_with = "cameras")]
    no_cameras: bool,

    /// Size of all pictures, pixels [default: as the scene has each camera's]
    #[arg(long, value_name = "WxH", value_parser = size)]
    camera_size: Option<(u32, u32)>,

    /// Whether light, colours, textures, cameras' places and noise vary with the seed
    #[arg(long, value_enum, default_value_t = Variation::On, value_name = "WHAT")]
    scene_variation: Variation,

    /// Observe where the things are, in `environment_state`
    #[arg(long)]
    objects: bool,

    /// The camera that `render` shows; the first there is if none is named
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true)]
    render: Option<Option<String>>,

    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    robot: String,

    /// The unit of the joints that are no gripper, if not the robot file's
    #[arg(long, value_name = "UNITS")]
    units: Option<UnitsArg>,

    /// Which of a scene's tasks is meant, where it has several; the seed says unless given
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    /// Where the socket is to be; a private folder unless given
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,

    /// Standard input is a socket with the client at its other end; the server ends with it
    #[arg(long, conflicts_with = "socket")]
    on_stdin: bool,

    /// Print what an environment is, as JSON, and serve nothing
    #[arg(long, conflicts_with_all = ["socket", "on_stdin"])]
    pub(crate) describe: bool,
}

/// A number of environments.
fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    let count = count.filter(|count| (1..=MOST_ENVIRONMENTS).contains(count));
    count.ok_or_else(|| format!("not a number from 1 to {MOST_ENVIRONMENTS}"))
}

impl EnvArgs {
    /// What is served.
    ///
    /// # Errors
    /// If there is no such robot or scene.
    pub(crate) fn options(&self) -> Result<EnvOptions, SessionError> {
        let rig = RigOptions {
            robot: self.robot.clone(),
            sim: true,
            scene: Some(self.scene.clone()),
            scene_variation: self.scene_variation.is_on(),
            task: self.task.clone(),
            unit: self.units.map(Into::into),
            ..RigOptions::default()
        };
        let observed = match (&self.cameras, self.no_cameras) {
            (_, true) => Vec::new(),
            (Some(names), _) => names.clone(),
            (None, false) => cameras(&rig)?,
        };
        let render = match &self.render {
            None => None,
            Some(Some(name)) => Some(name.clone()),
            Some(None) => match observed.first() {
                Some(first) => Some(first.clone()),
                None => cameras(&rig)?.into_iter().next(),
            },
        };
        Ok(EnvOptions {
            count: self.num_envs,
            episode: SteppedOptions {
                rig,
                fps: self.fps,
                cameras: observed,
                picture: self.camera_size,
                objects: self.objects,
                render,
            },
        })
    }

    /// Where clients find it.
    pub(crate) fn place(&self) -> Place {
        match (&self.socket, self.on_stdin) {
            (_, true) => Place::Stdin,
            (Some(path), _) => Place::Socket(path.clone()),
            (None, false) => Place::Private,
        }
    }
}
