//! `ulna replay`: a recorded episode, played on a robot, and how well the robot followed.

use serde::Serialize;
use serde_json::{Map, Value, json};
use ulna_control::Playing;
use ulna_core::{Joints, Unit};
use ulna_robot::files;

use crate::client::SessionLink;
use crate::display::{Display, DisplaySetup};
use crate::episode::{RecordedEpisode, load};
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::rig::Rig;
use crate::run::{SessionOutcome, SessionPlan, run};
use crate::teleoperators::EpisodePlayer;

pub use crate::episode::{EpisodeOptions, Trust};

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
    pub fps: f64,
    /// What is odd about the dataset for this robot, a sentence each.
    pub warnings: Vec<String>,
    /// How many frames have a target outside of what its unit allows; they are cut off.
    pub clamped_frames: usize,
    /// Joint name and fit, in order.
    pub joints: Vec<(String, JointFit)>,
    /// The session.
    pub outcome: SessionOutcome,
}

/// Most frames that a delay baseline looks back: LeRobot arms lag some hundred milliseconds.
const LONGEST_DELAY: usize = 30;

/// Plays one episode; `display` shows it.
///
/// # Errors
/// If the dataset, the episode or the rig is not usable, or the values cannot be in the units they are taken for.
pub fn replay(
    rig: &RigOptions,
    options: &EpisodeOptions,
    display: Option<Box<dyn Display>>,
    link: &mut SessionLink,
) -> Result<Replayed, SessionError> {
    link.without_recorder();
    let robot = files::find(&rig.robot)?;
    let recorded = load(options, &robot)?;
    let rig_options = RigOptions {
        unit: Some(recorded.units),
        ..rig.clone()
    };
    let rig = Rig::open_for(&rig_options, link, |_| {
        let player = EpisodePlayer::new(&recorded, Playing::Interpolated);
        Ok(Box::new(player))
    })?;
    let plan = SessionPlan {
        command: "replay",
        display: display.map(DisplaySetup::new),
        ..SessionPlan::default()
    };
    let outcome = run(rig, plan, link)?;
    let played = &outcome.rows[..outcome.rows.len().min(recorded.states.len())];
    let labels = robot.in_unit(recorded.units).labels();
    let joints = labels.into_iter().enumerate();
    let joints = joints.map(|(joint, name)| (name, fit(joint, played, &recorded)));
    Ok(Replayed {
        joints: joints.collect(),
        units: recorded.units,
        units_from: recorded.units_from.clone(),
        frames: recorded.states.len(),
        fps: recorded.fps,
        warnings: recorded.warnings,
        clamped_frames: recorded.clamped_frames,
        outcome,
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
            "fps": crate::datasets::number(self.fps),
            "warnings": self.warnings,
            "clamped_frames": self.clamped_frames,
            "session": self.outcome.report,
        })
    }
}

fn fit(joint: usize, played: &[Joints<f64>], recorded: &RecordedEpisode) -> JointFit {
    let RecordedEpisode {
        actions, states, ..
    } = recorded;
    // Frames before the delayed actions begin are left out: no action of that time is known.
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
    fn the_baseline_is_the_best_delay() {
        let actions = rows(&[0.0, 1.0, 2.0, 3.0, 4.0, 4.0]);
        let states = rows(&[7.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        let played = rows(&[7.0, 0.0, 0.0, 1.0, 2.0, 5.0]);
        let fit = fit(
            0,
            &played,
            &RecordedEpisode {
                units: Unit::Degrees,
                units_from: String::new(),
                fps: 30.0,
                warnings: Vec::new(),
                clamped_frames: 0,
                actions,
                states,
            },
        );
        assert_eq!((fit.baseline_rms, fit.baseline_delay_frames), (0.0, 2));
        assert!((fit.rms - (4.0f64 / 6.0).sqrt()).abs() < 1e-12);
    }
}
