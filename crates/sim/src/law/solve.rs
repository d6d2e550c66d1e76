//! One tick of the motion of servos whose outputs are coupled by the links between them.
//!
//! Unknown are the velocities of rotors and outputs after the tick. Gears at the ends of their play, stops, back-EMF and viscous
//! friction enter implicitly, so stiff contacts and light jaws stay stable at the tick of the firmware:
//!
//! ```text
//! a · rotor − k · output = p                        one equation per servo
//! (M + k + s) · output − k · rotor = q              M couples the outputs
//! ```
//!
//! The rotors are eliminated, what remains is solved directly, and dry friction is then found by projected Gauss-Seidel: each
//! friction takes what momentum it can, at most until rest. So a servo comes to rest and stays there.
//!
//! It is our own because an engine for rigid bodies (`rapier3d`) has one motor for each joint and takes torques of the tick before; a gear with play, stiffer than
//! its link is heavy, is not stable so at 1 kHz.

use ulna_core::joints::{Joints, MAX_JOINTS};

/// A square matrix with one row and column per joint.
pub(crate) type Matrix = [[f64; MAX_JOINTS]; MAX_JOINTS];

/// Rounds of the search for the friction; it starts from the last tick's.
const ROUNDS: usize = 4;

/// What one servo contributes to the equations.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    /// `a`: what resists a change of the rotor's speed, kg·m².
    pub(crate) rotor: f64,
    /// `k`: how firmly the gears couple rotor and output in this tick, kg·m².
    pub(crate) gears: f64,
    /// `s`: how firmly a stop holds the output in this tick, kg·m².
    pub(crate) stop: f64,
    /// `p`: momentum of the rotor, N·m·s.
    pub(crate) rotor_momentum: f64,
    /// What the servo adds to `q`, the momentum of the output, N·m·s.
    pub(crate) output_momentum: f64,
    /// Most that dry friction can take in this tick, N·m·s.
    pub(crate) rotor_friction: f64,
    /// The same for the output.
    pub(crate) output_friction: f64,
}

/// Momentum that dry friction took in a tick, N·m·s.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Taken {
    pub(crate) rotor: f64,
    pub(crate) output: f64,
}

/// Speeds of rotor and output, rad/s.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Speeds {
    pub(crate) rotor: f64,
    pub(crate) output: f64,
}

/// What else acts on the outputs within a tick, such as contact: found in the same rounds as the friction.
pub(crate) trait Coupling {
    /// The outputs' speeds without it, rad/s in the servos' own sense, and what an impulse on each output (N·m·s) makes of all of them.
    fn begin(&mut self, inverse: &Matrix, output: &mut Joints<f64>);

    /// One round of the search; true when it needs no other.
    fn round(&mut self, inverse: &Matrix, output: &mut Joints<f64>) -> bool;
}

/// The speeds after the tick. `mass` is M and gets lost; `momentum` is that of the links, M · speed + dt · torque.
pub(crate) fn solve(
    mass: &mut Matrix,
    momentum: &Joints<f64>,
    shares: &Joints<Share>,
    taken: &mut Joints<Taken>,
    mut coupling: Option<&mut dyn Coupling>,
) -> Joints<Speeds> {
    let count = shares.len();
    let mut right = *momentum;
    for (i, share) in shares.iter().enumerate() {
        let ratio = share.gears / share.rotor;
        mass[i][i] += share.gears + share.stop - share.gears * ratio;
        let friction = taken[i];
        taken[i].rotor = friction
            .rotor
            .clamp(-share.rotor_friction, share.rotor_friction);
        taken[i].output = friction
            .output
            .clamp(-share.output_friction, share.output_friction);
        right[i] += share.output_momentum - taken[i].output
            + ratio * (share.rotor_momentum - taken[i].rotor);
    }
    invert(mass, count);
    let inverse = &*mass;
    let mut output = Joints::from_fn(count, |i| {
        (0..count).map(|j| inverse[i][j] * right[j]).sum()
    });

    let rotor = |i: usize, output: f64, taken: &Taken| {
        (shares[i].rotor_momentum - taken.rotor + shares[i].gears * output) / shares[i].rotor
    };
    if let Some(coupling) = &mut coupling {
        coupling.begin(inverse, &mut output);
    }
    for round in 1.. {
        for (i, share) in shares.iter().enumerate() {
            let ratio = share.gears / share.rotor;
            let mobility = 1.0 / share.rotor + ratio * ratio * inverse[i][i];
            let wanted = taken[i].rotor + rotor(i, output[i], &taken[i]) / mobility;
            let now = wanted.clamp(-share.rotor_friction, share.rotor_friction);
            let through_rotor = ratio * (now - taken[i].rotor);
            taken[i].rotor = now;
            for (j, speed) in output.iter_mut().enumerate() {
                *speed -= inverse[j][i] * through_rotor;
            }

            let wanted = taken[i].output + output[i] / inverse[i][i];
            let now = wanted.clamp(-share.output_friction, share.output_friction);
            let more = now - taken[i].output;
            taken[i].output = now;
            for (j, speed) in output.iter_mut().enumerate() {
                *speed -= inverse[j][i] * more;
            }
        }
        let coupled = coupling.as_mut();
        let found = coupled.is_none_or(|coupling| coupling.round(inverse, &mut output));
        if round >= ROUNDS && found {
            break;
        }
    }
    Joints::from_fn(count, |i| Speeds {
        rotor: rotor(i, output[i], &taken[i]),
        output: output[i],
    })
}

/// Inverts the upper left `count` x `count` part of a symmetric positive definite matrix in place (Gauss and Jordan; such a
/// matrix needs no pivoting).
fn invert(matrix: &mut Matrix, count: usize) {
    for pivot in 0..count {
        let factor = 1.0 / matrix[pivot][pivot];
        matrix[pivot][pivot] = 1.0;
        for value in &mut matrix[pivot][..count] {
            *value *= factor;
        }
        let row = matrix[pivot];
        for (i, other) in matrix.iter_mut().enumerate().take(count) {
            if i != pivot {
                let share = other[pivot];
                other[pivot] = 0.0;
                for (value, from) in other[..count].iter_mut().zip(&row[..count]) {
                    *value -= share * from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_is_one() {
        let mut matrix = [[0.0; MAX_JOINTS]; MAX_JOINTS];
        let original = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        for (row, from) in matrix.iter_mut().zip(&original) {
            row[..3].copy_from_slice(from);
        }
        invert(&mut matrix, 3);
        for (i, row) in original.iter().enumerate() {
            for j in 0..3 {
                let product: f64 = row
                    .iter()
                    .zip(&matrix)
                    .map(|(a, column)| a * column[j])
                    .sum();
                let identity = if i == j { 1.0 } else { 0.0 };
                assert!((product - identity).abs() < 1e-12, "{i} {j}: {product}");
            }
        }
    }
}
