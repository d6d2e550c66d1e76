//! The cameras of a rig: tables of their settings, or names alone.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use ulna_cameras::CameraSettings;
use ulna_outside::{Printable, name};

/// What a rig file says of cameras.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RigCameras {
    /// `cameras = [NAMES]`: which of the robot's simulated cameras are recorded; none of any kind if empty.
    Names(Vec<String>),
    /// `[cameras.NAME]`: real ones.
    Real(BTreeMap<String, CameraSettings>),
}

impl RigCameras {
    /// The real ones.
    pub fn settings(&self) -> impl Iterator<Item = (&String, &CameraSettings)> {
        let real = match self {
            Self::Names(_) => None,
            Self::Real(cameras) => Some(cameras.iter()),
        };
        real.into_iter().flatten()
    }

    /// All names.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Names(names) => names.clone(),
            Self::Real(cameras) => cameras.keys().cloned().collect(),
        }
    }
}

/// By hand, so that an error names the camera and the key: serde's own of two possible forms says that neither fits.
impl<'de> Deserialize<'de> for RigCameras {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(from)? {
            names @ toml::Value::Array(_) => {
                names.try_into().map(Self::Names).map_err(D::Error::custom)
            }
            toml::Value::Table(tables) => {
                let cameras = tables.into_iter().map(|(camera, table)| {
                    check_name(&camera).map_err(D::Error::custom)?;
                    let wrong = |problem: &str| {
                        D::Error::custom(format!("camera `{camera}`: {}", problem.trim_end()))
                    };
                    let settings: CameraSettings = table
                        .try_into()
                        .map_err(|error: toml::de::Error| wrong(error.message()))?;
                    settings
                        .check()
                        .map_err(|error| wrong(&error.to_string()))?;
                    Ok((camera, settings))
                });
                cameras.collect::<Result<_, D::Error>>().map(Self::Real)
            }
            _ => Err(D::Error::custom(
                "cameras is a list of names, or a table for each: [cameras.front]",
            )),
        }
    }
}

/// Why a camera cannot have a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` cannot be a camera's name: {problem}; use letters, digits, `-` and `_`",
    Printable(camera)
)]
pub struct CameraNameError {
    /// The name.
    pub camera: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A camera's name becomes a feature of the dataset and a folder of its videos.
///
/// # Errors
/// If it cannot be one.
pub fn check_name(camera: &str) -> Result<(), CameraNameError> {
    let wrong = name::check(camera).err().map(|wrong| wrong.problem);
    let dots = (camera.contains(['.', '/'])).then_some("it holds a dot or a slash");
    match wrong.or(dots) {
        None => Ok(()),
        Some(problem) => Err(CameraNameError {
            camera: camera.to_owned(),
            problem,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Rig {
        cameras: RigCameras,
    }

    fn read(text: &str) -> Result<Rig, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn both_forms_are_read_and_written() {
        for text in [
            "cameras = []\n",
            "cameras = [\"front\"]\n",
            "[cameras.front]\nindex_or_path = \"/dev/video0\"\n\n[cameras.wrist]\nindex_or_path = \"http://10.0.0.4/video\"\nrotation = 90\n",
        ] {
            let rig = read(text).unwrap();
            assert_eq!(toml::to_string(&rig).unwrap(), text);
        }
    }

    #[test]
    fn errors_name_camera_and_key() {
        for (text, words) in [
            (
                "[cameras.front]\nindex_or_path = 0\nwdith = 4\n",
                ["`front`", "wdith"],
            ),
            (
                "[cameras.front]\nwidth = 640\n",
                ["`front`", "index_or_path"],
            ),
            (
                "[cameras.front]\nindex_or_path = 0\nrotation = 45\n",
                ["`front`", "rotation=45"],
            ),
            ("[cameras.\"../x\"]\nindex_or_path = 0\n", ["../x", "name"]),
            ("[cameras.\"a.b\"]\nindex_or_path = 0\n", ["a.b", "name"]),
            ("cameras = 3\n", ["list of names", "[cameras.front]"]),
        ] {
            let error = read(text).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        }
    }
}
