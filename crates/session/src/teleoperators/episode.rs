//! A recorded episode, played at the rate it was recorded.

use ulna_control::replay::{Approach, ApproachedReplay};
use ulna_control::{Playing, Replay};
use ulna_core::{Action, ActionSource, Joints, Stamp};

use crate::device::{RowGrid, Start, StartPose, Teleoperator};
use crate::episode::load;
use crate::error::SessionError;
use crate::teleoperator_type::{TeleoperatorRequest, TeleoperatorType};

/// See the module.
pub(super) const TYPE: TeleoperatorType = TeleoperatorType {
    name: "episode",
    summary: "an episode of a LeRobot dataset; settings: dataset, episode, units, trust",
    leader_arm: false,
    open,
};

fn open(request: &mut TeleoperatorRequest<'_>) -> Result<Box<dyn Teleoperator>, SessionError> {
    let episode = load(&request.settings()?, request.robot)?;
    Ok(Box::new(EpisodePlayer::new(
        &episode,
        Playing::Interpolated,
    )))
}

/// Plays an episode: first the way from where the arm stands to the first action, at the ramp's speed, then every action.
#[derive(Debug)]
pub struct EpisodePlayer {
    actions: Vec<Joints<f64>>,
    pose: StartPose,
    fps: f64,
    playing: Playing,
    begun: Option<(Stamp, ApproachedReplay)>,
}

impl EpisodePlayer {
    /// A player of this episode, in the units of the robot that is to play it.
    pub fn new(episode: &crate::episode::RecordedEpisode, playing: Playing) -> Self {
        let state = episode.states.first().copied().unwrap_or_default();
        Self {
            pose: StartPose {
                state,
                action: episode.actions.first().copied().unwrap_or(state),
            },
            actions: episode.actions.clone(),
            fps: episode.fps,
            playing,
            begun: None,
        }
    }
}

impl ActionSource for EpisodePlayer {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.begun.as_mut()?.1.action(now)
    }

    fn finished(&self, now: Stamp) -> bool {
        let begun = self.begun.as_ref();
        begun.is_some_and(|(_, source)| source.finished(now))
    }
}

impl Teleoperator for EpisodePlayer {
    fn start_pose(&self) -> Option<StartPose> {
        Some(self.pose)
    }

    fn first_goal(&mut self, _now: Stamp) -> Option<Joints<f64>> {
        Some(self.pose.action)
    }

    fn start(&mut self, start: &Start<'_>) {
        // The episode begins with the base at rest.
        let first = start.limits.at_rest(&self.pose.action);
        let approach = Approach::new(start.here, &first, start.at, &start.limits.ramp_velocity);
        let plays = approach.ends();
        let rows = self.actions.clone();
        let replay = Replay::new(rows, self.fps, plays, self.playing);
        self.begun = Some((plays, approach.then(replay)));
    }

    fn rows(&self) -> Option<RowGrid> {
        let (start, _) = self.begun.as_ref()?;
        Some(RowGrid {
            start: *start,
            fps: self.fps,
            rows: self.actions.len(),
        })
    }
}
