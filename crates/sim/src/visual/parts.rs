//! What a camera looks at: light, table, the robot's parts, and objects.

use nalgebra::{Isometry3, Point3, Vector3};
use ulna_robot::Colour;
use ulna_robot::kinematics::Pose;

use crate::visual::shape::{Object, Shape};
use crate::visual::solid;

/// Everything a camera can see, but for where the links are: that is the [`Pose`].
#[derive(Debug, Clone)]
pub struct VisualScene {
    /// What is seen where nothing is.
    pub background: Colour,
    /// The one lamp, infinitely far away, and the light from everywhere.
    pub light: Light,
    /// The table top.
    pub table: TableTop,
    /// The robot.
    pub visuals: Vec<Visual>,
    /// Whatever else there is, such as a cube.
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
pub struct TableTop {
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

impl VisualScene {
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
