//! What the links weigh on the joints.

use nalgebra::{Matrix3, Point3, Vector3};
use ulna_core::joints::Joints;
use ulna_core::kinematics::Chain;
use ulna_core::robot::{LinkSpec, RobotKind};

/// Standard gravity, m/s², along -z of the base frame.
const GRAVITY: f64 = 9.806_65;

/// The links of a robot as masses.
#[derive(Debug, Clone)]
pub(super) struct Mechanics {
    chain: Chain,
    links: Vec<Link>,
}

#[derive(Debug, Clone)]
struct Link {
    mass: f64,
    com: Point3<f64>,
    inertia: Matrix3<f64>,
    parent: Option<usize>,
}

impl Mechanics {
    pub(super) fn new(kind: &RobotKind) -> Self {
        let links = kind
            .joints
            .iter()
            .map(|joint| Link::new(&joint.link, joint.parent));
        Self {
            chain: Chain::new(kind),
            links: links.collect(),
        }
    }

    /// For each joint with these angles (rad): the inertia of everything it moves about its axis (kg·m²), and the torque of that
    /// everything's weight on it (N·m, positive where it turns the joint forward).
    pub(super) fn loads(&self, angles: &Joints<f64>) -> (Joints<f64>, Joints<f64>) {
        let mut inertia = Joints::filled(self.links.len(), 0.0);
        let mut torque = Joints::filled(self.links.len(), 0.0);
        let pose = self.chain.pose(angles);
        let frames = pose.links();
        for (own, (link, frame)) in self.links.iter().zip(frames).enumerate() {
            let com = frame * link.com;
            let weight = Vector3::new(0.0, 0.0, -GRAVITY * link.mass);
            let turn = frame.rotation.to_rotation_matrix();
            let spin = turn.matrix() * link.inertia * turn.matrix().transpose();
            let mut joint = Some(own);
            while let Some(index) = joint {
                let axis = frames[index].rotation * Vector3::z();
                let arm = com.coords - frames[index].translation.vector;
                inertia[index] +=
                    axis.dot(&(spin * axis)) + link.mass * axis.cross(&arm).norm_squared();
                torque[index] += axis.dot(&arm.cross(&weight));
                joint = self.links[index].parent;
            }
        }
        (inertia, torque)
    }

    /// Energy of the links' heights over the base, J.
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
        let (_, torque) = mechanics.loads(&angles);
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
        let (inertia, torque) = Mechanics::new(&kind).loads(&Joints::filled(6, 0.0));
        assert!(torque[0].abs() < 1e-6, "the pan axis is vertical");
        assert!((0.5..1.0).contains(&torque[1].abs()), "{torque:?}");
        assert!((0.01..0.03).contains(&inertia[1]), "{inertia:?}");
        assert!(inertia[5] > 1e-5 && inertia[5] < 1e-4, "{inertia:?}");
    }
}
