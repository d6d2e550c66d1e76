//! One point of contact as three equations: two surfaces that do not pass through each other, and friction between them.
//!
//! All are solved for impulses, one after the other, again and again, together with the friction in the servos (projected
//! Gauss-Seidel), and begin with those of the tick before. Where surfaces overlap they are pushed apart as by a stiff, well damped
//! spring that is solved implicitly (Catto, "Soft contact constraints"), so that what is held fast is held by a force and not by jumps.

use nalgebra::{Matrix3, Vector3};
use ulna_core::joints::Joints;

use super::body::Body;
use crate::law::solve::Matrix;

/// Most joints of an arm that touches something.
pub(crate) const MAX_ARM: usize = 16;

/// Frequency of the spring that pushes overlapping surfaces apart, Hz, and its damping ratio. The spring's stiffness follows from the mass that it
/// moves, so what is light sinks in deepest: of the 38 of 60 drawn grasps that hold (`ulna bench sim --grasp`), one sank in by 1.3 mm with
/// 200 Hz and none by more than 0.5 mm with this; MuJoCo, whose own contacts are set softer, says the same of 56 with either. In a tick
/// of 1 ms no much stiffer spring can be known from a rigid one.
const FREQUENCY: f64 = 400.0;
const DAMPING: f64 = 1.0;
/// Overlap that is left alone, m: it keeps surfaces in touch.
const SLOP: f64 = 2e-5;
/// Overlapping surfaces part no faster than this, m/s.
const PUSH: f64 = 0.5;

/// What one side of a contact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It does not move.
    Fixed,
    /// A link of the arm, by its joint.
    Link(usize),
    /// A free body.
    Body(usize),
}

/// How much a unit impulse along one direction changes everything.
#[derive(Debug, Clone, Copy)]
struct Row {
    along: Vector3<f64>,
    /// Speed along the direction by the speed of each joint's output.
    reach: [f64; MAX_ARM],
    /// What the impulse makes of the outputs' speeds.
    answer: [f64; MAX_ARM],
    /// The moment about each body.
    moment: [Vector3<f64>; 2],
    /// What the impulse makes of each body's spin.
    spin: [Vector3<f64>; 2],
    /// Mass that the impulse feels, kg.
    mass: f64,
    impulse: f64,
}

/// A point where two sides touch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contact {
    sides: [Side; 2],
    rows: [Row; 3],
    gap: f64,
    friction: f64,
}

/// What the solver works on: the outputs' speeds in the servos' own sense of rotation, and the bodies.
pub(crate) struct Motion<'a> {
    /// Inverse of the outputs' mass matrix.
    pub(crate) inverse: &'a Matrix,
    /// rad/s.
    pub(crate) output: &'a mut Joints<f64>,
    /// The free bodies.
    pub(crate) bodies: &'a mut [Body],
}

/// Where two sides touch, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) sides: [Side; 2],
    /// In the base frame.
    pub(crate) point: Vector3<f64>,
    /// From the first side to the second.
    pub(crate) normal: Vector3<f64>,
    pub(crate) gap: f64,
    pub(crate) friction: f64,
    /// The impulses to begin with: along the normal, and across it in the base frame.
    pub(crate) impulse: (f64, Vector3<f64>),
}

/// The velocity of a link's point (link, point in the base frame) by the speed of a joint's output.
type Reach<'a> = dyn Fn(usize, &Vector3<f64>, usize) -> Vector3<f64> + 'a;

impl Contact {
    /// The equations of one point; `reach` gives the velocity of a link's point by the speed of each joint's output.
    pub(crate) fn new(
        place: &Place,
        motion: &Motion<'_>,
        inertia: &[Matrix3<f64>],
        reach: &Reach<'_>,
    ) -> Self {
        let normal = place.normal;
        let helper = match normal.x.abs() < 0.6 {
            true => Vector3::x(),
            false => Vector3::y(),
        };
        let first = normal.cross(&helper).normalize();
        let directions = [normal, first, normal.cross(&first)];
        let impulses = [
            place.impulse.0,
            place.impulse.1.dot(&directions[1]),
            place.impulse.1.dot(&directions[2]),
        ];
        let rows = core::array::from_fn(|row| {
            Row::new(
                place,
                directions[row],
                impulses[row],
                motion,
                inertia,
                reach,
            )
        });
        Self {
            sides: place.sides,
            rows,
            gap: place.gap,
            friction: place.friction,
        }
    }

    /// The impulses along and across the normal, base frame.
    pub(crate) fn impulse(&self) -> (f64, Vector3<f64>) {
        let [normal, first, second] = &self.rows;
        let across = first.along * first.impulse + second.along * second.impulse;
        (normal.impulse, across)
    }

    /// Applies the impulses that it begins with.
    pub(crate) fn begin(&self, motion: &mut Motion<'_>) {
        for row in &self.rows {
            row.apply(&self.sides, row.impulse, motion);
        }
    }

    /// One round: the impulses that this point needs now. Gives the largest change of speed, m/s.
    pub(crate) fn round(&mut self, motion: &mut Motion<'_>, dt: f64) -> f64 {
        let sides = self.sides;
        // Friction first: it follows what presses, which then has the last word.
        let most = self.friction * self.rows[0].impulse;
        let wanted: [f64; 2] = core::array::from_fn(|row| {
            let row = &self.rows[row + 1];
            row.impulse - row.mass * row.speed(&sides, motion)
        });
        let size = wanted[0].hypot(wanted[1]);
        let share = if size > most { most / size } else { 1.0 };
        let mut change: f64 = 0.0;
        for (row, wanted) in self.rows[1..].iter_mut().zip(wanted) {
            change = change.max(row.become_(&sides, wanted * share, motion));
        }
        let row = &mut self.rows[0];
        let speed = row.speed(&sides, motion);
        let wanted = if self.gap > 0.0 {
            // It may come as near as the gap is wide.
            row.impulse - row.mass * (speed + self.gap / dt)
        } else {
            let step = core::f64::consts::TAU * FREQUENCY * dt;
            let rate = step / (2.0 * DAMPING + step) / dt;
            let firm = step * (2.0 * DAMPING + step);
            let soft = 1.0 / (1.0 + firm);
            let push = (rate * (self.gap + SLOP).min(0.0)).max(-PUSH);
            row.impulse - firm * soft * row.mass * (speed + push) - soft * row.impulse
        };
        change.max(row.become_(&sides, wanted.max(0.0), motion))
    }
}

impl Row {
    fn new(
        place: &Place,
        along: Vector3<f64>,
        impulse: f64,
        motion: &Motion<'_>,
        inertia: &[Matrix3<f64>],
        reach: &Reach<'_>,
    ) -> Self {
        let mut row = Self {
            along,
            reach: [0.0; MAX_ARM],
            answer: [0.0; MAX_ARM],
            moment: [Vector3::zeros(); 2],
            spin: [Vector3::zeros(); 2],
            mass: 0.0,
            impulse,
        };
        let joints = motion.output.len().min(MAX_ARM);
        let (mut mobility, mut arm) = (0.0, false);
        for (index, side) in place.sides.iter().enumerate() {
            let sign = sign(index);
            match *side {
                Side::Fixed => {}
                Side::Link(link) => {
                    arm = true;
                    for (joint, value) in row.reach[..joints].iter_mut().enumerate() {
                        *value += sign * along.dot(&reach(link, &place.point, joint));
                    }
                }
                Side::Body(body) => {
                    let lever = place.point - motion.bodies[body].pose.translation.vector;
                    row.moment[index] = lever.cross(&along) * sign;
                    row.spin[index] = inertia[body] * row.moment[index];
                    mobility +=
                        motion.bodies[body].mass_inverse + row.moment[index].dot(&row.spin[index]);
                }
            }
        }
        if arm {
            for joint in 0..joints {
                let answer: f64 = (0..joints)
                    .map(|other| motion.inverse[joint][other] * row.reach[other])
                    .sum();
                row.answer[joint] = answer;
                mobility += row.reach[joint] * answer;
            }
        }
        row.mass = if mobility > 0.0 { 1.0 / mobility } else { 0.0 };
        row
    }

    /// How fast the second side moves away from the first along the direction, m/s.
    fn speed(&self, sides: &[Side; 2], motion: &Motion<'_>) -> f64 {
        let mut speed = 0.0;
        let mut arm = false;
        for (index, side) in sides.iter().enumerate() {
            match *side {
                Side::Fixed => {}
                Side::Link(_) => arm = true,
                Side::Body(body) => {
                    let body = &motion.bodies[body];
                    speed += sign(index) * self.along.dot(&body.velocity)
                        + self.moment[index].dot(&body.spin);
                }
            }
        }
        if arm {
            let joints = motion.output.iter().zip(&self.reach);
            speed += joints.map(|(speed, reach)| speed * reach).sum::<f64>();
        }
        speed
    }

    /// Takes on this impulse, and gives the change of speed that it makes, m/s.
    fn become_(&mut self, sides: &[Side; 2], impulse: f64, motion: &mut Motion<'_>) -> f64 {
        let more = impulse - self.impulse;
        self.impulse = impulse;
        self.apply(sides, more, motion);
        match self.mass > 0.0 {
            true => more.abs() / self.mass,
            false => 0.0,
        }
    }

    fn apply(&self, sides: &[Side; 2], impulse: f64, motion: &mut Motion<'_>) {
        let mut arm = false;
        for (index, side) in sides.iter().enumerate() {
            match *side {
                Side::Fixed => {}
                Side::Link(_) => arm = true,
                Side::Body(body) => {
                    let body = &mut motion.bodies[body];
                    body.velocity += self.along * (sign(index) * impulse * body.mass_inverse);
                    body.spin += self.spin[index] * impulse;
                }
            }
        }
        if arm {
            for (speed, answer) in motion.output.iter_mut().zip(&self.answer) {
                *speed += answer * impulse;
            }
        }
    }
}

/// The second side is pushed along the normal, the first against it.
fn sign(side: usize) -> f64 {
    if side == 0 { -1.0 } else { 1.0 }
}
