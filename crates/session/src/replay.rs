//! `ulna replay`: a recorded episode, played on a robot, and how well the robot followed.

use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value, json};
use ulna_control::Playing;
use ulna_core::{Joints, Unit};
use ulna_dataset::{Column, Dataset, Episode, JointUnits};
use ulna_robot::RobotKind;
use ulna_rt::Stop;

use crate::display;
use crate::error::AppError;
use crate::rig::{Rig, RigOptions};
use crate::run::{Done, Job, ReplayJob, Ui, run};
use ulna_robot::files as robots;

/// What the user wants played.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// Folder of the dataset.
    pub dataset: std::path::PathBuf,
    /// Which episode, from zero.
    pub episode: usize,
    /// The unit of the dataset's body joints, if the user says so.
    pub units: Option<Unit>,
}

/// How one joint followed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct JointFit {
    /// RMS of the played minus the recorded state, in the same frame.
    pub rms: f64,
    /// RMS of the recorded action, delayed by the best whole number of frames, minus the recorded state, over the frames for which there is
    /// such an action.
    pub baseline_rms: f64,
    /// That number of frames.
    pub baseline_delay_frames: usize,
}

/// A finished replay.
#[derive(Debug)]
pub struct Replayed {
    /// The unit of the body joints.
    pub units: Unit,
    /// Where the unit was taken from.
    pub units_from: String,
    /// Frames of the episode.
    pub frames: usize,
    /// Frames per second.
    pub fps: u32,
    /// Joint name and fit, in order.
    pub joints: Vec<(String, JointFit)>,
    /// The session.
    pub done: Done,
}

/// An episode's low-dimensional part, in the order of a robot's joints.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Actions, one per frame.
    pub actions: Vec<Joints<f64>>,
    /// States, one per frame.
    pub states: Vec<Joints<f64>>,
}

/// Most frames that a delay baseline looks back: LeRobot arms lag some hundred milliseconds.
const LONGEST_DELAY: usize = 30;

/// Plays one episode.
///
/// # Errors
/// If the dataset, the episode or the rig is not usable, or the values cannot be in the units they are taken for.
pub fn replay(
    rig: &RigOptions,
    options: &ReplayOptions,
    stop: &Stop,
    ui: &mut dyn Ui,
) -> Result<Replayed, AppError> {
    let dataset = Dataset::open(&options.dataset)?;
    let (units, units_from) = units_of(&dataset, options)?;
    let kind = robots::find(&rig.robot)?.in_unit(units);
    let episode = dataset.episode_columns(
        options.episode,
        &[ulna_dataset::ACTION, ulna_dataset::STATE],
    )?;
    let recorded = read(&episode, &kind, &options.dataset)?;
    check_units(&recorded, &kind, units)?;
    let options = RigOptions {
        unit: Some(units),
        ..rig.clone()
    };
    let mut rig = Rig::open(&options, false)?;
    display::watch(ui.display(), &mut rig, &options)?;
    let job = ReplayJob {
        start: recorded.states.first().copied().unwrap_or_default(),
        actions: recorded.actions.clone(),
        fps: f64::from(dataset.fps()),
        playing: Playing::Interpolated,
    };
    let done = run(rig, &Job::Replay(job), stop, ui)?;
    let played = &done.rows[..done.rows.len().min(recorded.states.len())];
    let joints = kind.labels().into_iter().enumerate();
    let joints = joints.map(|(joint, name)| (name, fit(joint, played, &recorded)));
    Ok(Replayed {
        units,
        units_from,
        frames: recorded.states.len(),
        fps: dataset.fps(),
        joints: joints.collect(),
        done,
    })
}

impl Replayed {
    /// The command's JSON.
    pub fn to_json(&self) -> Value {
        let joints: Map<String, Value> = self
            .joints
            .iter()
            .map(|(name, fit)| (name.clone(), json!(fit)))
            .collect();
        json!({
            "units": self.units,
            "joints": joints,
            "frames": self.frames,
            "fps": self.fps,
            "session": self.done.report,
        })
    }
}

/// The unit of the body joints: what the user says, else what ulna's manifest says, else what LeRobot's robot type means.
pub(crate) fn units_of(
    dataset: &Dataset,
    options: &ReplayOptions,
) -> Result<(Unit, String), AppError> {
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
        return Err(AppError::Usage(format!(
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

/// Actions and states of an episode, sorted to the order of the robot's joints.
pub fn read(episode: &Episode, kind: &RobotKind, dataset: &Path) -> Result<Recorded, AppError> {
    let actions = in_order(episode.action()?, "action", kind, dataset)?;
    let states = in_order(episode.state()?, "observation.state", kind, dataset)?;
    Ok(Recorded { actions, states })
}

fn in_order(
    column: &Column,
    key: &str,
    kind: &RobotKind,
    dataset: &Path,
) -> Result<Vec<Joints<f64>>, AppError> {
    let names = column.names();
    let plain = |name: &str| name.strip_suffix(".pos").unwrap_or(name).to_owned();
    let known = kind.value_names();
    let place = |value: &String| names.iter().position(|name| plain(name) == plain(value));
    let order: Option<Vec<usize>> = known.iter().map(place).collect();
    let order = order.filter(|order| order.len() == column.width()).ok_or_else(|| {
        AppError::Usage(format!(
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
fn check_units(recorded: &Recorded, kind: &RobotKind, units: Unit) -> Result<(), AppError> {
    for (joint, spec) in kind.joints.iter().enumerate() {
        let (low, high) = match spec.unit {
            Unit::Degrees => (-180.5, 180.5),
            Unit::M100 => (-100.5, 100.5),
            Unit::Percent => (-0.5, 100.5),
            // The gate knows how fast a base may be; only a number that is none could do harm.
            Unit::Velocity => (f64::MIN, f64::MAX),
        };
        for (frame, action) in recorded.actions.iter().enumerate() {
            let value = action[joint];
            // Not "outside": a value that is no number is not inside either.
            if !(low..=high).contains(&value) {
                let (name, other) = (
                    &spec.name,
                    if units == Unit::M100 {
                        "degrees"
                    } else {
                        "m100"
                    },
                );
                return Err(AppError::Usage(format!(
                    "`{name}` is {value} in frame {frame}, which cannot be {}: values run from {low:.0} to {high:.0}; \
                     if the dataset has other units, pass --units {other}",
                    spec.unit
                )));
            }
        }
    }
    Ok(())
}

fn fit(joint: usize, played: &[Joints<f64>], recorded: &Recorded) -> JointFit {
    let Recorded { actions, states } = recorded;
    // Frames before the delayed actions begin are left out: nothing is known of what the arm was told then.
    let delayed = |delay: usize| {
        rms(actions
            .iter()
            .zip(&states[delay..])
            .map(|(action, state)| action[joint] - state[joint]))
    };
    let delays = 0..LONGEST_DELAY.min(states.len());
    let best = delays
        .map(|delay| (delayed(delay), delay))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let (baseline_rms, baseline_delay_frames) = best.unwrap_or_default();
    let rms = rms(played
        .iter()
        .zip(states)
        .map(|(played, state)| played[joint] - state[joint]));
    JointFit {
        rms,
        baseline_rms,
        baseline_delay_frames,
    }
}

fn rms(errors: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = errors.fold((0.0, 0usize), |(sum, count), error| {
        (sum + error * error, count + 1)
    });
    (sum / count.max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64]) -> Vec<Joints<f64>> {
        values
            .iter()
            .map(|&value| Joints::filled(1, value))
            .collect()
    }

    #[test]
    fn values_that_cannot_be_in_their_unit_are_refused() {
        let kind = robots::find("so101").unwrap();
        let check = |unit: Unit, value: f64| {
            let mut row = Joints::filled(6, 0.0);
            row[1] = value;
            let recorded = Recorded {
                actions: vec![row],
                states: vec![row],
            };
            check_units(&recorded, &kind.clone().in_unit(unit), unit)
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

    #[test]
    fn the_baseline_is_the_best_delay() {
        let actions = rows(&[0.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        let states = rows(&[7.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        let played = rows(&[7.0, 0.0, 0.0, 1.0, 2.0, 5.0]);
        let fit = fit(0, &played, &Recorded { actions, states });
        assert_eq!((fit.baseline_rms, fit.baseline_delay_frames), (0.0, 2));
        assert!((fit.rms - (4.0f64 / 6.0).sqrt()).abs() < 1e-12);
    }
}
