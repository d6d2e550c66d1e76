//! Joint angles that bring the tool to a point: regularised least squares.
//!
//! Minimised is `|tool(q) - point|² + w² |q - near|²` by Levenberg and Marquardt's method. The second term makes the answer unique for arms with
//! more joints than three, and a smooth function of the point; `w` is small enough to cost less than a millimetre.

use nalgebra::{Matrix3, Point3, Vector3};

use super::Chain;
use ulna_core::joints::Joints;

/// What one radian away from the preferred pose counts, m.
const PREFERENCE: f64 = 0.004;
/// Steps before giving up.
const STEPS: usize = 100;
/// Damping to begin with, m²/rad², and its bounds.
const DAMPING: (f64, f64, f64) = (1e-4, 1e-12, 1e2);
/// A step shorter than this, rad, changes nothing that matters.
const STILL: f64 = 1e-7;

impl Chain {
    /// Angles (rad) within `limits` (lowest and highest of each joint) that bring the tool's origin to `point` (base frame, m), or as near as
    /// they can; a caller that needs it exact compares with [`Chain::pose`]. Of all such angles, those nearest to `near`; joints that
    /// do not carry the tool stay there.
    pub fn angles_at(
        &self,
        point: &Point3<f64>,
        near: &Joints<f64>,
        limits: &Joints<(f64, f64)>,
    ) -> Joints<f64> {
        let cost = |angles: &Joints<f64>| {
            let miss = (self.pose(angles).tool_point() - point).norm_squared();
            let away = angles
                .iter()
                .zip(near.iter())
                .map(|(a, b)| (a - b) * (a - b));
            miss + PREFERENCE * PREFERENCE * away.sum::<f64>()
        };
        let mut angles = clamped(near, limits);
        let (mut damping, mut least) = (DAMPING.0, cost(&angles));
        for _ in 0..STEPS {
            let Some(step) = self.step(&angles, point, near, damping) else {
                break;
            };
            let candidate = Joints::from_fn(angles.len(), |i| angles[i] + step[i]);
            let candidate = clamped(&candidate, limits);
            let next = cost(&candidate);
            if next < least {
                let moved = candidate
                    .iter()
                    .zip(angles.iter())
                    .map(|(a, b)| (a - b).abs());
                let still = moved.fold(0.0, f64::max) < STILL;
                (angles, least) = (candidate, next);
                damping = (damping / 4.0).max(DAMPING.1);
                if still {
                    break;
                }
            } else {
                damping *= 4.0;
                if damping > DAMPING.2 {
                    break;
                }
            }
        }
        angles
    }

    /// The damped step: of `|J s - e|² + w² |s - d|² + l |s|²` with `e` the way to the point and `d` the way to the preferred pose.
    ///
    /// With `m = w² + l` and `c = d w² / m` it is `c + Jᵀ (J Jᵀ + m)⁻¹ (e - J c)`: three equations, however many joints.
    fn step(
        &self,
        angles: &Joints<f64>,
        point: &Point3<f64>,
        near: &Joints<f64>,
        damping: f64,
    ) -> Option<Joints<f64>> {
        let pose = self.pose(angles);
        let tool = pose.tool_point();
        // How the tool moves with each joint, m/rad: a joint turns it about its own z axis, if it carries it at all.
        let columns = Joints::from_fn(angles.len(), |joint| {
            match (self.carries_tool(joint), pose.links().get(joint)) {
                (true, Some(link)) => {
                    let lever = tool - Point3::from(link.translation.vector);
                    (link.rotation * Vector3::z()).cross(&lever)
                }
                _ => Vector3::zeros(),
            }
        });
        let weight = PREFERENCE * PREFERENCE + damping;
        let towards = Joints::from_fn(angles.len(), |i| {
            (near[i] - angles[i]) * PREFERENCE * PREFERENCE / weight
        });
        let mut square = Matrix3::identity() * weight;
        let mut rest = point - tool;
        for (column, towards) in columns.iter().zip(towards.iter()) {
            square += column * column.transpose();
            rest -= column * *towards;
        }
        let pull = square.cholesky()?.solve(&rest);
        Some(Joints::from_fn(angles.len(), |i| {
            towards[i] + columns[i].dot(&pull)
        }))
    }

    fn carries_tool(&self, joint: usize) -> bool {
        let mut link = Some(self.tool_joint);
        while let Some(index) = link {
            if index == joint {
                return true;
            }
            link = self.parents[index];
        }
        false
    }
}

fn clamped(angles: &Joints<f64>, limits: &Joints<(f64, f64)>) -> Joints<f64> {
    Joints::from_fn(angles.len(), |i| {
        let (low, high) = limits[i];
        angles[i].max(low).min(high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::RobotKind;
    use proptest::prelude::*;

    fn so101() -> RobotKind {
        toml::from_str(include_str!("../../configs/so101.toml")).unwrap()
    }

    fn limits(kind: &RobotKind) -> Joints<(f64, f64)> {
        Joints::from_fn(kind.dof(), |i| (kind.joints[i].lower, kind.joints[i].upper))
    }

    proptest! {
        // Points in front of the arm, where its hand works, are met within five millimetres, and neighbours have neighbouring poses.
        #[test]
        fn points_in_reach_are_reached(r in 0.18..0.3, bearing in -0.7..0.7, z in 0.05..0.22) {
            let (r, bearing, z): (f64, f64, f64) = (r, bearing, z);
            let kind = so101();
            let chain = Chain::new(&kind);
            let near = Joints::filled(6, 0.0);
            let point = Point3::new(r * bearing.cos(), r * bearing.sin(), z);
            let angles = chain.angles_at(&point, &near, &limits(&kind));
            let miss = (chain.pose(&angles).tool_point() - point).norm();
            prop_assert!(miss < 5e-3, "{miss}");
            prop_assert!(angles[5] == 0.0, "the gripper does not move the tool");
            let nearby = point + Vector3::new(1e-3, -1e-3, 1e-3);
            let others = chain.angles_at(&nearby, &near, &limits(&kind));
            for joint in 0..6 {
                prop_assert!((others[joint] - angles[joint]).abs() < 0.05);
            }
        }
    }

    #[test]
    fn what_is_out_of_reach_gives_the_nearest_within_the_limits() {
        let kind = so101();
        let chain = Chain::new(&kind);
        let near = Joints::filled(6, 0.0);
        let angles = chain.angles_at(&Point3::new(2.0, 0.0, 0.1), &near, &limits(&kind));
        let tool = chain.pose(&angles).tool_point();
        assert!(
            tool.x > 0.35 && angles.iter().all(|angle| angle.is_finite()),
            "{tool}"
        );
    }
}
