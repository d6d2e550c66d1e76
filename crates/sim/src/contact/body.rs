//! A rigid body that nothing holds.

use nalgebra::{Isometry3, Matrix3, Translation3, UnitQuaternion, Vector3};

use crate::visual::Shape;

/// Slower than this for [`DROWSY`] seconds, and a body falls asleep: m/s at its surface.
const STILL: f64 = 2e-3;
const DROWSY: f64 = 0.25;
/// Bodies that have fallen this far below the base stay there, m: they are off the table.
const LOST: f64 = -0.5;
/// No body gets faster, m/s and rad/s: nothing in such a scene does, and numbers stay numbers.
const FASTEST: (f64, f64) = (20.0, 200.0);

/// Most free bodies in a scene.
pub const MAX_BODIES: usize = 16;

/// What a body is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matter {
    /// Its shape; its centre of mass is the shape's middle.
    pub shape: Shape,
    /// kg.
    pub mass: f64,
    /// Coefficient of friction; of two that touch, the smaller counts.
    pub friction: f64,
}

/// Something that stands still in the base frame.
#[derive(Debug, Clone, Copy)]
pub struct Fixture {
    /// What it is.
    pub shape: Shape,
    /// Where its middle is.
    pub pose: Isometry3<f64>,
    /// Coefficient of friction.
    pub friction: f64,
}

/// A body in motion. Everything in the base frame.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) pose: Isometry3<f64>,
    pub(crate) velocity: Vector3<f64>,
    pub(crate) spin: Vector3<f64>,
    pub(crate) awake: bool,
    /// How long it has been still, s.
    still: f64,
    pub(crate) mass_inverse: f64,
    inertia_inverse: Vector3<f64>,
    radius: f64,
}

impl Body {
    pub(crate) fn new(matter: &Matter, radius: f64, pose: Isometry3<f64>) -> Self {
        Self {
            pose,
            velocity: Vector3::zeros(),
            spin: Vector3::zeros(),
            awake: true,
            still: 0.0,
            mass_inverse: 1.0 / matter.mass,
            inertia_inverse: inertia(matter).map(|inertia| 1.0 / inertia),
            radius,
        }
    }

    pub(crate) fn wake(&mut self) {
        self.awake = true;
        self.still = 0.0;
    }

    /// The inverse of its inertia about the base frame's axes, 1/(kg·m²).
    pub(crate) fn inertia_inverse(&self) -> Matrix3<f64> {
        let turn = self.pose.rotation.to_rotation_matrix();
        turn.matrix() * Matrix3::from_diagonal(&self.inertia_inverse) * turn.matrix().transpose()
    }

    /// Speed of its surface, m/s, at most.
    pub(crate) fn speed(&self) -> f64 {
        self.velocity.norm() + self.spin.norm() * self.radius
    }

    /// Moves on by `dt` seconds. `settled` says that it rests on something that does not move.
    pub(crate) fn integrate(&mut self, dt: f64, settled: bool) {
        let bounded = |value: Vector3<f64>, most: f64| {
            let norm = value.norm();
            match norm.is_finite() {
                true if norm > most => value * (most / norm),
                true => value,
                false => Vector3::zeros(),
            }
        };
        self.velocity = bounded(self.velocity, FASTEST.0);
        self.spin = bounded(self.spin, FASTEST.1);
        let turn = UnitQuaternion::from_scaled_axis(self.spin * dt);
        self.pose = Isometry3::from_parts(
            Translation3::from(self.pose.translation.vector + self.velocity * dt),
            UnitQuaternion::new_normalize((turn * self.pose.rotation).into_inner()),
        );
        self.still = match settled && self.speed() < STILL {
            true => self.still + dt,
            false => 0.0,
        };
        let lost = self.pose.translation.z < LOST;
        if self.still > DROWSY || lost {
            self.awake = false;
            self.velocity = Vector3::zeros();
            self.spin = Vector3::zeros();
        }
    }

    /// Kinetic energy, J.
    #[cfg(test)]
    pub(crate) fn kinetic_energy(&self) -> f64 {
        let local = self.pose.rotation.inverse() * self.spin;
        let turning: f64 = local
            .iter()
            .zip(self.inertia_inverse.iter())
            .map(|(spin, inverse)| spin * spin / inverse)
            .sum();
        (self.velocity.norm_squared() / self.mass_inverse + turning) / 2.0
    }
}

/// Inertia about the axes of the shape, kg·m².
pub(crate) fn inertia(matter: &Matter) -> Vector3<f64> {
    let mass = matter.mass;
    match matter.shape {
        Shape::Cylinder {
            radius,
            half_length,
        } => {
            let across = mass * (3.0 * radius * radius + 4.0 * half_length * half_length) / 12.0;
            Vector3::new(across, across, mass * radius * radius / 2.0)
        }
        Shape::Box { half: [x, y, z] } => {
            Vector3::new(y * y + z * z, x * x + z * z, x * x + y * y) * (mass / 3.0)
        }
        // As the box about it: nothing in a scene is a taper that moves.
        Shape::Taper {
            low,
            high,
            half_length: z,
            ..
        } => {
            let [x, y] = [low[0].max(high[0]), low[1].max(high[1])];
            Vector3::new(y * y + z * z, x * x + z * z, x * x + y * y) * (mass / 3.0)
        }
    }
}
