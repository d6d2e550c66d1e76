//! `ulna dataset view`: which robot an episode shows.

use std::path::Path;

use ulna_core::unit::AngleMap;
use ulna_core::{Joints, Unit};
use ulna_dataset::{Dataset, STATE};
use ulna_robot::RobotKind;

use crate::episode::{EpisodeOptions, units_of};
use crate::error::SessionError;
use crate::usage::{EpisodeUsage, UsageError};
use ulna_robot::files;

/// A robot in the units of a dataset, and the maps from them to its angles, as a flawless arm has them.
pub type Posed = (RobotKind, Joints<AngleMap>);

/// Opens a dataset, and finds the robot that it was recorded with: the one that is named, else the one of ulna's manifest, else the
/// first known one of this robot type, or at least with these joints; none if there is none, or its units are unknown.
///
/// # Errors
/// If the dataset cannot be opened, or the robot that is named is not known.
pub fn open(
    dir: &Path,
    robot: Option<&str>,
    units: Option<Unit>,
) -> Result<(Dataset, Option<Posed>), SessionError> {
    let dataset = Dataset::open(dir)?;
    let kind = match robot {
        Some(name) => Some(files::find(name)?),
        None => guess(&dataset)?,
    };
    let options = EpisodeOptions {
        dataset: dir.to_owned(),
        episode: 0,
        units,
        ..EpisodeOptions::default()
    };
    let units = match units_of(&dataset, &options) {
        Ok((units, _)) => Some(units),
        // Without units the numbers can be shown, only the arm cannot.
        Err(SessionError::Usage(UsageError::Episode(EpisodeUsage::NoUnits { .. }))) => None,
        Err(error) => return Err(error),
    };
    let posed = kind.zip(units).map(|(kind, units)| {
        let kind = kind.in_unit(units);
        let angles = kind.angle_maps(&kind.nominal_calibration());
        (kind, angles)
    });
    Ok((dataset, posed))
}

fn guess(dataset: &Dataset) -> Result<Option<RobotKind>, SessionError> {
    let named = dataset.manifest()?.map(|manifest| manifest.robot);
    if let Some(kind) = named.and_then(|name| files::find(&name).ok()) {
        return Ok(Some(kind));
    }
    let info = dataset.info();
    let joints: Vec<&str> = match info.feature(STATE) {
        Ok(state) => state.names.iter().map(String::as_str).collect(),
        Err(_) => return Ok(None),
    };
    let joints: Vec<&str> = joints
        .into_iter()
        .map(|name| name.strip_suffix(".pos").unwrap_or(name))
        .collect();
    let known: Vec<RobotKind> = files::list()
        .iter()
        .filter_map(|known| files::find(&known.name).ok())
        .filter(|kind| kind.names().eq(joints.iter().copied()))
        .collect();
    let of_type = |kind: &&RobotKind| Some(&kind.follower.robot_type) == info.robot_type.as_ref();
    let first = known.iter().find(of_type).or(known.first());
    Ok(first.cloned())
}
