//! Convex solids with corners, faces and edges: what can touch.

use nalgebra::{Rotation2, Vector2, Vector3};

use crate::visual::Shape;

/// Most corners of a solid, and of one of its faces.
pub(crate) const MAX_POINTS: usize = 16;

/// Sides of the prism that stands for a cylinder.
const CYLINDER_SIDES: usize = 8;
/// Edges whose directions differ by less than this (sine) count as parallel.
const PARALLEL: f64 = 1e-6;

/// A convex solid around the origin of its own frame, m.
#[derive(Debug, Clone)]
pub(crate) struct Solid {
    /// Its corners, at most [`MAX_POINTS`].
    pub(crate) points: Vec<Vector3<f64>>,
    /// Its faces.
    pub(crate) faces: Vec<Face>,
    /// Pairs of corners.
    pub(crate) edges: Vec<[usize; 2]>,
    /// The directions of its edges, each once, of length 1.
    pub(crate) directions: Vec<Vector3<f64>>,
    /// The mean of its corners, which is inside it.
    pub(crate) middle: Vector3<f64>,
    /// Radius of the sphere about the origin that holds it.
    pub(crate) radius: f64,
}

/// A flat face: the points `x` of its plane have `normal · x = offset`.
#[derive(Debug, Clone)]
pub(crate) struct Face {
    /// Outward, of length 1.
    pub(crate) normal: Vector3<f64>,
    /// m.
    pub(crate) offset: f64,
    /// Its corners, anticlockwise as seen from outside.
    pub(crate) corners: Vec<usize>,
}

impl Solid {
    /// The solid of a shape. A cylinder becomes a prism of eight sides with the same volume.
    pub(crate) fn of(shape: &Shape) -> Self {
        let rectangle = |half: [f64; 2], middle: [f64; 2]| {
            [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]].map(|[x, y]: [f64; 2]| {
                Vector2::new(middle[0] + x * half[0], middle[1] + y * half[1])
            })
        };
        match *shape {
            Shape::Box { half: [x, y, z] } => {
                let section = rectangle([x, y], [0.0; 2]);
                Self::between(&section, &section, z)
            }
            Shape::Taper {
                low,
                high,
                shift,
                half_length,
            } => Self::between(
                &rectangle(low, [0.0; 2]),
                &rectangle(high, shift),
                half_length,
            ),
            Shape::Cylinder {
                radius,
                half_length,
            } => {
                let step = core::f64::consts::TAU / CYLINDER_SIDES as f64;
                // The area of a regular polygon is n/2 · r² · sin(2π/n).
                let round = core::f64::consts::TAU / (CYLINDER_SIDES as f64 * step.sin());
                let corner = Vector2::new(radius * round.sqrt(), 0.0);
                let section: [Vector2<f64>; CYLINDER_SIDES] = core::array::from_fn(|side| {
                    Rotation2::new(step * (side as f64 + 0.5)) * corner
                });
                Self::between(&section, &section, half_length)
            }
        }
    }

    /// What lies between two sections with the same number of corners, at -half and +half along z.
    fn between(low: &[Vector2<f64>], high: &[Vector2<f64>], half: f64) -> Self {
        let count = low.len();
        let at = |z: f64| move |corner: &Vector2<f64>| Vector3::new(corner.x, corner.y, z);
        let points: Vec<_> = low
            .iter()
            .map(at(-half))
            .chain(high.iter().map(at(half)))
            .collect();
        let next = |side: usize| (side + 1) % count;
        let mut faces = vec![
            (0..count).rev().collect::<Vec<_>>(),
            (count..2 * count).collect(),
        ];
        let mut edges = Vec::new();
        for side in 0..count {
            faces.push(vec![side, next(side), count + next(side), count + side]);
            edges.extend([
                [side, next(side)],
                [count + side, count + next(side)],
                [side, count + side],
            ]);
        }
        let mut directions: Vec<Vector3<f64>> = Vec::new();
        for [from, to] in &edges {
            let along = (points[*to] - points[*from]).try_normalize(1e-12);
            let known = |along: &Vector3<f64>| {
                let mut all = directions.iter();
                all.any(|other| other.cross(along).norm() < PARALLEL)
            };
            if let Some(along) = along.filter(|along| !known(along)) {
                directions.push(along);
            }
        }
        let faces = faces.into_iter();
        Self {
            faces: faces
                .filter_map(|corners| Face::new(&points, corners))
                .collect(),
            middle: points.iter().sum::<Vector3<f64>>() / points.len() as f64,
            radius: points.iter().map(Vector3::norm).fold(0.0, f64::max),
            points,
            edges,
            directions,
        }
    }
}

impl Face {
    /// `None` for one without an area.
    fn new(points: &[Vector3<f64>], corners: Vec<usize>) -> Option<Self> {
        let half = corners.len() / 2;
        let corner = |index: usize| points[corners[index]];
        let across = (corner(half) - corner(0)).cross(&(corner(half + 1) - corner(1)));
        let normal = across.try_normalize(1e-15)?;
        Some(Self {
            normal,
            offset: normal.dot(&corner(0)),
            corners,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_looks_outward_and_holds_the_solid_behind_it() {
        for shape in [
            Shape::Box {
                half: [0.01, 0.02, 0.03],
            },
            Shape::Taper {
                low: [0.003, 0.004],
                high: [0.01, 0.012],
                shift: [-0.013, 0.0],
                half_length: 0.03,
            },
            Shape::Cylinder {
                radius: 0.01,
                half_length: 0.02,
            },
        ] {
            let solid = Solid::of(&shape);
            for face in &solid.faces {
                let beyond = solid.points.iter().map(|p| face.normal.dot(p));
                let beyond = beyond.fold(f64::NEG_INFINITY, f64::max);
                assert!((beyond - face.offset).abs() < 1e-12, "{shape:?} {face:?}");
                assert!(face.offset > face.normal.dot(&solid.middle));
            }
            assert_eq!(
                solid.points.len() + solid.faces.len(),
                solid.edges.len() + 2
            );
        }
        let cube = Solid::of(&Shape::Box { half: [0.01; 3] });
        assert_eq!(cube.directions.len(), 3);
        assert!((cube.radius - 0.01 * 3f64.sqrt()).abs() < 1e-12);
    }
}
