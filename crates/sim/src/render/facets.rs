//! All faces of a scene in the base frame, for the camera and for the lamps.

use nalgebra::{Isometry3, Vector3};
use ulna_robot::kinematics::Pose;

use super::face::Affine;
use crate::visual::solid;
use crate::visual::{Colour, Object, Pattern, Shape, TableTop, VisualScene};

/// A face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facet {
    start: u32,
    end: u32,
    /// Its outward unit normal.
    pub(super) normal: Vector3<f32>,
    pub(super) colour: Colour,
    /// What is painted on it, and where on the tile a point is.
    pub(super) paint: Option<(Pattern, [Affine; 2])>,
}

/// All faces of a scene.
#[derive(Debug, Default)]
pub(super) struct Facets {
    corners: Vec<Vector3<f32>>,
    facets: Vec<Facet>,
    /// The first face that is not the table's.
    first_solid: usize,
}

impl Facets {
    /// Takes the faces of this scene instead of those that are there.
    pub(super) fn take(&mut self, scene: &VisualScene, pose: &Pose) {
        self.corners.clear();
        self.facets.clear();
        self.take_table(&scene.table);
        self.first_solid = self.facets.len();
        for solid in scene.solids(pose) {
            self.take_solid(&solid);
        }
    }

    fn take_table(&mut self, table: &TableTop) {
        let slab = Shape::Box {
            half: [table.half[0], table.half[1], table.thickness / 2.0],
        };
        let middle = table.centre - Vector3::z() * (table.thickness / 2.0);
        let laid = table.laid;
        let (sin, cos) = laid.turn.sin_cos();
        let [x, y] = laid.corner;
        let along = |cos: f64, sin: f64| Affine {
            slope: (Vector3::new(cos, sin, 0.0) / laid.size).cast(),
            offset: (-(x * cos + y * sin) / laid.size) as f32,
        };
        let tile = [along(cos, sin), along(-sin, cos)];
        solid::faces(&slab, &middle.coords.into(), |corners, normal| {
            let pattern = table.pattern.filter(|_| normal.z > 0.9);
            let paint = pattern.map(|pattern| (pattern, tile));
            self.push(corners, normal, table.colour, paint);
        });
    }

    fn take_solid(&mut self, solid: &Object) {
        solid::faces(&solid.shape, &solid.pose, |corners, normal| {
            let paint = match (solid.pattern, solid.shape) {
                (Some(pattern), Shape::Box { half }) => {
                    Some((pattern, on_face(&solid.pose, half, normal)))
                }
                _ => None,
            };
            self.push(corners, normal, solid.colour, paint);
        });
    }

    fn push(
        &mut self,
        corners: &[Vector3<f32>],
        normal: Vector3<f32>,
        colour: Colour,
        paint: Option<(Pattern, [Affine; 2])>,
    ) {
        let start = self.corners.len() as u32;
        self.corners.extend_from_slice(corners);
        self.facets.push(Facet {
            start,
            end: self.corners.len() as u32,
            normal,
            colour,
            paint,
        });
    }

    /// Every face.
    pub(super) fn all(&self) -> &[Facet] {
        &self.facets
    }

    /// The faces of what throws shadows: everything but the table.
    pub(super) fn casting(&self) -> &[Facet] {
        &self.facets[self.first_solid..]
    }

    /// A face's corners.
    pub(super) fn corners(&self, facet: &Facet) -> &[Vector3<f32>] {
        &self.corners[facet.start as usize..facet.end as usize]
    }
}

/// Where on the tile a point of a box's face is; one tile covers the face.
fn on_face(pose: &Isometry3<f64>, half: [f64; 3], normal: Vector3<f32>) -> [Affine; 2] {
    let pose = pose.cast::<f32>();
    let axis = pose.rotation.inverse_transform_vector(&normal).iamax();
    let middle = pose.translation.vector;
    [1, 2].map(|step| {
        let along = (axis + step) % 3;
        let slope = pose.rotation * Vector3::ith(along, 0.5 / half[along] as f32);
        Affine {
            slope,
            offset: 0.5 - slope.dot(&middle),
        }
    })
}
