//! What a robot looks like, and where its cameras are.

use alloc::format;

use super::bounds::{self, all_within, within};
use super::error::{RobotFileError, wrong};
use super::{MAX_CAMERAS, MAX_VISUALS, short};
use crate::kind::{RobotKind, ShapeSpec};

impl RobotKind {
    pub(super) fn validate_visuals(&self) -> Result<(), RobotFileError> {
        at_most("visuals", MAX_VISUALS, self.visuals.len())?;
        for (index, visual) in self.visuals.iter().enumerate() {
            let key = |field: &str| format!("visuals[{index}].{field}");
            if let Some(joint) = &visual.joint {
                self.known_joint(&key("joint"), joint)?;
            }
            bounds::frame(&key("frame"), &visual.frame)?;
            match &visual.shape {
                ShapeSpec::Box(extents) => all_within(&key("box"), extents, &bounds::EXTENT)?,
                ShapeSpec::Cylinder(cylinder) => {
                    within(&key("cylinder.radius"), cylinder.radius, &bounds::EXTENT)?;
                    within(&key("cylinder.length"), cylinder.length, &bounds::EXTENT)?;
                }
                ShapeSpec::Taper(taper) => {
                    all_within(&key("taper.low"), &taper.low, &bounds::EXTENT)?;
                    all_within(&key("taper.high"), &taper.high, &bounds::EXTENT)?;
                    all_within(&key("taper.shift"), &taper.shift, &bounds::PLACE)?;
                    within(&key("taper.length"), taper.length, &bounds::EXTENT)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn validate_cameras(&self) -> Result<(), RobotFileError> {
        at_most("cameras", MAX_CAMERAS, self.cameras.len())?;
        for (index, camera) in self.cameras.iter().enumerate() {
            // The name becomes part of folder and column names of datasets.
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if camera.name.is_empty() || !camera.name.chars().all(plain) {
                return wrong(
                    format!("cameras[{index}].name"),
                    format!(
                        "`{}` is no camera name: it needs letters, digits and `_` only",
                        camera.name
                    ),
                );
            }
            short(&format!("cameras[{index}].name"), &camera.name)?;
            let key = |field: &str| format!("cameras.{}.{field}", camera.name);
            if self.cameras[..index]
                .iter()
                .any(|other| other.name == camera.name)
            {
                return wrong(key("name"), "two cameras have this name");
            }
            if let Some(joint) = &camera.joint {
                self.known_joint(&key("joint"), joint)?;
            }
            bounds::frame(&key("frame"), &camera.frame)?;
            within(&key("fovy"), camera.fovy, &bounds::FIELD)?;
        }
        Ok(())
    }
}

fn at_most(key: &str, limit: usize, count: usize) -> Result<(), RobotFileError> {
    if count <= limit {
        Ok(())
    } else {
        wrong(
            key,
            format!("a robot has at most {limit}, this file lists {count}"),
        )
    }
}
