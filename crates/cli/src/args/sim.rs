//! `ulna sim`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ulna_session::RigOptions;

use super::adapter::AdapterName;

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

    /// Size of the picture, pixels
    #[arg(long, default_value = "640x480", value_name = "WxH", value_parser = super::values::size)]
    pub(crate) size: (u32, u32),

    /// Seed of everything random in the scene
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) seed: u64,

    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    pub(crate) robot: String,
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
