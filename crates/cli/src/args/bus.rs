//! The bus that a command works on: a port, or simulated servos.

use clap::Args;
use ulna_bringup::service::WorkOptions;
use ulna_robot::ArmRole;
use ulna_session::rig_file;
use ulna_session::{SessionError, UsageError};

use super::adapter::AdapterName;

/// The bus: a port, or simulated servos.
#[derive(Debug, Args)]
#[command(next_help_heading = "Bus")]
pub(super) struct BusArgs {
    /// The robot: a built-in name, or the path of a robot file [default: so101]
    #[arg(long, value_name = "F")]
    robot: Option<String>,

    /// Simulated servos: no port is opened
    #[arg(long)]
    sim: bool,

    /// Seed of everything random in the simulation
    #[arg(long, default_value_t = 0, value_name = "N", requires = "sim")]
    seed: u64,

    /// What goes wrong on the simulated bus, as for teleop
    #[arg(long, value_name = "FAULT", requires = "sim")]
    fault: Vec<String>,

    /// The USB adapter in front of the simulated bus [default: cdc]; `--adapter help` lists all
    #[arg(long, value_name = "ADAPTER", value_parser = AdapterName, requires = "sim")]
    adapter: Option<String>,
}

impl BusArgs {
    pub(super) fn is_sim(&self) -> bool {
        self.sim
    }

    /// The work on this arm.
    pub(super) fn work(&self, arm: NamedArm, role: ArmRole) -> WorkOptions {
        let robot = self.robot.clone().or(arm.robot);
        WorkOptions {
            robot: robot.unwrap_or_else(|| ulna_robot::files::DEFAULT.to_owned()),
            role,
            side: None,
            port: arm.port,
            sim: self.sim,
            live: false,
            seed: self.seed,
            faults: self.fault.clone(),
            adapter: self.adapter.clone(),
        }
    }
}

/// Which arm: by a rig of the user's own, or by its port.
#[derive(Debug, Args)]
pub(super) struct ArmArgs {
    /// A rig of your own (`ulna rig new NAME`), or a port's path; the only USB adapter that is plugged in unless given
    #[arg(value_name = "RIG")]
    arm: Option<String>,

    /// The serial port of a follower
    #[arg(long, value_name = "P", conflicts_with = "teleop_port")]
    robot_port: Option<String>,

    /// The serial port of a leader
    #[arg(long, value_name = "P")]
    teleop_port: Option<String>,
}

/// What is known of an arm by its name.
#[derive(Debug, Default)]
pub(super) struct NamedArm {
    pub(super) robot: Option<String>,
    pub(super) port: Option<String>,
    pub(super) id: Option<String>,
}

impl NamedArm {
    /// The arm that a rig has in this role. What is simulated has no port.
    ///
    /// # Errors
    /// If there is no such rig.
    pub(super) fn of_rig(rig: &str, role: ArmRole, sim: bool) -> Result<Self, SessionError> {
        let file = rig_file::load(rig)?;
        let (table, other) = match role {
            ArmRole::Follower => (file.robot, None),
            ArmRole::Leader => (file.teleop, file.robot.kind),
        };
        Ok(Self {
            robot: table.kind.or(other),
            port: table.port.filter(|_| !sim),
            id: table.id,
        })
    }
}

impl ArmArgs {
    /// The arm in this role.
    ///
    /// # Errors
    /// If there is no such rig, or the port is said twice.
    pub(super) fn named(&self, role: ArmRole, bus: &BusArgs) -> Result<NamedArm, SessionError> {
        let given = self.robot_port.clone().or_else(|| self.teleop_port.clone());
        let Some(arm) = &self.arm else {
            return Ok(NamedArm {
                port: given,
                ..NamedArm::default()
            });
        };
        let is_port = arm.contains('/') && !arm.ends_with(".toml");
        if !is_port {
            let named = NamedArm::of_rig(arm, role, bus.is_sim())?;
            return Ok(NamedArm {
                port: given.or(named.port),
                ..named
            });
        }
        match given {
            None => Ok(NamedArm {
                port: Some(arm.clone()),
                ..NamedArm::default()
            }),
            Some(given) => {
                let (one, other) = (arm.clone(), given);
                Err(UsageError::TwoPorts { one, other }.into())
            }
        }
    }
}
