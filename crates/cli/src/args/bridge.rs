//! `ulna bridge`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum BridgeAction {
    /// What the board is, what it does, and whether it has stopped the arm
    Info(BridgePortArgs),
    /// The limits that the board keeps to; with --robot-id those that a session with that arm would set
    Limits {
        #[command(flatten)]
        port: BridgePortArgs,
        /// The robot: a built-in name, or the path of a robot file
        #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
        robot: String,
        /// The id under which the arm was calibrated
        #[arg(long, value_name = "ID")]
        robot_id: Option<String>,
    },
    /// Measure the link and let the dead-man's switch act; no servo gets a goal, servo 1 is asked where it stands
    Test {
        #[command(flatten)]
        port: BridgePortArgs,
        /// The rate of the servos' wire, bits per second
        #[arg(long, default_value_t = 1_000_000, value_name = "N")]
        baud: u32,
    },
    /// Take back a stop, so that a new session may begin; nothing moves
    Clear(BridgePortArgs),
    /// Lock raw bytes out of the servos' wire until the board starts again: no program sets up or connects an arm then
    Lock(BridgePortArgs),
    /// Let raw bytes in again
    Unlock(BridgePortArgs),
    /// Write a firmware (UF2) to a board that was plugged in with its BOOTSEL button held
    Flash {
        /// The firmware
        firmware: PathBuf,
        /// The board's drive, if it is not found by itself
        #[arg(long, value_name = "DIR")]
        drive: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BridgePortArgs {
    /// The board's framed port, such as /dev/ttyACM0
    pub(crate) port: String,
}
