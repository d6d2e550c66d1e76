//! Where the targets are, and the poses that reach them.

use core::time::Duration;

use nalgebra::{Isometry3, Point3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;
use ulna_core::unit::Unit;
use ulna_core::{Environment, Stamp};
use ulna_robot::kinematics::Chain;
use ulna_robot::{JointSpec, RobotKind};

use crate::arm::ArmOptions;
use crate::arm::mechanics::Mechanics;
use crate::hand::StrokeTargets;
use crate::law::ServoModel;
use crate::visual::{Colour, Object, Shape};

/// The targets of one seed for one robot.
///
/// They lie where the arm can bring its tool, drawn evenly over distance, bearing and height; after 128 they come again. All are
/// computed in advance, so that a control thread may ask.
#[derive(Debug)]
pub(super) struct Targets {
    chain: Chain,
    all: Vec<Target>,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    point: Point3<f64>,
    /// Where a leader must be for its follower's tool to be there, rad.
    aim: Joints<f64>,
}

/// Names of a target's coordinates in the base frame, m.
pub(super) const NAMES: [&str; 3] = ["target_x", "target_y", "target_z"];

/// How many different targets there are.
const TARGETS: u64 = 128;

/// Where targets appear: distance from the base's axis, m, bearing, rad, height over the table, m.
const DISTANCE: core::ops::Range<f64> = 0.17..0.30;
const BEARING: core::ops::Range<f64> = -0.7..0.7;
const HEIGHT: core::ops::Range<f64> = 0.04..0.20;
/// An arm that cannot bring its tool nearer than this, m, gets another target.
const EXACT: f64 = 0.003;
/// Targets that are tried before the nearest that the arm can do must do.
const TRIES: usize = 16;
/// Poses stay this far from a joint's limits (part of its range).
const MARGIN: f64 = 0.05;
/// How far open a gripper is that reaches for something (part of its range).
const OPEN: f64 = 0.3;
/// Side of the cube that marks the target, m, and its colour, which nothing else in a scene has.
const MARKER: (f64, Colour) = (0.02, Colour([205, 40, 190]));

impl Targets {
    /// From one target to the next, s.
    pub(super) const PERIOD: f64 = 3.0;
    /// The tool has reached the target when it is nearer than this, m ...
    pub(super) const TOLERANCE: f64 = 0.02;
    /// ... for this long before the target goes, s.
    pub(super) const HOLD: f64 = 0.3;

    /// The targets of this seed for a robot.
    pub(super) fn new(kind: &RobotKind, seed: u64) -> Self {
        let limits = Joints::from_fn(kind.dof(), |i| {
            let joint = &kind.joints[i];
            let margin = MARGIN * (joint.upper - joint.lower);
            (joint.lower + margin, joint.upper - margin)
        });
        let near = Joints::from_fn(kind.dof(), |i| {
            let (low, high) = limits[i];
            match kind.joints[i].unit {
                Unit::Percent => low + OPEN * (high - low),
                _ => f64::midpoint(low, high),
            }
        });
        let chain = Chain::new(kind);
        let mechanics = Mechanics::new(kind);
        let still = Joints::filled(kind.dof(), 0.0);
        let all = (0..TARGETS).map(|index| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(index);
            let pose = draw(&mut random, &chain, &near, &limits);
            let (_, weight) = mechanics.loads(&pose, &still);
            let aim = Joints::from_fn(kind.dof(), |i| {
                let joint = &kind.joints[i];
                let sag = stiffness(kind, joint).map_or(0.0, |stiffness| weight[i] / stiffness);
                (pose[i] - sag).clamp(joint.lower, joint.upper)
            });
            let point = chain.pose(&pose).tool_point();
            Target { point, aim }
        });
        Self {
            all: all.collect(),
            chain: chain.clone(),
        }
    }

    /// The number of the target that is there at this time since the run's epoch.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn index(time: Duration) -> u64 {
        (time.as_secs_f64() / Self::PERIOD) as u64
    }

    /// Target number `index` in the base frame, m.
    pub(super) fn target(&self, index: u64) -> Point3<f64> {
        self.all[(index % TARGETS) as usize].point
    }

    /// Where the tool is with these joint angles, rad.
    pub(super) fn tool(&self, angles: &Joints<f64>) -> Point3<f64> {
        self.chain.pose(angles).tool_point()
    }

    /// What a camera sees where the target is.
    pub(super) fn marker(&self, now: Stamp) -> Object {
        let (side, colour) = MARKER;
        let target = self.target(Self::index(now.since_epoch()));
        Object {
            shape: Shape::Box {
                half: [side / 2.0; 3],
            },
            pose: Isometry3::translation(target.x, target.y, target.z),
            colour,
            pattern: None,
        }
    }
}

/// How far the follower's servo gives way, N·m/rad; unknown for unknown models and gains.
fn stiffness(kind: &RobotKind, joint: &JointSpec) -> Option<f64> {
    const GAIN: &str = "P_Coefficient";
    let registers = &kind.follower.registers;
    let gain = joint.registers.get(GAIN).or_else(|| registers.get(GAIN));
    let gain = u8::try_from(*gain?).ok()?;
    let model = ServoModel::of(kind, joint)?;
    let voltage = ArmOptions::default().voltage.unwrap_or(model.supply);
    Some(model.stiffness(voltage, gain))
}

/// A pose with the tool at a point drawn where targets appear.
fn draw(
    random: &mut ChaCha8Rng,
    chain: &Chain,
    near: &Joints<f64>,
    limits: &Joints<(f64, f64)>,
) -> Joints<f64> {
    let mut best = (f64::INFINITY, *near);
    for _ in 0..TRIES {
        let distance = random.random_range(DISTANCE);
        let bearing: f64 = random.random_range(BEARING);
        let height = random.random_range(HEIGHT);
        let point = Point3::new(distance * bearing.cos(), distance * bearing.sin(), height);
        let angles = chain.angles_at(&point, near, limits);
        let miss = (chain.pose(&angles).tool_point() - point).norm();
        if miss < best.0 {
            best = (miss, angles);
        }
        if miss < EXACT {
            break;
        }
    }
    best.1
}

impl Environment for Targets {
    fn names(&self) -> Vec<String> {
        NAMES.map(str::to_owned).into()
    }

    fn read(&self, at: Stamp, values: &mut [f64]) {
        let target = self.target(Self::index(at.since_epoch()));
        for (value, coordinate) in values.iter_mut().zip(target.iter()) {
            *value = *coordinate;
        }
    }
}

/// Where a leader must be for its follower's tool to be at the target: an operator sees the follower sag under its own weight and
/// aims higher.
impl StrokeTargets for Targets {
    fn angles(&self, index: u64) -> Joints<f64> {
        self.all[(index % TARGETS) as usize].aim
    }
}
