//! What a simulated camera looks at, as plain data: a table, things on it, and the robot's links as simple solids.
//!
//! Everything is in the base frame of the robot (right-handed, z up, lengths in m) except what is fixed to a link, which is in that
//! link's frame: the frame of the joint that moves it, as [`Pose::links`] gives it. Nothing here depends on the kind of
//! robot: what one looks like and which cameras it has are data of its robot file, and [`Scene::of`] and [`cameras_of`] read them.

pub mod camera;
mod look;
pub(crate) mod solid;

use nalgebra::{Isometry3, Point3, Vector3};
use ulna_robot::FrameSpec;
use ulna_robot::kinematics::Pose;

pub use camera::{Camera, View};
pub use look::cameras_of;
pub use ulna_robot::Colour;

/// Everything a camera can see, but for where the links are: that is the [`Pose`].
#[derive(Debug, Clone)]
pub struct Scene {
    /// What is seen where nothing is.
    pub background: Colour,
    /// The one lamp, infinitely far away, and the light from everywhere.
    pub light: Light,
    /// The table top.
    pub table: Table,
    /// The robot.
    pub visuals: Vec<Visual>,
    /// Things that move by themselves, such as a cube.
    pub objects: Vec<Object>,
}

/// The light: a surface's brightness is `ambient + diffuse · cos(angle to the lamp)`, at most 1.
///
/// On the side away from the lamp the cosine counts a quarter, as if the room threw some light back: edges stay visible there.
#[derive(Debug, Clone, Copy)]
pub struct Light {
    /// Direction towards the lamp in the base frame, of any length. At or below the horizon it throws no shadows.
    pub towards: Vector3<f64>,
    /// Brightness of a surface that the lamp doesn't reach, 0..=1.
    pub ambient: f64,
    /// What the lamp adds to a surface that faces it.
    pub diffuse: f64,
}

/// A horizontal rectangular slab.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Middle of the upper face, m.
    pub centre: Point3<f64>,
    /// Half its extent along x and y, m.
    pub half: [f64; 2],
    /// How thick it is, m.
    pub thickness: f64,
    /// How its upper face is painted.
    pub pattern: Pattern,
}

/// How the table is painted.
#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    /// One colour.
    Plain(Colour),
    /// Squares along x and y; the base frame's origin is the middle of a square of the first colour.
    Checker {
        /// The two colours.
        colours: [Colour; 2],
        /// Side of a square, m.
        square: f64,
    },
}

/// A part of the robot.
#[derive(Debug, Clone, Copy)]
pub struct Visual {
    /// Index of the joint that moves it; `None` is the base.
    pub link: Option<usize>,
    /// What it is.
    pub shape: Shape,
    /// Where the shape's middle is in the link's frame.
    pub frame: Isometry3<f64>,
    /// Its colour.
    pub colour: Colour,
}

/// A thing that is no part of the robot.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    /// What it is.
    pub shape: Shape,
    /// Where its middle is in the base frame.
    pub pose: Isometry3<f64>,
    /// Its colour.
    pub colour: Colour,
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

impl Pattern {
    /// The colour of the slab's other faces.
    pub(crate) fn side_colour(&self) -> Colour {
        match self {
            Self::Plain(colour) => *colour,
            Self::Checker { colours, .. } => colours[0],
        }
    }
}

impl Visual {
    /// Where the part's own frame is in the base frame; `None` if the pose has no such link.
    pub fn isometry(&self, pose: &Pose) -> Option<Isometry3<f64>> {
        match self.link {
            None => Some(self.frame),
            Some(link) => Some(pose.links().get(link)? * self.frame),
        }
    }
}

impl Scene {
    /// Every part and every object, with where its middle is in the base frame.
    pub(crate) fn solids(
        &self,
        pose: &Pose,
    ) -> impl Iterator<Item = (Shape, Isometry3<f64>, Colour)> {
        let parts = self
            .visuals
            .iter()
            .filter_map(|visual| Some((visual.shape, visual.isometry(pose)?, visual.colour)));
        let things = self
            .objects
            .iter()
            .map(|object| (object.shape, object.pose, object.colour));
        parts.chain(things)
    }

    /// The middle of everything of this colour in the base frame: where a picture of it is to be expected.
    ///
    /// It is the centre of the surface, not of the volume: averaged over all directions, that is where one sees a convex solid.
    pub fn centre_of(&self, colour: Colour, pose: &Pose) -> Option<Point3<f64>> {
        let (mut total, mut moment) = (0.0f32, Vector3::zeros());
        for (shape, at, its) in self.solids(pose) {
            if its == colour {
                solid::faces(&shape, &at, |corners, _| {
                    for pair in corners[1..].windows(2) {
                        let sides = (pair[0] - corners[0], pair[1] - corners[0]);
                        let area = sides.0.cross(&sides.1).norm() / 2.0;
                        total += area;
                        moment += (corners[0] + (sides.0 + sides.1) / 3.0) * area;
                    }
                });
            }
        }
        (total > 0.0).then(|| Point3::from((moment / total).cast()))
    }
}

/// A cube lying flat on the table top at x, y, turned by `yaw` rad about the vertical.
pub fn cube_on(table: &Table, side: f64, at: [f64; 2], yaw: f64, colour: Colour) -> Object {
    let frame = FrameSpec {
        xyz: [at[0], at[1], table.centre.z + side / 2.0],
        rpy: [0.0, 0.0, yaw],
    };
    Object {
        shape: Shape::Box {
            half: [side / 2.0; 3],
        },
        pose: frame.isometry(),
        colour,
    }
}
