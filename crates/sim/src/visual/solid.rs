//! The faces of a solid.

use core::f32::consts::TAU;

use nalgebra::{Isometry3, Vector3};

use crate::visual::shape::Shape;

/// Faces that approximate a cylinder's mantle.
const SIDES: usize = 20;

/// Most corners that a face has.
pub(crate) const MAX_CORNERS: usize = SIDES;

/// Corners of a hexahedron's faces, counter-clockwise as seen from outside; bits 0, 1 and 2 of a corner's number say
/// whether it is at the upper end of x, y and z.
const FACES: [[usize; 4]; 6] = [
    [0, 4, 6, 2],
    [1, 3, 7, 5],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 2, 3, 1],
    [4, 5, 7, 6],
];

/// Calls `visit` with the corners (base frame, m) and the outward unit normal of each face that has an area.
pub(crate) fn faces(
    shape: &Shape,
    at: &Isometry3<f64>,
    visit: impl FnMut(&[Vector3<f32>], Vector3<f32>),
) {
    let at = at.cast::<f32>();
    match *shape {
        Shape::Box { half: [x, y, z] } => {
            hexahedron(&at, [[x, y], [x, y]], [0.0; 2], z, visit);
        }
        Shape::Taper {
            low,
            high,
            shift,
            half_length,
        } => hexahedron(&at, [low, high], shift, half_length, visit),
        Shape::Cylinder {
            radius,
            half_length,
        } => cylinder(&at, radius as f32, half_length as f32, visit),
    }
}

fn hexahedron(
    at: &Isometry3<f32>,
    ends: [[f64; 2]; 2],
    shift: [f64; 2],
    half_length: f64,
    mut visit: impl FnMut(&[Vector3<f32>], Vector3<f32>),
) {
    let corners: [Vector3<f32>; 8] = core::array::from_fn(|corner| {
        let end = corner >> 2;
        let along = |bit: usize, half: f64| if corner >> bit & 1 == 1 { half } else { -half };
        let local = Vector3::new(
            along(0, ends[end][0]) + shift[0] * end as f64,
            along(1, ends[end][1]) + shift[1] * end as f64,
            along(2, half_length),
        );
        at * local.cast::<f32>() + at.translation.vector
    });
    for face in FACES {
        let face = face.map(|corner| corners[corner]);
        // The diagonals span the face even where one of its sides has shrunk to a point.
        let across = (face[2] - face[0]).cross(&(face[3] - face[1]));
        if let Some(normal) = across.try_normalize(1e-12) {
            visit(&face, normal);
        }
    }
}

fn cylinder(
    at: &Isometry3<f32>,
    radius: f32,
    half_length: f32,
    mut visit: impl FnMut(&[Vector3<f32>], Vector3<f32>),
) {
    let axis = at * Vector3::z();
    let middle = at.translation.vector;
    let radial: [Vector3<f32>; SIDES] = core::array::from_fn(|side| {
        let (sin, cos) = (TAU * side as f32 / SIDES as f32).sin_cos();
        at * Vector3::new(cos, sin, 0.0)
    });
    let corner =
        |side: usize, end: f32| middle + radial[side % SIDES] * radius + axis * (end * half_length);
    visit(
        &core::array::from_fn::<_, SIDES, _>(|side| corner(side, 1.0)),
        axis,
    );
    visit(
        &core::array::from_fn::<_, SIDES, _>(|side| corner(SIDES - 1 - side, -1.0)),
        -axis,
    );
    for side in 0..SIDES {
        let face = [
            corner(side, -1.0),
            corner(side + 1, -1.0),
            corner(side + 1, 1.0),
            corner(side, 1.0),
        ];
        let normal = radial[side] + radial[(side + 1) % SIDES];
        visit(&face, normal.normalize());
    }
}
