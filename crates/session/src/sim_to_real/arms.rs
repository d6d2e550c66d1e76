//! Which arms a dataset has: groups of numbers whose names are those of a robot's joints, perhaps with something in front.

use std::path::Path;

use ulna_dataset::{ACTION, Dataset, Feature, STATE};
use ulna_outside::Printable;
use ulna_robot::{RobotKind, files};

use super::CompareOptions;
use crate::error::SessionError;
use crate::usage::{SimToRealUsage, UsageError};

/// One arm of a dataset.
#[derive(Debug, Clone)]
pub(super) struct FoundArm {
    /// What its joints' names begin with, without the underscore; empty if there is nothing in front.
    pub(super) name: String,
    /// Its robot.
    pub(super) kind: RobotKind,
    /// Where each joint's number stands in an action, if it does.
    pub(super) action: Vec<Option<usize>>,
    /// The same in a state.
    pub(super) state: Vec<Option<usize>>,
    /// Joints whose states have nothing to do with their actions.
    pub(super) idle: Vec<bool>,
}

/// The arms of a dataset that are of the robot asked for, or of the one that the dataset's robot type and names speak of.
///
/// # Errors
/// If there is none, or the names are of a time whose numbers mean something else.
pub(super) fn find(
    dataset: &Dataset,
    options: &CompareOptions,
) -> Result<Vec<FoundArm>, SessionError> {
    let path = &options.dataset;
    crate::episode::refuse_old_names(dataset, path)?;
    let kind = robot(dataset, options)?;
    let (action, state) = (plain_names(dataset, ACTION)?, plain_names(dataset, STATE)?);
    let mut found = match kind.sides.as_slice() {
        [] => prefixes(&kind, &state)
            .into_iter()
            .map(|name| FoundArm::new(&name, &kind, &action, &state))
            .collect(),
        sides => sides
            .iter()
            .map(|side| FoundArm::new(&side.name, &side.kind, &action, &state))
            .collect::<Vec<_>>(),
    };
    found.retain(|arm| arm.state.iter().any(Option::is_some));
    if found.is_empty() {
        return Err(no_arm(path, &kind, &state));
    }
    if let Some(wanted) = &options.arm {
        let names: Vec<&str> = found.iter().map(|arm| arm.name.as_str()).collect();
        if !names.contains(&wanted.as_str()) {
            let arms = names
                .iter()
                .map(|name| shown(name))
                .collect::<Vec<_>>()
                .join(", ");
            let wrong = SimToRealUsage::UnknownArm {
                dataset: path.to_owned(),
                arm: wanted.clone(),
                arms,
            };
            return Err(UsageError::from(wrong).into());
        }
        found.retain(|arm| arm.name == *wanted);
    }
    Ok(found)
}

/// What an arm is called in text.
pub(super) fn shown(name: &str) -> String {
    match name.is_empty() {
        true => "(the only one)".to_owned(),
        false => format!("`{}`", Printable(name)),
    }
}

impl FoundArm {
    fn new(name: &str, kind: &RobotKind, action: &[String], state: &[String]) -> Self {
        let prefix = match name.is_empty() {
            true => String::new(),
            false => format!("{name}_"),
        };
        let places = |names: &[String]| -> Vec<Option<usize>> {
            // A dataset that names nothing has the robot's order.
            if names.is_empty() {
                return (0..kind.dof()).map(Some).collect();
            }
            let place = |joint: &str| {
                let wanted = format!("{prefix}{joint}");
                names.iter().position(|name| *name == wanted)
            };
            kind.names().map(place).collect()
        };
        Self {
            name: name.to_owned(),
            kind: kind.clone(),
            idle: vec![false; kind.dof()],
            action: places(action),
            state: places(state),
        }
    }
}

impl FoundArm {
    /// From now on these joints have no actions.
    pub(super) fn leave_idle(&mut self, idle: &[bool]) {
        self.idle = idle.to_vec();
    }

    /// Where a joint's action stands that it obeys.
    pub(super) fn obeyed(&self, joint: usize) -> Option<usize> {
        self.action[joint].filter(|_| !self.idle[joint])
    }
}

/// The robot that is meant.
fn robot(dataset: &Dataset, options: &CompareOptions) -> Result<RobotKind, SessionError> {
    if let Some(robot) = &options.robot {
        return Ok(files::find(robot)?);
    }
    let recorded = dataset.info().robot_type.as_deref().unwrap_or_default();
    let one = recorded.strip_prefix("bi_").unwrap_or(recorded);
    let plain = one
        .trim_end_matches("_client")
        .trim_end_matches("_follower");
    let named = files::built_in_names().find(|name| *name == plain);
    // The arm on wheels is one of these; what its wheels do is not compared.
    let named = named.filter(|name| *name != "lekiwi");
    Ok(files::find(named.unwrap_or(files::DEFAULT))?)
}

/// The names of a feature's numbers, without LeRobot's `.pos`.
fn plain_names(dataset: &Dataset, key: &str) -> Result<Vec<String>, SessionError> {
    let feature: &Feature = dataset.info().feature(key)?;
    let plain = |name: &String| name.strip_suffix(".pos").unwrap_or(name).to_owned();
    Ok(feature.names.iter().map(plain).collect())
}

/// What stands before the joints' names, in the order of the dataset.
fn prefixes(kind: &RobotKind, names: &[String]) -> Vec<String> {
    if names.is_empty() {
        return vec![String::new()];
    }
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let before = kind.names().filter_map(|joint| name.strip_suffix(joint));
        // The shortest rest: `left_wrist_roll` is a `wrist_roll`, whatever else ends like it.
        let Some(before) = before.min_by_key(|before| before.len()) else {
            continue;
        };
        let prefix = before.strip_suffix('_');
        let prefix = prefix
            .or(before.is_empty().then_some(""))
            .map(str::to_owned);
        if let Some(prefix) = prefix.filter(|prefix| !all.contains(prefix)) {
            all.push(prefix);
        }
    }
    all
}

fn no_arm(path: &Path, kind: &RobotKind, names: &[String]) -> SessionError {
    let joints: Vec<&str> = kind.names().collect();
    let wrong = SimToRealUsage::NoArm {
        dataset: path.to_owned(),
        names: names.join(", "),
        robot: kind.name.clone(),
        joints: joints.join(", "),
    };
    UsageError::from(wrong).into()
}
