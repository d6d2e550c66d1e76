//! Convex solids, and objects made of one.

use nalgebra::Isometry3;
use ulna_robot::{Colour, CylinderSpec, FrameSpec, ShapeSpec, TaperSpec, VisualSpec};

use crate::visual::texture::Pattern;

/// A solid that is no part of the robot.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// What it is.
    pub shape: Shape,
    /// Where its middle is in the base frame.
    pub pose: Isometry3<f64>,
    /// Its colour.
    pub colour: Colour,
    /// What is painted on each face of a box; other shapes are of one colour.
    pub pattern: Option<Pattern>,
}

/// A convex solid around the origin of its own frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// A box.
    Box {
        /// Half its extent along x, y and z, m.
        half: [f64; 3],
    },
    /// A cylinder along z.
    Cylinder {
        /// m.
        radius: f64,
        /// Half its extent along z, m.
        half_length: f64,
    },
    /// A box that changes its section along z: a rectangle about (0, 0) at the lower end, one about `shift` at the upper.
    Taper {
        /// Half the extent along x and y at the lower end, m.
        low: [f64; 2],
        /// Half the extent along x and y at the upper end, m.
        high: [f64; 2],
        /// Middle of the upper end, m.
        shift: [f64; 2],
        /// Half its extent along z, m.
        half_length: f64,
    },
}

impl Object {
    /// The same object as data that a display draws, fixed in the base frame.
    pub fn spec(&self) -> VisualSpec {
        let (roll, pitch, yaw) = self.pose.rotation.euler_angles();
        VisualSpec {
            joint: None,
            frame: FrameSpec {
                xyz: self.pose.translation.vector.into(),
                rpy: [roll, pitch, yaw],
            },
            colour: self.colour,
            shape: self.shape.spec(),
        }
    }
}

impl Shape {
    /// The same shape as in a robot file, which gives whole extents.
    fn spec(&self) -> ShapeSpec {
        let doubled = |halves: [f64; 2]| halves.map(|half| half * 2.0);
        match *self {
            Self::Box { half } => ShapeSpec::Box(half.map(|half| half * 2.0)),
            Self::Cylinder {
                radius,
                half_length,
            } => ShapeSpec::Cylinder(CylinderSpec {
                radius,
                length: half_length * 2.0,
            }),
            Self::Taper {
                low,
                high,
                shift,
                half_length,
            } => ShapeSpec::Taper(TaperSpec {
                low: doubled(low),
                high: doubled(high),
                shift,
                length: half_length * 2.0,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_gets_whole_extents_and_the_pose() {
        let object = Object {
            shape: Shape::Box {
                half: [0.01, 0.02, 0.03],
            },
            pose: Isometry3::translation(0.2, 0.0, 0.015),
            colour: Colour([36, 92, 210]),
            pattern: None,
        };
        let spec = object.spec();
        assert_eq!(spec.shape, ShapeSpec::Box([0.02, 0.04, 0.06]));
        assert_eq!(spec.frame.xyz, [0.2, 0.0, 0.015]);
        assert_eq!(spec.joint, None);
    }
}
