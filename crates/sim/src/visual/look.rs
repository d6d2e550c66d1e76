//! From the robot file's looks and cameras to what is drawn.

use nalgebra::Point3;
use ulna_robot::RobotKind;
use ulna_robot::{Colour, MountedCamera, ShapeSpec, VisualSpec};

use crate::visual::parts::{Laid, Lamp, TableTop, Visual, VisualScene};
use crate::visual::pinhole::PinholeCamera;
use crate::visual::shape::Shape;
use crate::visual::texture::{Pattern, Texture};

impl VisualScene {
    /// The robot of a validated file on a checkered table; whatever else lies there is the caller's to add.
    pub fn of(kind: &RobotKind) -> Self {
        Self {
            background: Colour([112, 128, 140]),
            ambient: 0.5,
            lamps: vec![Lamp {
                position: Point3::new(0.7, -0.6, 1.4),
                colour: [0.55; 3],
                softness: 0.008,
            }],
            table: TableTop {
                centre: Point3::new(0.2, 0.0, 0.0),
                half: [0.45, 0.45],
                thickness: 0.03,
                colour: Colour([212, 208, 200]),
                pattern: Some(Pattern {
                    texture: Texture::Checker,
                    colour: Colour([176, 172, 166]),
                }),
                // The base frame's origin is the middle of a square of the first colour.
                laid: Laid {
                    size: 0.1,
                    corner: [-0.025, -0.025],
                    turn: 0.0,
                },
            },
            visuals: kind
                .visuals
                .iter()
                .map(|spec| Visual::of(kind, spec))
                .collect(),
            objects: Vec::new(),
        }
    }
}

impl Visual {
    /// A part of the robot, from its validated file.
    pub fn of(kind: &RobotKind, spec: &VisualSpec) -> Self {
        Self {
            link: link(kind, spec.joint.as_deref()),
            shape: Shape::from(&spec.shape),
            frame: spec.frame.isometry(),
            colour: spec.colour,
        }
    }
}

impl From<&ShapeSpec> for Shape {
    fn from(spec: &ShapeSpec) -> Self {
        let halved = |extents: [f64; 2]| extents.map(|extent| extent / 2.0);
        match spec {
            ShapeSpec::Box(extents) => Self::Box {
                half: extents.map(|extent| extent / 2.0),
            },
            ShapeSpec::Cylinder(cylinder) => Self::Cylinder {
                radius: cylinder.radius,
                half_length: cylinder.length / 2.0,
            },
            ShapeSpec::Taper(taper) => Self::Taper {
                low: halved(taper.low),
                high: halved(taper.high),
                shift: taper.shift,
                half_length: taper.length / 2.0,
            },
        }
    }
}

impl PinholeCamera {
    /// A camera of a robot, from its validated file.
    pub fn of(kind: &RobotKind, spec: &MountedCamera) -> Self {
        Self {
            name: spec.name.clone(),
            mount: link(kind, spec.joint.as_deref()),
            frame: spec.frame.isometry(),
            fovy: spec.fovy.to_radians(),
        }
    }
}

/// All cameras of a robot, in the order of its validated file.
pub fn cameras_of(kind: &RobotKind) -> Vec<PinholeCamera> {
    kind.cameras
        .iter()
        .map(|spec| PinholeCamera::of(kind, spec))
        .collect()
}

/// Index of the joint of this name. In a validated file every name is known; another counts as the base.
fn link(kind: &RobotKind, joint: Option<&str>) -> Option<usize> {
    joint.and_then(|joint| kind.names().position(|name| name == joint))
}
