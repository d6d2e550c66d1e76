//! An episode of a dataset: the same layout, with the recorded action where a session has the command.
//!
//! | path | what |
//! |---|---|
//! | `joints/NAME` | `observation.state` (measured) and `action` (commanded) of this joint; `ulna.action_sent` where it differs from the action |
//! | `error` | action minus state |
//! | `features/KEY` | every other feature made of numbers |
//! | `cameras/NAME` | the pictures, as JPEG |
//! | `log` | the task |
//! | `arm/…` | the links in space, if the robot is known |

use std::time::Duration;

use rerun::{RecordingStream, TextDocument, TextLog};
use ulna_core::Joints;
use ulna_core::unit::AngleMap;
use ulna_dataset::{ACTION, Column, Dataset, Dtype, Episode, STATE};
use ulna_robot::RobotKind;

use crate::arm::{Arm, Which};
use crate::layout::Contents;
use crate::panel;
use crate::pictures;
use crate::points::Places;
use crate::series::{Plot, lines};
use crate::session::joint_plot;
use crate::target::{TIME, Viewer, ViewerError, nanos, time};

/// Width of the pictures at most, pixels.
const PICTURE_WIDTH: usize = 640;
/// What the gate sent, in datasets that ulna recorded.
const SENT: &str = "ulna.action_sent";
/// Features with more numbers than this in a row are no lines in a plot.
const WIDEST: usize = 64;

/// The robot that an episode was recorded with.
#[derive(Debug, Clone)]
pub struct EpisodeRobot {
    /// Its file, in the dataset's units.
    pub kind: RobotKind,
    /// From each joint's unit to its angle.
    pub angles: Joints<AngleMap>,
}

/// Shows one episode. `progress` is called with how many of how many pictures are sent, and says whether to go on;
/// false comes back if it did not.
///
/// # Errors
/// [`ViewerError`] if the episode cannot be read, or sent.
pub fn show_episode(
    viewer: &Viewer,
    dataset: &Dataset,
    episode: usize,
    robot: Option<&EpisodeRobot>,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<bool, ViewerError> {
    let shown = Shown {
        viewer,
        stream: &viewer.stream,
        episode: dataset.episode(episode)?,
        cameras: cameras(dataset),
    };
    shown.numbers(dataset, robot)?;
    let complete = shown.pictures(dataset, progress)?;
    viewer.finish()?;
    Ok(complete)
}

struct Shown<'a> {
    viewer: &'a Viewer,
    stream: &'a RecordingStream,
    episode: Episode,
    /// Feature and name.
    cameras: Vec<(String, String)>,
}

fn cameras(dataset: &Dataset) -> Vec<(String, String)> {
    let features = dataset.info().features.iter();
    let cameras = features.filter(|feature| matches!(feature.dtype, Dtype::Video | Dtype::Image));
    cameras
        .map(|feature| {
            let key = &feature.key;
            let name = key.strip_prefix("observation.images.").unwrap_or(key);
            (key.clone(), name.replace(['/', ' '], "_"))
        })
        .collect()
}

impl Shown<'_> {
    /// When frame `index` was, ns.
    fn at(&self, index: usize) -> Duration {
        Duration::from_secs_f64(index as f64 / self.episode.fps().max(1.0))
    }

    fn numbers(&self, dataset: &Dataset, robot: Option<&EpisodeRobot>) -> Result<(), ViewerError> {
        let pair = self.pair();
        let taken = [ACTION, STATE, SENT];
        let others: Vec<(&str, &Column)> = self
            .episode
            .columns()
            .filter(|(key, column)| {
                column.width() <= WIDEST && !(pair.is_some() && taken.contains(key))
            })
            .collect();
        let mut plots: Vec<(String, String)> = Vec::new();
        if pair.is_some() {
            plots.push(("action minus state".to_owned(), "error".to_owned()));
        }
        plots.extend(
            others
                .iter()
                .map(|(key, _)| ((*key).to_owned(), feature_path(key))),
        );
        let names = pair.as_ref().map(|pair| pair.names.clone());
        let robot = robot.filter(|robot| pair.as_ref().is_some_and(|pair| pair.is_of(robot)));
        let contents = Contents {
            arm: robot.is_some(),
            cameras: self.cameras.iter().map(|(_, name)| name.clone()).collect(),
            joints: names.unwrap_or_default(),
            plots,
            gate: None,
            window: None,
        };
        let sent = || -> rerun::RecordingStreamResult<()> {
            panel::send(self.stream, &contents.layout(), false)?;
            let about = TextDocument::from_markdown(self.about(dataset, robot));
            self.stream.log_static("about", &about)?;
            self.log_tasks()?;
            if let Some(pair) = &pair {
                self.log_pair(pair)?;
            }
            for (key, column) in others {
                self.log_feature(key, column)?;
            }
            if let (Some(robot), Some(pair)) = (robot, &pair) {
                self.log_arm(robot, pair)?;
            }
            Ok(())
        };
        sent().map_err(|error| self.viewer.failed(&error))
    }

    /// State and action, if they speak of the same joints.
    fn pair(&self) -> Option<Pair<'_>> {
        let (state, action) = (self.episode.state().ok()?, self.episode.action().ok()?);
        let names: Vec<String> = joint_names(state);
        let same =
            !names.is_empty() && names.len() == state.width() && names == joint_names(action);
        let sent = self
            .episode
            .column(SENT)
            .ok()
            .filter(|sent| sent.width() == state.width());
        same.then_some(Pair {
            names,
            state,
            action,
            sent,
        })
    }

    fn times(&self) -> Vec<i64> {
        let frames = 0..self.episode.len();
        frames.map(|index| nanos(self.at(index))).collect()
    }

    fn log_pair(&self, pair: &Pair<'_>) -> rerun::RecordingStreamResult<()> {
        let times = self.times();
        let mut error = Plot::new(
            "error".to_owned(),
            lines(pair.names.iter().map(String::as_str)),
        );
        for (joint, name) in pair.names.iter().enumerate() {
            let mut plot = joint_plot(name);
            plot.log_style(self.stream)?;
            let rows = pair.state.rows().zip(pair.action.rows());
            for (frame, (state, action)) in rows.enumerate() {
                let sent = pair.sent.and_then(|sent| sent.row(frame));
                let sent = sent.map_or(action[joint], |sent| sent[joint]);
                let wanted = if sent == action[joint] {
                    f64::NAN
                } else {
                    action[joint]
                };
                plot.push([wanted, sent, state[joint]]);
            }
            plot.send(self.stream, &times)?;
        }
        error.log_style(self.stream)?;
        for (state, action) in pair.state.rows().zip(pair.action.rows()) {
            error.push(
                action
                    .iter()
                    .zip(state)
                    .map(|(action, state)| action - state),
            );
        }
        error.send(self.stream, &times)
    }

    fn log_feature(&self, key: &str, column: &Column) -> rerun::RecordingStreamResult<()> {
        let own: Vec<String> = (0..column.width()).map(|index| index.to_string()).collect();
        let names = match column.names() {
            names if names.len() == column.width() => names,
            _ if column.width() == 1 => &[key.to_owned()],
            _ => own.as_slice(),
        };
        let mut plot = Plot::new(feature_path(key), lines(names.iter().map(String::as_str)));
        let mut places = Places::among(names);
        for (frame, row) in column.rows().enumerate() {
            places.log(self.stream, self.at(frame), row)?;
        }
        plot.log_style(self.stream)?;
        plot.push(column.values().iter().copied());
        plot.send(self.stream, &self.times())
    }

    fn log_tasks(&self) -> rerun::RecordingStreamResult<()> {
        let mut last = None;
        for frame in 0..self.episode.len() {
            let task = self.episode.task(frame);
            if task != last {
                self.stream.set_time(TIME, time(self.at(frame)));
                let text = format!("task: {}", task.unwrap_or("none"));
                self.stream.log("log", &TextLog::new(text))?;
                last = task;
            }
        }
        Ok(())
    }

    fn log_arm(&self, robot: &EpisodeRobot, pair: &Pair<'_>) -> rerun::RecordingStreamResult<()> {
        let Some(order) = pair.order(robot) else {
            return Ok(());
        };
        let mut arm = Arm::new(&robot.kind, robot.angles);
        arm.log_solids(self.stream, &robot.kind, &[])?;
        let sorted = |row: &[f64]| Joints::from_fn(order.len(), |joint| row[order[joint]]);
        let rows = pair.state.rows().zip(pair.action.rows());
        for (frame, (state, action)) in rows.enumerate() {
            let at = self.at(frame);
            arm.log(self.stream, Which::Commanded, at, &sorted(action))?;
            arm.log(self.stream, Which::Measured, at, &sorted(state))?;
        }
        Ok(())
    }

    fn pictures(
        &self,
        dataset: &Dataset,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<bool, ViewerError> {
        let frames = self.episode.len();
        let all = frames * self.cameras.len();
        let readers = self.cameras.iter().map(|(key, _)| dataset.pictures(key));
        let mut readers = readers.collect::<Result<Vec<_>, _>>()?;
        let mut sent = 0;
        for frame in 0..frames {
            for ((_, name), reader) in self.cameras.iter().zip(&mut readers) {
                let picture = reader.read(self.episode.index(), frame)?;
                let picture =
                    pictures::encode(&picture.rgb, picture.width, picture.height, PICTURE_WIDTH)
                        .map_err(|error| self.viewer.failed(&error))?;
                self.stream.set_time(TIME, time(self.at(frame)));
                self.stream
                    .log(format!("cameras/{name}"), &picture)
                    .map_err(|error| self.viewer.failed(&error))?;
                sent += 1;
                if !progress(sent, all) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn about(&self, dataset: &Dataset, robot: Option<&EpisodeRobot>) -> String {
        let (info, index) = (dataset.info(), self.episode.index());
        let arm = match robot {
            Some(robot) => format!(
                "The arm in space is {}; a dataset does not hold the arm's calibration, so the flawless one is taken.",
                robot.kind.name
            ),
            None => "The arm is not drawn: the robot is not known, or its joints are not those of the dataset.".to_owned(),
        };
        format!(
            "**{}, episode {index} of {}** · {} frames at {} fps, robot type {}. Task: {}.\n\n\
             **Blue**: state, measured. **Orange**: what was commanded; in space a ghost. **Grey**: the action, where the gate sent \
             something else.\n\n{arm}",
            dataset.root().display(),
            dataset.len(),
            self.episode.len(),
            info.fps,
            info.robot_type.as_deref().unwrap_or("unknown"),
            self.episode.task(0).unwrap_or("none"),
        )
    }
}

/// State and action of the same joints.
struct Pair<'a> {
    names: Vec<String>,
    state: &'a Column,
    action: &'a Column,
    sent: Option<&'a Column>,
}

impl Pair<'_> {
    /// For each of the robot's joints, where it stands in a row.
    fn order(&self, robot: &EpisodeRobot) -> Option<Vec<usize>> {
        let place = |joint: &str| self.names.iter().position(|name| name == joint);
        robot.kind.names().map(place).collect()
    }

    fn is_of(&self, robot: &EpisodeRobot) -> bool {
        self.order(robot).is_some()
    }
}

/// The names of a column's joints, without LeRobot's suffix, fit for a path.
fn joint_names(column: &Column) -> Vec<String> {
    let name = |name: &String| name.strip_suffix(".pos").unwrap_or(name).replace('/', "_");
    column.names().iter().map(name).collect()
}

fn feature_path(key: &str) -> String {
    format!("features/{}", key.replace('/', "_"))
}
