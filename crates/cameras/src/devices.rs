//! Which webcams are plugged in, and by which names they stay the same.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::CameraError;
use crate::identity::CameraIdentity;
use crate::settings::CameraSettings;
use crate::usb::{UsbDemand, UsbPlace, usb_place};
use crate::v4l2;
use crate::v4l2::choose::{CameraMode, explained, likely, modes};
use crate::v4l2::controls::{CameraControl, described, set};

/// A webcam that is plugged in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundCamera {
    /// Its device, such as `/dev/video0`; another one after it was plugged in again, perhaps.
    pub path: PathBuf,
    /// Its name that stays: by its serial number where that is its own, else by its socket, else the device.
    pub lasting: PathBuf,
    /// Who it is.
    pub identity: CameraIdentity,
    /// Where it hangs, if on USB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usb: Option<UsbPlace>,
    /// What it offers.
    pub modes: Vec<CameraMode>,
    /// Why it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The webcams of this system, by device. What gives no pictures (metadata, outputs, codecs) is left out.
pub fn list() -> Vec<FoundCamera> {
    let mut paths = device_paths(Path::new("/"));
    paths.sort_by_key(|path| (number(path), path.clone()));
    let found = paths.iter().filter_map(|path| describe(path));
    found.collect()
}

/// The video nodes below a root folder.
fn device_paths(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join("dev"))
        .into_iter()
        .flatten()
        .flatten();
    let nodes = entries.map(|entry| entry.path());
    nodes.filter(|path| number(path).is_some()).collect()
}

fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("video")?.parse().ok()
}

fn describe(path: &Path) -> Option<FoundCamera> {
    let mut identity = CameraIdentity::of_device(Path::new("/"), path);
    let usb = usb_place(Path::new("/"), path);
    let (modes, problem) = match v4l2::open(path) {
        Err(error) => (Vec::new(), Some(refused(path, &error))),
        Ok(mut device) => {
            let capability = device.capability();
            match capability {
                Ok(capability) if !capability.captures => return None,
                Ok(capability) => identity.is(capability),
                Err(rustix::io::Errno::NOTTY | rustix::io::Errno::INVAL) => return None,
                Err(error) => {
                    return Some(found(
                        path,
                        identity,
                        usb,
                        Vec::new(),
                        Some(explained(error)),
                    ));
                }
            }
            match modes(&mut *device) {
                Ok(modes) => (modes, None),
                Err(error) => (Vec::new(), Some(explained(error))),
            }
        }
    };
    Some(found(path, identity, usb, modes, problem))
}

fn found(
    path: &Path,
    identity: CameraIdentity,
    usb: Option<UsbPlace>,
    modes: Vec<CameraMode>,
    problem: Option<String>,
) -> FoundCamera {
    FoundCamera {
        path: path.to_owned(),
        lasting: identity.lasting().unwrap_or(path).to_owned(),
        identity,
        usb,
        modes,
        problem,
    }
}

/// Why a device cannot be opened.
fn refused(path: &Path, error: &std::io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::PermissionDenied => format!(
            "you may not open {path}: `sudo usermod -aG video $USER`, then log out and in again"
        ),
        ErrorKind::ResourceBusy => explained(rustix::io::Errno::BUSY),
        ErrorKind::Unsupported => error.to_string(),
        _ => format!("{path} cannot be opened: {error}"),
    }
}

/// The device of these settings: a number, a path or a link.
///
/// # Errors
/// If it is not there, or is no device: what is there.
pub(crate) fn device_of(settings: &CameraSettings) -> Result<PathBuf, CameraError> {
    let place = &settings.index_or_path;
    let path = match place.parse::<u32>() {
        Ok(index) => PathBuf::from(format!("/dev/video{index}")),
        Err(_) => PathBuf::from(place),
    };
    use std::os::unix::fs::FileTypeExt;
    let name = settings.shown();
    let there = fs::metadata(&path);
    match there {
        Ok(there) if there.file_type().is_char_device() => {
            Ok(fs::canonicalize(&path).unwrap_or(path))
        }
        Ok(_) => Err(CameraError::usage(
            &name,
            "it is a file, not a device: a recording is played with type=ffmpeg",
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(CameraError::failed(
            &name,
            format!("it is not plugged in; {}", plugged_in()),
        )),
        Err(error) => Err(CameraError::failed(&name, error.to_string())),
    }
}

/// What is plugged in, in a few words.
fn plugged_in() -> String {
    let names: Vec<String> = list()
        .iter()
        .take(6)
        .map(|found| found.lasting.display().to_string())
        .collect();
    match names.is_empty() {
        true => "no webcam is (`ulna cameras list`)".to_owned(),
        false => format!("these are: {}", names.join(", ")),
    }
}

/// Opens a device for its controls, or to be streamed from.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open(
    settings: &CameraSettings,
) -> Result<Box<dyn v4l2::device::VideoDevice>, CameraError> {
    let path = device_of(settings)?;
    v4l2::open(&path)
        .map_err(|error| CameraError::failed(&settings.shown(), refused(&path, &error)))
}

/// Who the camera of these settings is.
///
/// # Errors
/// If it is not there.
pub fn identity(settings: &CameraSettings) -> Result<CameraIdentity, CameraError> {
    if !settings.is_device() {
        return Ok(CameraIdentity::of_address(&settings.shown()));
    }
    let path = device_of(settings)?;
    let mut identity = CameraIdentity::of_device(Path::new("/"), &path);
    let capability = open(settings)?.capability();
    identity
        .is(capability.map_err(|error| CameraError::failed(&settings.shown(), explained(error)))?);
    Ok(identity)
}

/// The same settings with the name under which a webcam stays the same, where it has one.
pub fn lasting(settings: &CameraSettings) -> CameraSettings {
    let device = settings.is_device().then(|| device_of(settings));
    let link = device.and_then(Result::ok).and_then(|path| {
        CameraIdentity::of_device(Path::new("/"), &path)
            .lasting()
            .map(Path::to_owned)
    });
    CameraSettings {
        index_or_path: link.map_or_else(
            || settings.index_or_path.clone(),
            |link| link.display().to_string(),
        ),
        ..settings.clone()
    }
}

/// What a camera will ask of its USB bus, if it is on one: estimated before it is opened.
pub fn usb_demand(name: &str, settings: &CameraSettings) -> Option<UsbDemand> {
    if !settings.is_device() {
        return None;
    }
    let path = device_of(settings).ok()?;
    let place = usb_place(Path::new("/"), &path)?;
    let offered = v4l2::open(&path)
        .ok()
        .and_then(|mut device| modes(&mut *device).ok());
    let (size, fps, format) = likely(&offered.unwrap_or_default(), settings);
    Some(UsbDemand {
        camera: name.to_owned(),
        place,
        format: format.to_owned(),
        size,
        fps: f64::from(fps),
    })
}

/// The controls of a webcam.
///
/// # Errors
/// If it cannot be opened.
pub fn controls(settings: &CameraSettings) -> Result<Vec<CameraControl>, CameraError> {
    Ok(described(&mut *open(settings)?))
}

/// Sets a control of a webcam by its name; gives name and value as read back.
///
/// # Errors
/// If there is none, or the value is refused.
pub fn set_control(
    settings: &CameraSettings,
    name: &str,
    value: i32,
) -> Result<(String, i32), CameraError> {
    let mut device = open(settings)?;
    set(&mut *device, name, value).map_err(|problem| CameraError::usage(&settings.shown(), problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_is_not_there_is_said_to_be_unplugged() {
        let error = device_of(&CameraSettings::at("/dev/v4l/by-id/usb-none-index0")).unwrap_err();
        assert!(error.to_string().contains("not plugged in"), "{error}");
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = device_of(&CameraSettings::at(file.path().to_str().unwrap())).unwrap_err();
        assert!(error.to_string().contains("type=ffmpeg"), "{error}");
    }
}
