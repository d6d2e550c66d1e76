//! What a camera looks at: lamps, table, the robot's parts, and objects.

use nalgebra::{Isometry3, Point3, Vector3};
use ulna_robot::Colour;
use ulna_robot::kinematics::Pose;

use crate::visual::shape::{Object, Shape};
use crate::visual::solid;
use crate::visual::texture::Pattern;

/// Everything a camera can see, but for where the links are: that is the [`Pose`].
#[derive(Debug, Clone)]
pub struct VisualScene {
    /// What is seen where nothing is.
    pub background: Colour,
    /// Brightness of a surface that no lamp reaches, 0..=1.
    pub ambient: f64,
    /// The lamps; more than [`MAX_LAMPS`] are not lit.
    pub lamps: Vec<Lamp>,
    /// The table top.
    pub table: TableTop,
    /// The robot.
    pub visuals: Vec<Visual>,
    /// Whatever else there is, such as a cube.
    pub objects: Vec<Object>,
}

/// Most lamps of a scene.
pub const MAX_LAMPS: usize = 3;

/// A lamp: a surface's brightness is the ambient light and, of each lamp that reaches it, `colour · cos(angle to the lamp)`, at most 1.
///
/// On the side away from a lamp the cosine counts a quarter, as if the room took some light away: edges stay visible there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamp {
    /// Where it is in the base frame, m.
    pub position: Point3<f64>,
    /// What it adds to red, green and blue of a surface that faces it.
    pub colour: [f64; 3],
    /// How wide the edges of its shadows are, m.
    pub softness: f64,
}

/// A horizontal rectangular slab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableTop {
    /// Middle of the upper face, m.
    pub centre: Point3<f64>,
    /// Half its extent along x and y, m.
    pub half: [f64; 2],
    /// How thick it is, m.
    pub thickness: f64,
    /// Its colour.
    pub colour: Colour,
    /// What is painted on its upper face, if anything is.
    pub pattern: Option<Pattern>,
    /// How the pattern lies there.
    pub laid: Laid,
}

/// How a pattern lies on the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Laid {
    /// After which length it repeats, m.
    pub size: f64,
    /// Where a corner of its tile is, m.
    pub corner: [f64; 2],
    /// How its first axis is turned from the base frame's, rad.
    pub turn: f64,
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
    pub(crate) fn solids(&self, pose: &Pose) -> impl Iterator<Item = Object> {
        let parts = self.visuals.iter().filter_map(|visual| {
            Some(Object {
                shape: visual.shape,
                pose: visual.isometry(pose)?,
                colour: visual.colour,
                pattern: None,
            })
        });
        parts.chain(self.objects.iter().copied())
    }

    /// The middle of everything of this colour in the base frame: where a picture of it is to be expected.
    ///
    /// It is the centre of the surface, not of the volume: averaged over all directions, that is where one sees a convex solid.
    pub fn centre_of(&self, colour: Colour, pose: &Pose) -> Option<Point3<f64>> {
        let (mut total, mut moment) = (0.0f32, Vector3::zeros());
        for solid in self.solids(pose) {
            if solid.colour == colour {
                solid::faces(&solid.shape, &solid.pose, |corners, _| {
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
