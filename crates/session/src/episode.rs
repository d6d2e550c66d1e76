//! A recorded episode of a dataset, in the units and the order of a robot's joints.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use ulna_core::{Joints, Unit};
use ulna_dataset::{Column, Dataset, Episode, JointUnits};
use ulna_robot::RobotKind;

use crate::error::SessionError;

/// Which episode, and what its numbers mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeOptions {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Which episode, from zero.
    pub episode: usize,
    /// The unit of the dataset's body joints, if the user says so.
    #[serde(default)]
    pub units: Option<Unit>,
}

/// An episode's low-dimensional part, in the order of a robot's joints.
#[derive(Debug, Clone)]
pub struct RecordedEpisode {
    /// The unit of the body joints.
    pub units: Unit,
    /// Where the unit was taken from, in words.
    pub units_from: String,
    /// Frames per second.
    pub fps: u32,
    /// Actions, one per frame.
    pub actions: Vec<Joints<f64>>,
    /// States, one per frame.
    pub states: Vec<Joints<f64>>,
}

/// Loads an episode for a robot, whatever unit the robot's own file prefers.
///
/// # Errors
/// If the dataset or the episode is not usable, or the values cannot be in the units they are taken for.
pub fn load(options: &EpisodeOptions, robot: &RobotKind) -> Result<RecordedEpisode, SessionError> {
    let dataset = Dataset::open(&options.dataset)?;
    let (units, units_from) = units_of(&dataset, options)?;
    let kind = robot.clone().in_unit(units);
    let wanted = [ulna_dataset::ACTION, ulna_dataset::STATE];
    let episode = dataset.episode_columns(options.episode, &wanted)?;
    let recorded = read(&episode, &kind, &options.dataset)?;
    check_units(&recorded.0, &kind, units)?;
    Ok(RecordedEpisode {
        units,
        units_from,
        fps: dataset.fps(),
        actions: recorded.0,
        states: recorded.1,
    })
}

/// The unit of the body joints: what the user says, else what ulna's manifest says, else what LeRobot's robot type means.
pub(crate) fn units_of(
    dataset: &Dataset,
    options: &EpisodeOptions,
) -> Result<(Unit, String), SessionError> {
    if let Some(units) = options.units {
        return Ok((units, "as asked with --units".to_owned()));
    }
    let manifest = dataset.manifest()?;
    if let Some(units) = manifest.as_ref().and_then(JointUnits::of_manifest) {
        let from = "as the dataset's ulna manifest says".to_owned();
        return Ok((unit(units), from));
    }
    let robot_type = dataset.info().robot_type.as_deref().unwrap_or("unknown");
    let Some(units) = JointUnits::of_robot_type(robot_type) else {
        return Err(SessionError::Usage(format!(
            "{}: a dataset carries no units, and robot type `{robot_type}` does not tell them: \
             pass --units degrees or --units m100",
            options.dataset.display()
        )));
    };
    let from = format!("as LeRobot records robot type `{robot_type}`");
    Ok((unit(units), from))
}

fn unit(units: JointUnits) -> Unit {
    match units {
        JointUnits::Degrees => Unit::Degrees,
        JointUnits::M100 => Unit::M100,
    }
}

/// One row per frame, in the order of the robot's joints.
type Rows = Vec<Joints<f64>>;

/// Actions and states of an episode, sorted to the order of the robot's joints.
fn read(episode: &Episode, kind: &RobotKind, dataset: &Path) -> Result<(Rows, Rows), SessionError> {
    let actions = in_order(episode.action()?, "action", kind, dataset)?;
    let states = in_order(episode.state()?, "observation.state", kind, dataset)?;
    Ok((actions, states))
}

fn in_order(
    column: &Column,
    key: &str,
    kind: &RobotKind,
    dataset: &Path,
) -> Result<Vec<Joints<f64>>, SessionError> {
    let names = column.names();
    let plain = |name: &str| name.strip_suffix(".pos").unwrap_or(name).to_owned();
    let known = kind.value_names();
    let place = |value: &String| names.iter().position(|name| plain(name) == plain(value));
    let order: Option<Vec<usize>> = known.iter().map(place).collect();
    let order = order.filter(|order| order.len() == column.width()).ok_or_else(|| {
        SessionError::Usage(format!(
            "{}: feature `{key}` has [{}], but robot {} has [{}]; pass the --robot that it was recorded with",
            dataset.display(),
            names.join(", "),
            kind.name,
            known.join(", ")
        ))
    })?;
    Ok(column
        .rows()
        .map(|row| Joints::from_fn(order.len(), |joint| row[order[joint]]))
        .collect())
}

/// Values that cannot be in the unit they are taken for would send the arm to wrong places.
fn check_units(actions: &[Joints<f64>], kind: &RobotKind, units: Unit) -> Result<(), SessionError> {
    for (joint, spec) in kind.joints.iter().enumerate() {
        let (low, high) = match spec.unit {
            Unit::Degrees => (-180.5, 180.5),
            Unit::M100 => (-100.5, 100.5),
            Unit::Percent => (-0.5, 100.5),
            // The gate knows how fast a base may be; only a NaN could do harm.
            Unit::Velocity => (f64::MIN, f64::MAX),
        };
        for (frame, action) in actions.iter().enumerate() {
            let value = action[joint];
            // Not "outside": a NaN is not inside either.
            if !(low..=high).contains(&value) {
                let (name, other) = (
                    &spec.name,
                    if units == Unit::M100 {
                        "degrees"
                    } else {
                        "m100"
                    },
                );
                return Err(SessionError::Usage(format!(
                    "`{name}` is {value} in frame {frame}, which cannot be {}: values run from {low:.0} to {high:.0}; \
                     if the dataset has other units, pass --units {other}",
                    spec.unit
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_in_their_unit_are_refused() {
        let kind = ulna_robot::files::find("so101").unwrap();
        let check = |unit: Unit, value: f64| {
            let mut row = Joints::filled(6, 0.0);
            row[1] = value;
            check_units(&[row], &kind.clone().in_unit(unit), unit)
                .map_err(|error| error.to_string())
        };
        assert_eq!(check(Unit::Degrees, 101.0), Ok(()));
        let error = check(Unit::M100, 101.0).unwrap_err();
        assert!(
            error.contains("`shoulder_lift` is 101 in frame 0")
                && error.contains("--units degrees"),
            "{error}"
        );
        assert!(check(Unit::Degrees, 200.0).is_err() && check(Unit::Degrees, f64::NAN).is_err());
    }
}
