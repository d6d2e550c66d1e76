//! `ulna rig`.

use clap::{Args, Subcommand};
use ulna_session::cameras::CameraSettings;
use ulna_session::rig_file::{DeviceTable, RigCameras, RigFile};

use super::replay::UnitsArg;
use super::rig::camera;

#[derive(Debug, Subcommand)]
pub(crate) enum RigAction {
    /// Your rigs
    List,
    /// Make one: what is not said is asked for at a terminal, and left open without one
    #[command(after_help = "\
Examples:
  ulna rig new mine                                   finds the ports by their cables
  ulna rig new mine --robot so101 --robot-port /dev/ttyACM0 --teleop-port /dev/ttyACM1
  ulna rig new desk --robot koch --camera front=/dev/video0 --camera wrist=/dev/video2,rotation=180
  ulna teleop mine
  ulna record mine --dataset DIR --task \"pick up the cube\"

Ports are written by the names under which they stay the same. The ids are those under which the arms were, or will be, calibrated: the \
rig's name unless given.")]
    New(NewRigArgs),
    /// Print a rig's file
    Show {
        /// The rig: its name, or the path of its file
        name: String,
    },
    /// Would it work? Robot, ports, calibrations and cameras, without opening or moving anything; exits with 1 if not
    Check {
        /// The rig: its name, or the path of its file
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewRigArgs {
    /// The rig's name
    pub(crate) name: String,

    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, value_name = "F", default_value = ulna_robot::files::DEFAULT)]
    robot: String,

    /// The follower's serial port, those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P")]
    pub(crate) robot_port: Option<String>,

    /// The follower's id [default: the rig's name]
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// The robot whose leader arm drives, the same kind as the robot unless given; or `none`: the arm holds
    #[arg(long, value_name = "F")]
    pub(crate) teleop: Option<String>,

    /// The leader's serial port, those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P")]
    pub(crate) teleop_port: Option<String>,

    /// The leader's id [default: the rig's name]
    #[arg(long, value_name = "ID")]
    teleop_id: Option<String>,

    /// A camera, such as front=/dev/video0 or wrist=http://10.0.0.4:8080/video,rotation=90; may be repeated
    #[arg(long, value_name = "NAME=CAMERA", value_parser = camera)]
    pub(crate) camera: Vec<(String, CameraSettings)>,

    /// Of the robot's simulated cameras those to record, by name, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        conflicts_with = "camera"
    )]
    cameras: Vec<String>,

    /// The unit of the joints that are no gripper, if not the robot file's
    #[arg(long, value_name = "UNITS")]
    units: Option<UnitsArg>,

    /// The motors of the robot's servos in the simulation, such as sts3215-12v; `ulna scan` says if it is that
    #[arg(long, value_name = "MOTOR")]
    motor: Option<String>,

    /// Control ticks per second
    #[arg(long, value_name = "HZ")]
    rate: Option<f64>,

    /// Overwrite it if it is there
    #[arg(long)]
    pub(crate) replace: bool,

    /// Ask nothing
    #[arg(long)]
    pub(crate) yes: bool,
}

impl NewRigArgs {
    /// What the options say.
    pub(crate) fn file(&self) -> RigFile {
        let id = |given: &Option<String>| given.clone().or_else(|| Some(self.own_name()));
        RigFile {
            rate: self.rate,
            units: self.units.map(Into::into),
            motor: self.motor.clone(),
            robot: DeviceTable {
                kind: Some(self.robot.clone()),
                port: self.robot_port.clone(),
                id: id(&self.robot_id),
            },
            teleop: DeviceTable {
                kind: self.teleop.clone(),
                port: self.teleop_port.clone(),
                id: match self.has_leader() {
                    true => id(&self.teleop_id),
                    false => None,
                },
            },
            cameras: Some(match self.camera.is_empty() {
                true => RigCameras::Names(self.cameras.clone()),
                false => RigCameras::Real(self.camera.iter().cloned().collect()),
            }),
        }
    }

    /// Whether nothing is said of cameras.
    pub(crate) fn names_no_camera(&self) -> bool {
        self.camera.is_empty() && self.cameras.is_empty()
    }

    /// Whether an arm drives.
    pub(crate) fn has_leader(&self) -> bool {
        self.teleop.as_deref() != Some("none")
    }

    /// The name without the folder and ending of a path.
    fn own_name(&self) -> String {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".toml").unwrap_or(name).to_owned()
    }
}
