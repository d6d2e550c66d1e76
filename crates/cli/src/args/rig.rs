//! The rig: which robots, where, real or simulated, on which clock.

use clap::{Args, ValueEnum};
use ulna_app::report::ClockKind;
use ulna_app::rig::{RigOptions, Scene};

/// The rig: which robots, where, real or simulated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rig")]
pub(super) struct RigArgs {
    /// The robot: a built-in name, or the path of a robot file [default: so101]
    #[arg(long, value_name = "F")]
    robot: Option<String>,

    /// The follower's serial port; those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P")]
    robot_port: Option<String>,

    /// The id under which the follower was calibrated
    #[arg(long, value_name = "ID")]
    robot_id: Option<String>,

    /// Simulated servos: no port is opened
    #[arg(long)]
    sim: bool,

    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sim")]
    seed: u64,

    /// What there is around the simulated arm
    #[arg(long, value_name = "NAME", default_value = "table", requires = "sim")]
    scene: SceneArg,

    /// What goes wrong on the simulated follower's bus, such as dead:elbow_flex@2s+2s; may be repeated; `--fault help` lists all
    #[arg(long, value_name = "FAULT", requires = "sim")]
    fault: Vec<String>,

    /// Control ticks per second
    #[arg(long, default_value_t = 200.0, value_name = "HZ")]
    rate: f64,
}

/// What there is around a simulated arm.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SceneArg {
    /// A table with a cube; the simulated hand wanders about
    Table,
    /// A target that moves every three seconds, told as observation.environment_state; the hand brings the tool there, and the report says how well
    Reach,
}

impl From<SceneArg> for Scene {
    fn from(scene: SceneArg) -> Self {
        match scene {
            SceneArg::Table => Self::Table,
            SceneArg::Reach => Self::Reach,
        }
    }
}

/// The arm that is moved by hand.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rig")]
pub(super) struct LeaderArgs {
    /// The robot whose leader arm drives; the same kind as the robot unless given
    #[arg(long, value_name = "F")]
    teleop: Option<String>,

    /// The leader's serial port; those of a pair as LEFT,RIGHT
    #[arg(long, value_name = "P")]
    teleop_port: Option<String>,

    /// The id under which the leader was calibrated
    #[arg(long, value_name = "ID")]
    teleop_id: Option<String>,
}

impl RigArgs {
    /// Whether the user says which robot it is.
    pub(super) fn names_robot(&self) -> bool {
        self.robot.is_some()
    }

    pub(super) fn options(&self, clock: ClockKind, leader: &LeaderArgs) -> RigOptions {
        RigOptions {
            robot: self
                .robot
                .clone()
                .unwrap_or_else(|| ulna_app::robots::DEFAULT.to_owned()),
            robot_port: self.robot_port.clone(),
            robot_id: self.robot_id.clone(),
            teleop: leader.teleop.clone(),
            teleop_port: leader.teleop_port.clone(),
            teleop_id: leader.teleop_id.clone(),
            sim: self.sim,
            clock,
            seed: self.seed,
            scene: self.scene.into(),
            rate_hz: self.rate,
            faults: self.fault.clone(),
            ..RigOptions::default()
        }
    }
}

pub(super) fn clock(lockstep: bool) -> ClockKind {
    if lockstep {
        ClockKind::Virtual
    } else {
        ClockKind::Real
    }
}
