//! Windows around a frame, by the rules of LeRobot's `delta_timestamps`.

use crate::error::{DatasetError, Result};

/// More steps than any policy looks at; what is larger is a mistake.
const MAX_STEPS: usize = 100_000;

/// Offsets in frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    offsets: Vec<i64>,
}

impl Window {
    /// The window of some times, in seconds, each of which must be within `tolerance` of the grid.
    pub(super) fn new(key: &str, times: &[f64], fps: f64, tolerance: f64) -> Result<Window> {
        let refuse = |reason: String| {
            let what = format!("the window of `{key}`");
            Err(DatasetError::invalid(what, reason))
        };
        if times.len() > MAX_STEPS {
            return refuse(format!("{} steps are too many", times.len()));
        }
        let mut offsets = Vec::with_capacity(times.len());
        for time in times {
            let steps = (time * fps).round_ties_even();
            // Written so that NaN is refused.
            let fits = (time * fps - steps).abs() / fps <= tolerance && steps.abs() < 1e15;
            if !fits {
                return refuse(format!(
                    "{time} s is no whole number of frames at {fps} frames/s \
                     (tolerance {tolerance} s)"
                ));
            }
            offsets.push(steps as i64);
        }
        Ok(Window { offsets })
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// For each step, the frame of the episode that stands for it, and whether it only does so because the episode
    /// ends before.
    pub(super) fn steps(
        &self,
        frame: usize,
        length: usize,
    ) -> impl Iterator<Item = (usize, bool)> + Clone {
        let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
        let frame = i64::try_from(frame).unwrap_or(i64::MAX);
        self.offsets.iter().map(move |offset| {
            let wanted = frame.saturating_add(*offset);
            let there = wanted.clamp(0, last.max(0));
            (usize::try_from(there).unwrap_or(0), there != wanted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_beyond_the_episode_repeat_its_ends_and_are_marked() {
        let window = Window::new("action", &[-0.2, -0.1, 0.0, 0.1], 10.0, 1e-4).unwrap();
        let steps: Vec<_> = window.steps(1, 2).collect();
        assert_eq!(steps, [(0, true), (0, false), (1, false), (1, true)]);
    }

    #[test]
    fn times_off_the_grid_are_refused() {
        assert!(Window::new("action", &[0.05], 30.0, 1e-4).is_err());
        assert!(Window::new("action", &[f64::NAN], 30.0, 1e-4).is_err());
        assert!(Window::new("action", &[f64::INFINITY], 30.0, 1e-4).is_err());
        // LeRobot's users write rounded times.
        let window = Window::new("action", &[0.0333, 0.0667], 30.0, 1e-4).unwrap();
        assert_eq!(window.offsets, [1, 2]);
    }
}
