//! How far played states are from recorded ones, next to the best pure delay, pooled over the frames of all episodes.

use ulna_core::joints::Joints;

use super::RecordedMotion;

/// Most frames that the delay looks back, one second at LeRobot's usual rate.
const LONGEST_DELAY: usize = 30;

/// A joint whose recorded motion is less than this from end to end is not moved, degrees: some steps of an encoder, and the play of gears.
const STILL: f64 = 1.5;
/// Below this correlation with the best delayed action, a state has nothing to do with the action.
const UNRELATED: f64 = 0.6;

/// Sums over the frames of a joint.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    /// Of the squared difference.
    error: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        self.count += 1.0;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
        self.error += (x - y).powi(2);
    }

    fn rms(&self) -> f64 {
        (self.error / self.count).sqrt()
    }

    /// Pearson's; 0 if one of both stands still.
    fn correlation(&self) -> f64 {
        let covariance = self.xy - self.x * self.y / self.count;
        let spread = |sum: f64, squares: f64| (squares - sum * sum / self.count).max(0.0);
        let spreads = spread(self.x, self.xx) * spread(self.y, self.yy);
        match spreads > 0.0 {
            true => covariance / spreads.sqrt(),
            false => 0.0,
        }
    }
}

/// Whether a joint can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// It moves, and as the actions say.
    Yes,
    /// Neither the actions nor the states move.
    Still,
    /// What it does has nothing to do with the actions.
    No,
    /// There are no frames with an action and a state.
    Unknown,
}

/// How one joint was played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JointScore {
    /// RMS of the played minus the recorded state, in the joint's unit.
    pub rms: f64,
    /// RMS of the recorded action, delayed by the best whole number of frames, minus the recorded state.
    pub delay_rms: f64,
    /// That number of frames.
    pub delay_frames: usize,
    /// Mean of the played minus the recorded state.
    pub bias: f64,
    /// Frames that were compared.
    pub frames: usize,
    /// Whether the figures mean anything.
    pub follows: Follows,
}

impl JointScore {
    /// The error in parts of the best delay's: below 1, the simulation knows more than a delay. `None` if the joint cannot be judged.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = self.rms / self.delay_rms;
        (self.follows == Follows::Yes && ratio.is_finite()).then_some(ratio)
    }
}

/// What pure delays of a joint's actions make of its states, episode by episode.
#[derive(Debug, Clone, Default)]
pub struct Delays([Sums; LONGEST_DELAY]);

impl Delays {
    /// Actions and states of an episode. Frames before the delayed actions begin are left out: no action of that time is known.
    pub fn add(&mut self, actions: &[f64], states: &[f64]) {
        for (delay, sums) in self.0.iter_mut().enumerate() {
            for (action, state) in actions.iter().zip(states.iter().skip(delay)) {
                sums.add(*action, *state);
            }
        }
    }

    /// The best delay in frames, and its sums; empty ones if there is none.
    fn best(&self) -> (usize, Sums) {
        let delays = self.0.iter().copied().enumerate();
        let delays = delays.filter(|(_, sums)| sums.count > 0.0);
        let best = delays.min_by(|a, b| a.1.rms().total_cmp(&b.1.rms()));
        best.unwrap_or_default()
    }

    /// Whether the states follow the actions, which are from end to end so far apart; `degrees` are in one unit.
    pub fn follows(&self, extents: [(f64, f64); 2], degrees: f64) -> Follows {
        let (_, best) = self.best();
        let widest = extents.iter().map(|(low, high)| high - low);
        let moved = widest.fold(0.0, f64::max) * degrees;
        match () {
            () if best.count == 0.0 => Follows::Unknown,
            () if moved < STILL => Follows::Still,
            () if best.correlation() < UNRELATED => Follows::No,
            () => Follows::Yes,
        }
    }
}

/// The errors of a whole dataset, episode by episode.
#[derive(Debug, Clone)]
pub struct Score {
    /// Played and recorded state of each joint.
    played: Vec<Sums>,
    /// Action and recorded state of each joint.
    delayed: Vec<Delays>,
    /// Lowest and highest recorded action and state.
    extents: Vec<[(f64, f64); 2]>,
}

impl Score {
    /// Nothing yet, of so many joints.
    pub fn new(joints: usize) -> Self {
        Self {
            played: vec![Sums::default(); joints],
            delayed: vec![Delays::default(); joints],
            extents: vec![[(f64::INFINITY, f64::NEG_INFINITY); 2]; joints],
        }
    }

    /// An episode, and how it was played. The first frame, where the played arm was put, does not count.
    pub fn add(&mut self, recording: &RecordedMotion, played: &[Joints<f64>]) {
        let RecordedMotion {
            actions, states, ..
        } = recording;
        for joint in 0..self.played.len() {
            for (state, played) in states.iter().zip(played).skip(1) {
                self.played[joint].add(played[joint], state[joint]);
            }
            let of = |rows: &[Joints<f64>]| rows.iter().map(|row| row[joint]).collect::<Vec<f64>>();
            self.delayed[joint].add(&of(actions), &of(states));
            for (rows, extent) in [actions, states].into_iter().zip(&mut self.extents[joint]) {
                for value in rows
                    .iter()
                    .map(|row| row[joint])
                    .filter(|value| value.is_finite())
                {
                    *extent = (extent.0.min(value), extent.1.max(value));
                }
            }
        }
    }

    /// The same for the episodes of another score.
    pub fn merge(&mut self, other: &Self) {
        let add = |sums: &mut Sums, more: &Sums| {
            sums.count += more.count;
            sums.x += more.x;
            sums.y += more.y;
            sums.xx += more.xx;
            sums.yy += more.yy;
            sums.xy += more.xy;
            sums.error += more.error;
        };
        for (joint, more) in other.played.iter().enumerate() {
            add(&mut self.played[joint], more);
            for (sums, more) in self.delayed[joint]
                .0
                .iter_mut()
                .zip(&other.delayed[joint].0)
            {
                add(sums, more);
            }
            for (extent, more) in self.extents[joint].iter_mut().zip(other.extents[joint]) {
                *extent = (extent.0.min(more.0), extent.1.max(more.1));
            }
        }
    }

    /// How each joint was played; `degrees` are in one unit of each.
    pub fn joints(&self, degrees: &Joints<f64>) -> Vec<JointScore> {
        let joints = (0..self.played.len()).map(|joint| self.joint(joint, degrees[joint]));
        joints.collect()
    }

    fn joint(&self, joint: usize, degrees: f64) -> JointScore {
        let played = &self.played[joint];
        let (delay_frames, best) = self.delayed[joint].best();
        let follows = match played.count == 0.0 {
            true => Follows::Unknown,
            false => self.delayed[joint].follows(self.extents[joint], degrees),
        };
        JointScore {
            rms: played.rms(),
            delay_rms: best.rms(),
            delay_frames,
            bias: (played.x - played.y) / played.count,
            frames: played.count as usize,
            follows,
        }
    }
}

/// Geometric mean; `None` of nothing.
pub fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for ratio in ratios {
        sum += ratio.max(f64::MIN_POSITIVE).ln();
        count += 1.0;
    }
    (count > 0.0).then(|| f64::exp(sum / count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[f64]) -> Vec<Joints<f64>> {
        let rows = values.iter().map(|&value| Joints::filled(1, value));
        rows.collect()
    }

    fn score(actions: &[f64], states: &[f64], played: &[f64]) -> JointScore {
        let mut score = Score::new(1);
        let recording = RecordedMotion {
            fps: 30.0,
            actions: rows(actions),
            states: rows(states),
        };
        score.add(&recording, &rows(played));
        score.joints(&Joints::filled(1, 1.0))[0]
    }

    #[test]
    fn the_error_is_next_to_that_of_the_best_delay() {
        let actions = [0.0, 1.0, 2.0, 3.0, 4.0, 4.0];
        let states = [7.0, 0.0, 0.5, 1.0, 2.0, 3.0];
        let found = score(&actions, &states, &[7.0, 0.0, 0.5, 1.0, 2.0, 5.0]);
        assert_eq!((found.delay_frames, found.frames), (2, 5));
        assert!((found.delay_rms - (0.25f64 / 4.0).sqrt()).abs() < 1e-12);
        assert!((found.rms - (4.0f64 / 5.0).sqrt()).abs() < 1e-12);
        assert!((found.ratio().unwrap() - found.rms / found.delay_rms).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_judged_has_no_ratio() {
        let ramp: Vec<f64> = (0..50).map(f64::from).collect();
        let played = [0.0; 50];
        let noise: Vec<f64> = (0..50).map(|k| f64::from(k * 7919 % 13)).collect();
        for (actions, states, follows) in [
            (&ramp, &[3.0; 50][..], Follows::No),
            (&ramp, &noise[..], Follows::No),
            (&vec![2.0; 50], &[2.5; 50][..], Follows::Still),
            (&ramp, &[f64::NAN; 50][..], Follows::Unknown),
        ] {
            let found = score(actions, states, &played);
            assert_eq!((found.follows, found.ratio()), (follows, None));
        }
        assert_eq!(score(&ramp, &ramp, &played).follows, Follows::Yes);
    }

    #[test]
    fn episodes_are_pooled_by_frames() {
        let one = |level: f64, frames: usize| {
            let mut score = Score::new(1);
            let recording = RecordedMotion {
                fps: 30.0,
                actions: rows(&vec![0.0; frames]),
                states: rows(&vec![0.0; frames]),
            };
            score.add(&recording, &rows(&vec![level; frames]));
            score
        };
        let mut all = one(1.0, 31);
        all.merge(&one(3.0, 11));
        let found = all.joint(0, 1.0);
        assert!((found.rms - (120.0f64 / 40.0).sqrt()).abs() < 1e-12);
        assert_eq!(geometric_mean([0.25, 1.0]), Some(0.5));
        assert_eq!(geometric_mean([]), None);
    }
}
