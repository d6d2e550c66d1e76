//! A seeded hand that moves in strokes.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;
use ulna_core::unit::Unit;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Chain;

use crate::hand::noise::Noise;
use crate::hand::operator::Operator;

/// When a hand that wanders about leaves the resting pose, s, and how long one of its strokes with its pause is.
const WANDERING: Rhythm = Rhythm {
    start: 0.3,
    beat: 2.2,
};
/// Longest delay of a joint's stroke after its beat, s, and of one joint after another.
const LATE: f64 = 0.25;
const STAGGER: f64 = 0.08;
/// Time of a stroke, s; a long way takes longer, so that no joint passes [`SPEED`].
const STROKE: core::ops::Range<f64> = 0.7..1.5;
const LONGEST: f64 = WANDERING.beat - LATE - STAGGER;
/// Fastest speed in the middle of a stroke, rad/s: quick human teleoperation reaches 4.
const SPEED: f64 = 3.2;
/// Speed in the middle of a minimum-jerk stroke, by its mean speed.
const PEAK: f64 = 1.875;
/// Strokes stay this far from a joint's limits (part of its range) ...
const MARGIN: f64 = 0.12;
/// ... and this near to its middle, rad: what one stroke can cross at [`SPEED`].
const REACH: f64 = LONGEST * SPEED / PEAK / 2.0;
/// A pose is natural if no link lies lower than this, m.
const FLOOR: f64 = 0.05;
/// Poses that are tried before the highest of them must do.
const TRIES: usize = 24;
/// Part of the strokes in which only the gripper moves.
const GRIPPER_ONLY: f64 = 0.25;

/// When strokes begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// When the hand leaves its resting pose, s after the run's epoch.
    pub start: f64,
    /// From one stroke to the next, s.
    pub beat: f64,
}

/// Where the strokes of a task lead.
pub trait StrokeTargets: fmt::Debug + Send + Sync {
    /// Joint angles of the leader at the end of stroke `index`, rad. They depend on the index alone.
    fn angles(&self, index: u64) -> Joints<f64>;
}

/// A seeded hand on the leader of one kind of robot.
#[derive(Debug, Clone)]
pub struct Hand {
    seed: u64,
    rhythm: Rhythm,
    targets: Option<Arc<dyn StrokeTargets>>,
    chain: Chain,
    rest: Joints<f64>,
    band: Joints<(f64, f64)>,
    gripper: Joints<bool>,
    noise: Noise,
    stroke: Stroke,
}

/// What the hand does in one beat.
#[derive(Debug, Clone, Copy)]
struct Stroke {
    index: u64,
    from: Joints<f64>,
    to: Joints<f64>,
    begin: Joints<f64>,
    seconds: Joints<f64>,
}

impl Hand {
    /// A hand that wanders about. It starts at the robot's parking pose, or at the middle of its ranges if it has none.
    pub fn new(kind: &RobotKind, seed: u64) -> Self {
        Self::with(kind, seed, WANDERING, None)
    }

    /// A hand whose strokes lead to these targets in turn; it starts where [`new`](Self::new) does.
    pub fn toward(
        kind: &RobotKind,
        seed: u64,
        rhythm: Rhythm,
        targets: Arc<dyn StrokeTargets>,
    ) -> Self {
        Self::with(kind, seed, rhythm, Some(targets))
    }

    fn with(
        kind: &RobotKind,
        seed: u64,
        rhythm: Rhythm,
        targets: Option<Arc<dyn StrokeTargets>>,
    ) -> Self {
        let rest = Joints::from_fn(kind.dof(), |i| {
            let joint = &kind.joints[i];
            let parked = kind.exit.park.get(&joint.name);
            parked.map_or(joint.middle(), |degrees| {
                degrees.to_radians().clamp(joint.lower, joint.upper)
            })
        });
        let band = Joints::from_fn(kind.dof(), |i| {
            let joint = &kind.joints[i];
            let margin = MARGIN * (joint.upper - joint.lower);
            let middle = f64::midpoint(joint.lower, joint.upper);
            (
                (joint.lower + margin).max(middle - REACH),
                (joint.upper - margin).min(middle + REACH),
            )
        });
        let mut hand = Self {
            seed,
            rhythm,
            targets,
            chain: Chain::new(kind),
            rest,
            band,
            gripper: Joints::from_fn(kind.dof(), |i| kind.joints[i].unit == Unit::Percent),
            noise: Noise::new(seed, kind.dof()),
            stroke: Stroke {
                index: 0,
                from: rest,
                to: rest,
                begin: rest,
                seconds: rest,
            },
        };
        hand.stroke = hand.plan(0);
        hand
    }

    #[allow(clippy::cast_precision_loss)]
    fn plan(&self, index: u64) -> Stroke {
        let from = index
            .checked_sub(1)
            .map_or(self.rest, |last| self.target(last));
        let to = self.target(index);
        let mut rng = self.rng(Purpose::Timing, index);
        let begin = index as f64 * self.rhythm.beat + rng.random_range(0.0..LATE);
        let drawn = rng.random_range(STROKE);
        Stroke {
            index,
            from,
            to,
            begin: Joints::from_fn(from.len(), |_| begin + rng.random_range(0.0..STAGGER)),
            seconds: Joints::from_fn(from.len(), |i| {
                let fast_enough = (to[i] - from[i]).abs() * PEAK / SPEED;
                drawn.max(fast_enough).min(LONGEST)
            }),
        }
    }

    /// Where the arm is after stroke `index`.
    fn target(&self, index: u64) -> Joints<f64> {
        if let Some(targets) = &self.targets {
            return targets.angles(index);
        }
        // The body's pose is that of the last stroke that moved it; the first one does.
        let mut body = index;
        while body > 0 && self.rng(Purpose::Kind, body).random_bool(GRIPPER_ONLY) {
            body -= 1;
        }
        let mut pose = self.body(body);
        let mut rng = self.rng(Purpose::Gripper, index);
        for (i, angle) in pose.iter_mut().enumerate() {
            if self.gripper[i] {
                *angle = draw(&mut rng, self.band[i]);
            }
        }
        pose
    }

    /// The first natural pose of those drawn for stroke `index`, or the highest of them.
    fn body(&self, index: u64) -> Joints<f64> {
        let mut rng = self.rng(Purpose::Body, index);
        let mut best = (f64::NEG_INFINITY, self.rest);
        for _ in 0..TRIES {
            let pose = self.band.map(|band| draw(&mut rng, band));
            let placed = self.chain.pose(&pose);
            let heights = placed.links().iter().map(|link| link.translation.z);
            let lowest = heights.fold(placed.tool_point().z, f64::min);
            if lowest > best.0 {
                best = (lowest, pose);
            }
            if lowest > FLOOR {
                break;
            }
        }
        best.1
    }

    /// An independent source of numbers for each purpose and stroke.
    fn rng(&self, purpose: Purpose, index: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index.wrapping_mul(8).wrapping_add(purpose as u64));
        rng
    }
}

impl Operator for Hand {
    fn rest(&self) -> &Joints<f64> {
        &self.rest
    }

    /// Depends on nothing but the robot, the seed and the time; the hand only remembers its latest stroke to save work.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn angles(&mut self, time: Duration) -> Joints<f64> {
        let seconds = time.as_secs_f64() - self.rhythm.start;
        if seconds <= 0.0 {
            return self.rest;
        }
        let index = (seconds / self.rhythm.beat) as u64;
        if index != self.stroke.index {
            self.stroke = self.plan(index);
        }
        let stroke = &self.stroke;
        let shake = self.noise.at(seconds);
        Joints::from_fn(self.rest.len(), |i| {
            let part = (seconds - stroke.begin[i]) / stroke.seconds[i];
            let way = stroke.to[i] - stroke.from[i];
            stroke.from[i] + way * minimum_jerk(part) + shake[i]
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Purpose {
    Kind,
    Timing,
    Body,
    Gripper,
}

fn draw(rng: &mut ChaCha8Rng, (low, high): (f64, f64)) -> f64 {
    rng.random_range(low..high)
}

/// Part of the way after `part` of the time, both 0..=1, with speed and acceleration zero at both ends.
fn minimum_jerk(part: f64) -> f64 {
    let x = part.clamp(0.0, 1.0);
    x * x * x * (10.0 + x * (6.0 * x - 15.0))
}

#[cfg(test)]
mod tests;
