//! A recorded episode as a source of actions.

use std::time::Duration;

use ulna_core::{Action, ActionSource, Joints, Stamp};

use crate::motion::Move;

/// What happens between two recorded actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Playing {
    /// Straight from one to the next, for smooth motion. During its own frame, action k is approached from action k - 1 and reached at the
    /// frame's end: half a frame later, on average, than a loop at the recording's rate would have it, and never earlier.
    Interpolated,
    /// Each holds until the next, as a loop at the recording's own rate would send them.
    Held,
}

/// The actions of one episode, played at the rate they were recorded.
#[derive(Debug, Clone)]
pub struct Replay {
    rows: Vec<Joints<f64>>,
    fps: f64,
    start: Stamp,
    playing: Playing,
}

impl Replay {
    /// Plays `rows` (normalised units, one per frame) at `fps` frames per second; frame 0 begins at `start`.
    ///
    /// `fps` must be positive.
    pub fn new(rows: Vec<Joints<f64>>, fps: f64, start: Stamp, playing: Playing) -> Self {
        Self {
            rows,
            fps,
            start,
            playing,
        }
    }

    /// From the first row to the end of the last one's frame.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.rows.len() as f64 / self.fps)
    }
}

impl ActionSource for Replay {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn action(&mut self, now: Stamp) -> Option<Action> {
        // The rounding of k/fps to whole nanoseconds must not put frame k into frame k - 1.
        let frame = (now - self.start).as_secs_f64() * self.fps + 1e-6;
        let row = frame as usize;
        let here = self.rows.get(row).or(self.rows.last())?;
        let target = match (self.playing, self.rows.get(row.wrapping_sub(1))) {
            (Playing::Interpolated, Some(before)) => {
                let part = frame.fract();
                Joints::from_fn(here.len(), |j| before[j] + (here[j] - before[j]) * part)
            }
            _ => *here,
        };
        Some(Action { stamp: now, target })
    }

    fn finished(&self, now: Stamp) -> bool {
        now >= self.start + self.duration()
    }
}

/// The way from where the arm stands to the first action of an episode. It takes no time if the arm is there already.
#[derive(Debug, Clone)]
pub struct Approach {
    motion: Move,
    ends: Stamp,
}

impl Approach {
    /// A motion from `here` to `first` that starts at `start` and keeps below `velocity` (units per second).
    pub fn new(
        here: &Joints<f64>,
        first: &Joints<f64>,
        start: Stamp,
        velocity: &Joints<f64>,
    ) -> Self {
        let motion = Move::new(here, first, start, velocity);
        let settled = if motion.duration().is_zero() {
            start
        } else {
            motion.settled()
        };
        Self {
            motion,
            ends: settled,
        }
    }

    /// When the episode can begin.
    pub fn ends(&self) -> Stamp {
        self.ends
    }

    /// The approach, and after it the episode, which must start at [`ends`](Self::ends).
    pub fn then(self, replay: Replay) -> ApproachedReplay {
        ApproachedReplay {
            approach: self,
            replay,
        }
    }
}

/// An approach followed by an episode.
#[derive(Debug, Clone)]
pub struct ApproachedReplay {
    approach: Approach,
    replay: Replay,
}

impl ActionSource for ApproachedReplay {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        if now < self.approach.ends {
            self.approach.motion.action(now)
        } else {
            self.replay.action(now)
        }
    }

    fn finished(&self, now: Stamp) -> bool {
        self.replay.finished(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(playing: Playing) -> Replay {
        let rows = [0.0, 10.0, 30.0].map(|value| Joints::filled(1, value));
        Replay::new(
            rows.to_vec(),
            30.0,
            Stamp::new(Duration::from_secs(1)),
            playing,
        )
    }

    fn at(replay: &mut Replay, frames: f64) -> f64 {
        replay
            .action(Stamp::new(Duration::from_secs_f64(1.0 + frames / 30.0)))
            .unwrap()
            .target[0]
    }

    #[test]
    fn held_rows_are_in_force_at_their_own_frame() {
        let mut replay = replay(Playing::Held);
        for (frame, value) in [
            (0.0, 0.0),
            (0.9, 0.0),
            (1.0, 10.0),
            (1.9, 10.0),
            (2.0, 30.0),
            (7.0, 30.0),
        ] {
            assert_eq!(at(&mut replay, frame), value);
        }
    }

    #[test]
    fn interpolated_rows_are_reached_at_the_end_of_their_frame_and_never_before() {
        let mut replay = replay(Playing::Interpolated);
        for (frame, value) in [
            (0.5, 0.0),
            (1.0, 0.0),
            (1.5, 5.0),
            (2.0, 10.0),
            (2.5, 20.0),
            (3.0, 30.0),
            (7.0, 30.0),
        ] {
            assert!((at(&mut replay, frame) - value).abs() < 1e-3, "{frame}");
        }
    }

    #[test]
    fn an_episode_begins_once_the_arm_is_at_its_first_action() {
        let start = Stamp::new(Duration::from_secs(1));
        let (here, first) = (Joints::filled(1, -10.0), Joints::filled(1, 0.0));
        let still = Approach::new(&first, &first, start, &Joints::filled(1, 10.0));
        assert_eq!(still.ends(), start);
        let approach = Approach::new(&here, &first, start, &Joints::filled(1, 10.0));
        let ends = approach.ends();
        let mut both = approach.then(Replay::new(
            vec![first, Joints::filled(1, 5.0)],
            30.0,
            ends,
            Playing::Held,
        ));
        assert_eq!(both.action(start).unwrap().target, here);
        assert_eq!(both.action(ends).unwrap().target, first);
        assert!(!both.finished(ends) && both.finished(ends + Duration::from_millis(67)));
    }

    #[test]
    fn it_ends_after_the_last_frame() {
        let replay = replay(Playing::Held);
        assert!(!replay.finished(Stamp::new(Duration::from_millis(1099))));
        assert!(replay.finished(Stamp::new(Duration::from_millis(1101))));
    }
}
