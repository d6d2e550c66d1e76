//! What the links weigh on the joints.
//!
//! Why arms are no joints of a physics engine is said in `law/solve.rs`.

use nalgebra::{Isometry3, Matrix3, Point3, Vector3};
use ulna_core::joints::{Joints, MAX_JOINTS};
use ulna_robot::kinematics::{Chain, Pose};
use ulna_robot::{LinkSpec, RobotKind};

use crate::law::solve::Matrix;

/// Standard gravity, m/s², along -z of the base frame.
const GRAVITY: f64 = 9.806_65;

/// The links of a robot as masses.
#[derive(Debug, Clone)]
pub(crate) struct Mechanics {
    chain: Chain,
    links: Vec<Link>,
}

/// A link in motion while every joint keeps its speed: the axis it turns about, its frame's origin, its angular velocity, and the
/// changes of velocity that the turning brings about.
#[derive(Debug, Clone, Copy, Default)]
struct Body {
    axis: Vector3<f64>,
    origin: Vector3<f64>,
    spin: Vector3<f64>,
    spin_change: Vector3<f64>,
    origin_change: Vector3<f64>,
}

impl Body {
    fn new(parent: Option<&Self>, frame: &Isometry3<f64>, speed: f64) -> Self {
        let axis = frame.rotation * Vector3::z();
        let origin = frame.translation.vector;
        let before = parent.copied().unwrap_or(Self {
            origin,
            ..Self::default()
        });
        let turning = axis * speed;
        let shift = origin - before.origin;
        Self {
            axis,
            origin,
            spin: before.spin + turning,
            spin_change: before.spin_change + before.spin.cross(&turning),
            origin_change: before.origin_change
                + before.spin_change.cross(&shift)
                + before.spin.cross(&before.spin.cross(&shift)),
        }
    }
}

#[derive(Debug, Clone)]
struct Link {
    mass: f64,
    com: Point3<f64>,
    inertia: Matrix3<f64>,
    parent: Option<usize>,
}

impl Mechanics {
    pub(crate) fn new(kind: &RobotKind) -> Self {
        let links = kind
            .joints
            .iter()
            .map(|joint| Link::new(&joint.link, joint.parent));
        Self {
            chain: Chain::new(kind),
            links: links.collect(),
        }
    }

    /// The links' mass matrix (kg·m²) and the torque on each joint (N·m, positive where it turns the joint forward) of their weight and
    /// of the centrifugal and Coriolis forces at these speeds.
    ///
    /// Newton and Euler in base coordinates, link by link.
    pub(crate) fn loads(
        &self,
        angles: &Joints<f64>,
        speeds: &Joints<f64>,
    ) -> (Matrix, Joints<f64>) {
        self.loads_at(&self.chain.pose(angles), speeds)
    }

    /// Where the links are.
    pub(super) fn pose(&self, angles: &Joints<f64>) -> Pose {
        self.chain.pose(angles)
    }

    /// The [`loads`](Self::loads) with the links where they are.
    pub(super) fn loads_at(&self, pose: &Pose, speeds: &Joints<f64>) -> (Matrix, Joints<f64>) {
        let mut mass = [[0.0; MAX_JOINTS]; MAX_JOINTS];
        let mut torque = Joints::filled(self.links.len(), 0.0);
        let frames = pose.links();
        let mut bodies = [Body::default(); MAX_JOINTS];
        for (index, (link, frame)) in self.links.iter().zip(frames).enumerate() {
            let body = Body::new(link.parent.map(|at| &bodies[at]), frame, speeds[index]);
            let com = frame * link.com;
            let out = com.coords - body.origin;
            let change = body.origin_change
                + body.spin_change.cross(&out)
                + body.spin.cross(&body.spin.cross(&out));
            let force = (change + Vector3::new(0.0, 0.0, GRAVITY)) * link.mass;
            let turn = frame.rotation.to_rotation_matrix();
            let tensor = turn.matrix() * link.inertia * turn.matrix().transpose();
            let moment = tensor * body.spin_change + body.spin.cross(&(tensor * body.spin));
            bodies[index] = body;

            // Every joint between the base and the link feels it.
            let mut joint = Some(index);
            while let Some(at) = joint {
                let axis = bodies[at].axis;
                let arm = com.coords - bodies[at].origin;
                torque[at] -= axis.dot(&(moment + arm.cross(&force)));
                let turned = tensor * axis;
                let moved = axis.cross(&arm) * link.mass;
                let mut other = Some(at);
                while let Some(to) = other {
                    let axis = bodies[to].axis;
                    let arm = com.coords - bodies[to].origin;
                    let share = axis.dot(&turned) + axis.cross(&arm).dot(&moved);
                    mass[at][to] += share;
                    if at != to {
                        mass[to][at] += share;
                    }
                    other = self.links[to].parent;
                }
                joint = self.links[at].parent;
            }
        }
        (mass, torque)
    }

    /// Energy of the links' heights over the base, J.
    #[cfg(test)]
    pub(super) fn potential_energy(&self, angles: &Joints<f64>) -> f64 {
        let pose = self.chain.pose(angles);
        let links = self.links.iter().zip(pose.links());
        links
            .map(|(link, frame)| link.mass * GRAVITY * (frame * link.com).z)
            .sum()
    }
}

impl Link {
    fn new(spec: &LinkSpec, parent: Option<usize>) -> Self {
        let [xx, yy, zz, xy, xz, yz] = spec.inertia;
        Self {
            mass: spec.mass,
            com: Point3::from(spec.com),
            inertia: Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz),
            parent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The torque of gravity is what potential energy changes by, joint by joint.
    #[test]
    fn weight_is_the_slope_of_potential_energy() {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let mechanics = Mechanics::new(&kind);
        let angles = Joints::from_slice(&[0.3, -0.4, 0.5, 0.2, -0.7, 0.6]).unwrap();
        let (_, torque) = mechanics.loads(&angles, &Joints::filled(6, 0.0));
        for joint in 0..6 {
            let energy = |by: f64| {
                let mut moved = angles;
                moved[joint] += by;
                mechanics.potential_energy(&moved)
            };
            let slope = (energy(1e-5) - energy(-1e-5)) / 2e-5;
            assert!((torque[joint] + slope).abs() < 1e-8, "joint {joint}");
        }
    }

    // Stretched forward from the zero pose, about 0.37 kg hang at 0.2 m from the shoulder.
    #[test]
    fn the_so101s_shoulder_carries_what_its_links_weigh() {
        let kind: RobotKind =
            toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let still = Joints::filled(6, 0.0);
        let (mass, torque) = Mechanics::new(&kind).loads(&still, &still);
        assert!(torque[0].abs() < 1e-6, "the pan axis is vertical");
        assert!((0.5..1.0).contains(&torque[1].abs()), "{torque:?}");
        assert!((0.01..0.03).contains(&mass[1][1]), "{}", mass[1][1]);
        assert!((1e-5..1e-4).contains(&mass[5][5]), "{}", mass[5][5]);
    }
}
