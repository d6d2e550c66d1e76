//! What the numbers of states and actions mean: joints, units, speeds, ranges.

use std::collections::BTreeMap;

use crate::check::CheckOptions;
use crate::features::Feature;
use crate::features::{ACTION, STATE};
use crate::reader::{Dataset, EpisodeReader};
use crate::units::JointUnits;

/// More numbers than that are no joints.
const MOST_JOINTS: usize = 256;
/// The fastest that hobby servos turn, degrees/s: 6 rad/s, above the 5.4 rad/s that an STS3215 does without load.
const FASTEST: f64 = 344.0;
/// The same where 200 units are the travel of a joint; 172 degrees, for the arms that ulna knows, is a small one.
const FASTEST_M100: f64 = 400.0;
/// The same where 100 units are the travel of a gripper, of 100 degrees or more.
const FASTEST_PERCENT: f64 = 344.0;
/// What `ulna dataset trim --idle` takes for rest by default, in degrees or hundredths.
const REST: f64 = 1.0;

/// What moves at a joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Joint,
    /// It is meant to be stopped by what it holds, and its trigger snaps back by a spring.
    Gripper,
    /// Its numbers are speeds.
    Wheel,
}

/// A joint, and where its numbers stand in a row.
#[derive(Clone, Debug)]
pub(super) struct Joint {
    pub(super) name: String,
    pub(super) part: Part,
    pub(super) state: Option<usize>,
    pub(super) action: Option<usize>,
    /// Units per second; none if unknown.
    pub(super) fastest: Option<f64>,
    /// What the unit allows; none if unknown.
    pub(super) range: Option<(f64, f64)>,
}

/// All joints of a dataset.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) joints: Vec<Joint>,
    /// None if unknown.
    pub(super) units: Option<JointUnits>,
    /// What is no movement, in the dataset's units.
    pub(super) rest: f64,
    robot: String,
    /// How often the control loop was to run, Hz, if ulna noted that.
    pub(super) control_rate: Option<f64>,
}

impl Body {
    pub(super) fn of(dataset: &Dataset, options: &CheckOptions) -> Body {
        let units = units(dataset);
        Body {
            rest: match units {
                None => rest(dataset),
                Some(_) => REST,
            },
            joints: joints(dataset, units, options),
            units,
            control_rate: dataset.manifest().ok().flatten().and_then(|manifest| {
                manifest
                    .extra
                    .get("control_rate_hz")
                    .and_then(serde_json::Value::as_f64)
            }),
            robot: (dataset.info().robot_type.clone()).unwrap_or_else(|| "unknown".to_owned()),
        }
    }

    /// What is no movement, if the dataset does not tell its units.
    pub(super) fn guessed_rest(&self) -> Option<f64> {
        self.units.is_none().then_some(self.rest)
    }

    /// The robot's type if it does not tell the units of its joints.
    pub(super) fn unknown_units(&self) -> Option<&str> {
        let unknown = self.units.is_none() && !self.joints.is_empty();
        unknown.then_some(self.robot.as_str())
    }

    /// The unit's name behind a number of this joint.
    pub(super) fn unit(&self, joint: &Joint) -> &'static str {
        match (self.units, joint.part) {
            (None, _) | (_, Part::Wheel) => " units",
            (_, Part::Gripper) => " %",
            (Some(JointUnits::Degrees), Part::Joint) => "°",
            (Some(JointUnits::M100), Part::Joint) => " (of -100..100)",
        }
    }
}

fn units(dataset: &Dataset) -> Option<JointUnits> {
    let manifest = dataset.manifest().ok().flatten();
    JointUnits::of_metadata(manifest.as_ref(), dataset.info().robot_type.as_deref())
}

/// A hundredth of the largest range that a joint moves in. Of the rows, not of the statistics, which may be wrong.
fn rest(dataset: &Dataset) -> f64 {
    let has = |key: &&str| {
        dataset
            .info()
            .feature(key)
            .is_ok_and(|f| f.number().is_some())
    };
    let keys: Vec<&str> = [STATE, ACTION].into_iter().filter(has).collect();
    let features = keys
        .iter()
        .filter_map(|key| dataset.info().feature(key).ok());
    let mut reader = EpisodeReader::new(dataset, features.cloned().collect());
    // Of each number of each feature, the smallest and the largest.
    let mut spans: BTreeMap<(&str, usize), (f64, f64)> = BTreeMap::new();
    for episode in 0..dataset.len() {
        let Ok(read) = reader.read(episode) else {
            continue;
        };
        for key in &keys {
            let Ok(column) = read.column(key) else {
                continue;
            };
            for row in column.rows() {
                for (at, value) in row.iter().enumerate().filter(|(_, v)| v.is_finite()) {
                    let span = spans.entry((key, at)).or_insert((*value, *value));
                    *span = (span.0.min(*value), span.1.max(*value));
                }
            }
        }
    }
    let widest = spans
        .values()
        .map(|(low, high)| high - low)
        .fold(0.0, f64::max);
    (widest / 100.0).max(1e-6)
}

fn joints(dataset: &Dataset, units: Option<JointUnits>, options: &CheckOptions) -> Vec<Joint> {
    let feature = |key| {
        let feature = dataset.info().feature(key).ok()?;
        (feature.number().is_some() && feature.width() <= MOST_JOINTS).then_some(feature)
    };
    let (state, action) = (feature(STATE), feature(ACTION));
    let names = |feature: &Feature| -> Vec<String> {
        match feature.names.len() == feature.width() {
            true => feature.names.clone(),
            false => (0..feature.width()).map(|n| n.to_string()).collect(),
        }
    };
    let (in_state, in_action) = (
        state.map(names).unwrap_or_default(),
        action.map(names).unwrap_or_default(),
    );
    let mut all: Vec<&String> = in_state.iter().collect();
    all.extend(in_action.iter().filter(|name| !in_state.contains(name)));
    let place = |names: &[String], name: &String| names.iter().position(|known| known == name);
    all.into_iter()
        .map(|name| {
            let part = part(name);
            let (fastest, range) = limits(units, part);
            let bare = name.strip_suffix(".pos").unwrap_or(name);
            let given = options.speeds.get(name).or(options.speeds.get(bare));
            let given = given.filter(|speed| speed.is_finite() && **speed > 0.0);
            Joint {
                name: name.clone(),
                part,
                state: place(&in_state, name),
                action: place(&in_action, name),
                fastest: match part {
                    Part::Wheel => None,
                    _ => given.copied().or(fastest),
                },
                range,
            }
        })
        .collect()
}

fn part(name: &str) -> Part {
    match () {
        () if name.ends_with(".vel") => Part::Wheel,
        () if name.contains("gripper") || name.contains("jaw") => Part::Gripper,
        () => Part::Joint,
    }
}

/// The fastest and the range that go with a unit.
fn limits(units: Option<JointUnits>, part: Part) -> (Option<f64>, Option<(f64, f64)>) {
    match (units, part) {
        (None, _) | (_, Part::Wheel) => (None, None),
        (_, Part::Gripper) => (Some(FASTEST_PERCENT), Some((0.0, 100.0))),
        (Some(JointUnits::Degrees), Part::Joint) => (Some(FASTEST), Some((-180.0, 180.0))),
        (Some(JointUnits::M100), Part::Joint) => (Some(FASTEST_M100), Some((-100.0, 100.0))),
    }
}
