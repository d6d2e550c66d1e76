//! A recorded episode of a dataset, in the units and the order of a robot's joints.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use ulna_core::{Joints, Unit};
use ulna_dataset::{Column, Dataset, Episode, JointUnits};
use ulna_outside::text::brief;
use ulna_robot::RobotKind;

use crate::error::SessionError;
use crate::usage::{EpisodeUsage, UsageError};

/// Which episode, and what its numbers mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeOptions {
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Which episode, from zero.
    pub episode: usize,
    /// The unit of the dataset's body joints, if the user says so.
    #[serde(default)]
    pub units: Option<Unit>,
    /// Whether the robot may be another one than the dataset's.
    #[serde(default)]
    pub trust: Trust,
}

/// Which robot a dataset may drive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// One of the family that it was recorded with.
    #[default]
    Same,
    /// The one that the user names; another family than the dataset's is worth a warning.
    Named,
    /// Any one, and values of any size: the gate cuts them off.
    Forced,
}

/// An episode's low-dimensional part, in the order of a robot's joints.
#[derive(Debug, Clone)]
pub struct RecordedEpisode {
    /// The unit of the body joints.
    pub units: Unit,
    /// Where the unit was taken from, in words.
    pub units_from: String,
    /// Frames per second.
    pub fps: f64,
    /// What is odd about the dataset for this robot, a sentence each.
    pub warnings: Vec<String>,
    /// How many frames have a target outside of what its unit allows; they are cut off.
    pub clamped_frames: usize,
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
    refuse_old_names(&dataset, &options.dataset)?;
    let (units, units_from) = units_of(&dataset, options)?;
    let mut warnings = Vec::new();
    warnings.extend(check_family(&dataset, robot, options)?);
    let kind = robot.clone().in_unit(units);
    let wanted = [ulna_dataset::ACTION, ulna_dataset::STATE];
    let episode = dataset.episode_columns(options.episode, &wanted)?;
    let (mut actions, states) = read(&episode, &kind, &options.dataset)?;
    let clamped_frames = match check_units(&actions, &kind, units, options.trust)? {
        Some(clamped) => {
            clamp(&mut actions, &kind);
            warnings.push(clamped.to_string());
            clamped.frames
        }
        None => 0,
    };
    Ok(RecordedEpisode {
        units,
        units_from,
        fps: dataset.fps(),
        warnings,
        clamped_frames,
        actions,
        states,
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
        let wrong = EpisodeUsage::NoUnits {
            dataset: options.dataset.clone(),
            robot_type: robot_type.to_owned(),
        };
        return Err(UsageError::from(wrong).into());
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
    let order = order
        .filter(|order| order.len() == column.width())
        .ok_or_else(|| {
            UsageError::from(EpisodeUsage::Joints {
                dataset: dataset.to_owned(),
                feature: key.to_owned(),
                names: brief(&names.join(", ")),
                robot: kind.name.clone(),
                joints: known.join(", "),
            })
        })?;
    Ok(column
        .rows()
        .map(|row| Joints::from_fn(order.len(), |joint| row[order[joint]]))
        .collect())
}

/// Before June 2025 LeRobot's joints had other names, and its degrees another zero and other directions.
pub(crate) fn refuse_old_names(dataset: &Dataset, path: &Path) -> Result<(), SessionError> {
    let Ok(action) = dataset.info().feature(ulna_dataset::ACTION) else {
        return Ok(());
    };
    match action.names.iter().find(|name| name.starts_with("main_")) {
        None => Ok(()),
        Some(name) => {
            let wrong = EpisodeUsage::OldNames {
                dataset: path.to_owned(),
                joint: name.clone(),
            };
            Err(UsageError::from(wrong).into())
        }
    }
}

/// Refuses a robot of another family than the one that the dataset was recorded with, unless the user names it.
fn check_family(
    dataset: &Dataset,
    kind: &RobotKind,
    options: &EpisodeOptions,
) -> Result<Option<String>, SessionError> {
    let Some(recorded) = dataset.info().robot_type.as_deref() else {
        return Ok(None);
    };
    // What ulna noted is its own name of the robot, of which the type is one.
    let own = dataset
        .manifest()?
        .is_some_and(|manifest| manifest.robot == kind.name);
    let types = [&kind.follower, &kind.leader].into_iter().flat_map(|role| {
        let older = role.older_types.iter().map(String::as_str);
        older.chain([role.robot_type.as_str()])
    });
    let known = types.chain([kind.name.as_str()]);
    let family = |name: &str| -> String {
        let plain = name
            .trim_end_matches("_client")
            .trim_end_matches("_follower");
        // LeRobot's `so_follower` is both of these.
        match plain {
            "so100" | "so101" => "so".to_owned(),
            "bi_so100" | "bi_so101" => "bi_so".to_owned(),
            other => other.to_owned(),
        }
    };
    if own || known.map(family).any(|one| one == family(recorded)) || recorded == "unknown" {
        return Ok(None);
    }
    let message = format!(
        "{}: it was recorded with robot type `{recorded}`, and robot {} is of another family",
        options.dataset.display(),
        kind.name
    );
    match options.trust {
        Trust::Same => {
            let robot = kind.name.clone();
            let wrong = EpisodeUsage::OtherFamily { message, robot };
            Err(UsageError::from(wrong).into())
        }
        Trust::Named | Trust::Forced => Ok(Some(message)),
    }
}

/// Targets outside of what their unit allows.
#[derive(Debug, Clone, PartialEq)]
struct Clamped {
    frames: usize,
    /// The first one: its joint, its value, its frame, and what its unit allows.
    first: (String, f64, usize, (f64, f64)),
}

impl std::fmt::Display for Clamped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, value, frame, (low, high)) = &self.first;
        write!(
            f,
            "{} frames have targets outside of their range, first `{name}` with {value} in frame {frame}; they are cut off at {low:.0} and {high:.0}",
            self.frames
        )
    }
}

/// The share of frames beyond their range that doubts the units rather than the values.
const MOST: f64 = 0.2;

/// What a joint's unit allows.
fn range_of(unit: Unit) -> (f64, f64) {
    match unit {
        Unit::Degrees => (-180.0, 180.0),
        Unit::M100 => (-100.0, 100.0),
        Unit::Percent => (0.0, 100.0),
        // The gate knows how fast a base may be; only NaN could do harm.
        Unit::Velocity => (f64::MIN, f64::MAX),
    }
}

/// Counts targets outside of what their unit allows; refuses NaN, and values most of which cannot be in the unit that they are
/// taken for, which would send the arm to wrong places.
fn check_units(
    actions: &[Joints<f64>],
    kind: &RobotKind,
    units: Unit,
    trust: Trust,
) -> Result<Option<Clamped>, SessionError> {
    let mut first = None;
    let mut outside = 0;
    for (frame, action) in actions.iter().enumerate() {
        let mut counted = false;
        for (joint, spec) in kind.joints.iter().enumerate() {
            let (value, (low, high)) = (action[joint], range_of(spec.unit));
            if !value.is_finite() {
                let joint = spec.name.clone();
                let wrong = EpisodeUsage::NotFinite {
                    joint,
                    value,
                    frame,
                };
                return Err(UsageError::from(wrong).into());
            }
            // What rounding adds to the end of a range is no finding.
            if !(low - 0.5..=high + 0.5).contains(&value) {
                first.get_or_insert((spec.name.clone(), value, frame, (low, high)));
                counted = true;
            }
        }
        outside += usize::from(counted);
    }
    let Some(first) = first else {
        return Ok(None);
    };
    let doubtful = outside as f64 > MOST * actions.len() as f64;
    if doubtful && trust != Trust::Forced {
        let (name, value, frame, (low, high)) = &first;
        let other = match units {
            Unit::M100 => "degrees",
            _ => "m100",
        };
        let wrong = EpisodeUsage::OtherUnits {
            joint: name.clone(),
            value: *value,
            frame: *frame,
            outside,
            frames: actions.len(),
            low: *low,
            high: *high,
            other,
        };
        return Err(UsageError::from(wrong).into());
    }
    Ok(Some(Clamped {
        frames: outside,
        first,
    }))
}

/// Cuts targets off at what their unit allows; the gate knows the arm's own limits.
fn clamp(actions: &mut [Joints<f64>], kind: &RobotKind) {
    for action in actions {
        for (joint, spec) in kind.joints.iter().enumerate() {
            let (low, high) = range_of(spec.unit);
            action[joint] = action[joint].clamp(low, high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_values_outside_are_cut_off_and_most_doubt_the_units() {
        let kind = ulna_robot::files::find("so101").unwrap();
        let check = |unit: Unit, trust: Trust, values: &[f64]| {
            let row = |value: &f64| {
                let mut row = Joints::filled(6, 0.0);
                row[1] = *value;
                row
            };
            let mut rows: Vec<_> = values.iter().map(row).collect();
            let kind = kind.clone().in_unit(unit);
            let found = check_units(&rows, &kind, unit, trust);
            clamp(&mut rows, &kind);
            let highest = rows.iter().map(|row| row[1]).fold(0.0, f64::max);
            found
                .map(|found| (found.map_or(0, |found| found.frames), highest))
                .map_err(|error| error.to_string())
        };
        let (m100, degrees) = (Unit::M100, Unit::Degrees);
        assert_eq!(check(degrees, Trust::Same, &[101.0; 9]), Ok((0, 101.0)));
        let mut few = [0.0; 10];
        few[3] = 101.0;
        assert_eq!(check(m100, Trust::Same, &few), Ok((1, 100.0)));
        let error = check(m100, Trust::Same, &[101.0; 9]).unwrap_err();
        assert!(
            error.contains("`shoulder_lift` is 101 in frame 0")
                && error.contains("--units degrees"),
            "{error}"
        );
        assert_eq!(check(m100, Trust::Forced, &[101.0; 9]), Ok((9, 100.0)));
        assert!(check(degrees, Trust::Forced, &[f64::NAN]).is_err());
    }
}
