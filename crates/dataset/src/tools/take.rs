//! Which frames of an episode become an episode of the result.

use std::ops::Range;

use crate::episode::Episode;
use crate::rate;

/// Frames of one episode that become one episode.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Take {
    /// The position of its dataset in the plan.
    pub(crate) source: usize,
    pub(crate) episode: usize,
    pub(crate) frames: Range<usize>,
    /// The new task of every frame's, as its position in the new list.
    pub(crate) tasks: Vec<u32>,
    /// The task numbers as the source's file has them.
    stored: Vec<i64>,
    /// The time of every frame in its episode, s, where the rows have others than the frame rate gives.
    times: Option<Vec<f64>>,
}

impl Take {
    /// The whole of an episode at this frame rate, with the new tasks of its frames.
    pub(crate) fn whole(source: usize, episode: &Episode, tasks: Vec<u32>, fps: f64) -> Take {
        Take {
            source,
            episode: episode.index,
            frames: 0..tasks.len(),
            tasks,
            stored: episode.task_index().to_vec(),
            times: off_grid(episode.timestamps(), fps),
        }
    }

    /// Whether the file's task numbers stay as they are.
    pub(crate) fn keeps_task_numbers(&self) -> bool {
        let pairs = self.tasks.iter().zip(&self.stored);
        self.tasks.len() == self.stored.len() && pairs.into_iter().all(|(a, b)| i64::from(*a) == *b)
    }

    /// The time of a frame of the take in its source's episode, s, as its row has it.
    pub(crate) fn time(&self, frame: usize, fps: f64) -> f64 {
        let stored = self.times.as_ref().and_then(|times| times.get(frame));
        stored.map_or((self.frames.start + frame) as f64 / fps, |time| *time)
    }

    /// Whether the rows' times are those that the frame rate gives.
    pub(crate) fn is_on_grid(&self) -> bool {
        self.times.is_none()
    }

    /// Takes the times that the frame rate gives for those of the rows.
    pub(crate) fn go_by_the_rate(&mut self) {
        self.times = None;
    }

    /// Takes fewer frames, numbered within the episode.
    pub(crate) fn trim(&mut self, frames: Range<usize>) {
        self.tasks = self.tasks[frames.clone()].to_vec();
        self.stored = self.stored[frames.clone()].to_vec();
        self.times = (self.times.take()).map(|times| times[frames.clone()].to_vec());
        self.frames = self.frames.start + frames.start..self.frames.start + frames.end;
    }
}

/// The times of rows, if they are others than the frame rate gives (beyond what single precision rounds).
fn off_grid(stamps: &[f64], fps: f64) -> Option<Vec<f64>> {
    (!rate::fits(stamps, fps)).then(|| stamps.to_vec())
}
