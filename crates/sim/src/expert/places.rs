//! Where a hand has to be: to grasp a thing, to push it, to put it down.

use core::f64::consts::FRAC_PI_2;

use nalgebra::{Rotation2, Vector3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::Joints;

use super::aim::{Aim, Aimer};
use crate::pose_slot::WorldView;
use crate::scenes::things::goal::Goal;

/// The tool goes no lower, m: the finger's tip is beyond it.
const LOWEST: f64 = 0.011;
/// What is left between the fixed finger and a thing before the hand closes, m.
const CLEARANCE: f64 = 0.006;
/// How the jaw opens: what is between the tips when the gripper is at 0, and how far its tip is from its axle, m.
const TIP_GAP: f64 = 0.016;
const TIP_RADIUS: f64 = 0.078;
/// How much of a thing's height is next to the tip, m; the rest reaches up between jaw and finger.
const IN_HAND: f64 = 0.014;
/// Room for the jaw next to a thing, m.
const JAW_ROOM: f64 = 0.02;
/// A hand stops so far above a thing's upper side, m, before it goes down around it: from there on its gears lean the way in which it moves on,
/// and what it aims off is right to the end.
const NEAR: f64 = 0.016;
/// A pushing hand begins so far behind a thing's side, m, and ends so near to where the side shall be.
const RUN_UP: f64 = 0.035;
const PUSHED: f64 = 0.011;
/// How far above what it stands on a thing is released, m.
const DROP: f64 = 0.002;

/// A pose before the arm from which everything in reach is found; the gripper stays as it is in `pose`.
pub(super) fn start_pose(pose: &Joints<f64>) -> Joints<f64> {
    let mut near = *pose;
    for (place, angle) in near.iter_mut().zip([0.0, -0.2, 0.5, 1.2, 1.5]) {
        *place = angle;
    }
    near
}

/// How far the gripper opens for a thing with sides of `side` m, rad: what a wide thing comes nearest to is not the jaw's tip but where its own upper
/// edge is.
pub(super) fn opening(side: f64) -> f64 {
    let radius = TIP_RADIUS - (side - IN_HAND).max(0.0);
    ((side + JAW_ROOM - TIP_GAP) / radius)
        .clamp(0.1, 0.95)
        .asin()
}

/// Of the four ways to take a cube by two of its sides, the one that the arm does best from `pose`, with `room` m more than usual for the fixed finger.
pub(super) fn grasp(
    aimer: &Aimer,
    from: &Joints<f64>,
    (thing, seen): (usize, &WorldView),
    room: f64,
    random: &mut ChaCha8Rng,
) -> Option<Aim> {
    let pose = seen.poses().get(thing)?;
    let half = seen.layout.things.get(thing)?.half();
    // A cube that has been tipped over lies on another side: any side of it that is level does.
    let level = [pose.rotation * Vector3::x(), pose.rotation * Vector3::y()]
        .into_iter()
        .max_by(|a, b| a.xy().norm().total_cmp(&b.xy().norm()))?;
    let yaw = level.y.atan2(level.x);
    let depth = random.random_range(-0.001..0.002);
    let sideways = random.random_range(-0.0015..0.0015);
    let near = start_pose(from);
    let ways = (0..4).map(|quarter| {
        let yaw = yaw + f64::from(quarter) * FRAC_PI_2;
        let jaw = Vector3::new(yaw.cos(), yaw.sin(), 0.0);
        let across = Vector3::new(-yaw.sin(), yaw.cos(), 0.0);
        let at = pose.translation.vector;
        let height = (at.z - 0.003 + depth).max(at.z - half + LOWEST);
        let middle = Vector3::new(at.x, at.y, height);
        let aim = Aim {
            point: middle - jaw * (half + CLEARANCE + room) + across * sideways,
            fingers: -Vector3::z(),
            jaw,
        };
        let (angles, miss) = aimer.angles(&aim, &near);
        let reached = aimer.seen(&angles);
        let way = angles.iter().zip(from.iter()).map(|(a, b)| (a - b).abs());
        let cost = miss * 200.0
            + (1.0 - reached.jaw.dot(&jaw)) * 20.0
            + (1.0 - reached.fingers.dot(&aim.fingers)) * 2.0
            + way.sum::<f64>() * 0.05;
        (cost, aim)
    });
    let best = ways.min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(best.1)
}

/// Above this grasp, with the tips just above the thing.
pub(super) fn near(grasp: &Aim, (thing, seen): (usize, &WorldView)) -> Option<Aim> {
    let pose = seen.poses().get(thing)?;
    let top = pose.translation.z + seen.layout.things.get(thing)?.half();
    Some(raised(grasp, top + NEAR - grasp.point.z))
}

/// Where a hand begins to push a thing, and where it ends.
pub(super) fn pushing(goal: Goal, seen: &WorldView) -> Option<(Aim, Aim)> {
    let Goal::At { thing, mark, .. } = goal else {
        return None;
    };
    let at = seen.poses().get(thing)?.translation.vector;
    let half = seen.layout.things.get(thing)?.half();
    let mark = seen.layout.marks.get(mark)?;
    let way = (mark - at.xy()).try_normalize(1e-4)?;
    // The broad side of the closed hand pushes.
    let across = Rotation2::new(FRAC_PI_2) * way;
    let jaw = Vector3::new(across.x, across.y, 0.0);
    let way = Vector3::new(way.x, way.y, 0.0);
    let aim = |point: Vector3<f64>| Aim {
        point: Vector3::new(point.x, point.y, LOWEST + 0.003) - jaw * 0.006,
        fingers: -Vector3::z(),
        jaw,
    };
    let mark = Vector3::new(mark.x, mark.y, 0.0);
    Some((
        aim(at - way * (half + RUN_UP)),
        aim(mark - way * (half + PUSHED)),
    ))
}

/// Where the hand is when the thing in it is `height` (m) above where it is released. `hand` is where it is now, and `held` leads from the tool to the
/// thing: along fingers, jaw and across both, m.
pub(super) fn put(
    hand: &Aim,
    held: &Vector3<f64>,
    goal: Goal,
    seen: &WorldView,
    height: f64,
) -> Option<Aim> {
    let half = seen.layout.things.get(goal.thing())?.half();
    let (x, y, z) = match goal {
        Goal::In {
            middle,
            height: wall,
            ..
        } => (middle[0], middle[1], wall * 0.6 + half),
        Goal::On { under, .. } => {
            let below = seen.poses().get(under)?.translation.vector;
            let base = seen.layout.things.get(under)?.half();
            (below.x, below.y, below.z + base + half + DROP)
        }
        Goal::Lifted { .. } | Goal::At { .. } => return None,
    };
    // The wrist stays as it is: the jaw turns with the base.
    let turn = y.atan2(x) - hand.point.y.atan2(hand.point.x);
    let jaw = Rotation2::new(turn) * hand.jaw.xy();
    let jaw = Vector3::new(jaw.x, jaw.y, 0.0).try_normalize(1e-6)?;
    let fingers = -Vector3::z();
    let off = fingers * held.x + jaw * held.y + fingers.cross(&jaw) * held.z;
    Some(Aim {
        point: Vector3::new(x, y, z + height) - off,
        fingers,
        jaw,
    })
}

/// The same, so much higher, m.
pub(super) fn raised(aim: &Aim, height: f64) -> Aim {
    Aim {
        point: aim.point + Vector3::z() * height,
        ..*aim
    }
}
