//! Rigid bodies with contact: free bodies, what stands still around them, and the links of the arm.
//!
//! The arm's joints stay in the equations of `law::solve`: the points of contact join them, so a finger feels what it
//! squeezes within the tick in which its servo pushes, through gears with play and friction, and a servo's limit is what limits a grasp. An
//! engine for rigid bodies would have its own joints with one motor each, and would see the servos only as torques of the tick before; with gears
//! as stiff as these and a jaw of 12 g, of nine runs of rapier with other settings one lifted a cube of 200 g.
//!
//! Everything that can touch is convex (`solid`); `touch` finds the points, `constraint` turns each into equations. What the robot file draws is
//! what touches. Two links of one arm do not touch each other, and a link that stands in a fixed piece from the beginning does not touch that.

pub(crate) mod body;
mod constraint;
pub(crate) mod pieces;
mod solid;
mod touch;

#[cfg(test)]
mod tests;

use nalgebra::{Isometry3, Matrix3, Vector3};
use ulna_core::joints::Joints;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Pose;

use crate::law::solve::{Coupling, Matrix};
use body::Body;
pub use body::{Fixture, MAX_BODIES, Matter};
pub(crate) use constraint::MAX_ARM;
use constraint::{Contact, Motion, Place, Side};
use pieces::{Piece, Pieces};
use touch::touch;

/// Points that are about to touch within this distance, m, are known to the solver: what moves faster than that in a tick is no servo arm.
const MARGIN: f64 = 2e-3;
/// Most points of contact at a time; what comes after them is not felt.
const MAX_CONTACTS: usize = 128;
/// Most rounds of the solver, and the change of speed, m/s, at which it stops before.
const ROUNDS: usize = 40;
const CONVERGED: f64 = 2e-6;
/// A point is the same as in the last tick if it is no further away on the first solid, m.
const SAME_POINT: f64 = 2e-3;
/// A body that touches a sleeping one faster than this, m/s, wakes it.
const NUDGE: f64 = 4e-3;
/// How this engine is set up, to be printed next to its figures. It is the same for every scene.
pub(crate) const SETTINGS: &str = "contacts 400 Hz, damping ratio 1, at most 40 rounds of Gauss-Seidel with the servos' friction, 1 ms";
/// Standard gravity, m/s².
const GRAVITY: f64 = 9.806_65;

/// Free bodies around one arm. A clone is a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Contacts {
    pieces: Pieces,
    bodies: Vec<Body>,
    poses: Vec<Isometry3<f64>>,
    /// The points of this tick, the pair of pieces that each belongs to, and its place on the first piece.
    places: Vec<Place>,
    keys: Vec<(Key, Vector3<f64>)>,
    contacts: Vec<Contact>,
    warm: Vec<Warm>,
    inertia: Vec<Matrix3<f64>>,
    axes: Joints<(Vector3<f64>, Vector3<f64>)>,
    dt: f64,
    rounds: usize,
}

/// Two pieces.
type Key = (u16, u16);

/// The impulses of a point in the last tick.
#[derive(Debug, Clone, Copy)]
struct Warm {
    key: Key,
    at: Vector3<f64>,
    impulse: (f64, Vector3<f64>),
}

impl Contacts {
    /// No bodies among `fixtures`, for a robot whose links stand like `rest` to begin with.
    pub(crate) fn new(kind: &RobotKind, rest: &Pose, fixtures: &[Fixture]) -> Self {
        let still = (Vector3::z(), Vector3::zeros());
        Self {
            pieces: Pieces::new(kind, rest, fixtures),
            poses: Vec::with_capacity(MAX_BODIES),
            inertia: Vec::with_capacity(MAX_BODIES),
            bodies: Vec::with_capacity(MAX_BODIES),
            places: Vec::with_capacity(MAX_CONTACTS),
            keys: Vec::with_capacity(MAX_CONTACTS),
            contacts: Vec::with_capacity(MAX_CONTACTS),
            warm: Vec::with_capacity(MAX_CONTACTS),
            axes: Joints::filled(kind.dof(), still),
            dt: 0.0,
            rounds: 0,
        }
    }

    /// Replaces the bodies by others, at rest at these poses; one without a pose is left out.
    pub(crate) fn lay_out(&mut self, matter: &[Matter], poses: &[Isometry3<f64>]) {
        self.bodies.clear();
        self.warm.clear();
        self.pieces.replace(matter);
        let bodies = matter.iter().zip(&self.pieces.bodies).zip(poses);
        self.bodies.extend(
            bodies.map(|((matter, piece), pose)| Body::new(matter, piece.solid.radius, *pose)),
        );
        self.poses = self.bodies.iter().map(|body| body.pose).collect();
        self.inertia = vec![Matrix3::zeros(); self.bodies.len()];
    }

    /// Where the bodies are, base frame.
    pub(crate) fn poses(&self) -> &[Isometry3<f64>] {
        &self.poses
    }

    /// Begins a tick of `dt` seconds with the links where they are; `turns` has 1 for each joint that its servo turns forward, and -1.
    ///
    /// False if nothing moves but the arm, and that touches nothing: the tick is then as if there were no bodies.
    pub(crate) fn detect(&mut self, pose: &Pose, turns: &Joints<f64>, dt: f64) -> bool {
        self.dt = dt;
        self.rounds = 0;
        self.places.clear();
        self.keys.clear();
        for ((axis, link), turn) in self.axes.iter_mut().zip(pose.links()).zip(turns.iter()) {
            *axis = (
                link.rotation * Vector3::z() * *turn,
                link.translation.vector,
            );
        }
        for (piece, body) in self.pieces.bodies.iter_mut().zip(&self.bodies) {
            piece.pose = body.pose;
        }
        self.touch_links(pose);
        self.touch_bodies();
        !self.places.is_empty() || self.bodies.iter().any(|body| body.awake)
    }

    /// What the links touch. A body that one comes near wakes.
    fn touch_links(&mut self, pose: &Pose) {
        for link in 0..self.pieces.links.len() {
            if !self.pieces.approach(link, pose, MARGIN) {
                continue;
            }
            for index in 0..self.pieces.links[link].pieces.len() {
                let side = self.pieces.links[link].side;
                for body in 0..self.bodies.len() {
                    let key = (self.pieces.links[link].pieces[index].number, number(body));
                    let (a, b) = (
                        &self.pieces.links[link].pieces[index],
                        &self.pieces.bodies[body],
                    );
                    if side == Side::Fixed && !self.bodies[body].awake {
                        continue;
                    }
                    if let Some(found) = meet(a, b) {
                        if side != Side::Fixed {
                            self.bodies[body].wake();
                        }
                        self.add(key, [side, Side::Body(body)], &found);
                    }
                }
                for fixture in 0..self.pieces.fixtures.len() {
                    let group = &self.pieces.links[link];
                    if !group.pieces[index].feels(fixture) || side == Side::Fixed {
                        continue;
                    }
                    let (a, b) = (&group.pieces[index], &self.pieces.fixtures[fixture]);
                    let key = (a.number, b.number);
                    if let Some(found) = meet(a, b) {
                        self.add(key, [side, Side::Fixed], &found);
                    }
                }
            }
        }
    }

    /// What the bodies touch that are awake.
    fn touch_bodies(&mut self) {
        for body in 0..self.bodies.len() {
            for other in body + 1..self.bodies.len() {
                if !self.bodies[body].awake && !self.bodies[other].awake {
                    continue;
                }
                let (a, b) = (&self.pieces.bodies[body], &self.pieces.bodies[other]);
                let Some(found) = meet(a, b) else {
                    continue;
                };
                let fast = self.bodies[body].speed().max(self.bodies[other].speed()) > NUDGE;
                let sides = [body, other].map(|body| {
                    if fast && !self.bodies[body].awake {
                        self.bodies[body].wake();
                    }
                    match self.bodies[body].awake {
                        true => Side::Body(body),
                        false => Side::Fixed,
                    }
                });
                self.add((number(body), number(other)), sides, &found);
            }
        }
        for body in 0..self.bodies.len() {
            if !self.bodies[body].awake {
                continue;
            }
            for fixture in 0..self.pieces.fixtures.len() {
                let (a, b) = (&self.pieces.fixtures[fixture], &self.pieces.bodies[body]);
                let key = (a.number, number(body));
                if let Some(found) = meet(a, b) {
                    self.add(key, [Side::Fixed, Side::Body(body)], &found);
                }
            }
        }
    }

    fn add(&mut self, key: Key, sides: [Side; 2], found: &Found) {
        for touch in found.patch.touches() {
            if self.places.len() == MAX_CONTACTS {
                return;
            }
            let at = touch.point;
            let mut warm = self.warm.iter();
            let warm = warm.find(|warm| warm.key == key && (warm.at - at).norm() < SAME_POINT);
            let point = found.pose * at + found.pose.translation.vector;
            self.keys.push((key, at));
            self.places.push(Place {
                sides,
                point,
                normal: found.pose * found.patch.normal,
                gap: touch.gap,
                friction: found.friction,
                impulse: warm.map_or((0.0, Vector3::zeros()), |warm| warm.impulse),
            });
        }
    }

    /// Ends a tick: the bodies move.
    pub(crate) fn finish(&mut self) {
        self.warm.clear();
        for (contact, (key, at)) in self.contacts.iter().zip(&self.keys) {
            self.warm.push(Warm {
                key: *key,
                at: *at,
                impulse: contact.impulse(),
            });
        }
        for index in 0..self.bodies.len() {
            if !self.bodies[index].awake {
                continue;
            }
            let of_body = |place: &&Place| place.sides.contains(&Side::Body(index));
            let held = |place: &Place| {
                let mut sides = place.sides.iter();
                sides.any(|side| matches!(side, Side::Link(_)))
            };
            let mut touching = self.places.iter().filter(of_body).peekable();
            let settled = touching.peek().is_some() && !touching.any(held);
            self.bodies[index].integrate(self.dt, settled);
        }
        self.publish();
    }

    fn publish(&mut self) {
        for (pose, body) in self.poses.iter_mut().zip(&self.bodies) {
            *pose = body.pose;
        }
    }

    /// The forces with which the arm's links press on body `index`, N: their sum over all points.
    #[cfg(test)]
    pub(crate) fn grip(&self, index: usize) -> f64 {
        let contacts = self.contacts.iter().zip(&self.places);
        let held = contacts.filter(|(_, place)| {
            place.sides.contains(&Side::Body(index))
                && place.sides.iter().any(|side| matches!(side, Side::Link(_)))
        });
        held.map(|(contact, _)| contact.impulse().0 / self.dt).sum()
    }

    /// The deepest that anything stands in anything else, m.
    pub(crate) fn deepest(&self) -> f64 {
        let gaps = self.places.iter().map(|place| -place.gap);
        gaps.fold(0.0, f64::max)
    }

    /// The bodies.
    #[cfg(test)]
    pub(crate) fn bodies(&self) -> &[Body] {
        &self.bodies
    }
}

impl Coupling for Contacts {
    fn begin(&mut self, inverse: &Matrix, output: &mut Joints<f64>) {
        for (body, inertia) in self.bodies.iter_mut().zip(&mut self.inertia) {
            if body.awake {
                body.velocity.z -= GRAVITY * self.dt;
                *inertia = body.inertia_inverse();
            }
        }
        let (axes, pieces) = (&self.axes, &self.pieces);
        let reach = |link: usize, point: &Vector3<f64>, joint: usize| {
            let (axis, origin) = axes[joint];
            match pieces.turns(joint, link) {
                true => axis.cross(&(point - origin)),
                false => Vector3::zeros(),
            }
        };
        let mut motion = Motion {
            inverse,
            output,
            bodies: &mut self.bodies,
        };
        self.contacts.clear();
        for place in &self.places {
            let contact = Contact::new(place, &motion, &self.inertia, &reach);
            self.contacts.push(contact);
        }
        for contact in &self.contacts {
            contact.begin(&mut motion);
        }
    }

    fn round(&mut self, inverse: &Matrix, output: &mut Joints<f64>) -> bool {
        let mut motion = Motion {
            inverse,
            output,
            bodies: &mut self.bodies,
        };
        let mut change: f64 = 0.0;
        for contact in &mut self.contacts {
            change = change.max(contact.round(&mut motion, self.dt));
        }
        self.rounds += 1;
        change < CONVERGED || self.rounds >= ROUNDS
    }
}

/// Where two pieces touch, in the frame of the first.
struct Found {
    pose: Isometry3<f64>,
    patch: touch::Patch,
    friction: f64,
}

fn meet(a: &Piece, b: &Piece) -> Option<Found> {
    if !a.near(b, MARGIN) {
        return None;
    }
    let at = a.pose.inv_mul(&b.pose);
    let patch = touch(&a.solid, &b.solid, &at, MARGIN)?;
    Some(Found {
        pose: a.pose,
        patch,
        friction: a.friction.min(b.friction),
    })
}

/// The number of a body's piece; those of other pieces come after all bodies.
fn number(body: usize) -> u16 {
    u16::try_from(body).unwrap_or(u16::MAX)
}
