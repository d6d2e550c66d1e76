//! Rig files: what a user's rig is made of, under one name.
//!
//! `ulna teleop NAME` reads `$XDG_CONFIG_HOME/ulna/rigs/NAME.toml`, else `~/.config/ulna/rigs/NAME.toml`. Tables and keys have LeRobot's
//! words (`--robot.port`, `--teleop.id`):
//!
//! ```toml
//! rate = 200.0                  # control ticks per second
//! motor = "sts3215-12v"         # the motors of the robot's servos, for the simulation
//!
//! [robot]
//! type = "so101"
//! port = "/dev/serial/by-id/usb-1a86_USB_Single_Serial_5A46083123-if00"
//! id = "mine"
//!
//! [teleop]
//! port = "/dev/serial/by-id/usb-1a86_USB_Single_Serial_5A46083007-if00"
//! id = "mine"
//!
//! [cameras.front]               # as many as there are; keys are LeRobot's where it has them
//! index_or_path = "/dev/v4l/by-id/usb-046d_HD_Webcam_A1B2-video-index0"
//! width = 640
//! height = 480
//! fps = 30
//! ```
//!
//! `cameras = []` records none. In the simulation a rig has the simulated cameras of its robot.

mod cameras;
mod check;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ulna_cameras::CameraSettings;
use ulna_core::Unit;
use ulna_outside::text::in_line;
use ulna_outside::{Printable, files, name};

use crate::error::SessionError;
use crate::options::RigOptions;
use crate::usage::{RigUsage, UsageError};

pub use cameras::{CameraNameError, RigCameras, check_name as check_camera_name};
pub use check::{RigFinding, RigVerdict, check};

/// A rig file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RigFile {
    /// Control ticks per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The unit of the joints that are no gripper, if not the robot file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<RigUnit>,
    /// The motors of the robot's servos, for the simulation, if not the robot file's: `sts3215-12v`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motor: Option<String>,
    /// What moves.
    #[serde(default)]
    pub robot: DeviceTable,
    /// What says where to.
    #[serde(default)]
    pub teleop: DeviceTable,
    /// What looks on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cameras: Option<RigCameras>,
}

/// A unit, as `--units` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RigUnit {
    /// Degrees from the middle of the range.
    Degrees,
    /// -100 to 100 over the range.
    M100,
}

impl From<RigUnit> for Unit {
    fn from(unit: RigUnit) -> Self {
        match unit {
            RigUnit::Degrees => Self::Degrees,
            RigUnit::M100 => Self::M100,
        }
    }
}

/// One arm of a rig, or one pair.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceTable {
    /// Name or path of the robot; for `[teleop]`, as `--teleop` has it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its port; those of a pair as `LEFT,RIGHT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The id under which it was calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl RigFile {
    /// Says what the user has not: what `options` have already stays.
    pub fn fill(&self, options: &mut GivenRig) {
        let or = |given: &mut Option<String>, file: &Option<String>| {
            if given.is_none() {
                given.clone_from(file);
            }
        };
        or(&mut options.robot, &self.robot.kind);
        or(&mut options.robot_port, &self.robot.port);
        or(&mut options.robot_id, &self.robot.id);
        or(&mut options.teleop, &self.teleop.kind);
        or(&mut options.teleop_port, &self.teleop.port);
        or(&mut options.teleop_id, &self.teleop.id);
        options.rate_hz = options.rate_hz.or(self.rate);
        if options.unit.is_none() {
            options.unit = self.units.map(Into::into);
        }
        or(&mut options.motor, &self.motor);
        let cameras = self.cameras.iter().flat_map(RigCameras::settings);
        for (name, settings) in cameras {
            if options.cameras.iter().all(|(given, _)| given != name) {
                options.cameras.push((name.clone(), settings.clone()));
            }
        }
    }
}

/// What a user says of a rig, where nothing has been filled in yet.
#[derive(Debug, Clone, Default)]
pub struct GivenRig {
    /// See [`RigOptions::robot`].
    pub robot: Option<String>,
    /// See [`RigOptions::robot_port`].
    pub robot_port: Option<String>,
    /// See [`RigOptions::robot_id`].
    pub robot_id: Option<String>,
    /// See [`RigOptions::teleop`].
    pub teleop: Option<String>,
    /// See [`RigOptions::teleop_port`].
    pub teleop_port: Option<String>,
    /// See [`RigOptions::teleop_id`].
    pub teleop_id: Option<String>,
    /// See [`RigOptions::rate_hz`].
    pub rate_hz: Option<f64>,
    /// See [`RigOptions::unit`].
    pub unit: Option<Unit>,
    /// See [`RigOptions::motor`].
    pub motor: Option<String>,
    /// See [`RigOptions::cameras`].
    pub cameras: Vec<(String, CameraSettings)>,
}

impl GivenRig {
    /// The options of a session, the rest as ever.
    pub fn options(self) -> RigOptions {
        let usual = RigOptions::default();
        RigOptions {
            robot: self.robot.unwrap_or(usual.robot),
            robot_port: self.robot_port,
            robot_id: self.robot_id,
            teleop: self.teleop,
            teleop_port: self.teleop_port,
            teleop_id: self.teleop_id,
            rate_hz: self.rate_hz.unwrap_or(usual.rate_hz),
            unit: self.unit,
            motor: self.motor,
            cameras: self.cameras,
            ..RigOptions::default()
        }
    }
}

/// Far more than a rig file needs, bytes.
const LONGEST: u64 = 1 << 20;

/// Where rig files are: `$XDG_CONFIG_HOME/ulna/rigs`, else `~/.config/ulna/rigs`.
pub fn folder() -> PathBuf {
    let config = env::var_os("XDG_CONFIG_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    let config = config.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".config"));
    config.join("ulna/rigs")
}

/// The file of the rig of this name, or this path if it looks like one.
///
/// # Errors
/// If it is no name.
pub fn path(rig: &str) -> Result<PathBuf, SessionError> {
    if rig.contains('/') || rig.ends_with(".toml") {
        return Ok(PathBuf::from(rig));
    }
    name::check(rig).map_err(|wrong| {
        UsageError::from(RigUsage::Name {
            rig: rig.to_owned(),
            problem: wrong.problem,
        })
    })?;
    Ok(folder().join(format!("{rig}.toml")))
}

/// The names of the user's rigs, in order.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<String> = paths
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Reads the rig of this name or path.
///
/// # Errors
/// If it is not there, cannot be read, or holds what no rig has.
pub fn load(rig: &str) -> Result<RigFile, SessionError> {
    let path = path(rig)?;
    let text = files::read_text(&path, LONGEST).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => UsageError::from(unknown(rig)).into(),
        _ => SessionError::System {
            what: format!("reading the rig {}", path.display()),
            source,
        },
    })?;
    toml::from_str(&text).map_err(|error| {
        let wrong = RigUsage::Malformed {
            problem: in_line(&text, error.span(), error.message()).to_string(),
            path: path.clone(),
        };
        UsageError::from(wrong).into()
    })
}

fn unknown(rig: &str) -> RigUsage {
    let is_port = rig.starts_with("/dev/") || rig.starts_with("bridge:");
    let hint = match ulna_robot::files::read(rig).is_ok() {
        _ if is_port => format!(" (a port is given as --robot-port {})", Printable(rig)),
        true => format!(" (a kind of robot is given as --robot {})", Printable(rig)),
        false => String::new(),
    };
    let there = match names().as_slice() {
        [] => "there is none yet".to_owned(),
        names => format!("there are: {}", Printable(names.join(", "))),
    };
    RigUsage::Unknown {
        rig: rig.to_owned(),
        hint,
        there,
    }
}

/// The file's text.
///
/// # Errors
/// If it cannot be written as TOML.
pub fn to_text(file: &RigFile) -> Result<String, SessionError> {
    toml::to_string(file).map_err(|error| SessionError::System {
        what: "writing a rig as TOML".to_owned(),
        source: io::Error::other(error),
    })
}

/// Whether a rig of this name may be written: it is a name, and nothing that is there is lost against the user's will.
///
/// # Errors
/// If it may not.
pub fn may_save(rig: &str, replace: bool) -> Result<PathBuf, SessionError> {
    let path = path(rig)?;
    if !replace && path.symlink_metadata().is_ok() {
        let rig = rig.to_owned();
        return Err(UsageError::from(RigUsage::Taken { rig }).into());
    }
    Ok(path)
}

/// Writes the rig of this name, whole or not at all; `replace` overwrites one that is there.
///
/// # Errors
/// If there is one already, or it cannot be written.
pub fn save(rig: &str, file: &RigFile, replace: bool) -> Result<PathBuf, SessionError> {
    let path = may_save(rig, replace)?;
    let failed = |source| SessionError::System {
        what: format!("writing the rig {}", path.display()),
        source,
    };
    let text = to_text(file)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let write = |new: &mut fs::File| new.write_all(text.as_bytes());
    let written = match replace {
        true => files::replace(&path, write),
        // Never over a rig that came meanwhile.
        false => files::create(&path, write),
    };
    written.map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<RigFile, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn flags_come_before_the_file() {
        let file = parsed(
            "rate = 100.0\nunits = \"m100\"\nmotor = \"sts3215-12v\"\n[robot]\ntype = \"koch\"\nport = \"/dev/a\"\nid = \"mine\"\n[teleop]\nid = \"hand\"\n",
        )
        .unwrap();
        let mut given = GivenRig {
            robot_port: Some("/dev/b".to_owned()),
            ..GivenRig::default()
        };
        file.fill(&mut given);
        let options = given.options();
        assert_eq!(options.robot, "koch");
        assert_eq!(options.robot_port.as_deref(), Some("/dev/b"));
        assert_eq!(options.robot_id.as_deref(), Some("mine"));
        assert_eq!(options.teleop_id.as_deref(), Some("hand"));
        assert_eq!((options.teleop, options.rate_hz), (None, 100.0));
        assert_eq!(options.unit, Some(Unit::M100));
        assert_eq!(options.motor.as_deref(), Some("sts3215-12v"));
    }

    #[test]
    fn what_is_written_is_read_again_and_unknown_keys_are_refused() {
        let file = RigFile {
            cameras: Some(RigCameras::Names(Vec::new())),
            robot: DeviceTable {
                kind: Some("so101".to_owned()),
                ..DeviceTable::default()
            },
            ..RigFile::default()
        };
        assert_eq!(parsed(&toml::to_string(&file).unwrap()).unwrap(), file);
        assert_eq!(parsed("").unwrap(), RigFile::default());
        for wrong in [
            "speed = 3",
            "[robot]\nprot = \"x\"",
            "units = \"rad\"",
            "rate = \"x\"",
            "[cameras.front]\nwidth = 3",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_stay_in_the_folder() {
        for bad in ["..", ".hidden", "", "-x", "a\u{1b}b"] {
            assert!(path(bad).is_err_and(|error| error.is_usage()), "{bad}");
        }
        assert!(path("mine").unwrap().ends_with("ulna/rigs/mine.toml"));
        assert_eq!(path("./mine.toml").unwrap(), Path::new("./mine.toml"));
    }
}
