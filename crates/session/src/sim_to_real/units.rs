//! What the numbers of a recorded arm mean.

use std::path::Path;

use ulna_core::Unit;
use ulna_dataset::{Dataset, JointUnits};
use ulna_outside::Printable;
use ulna_robot::RobotKind;

use crate::error::SessionError;
use crate::supply::compare::grid::Values;
use crate::usage::{SimToRealUsage, UsageError};

/// The largest state of an arm in degrees: no joint turns further than a turn from its middle.
const MOST_DEGREES: f64 = 400.0;
/// The largest state of an arm in -100..100, where rounding counts as nothing.
const MOST_PARTS: f64 = 101.0;

/// The unit of the body joints, and where it was taken from: what the user says, else what ulna's manifest says, else what the encoder's
/// grid in the states shows, else what the robot type means.
///
/// # Errors
/// If none of these says anything, or the states cannot be in any unit.
pub(super) fn of(
    dataset: &Dataset,
    path: &Path,
    asked: Option<Unit>,
    kind: &RobotKind,
    states: &[Values],
) -> Result<(Unit, String), SessionError> {
    let (unit, from) = match asked {
        Some(unit) => (unit, "as asked with --units".to_owned()),
        None => found(dataset, path, kind, states)?,
    };
    let most = match unit {
        Unit::Degrees => MOST_DEGREES,
        _ => MOST_PARTS,
    };
    for (joint, (low, high)) in
        body(kind, states).filter_map(|(joint, it)| Some((joint, it.extent()?)))
    {
        let worst = if high > -low { high } else { low };
        if worst.abs() > most {
            let wrong = SimToRealUsage::NoUnit {
                dataset: path.to_owned(),
                joint: joint.to_string(),
                worst,
                unit: unit.to_string(),
                from,
            };
            return Err(UsageError::from(wrong).into());
        }
    }
    Ok((unit, from))
}

fn found(
    dataset: &Dataset,
    path: &Path,
    kind: &RobotKind,
    states: &[Values],
) -> Result<(Unit, String), SessionError> {
    let manifest = dataset.manifest()?;
    if let Some(units) = manifest.as_ref().and_then(JointUnits::of_manifest) {
        return Ok((
            unit(units),
            "as the dataset's ulna manifest says".to_owned(),
        ));
    }
    if let Some(unit) = by_grid(kind, states) {
        return Ok((unit, "as the encoder's grid in its states shows".to_owned()));
    }
    let robot_type = dataset.info().robot_type.as_deref().unwrap_or("unknown");
    match JointUnits::of_robot_type(robot_type.strip_prefix("bi_").unwrap_or(robot_type)) {
        Some(units) => {
            let from = format!("as LeRobot records robot type `{}`", Printable(robot_type));
            Ok((unit(units), from))
        }
        None => {
            let wrong = SimToRealUsage::NoUnits {
                dataset: path.to_owned(),
                robot_type: robot_type.to_owned(),
            };
            Err(UsageError::from(wrong).into())
        }
    }
}

fn unit(units: JointUnits) -> Unit {
    match units {
        JointUnits::Degrees => Unit::Degrees,
        JointUnits::M100 => Unit::M100,
    }
}

/// Joints that are neither gripper nor wheel, by name.
fn body<'a>(
    kind: &'a RobotKind,
    states: &'a [Values],
) -> impl Iterator<Item = (&'a str, &'a Values)> {
    let joints = kind.joints.iter().zip(states);
    joints
        .filter(|(joint, _)| matches!(joint.unit, Unit::Degrees | Unit::M100))
        .map(|(joint, values)| (joint.name.as_str(), values))
}

/// The unit whose grid the states of all joints lie on, if there is just one.
fn by_grid(kind: &RobotKind, states: &[Values]) -> Option<Unit> {
    let (mut degrees, mut parts, mut joints) = (0, 0, 0);
    for (spec, values) in kind.joints.iter().zip(states) {
        if !matches!(spec.unit, Unit::Degrees | Unit::M100) {
            continue;
        }
        let Some(are_degrees) = values.are_degrees(spec.resolution) else {
            continue;
        };
        joints += 1;
        degrees += usize::from(are_degrees);
        let fits = values
            .extent()
            .is_some_and(|(low, high)| low >= -MOST_PARTS && high <= MOST_PARTS);
        let has_range = fits && values.steps_in_range(Unit::M100, spec.resolution).is_some();
        parts += usize::from(has_range);
    }
    match (
        joints > 0 && degrees == joints,
        joints > 0 && parts == joints,
    ) {
        // Degrees within -100..100 look like a range of 2275 steps; that all joints have this very range does not happen.
        (true, _) => Some(Unit::Degrees),
        (false, true) => Some(Unit::M100),
        (false, false) => None,
    }
}
