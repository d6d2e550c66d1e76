//! `ulna sim`.

mod env;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ulna_session::RigOptions;
use ulna_session::sim_to_real::CompareOptions;

use super::adapter::AdapterName;
use super::replay::UnitsArg;
use super::values::{Episodes, Variation, episodes};
pub(crate) use env::EnvArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SimAction {
    /// Put simulated servos on pseudo-terminals in real time, until Ctrl-C
    #[command(after_help = "\
Examples:
  ulna sim serve                          one line: `follower /dev/pts/N`
  ulna sim serve --leader                 a leader as well, moved by the simulated hand
  ulna sim serve --leader --robot-id sim --teleop-id sim
                                          with calibration files where LeRobot looks for them, so that its own drivers connect:
                                          --robot.type=so101_follower --robot.port=/dev/pts/N --robot.id=sim")]
    Serve(ServeArgs),

    /// List the scenes: what is around the arm, and what is to be done there
    Scenes,

    /// One scene: its task, its things, a picture of it
    #[command(after_help = "\
Examples:
  ulna sim show lift
  ulna sim show lift --picture lift.png --seed 3
  ulna sim show lift --toml > mine.toml        the file itself, to start one of your own from: --scene ./mine.toml")]
    Show(ShowArgs),

    /// How near the simulated arm is to a real one: plays a dataset's actions and compares the states
    #[command(after_help = "\
Examples:
  ulna sim compare --dataset my-data                  which servos the arm has, and how near the simulation comes, joint by joint
  ulna sim compare --dataset my-data --robot my-arm.toml
                                                      with the file that `ulna sim identify` made
  ulna sim compare --dataset pair --arm left          one arm of a pair

Actions are held from frame to frame as LeRobot's loop holds them. A ratio is the simulated arm's error in parts of the error of the
best pure delay of the actions: below 1 the simulation knows more than a delay.")]
    Compare(CompareArgs),

    /// Serve environments for programs in other languages: reset, step, render and close as gymnasium has them, over a local socket
    #[command(after_help = "\
Examples:
  ulna sim env --scene lift                  prints the socket's path, and serves one client after the other until Ctrl-C
  ulna sim env --scene lift --num-envs 4 --cameras front --camera-size 320x240
  ulna sim env --scene sort --no-cameras --objects --task \"Put the red cube into the bin\"
  ulna sim env --scene lift --describe       what an environment is, as JSON, and serves nothing

In Python (`pip install crates/sim/python`), which starts the server itself:
  env = gymnasium.make(\"ulna_env:ulna/Lift-v0\", render_mode=\"rgb_array\")
  lerobot-eval --env.type=ulna --env.task=Lift-v0 --policy.path=DIR --eval.n_episodes=50 --eval.batch_size=1

An episode is that of `ulna eval` with the same seed: the same world, judge and time limit.")]
    Env(EnvArgs),

    /// Write a robot file for one arm from recordings of it: its motors, ranges, friction, play and delay
    #[command(after_help = "\
Examples:
  ulna sim identify --dataset my-data --output my-arm.toml
                                          half of the episodes is fitted, the rest says how well that predicts
  ulna teleop --sim --robot my-arm.toml   then simulates this arm
  ulna sim identify --dataset pair --arm left --output left.toml
                                          one arm of a pair")]
    Identify(IdentifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The scene's name, or the path of its file
    #[arg(value_parser = super::rig::SceneName)]
    pub(crate) scene: String,

    /// Print the file itself
    #[arg(long, conflicts_with = "picture")]
    pub(crate) toml: bool,

    /// Write what a camera sees as PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,

    /// Overwrite a picture that is there
    #[arg(long, requires = "picture")]
    pub(crate) replace: bool,

    /// The camera [default: the robot's first]
    #[arg(long, value_name = "NAME", requires = "picture")]
    pub(crate) camera: Option<String>,

    /// Size of the picture, pixels [default: as the scene has it, 640x480]
    #[arg(long, value_name = "WxH", value_parser = super::values::size)]
    pub(crate) size: Option<(u32, u32)>,

    /// Seed of everything random in the scene
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) seed: u64,

    /// Whether the scene's light, colours, textures, cameras' places and noise vary with the seed
    #[arg(long, value_enum, default_value_t = Variation::On, value_name = "WHAT")]
    pub(crate) scene_variation: Variation,

    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    pub(crate) robot: String,
}

#[derive(Debug, Args)]
pub(crate) struct IdentifyArgs {
    #[command(flatten)]
    recorded: RecordedArgs,

    /// The robot file to write; the robot is called as the file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Overwrite a file that is there
    #[arg(long)]
    pub(crate) replace: bool,

    /// The kind of robot that the file extends [default: that of the dataset]
    #[arg(long, value_name = "F")]
    robot: Option<String>,
}

impl IdentifyArgs {
    pub(crate) fn options(&self) -> CompareOptions {
        self.recorded.options(self.robot.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    recorded: RecordedArgs,

    /// The robot, a name or a file: its motors are simulated instead of those that the data show
    #[arg(long, value_name = "F")]
    robot: Option<String>,
}

/// Which recordings of a real arm.
#[derive(Debug, Args)]
pub(crate) struct RecordedArgs {
    /// Folder of the dataset
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,

    /// Only these episodes, such as 1,3-5
    #[arg(long, value_parser = episodes, value_name = "LIST")]
    episodes: Option<Episodes>,

    /// LeRobot's calibration file of the arm [default: the ranges are read off the data]
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,

    /// The unit of the dataset's joints, if the data do not show it
    #[arg(long, value_name = "UNITS")]
    units: Option<UnitsArg>,

    /// Only the arm whose joints' names begin so, such as left
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
}

impl RecordedArgs {
    fn options(&self, robot: Option<&str>) -> CompareOptions {
        CompareOptions {
            dataset: self.dataset.clone(),
            episodes: self.episodes.as_ref().map(|episodes| episodes.0.clone()),
            robot: robot.map(str::to_owned),
            calibration: self.calibration.clone(),
            units: self.units.map(Into::into),
            arm: self.arm.clone(),
        }
    }
}

impl CompareArgs {
    pub(crate) fn options(&self) -> CompareOptions {
        self.recorded.options(self.robot.as_deref())
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    pub(crate) robot: String,

    /// A leader arm as well, moved by the simulated hand
    #[arg(long)]
    pub(crate) leader: bool,

    /// The id of the follower's calibration; a new one gets a file where LeRobot keeps them
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// The id of the leader's calibration
    #[arg(long, value_name = "ID", requires = "leader")]
    teleop_id: Option<String>,

    /// Seed of the hand and of the faults
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// What goes wrong on the follower's bus, as for teleop
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,

    /// The USB adapter in front of each bus [default: direct, none]; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName)]
    adapter: Option<String>,
}

impl ServeArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        RigOptions {
            robot: self.robot.clone(),
            robot_id: self.robot_id.clone(),
            teleop_id: self.teleop_id.clone(),
            sim: true,
            seed: self.seed,
            faults: self.fault.clone(),
            adapter: self.adapter.clone(),
            ..RigOptions::default()
        }
    }
}
