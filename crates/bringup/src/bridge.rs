//! `ulna bridge`: what a bridge board is, what it keeps to, whether it works, and its firmware.

mod flash;
mod limits;
mod trial;

use serde::Serialize;
use ulna_bridge::message::{BoardInfo, BoardStatus, Command, capability};
use ulna_drivers::bridge::{self, PREFIX};

use crate::error::BringupError;

pub use flash::{FlashError, Flashed, flash};
pub use limits::{BridgeLimits, JointLimitsInWords, limits};
pub use trial::{Trial, trial};
pub use ulna_bridge::message::Mode;

/// What a board is and does.
#[derive(Debug, Clone, Serialize)]
pub struct BoardOverview {
    /// Its port.
    pub port: String,
    /// Its name, such as `rp2040`.
    pub board: String,
    /// Its firmware's version.
    pub firmware: String,
    /// The version of the messages that it speaks.
    pub protocol: u16,
    /// Most joints that it drives.
    pub joints: u8,
    /// It has a port for raw bytes alone.
    pub raw_port: bool,
    /// A watchdog of its own restarts it.
    pub watchdog: bool,
    /// Time since it started, s.
    pub up_s: f64,
    /// What it does, how it was stopped, and its totals.
    #[serde(flatten)]
    pub status: BoardStatus,
}

/// The port's name with the prefix that makes it a board's.
fn name(port: &str) -> String {
    match port.starts_with(PREFIX) {
        true => port.to_owned(),
        false => format!("{PREFIX}{port}"),
    }
}

fn overview(port: String, info: &BoardInfo, status: BoardStatus) -> BoardOverview {
    let [major, minor, patch] = info.firmware;
    BoardOverview {
        port,
        board: info.name.as_str().to_owned(),
        firmware: format!("{major}.{minor}.{patch}"),
        protocol: info.version,
        joints: info.joints,
        raw_port: info.capabilities & capability::RAW_PORT != 0,
        watchdog: info.capabilities & capability::WATCHDOG != 0,
        #[allow(clippy::cast_precision_loss)]
        up_s: info.board_us as f64 * 1e-6,
        status,
    }
}

/// Asks a board how it is. A board whose host has just gone, and which still drives its arm, stops it at once.
///
/// # Errors
/// If the port cannot be opened, or no board answers.
pub fn info(port: &str) -> Result<BoardOverview, BringupError> {
    let name = name(port);
    let (mut client, mut pacer) = bridge::client(&name)?;
    let status = client.status(&mut pacer)?;
    Ok(overview(name, client.info(), status))
}

/// Has a board end its exchange and forget that it has stopped the arm. Nothing moves.
///
/// # Errors
/// If the port cannot be opened, or no board answers.
pub fn clear(port: &str) -> Result<BoardOverview, BringupError> {
    let name = name(port);
    let (mut client, mut pacer) = bridge::client(&name)?;
    if client.status(&mut pacer)?.mode == Mode::Cyclic {
        client.stop(&mut pacer)?;
    }
    client.ask(&mut pacer, &Command::Clear)?;
    let status = client.status(&mut pacer)?;
    Ok(overview(name, client.info(), status))
}

/// Locks raw bytes out of the servos' wire until the board starts again, or lets them in. An arm is connected by raw bytes: locked out, only a board that
/// drives it already does.
///
/// # Errors
/// If the port cannot be opened, or no board answers.
pub fn lock(port: &str, locked: bool) -> Result<BoardOverview, BringupError> {
    let name = name(port);
    let (mut client, mut pacer) = bridge::client(&name)?;
    client.ask(&mut pacer, &Command::Lock(locked))?;
    let status = client.status(&mut pacer)?;
    Ok(overview(name, client.info(), status))
}
