//! The solids of a robot file as triangles.

use core::f64::consts::TAU;

use nalgebra::{Isometry3, Point3, Vector3};
use rerun::{Color, Mesh3D};
use ulna_robot::{ShapeSpec, VisualSpec};

/// Faces that approximate a cylinder's mantle.
const SIDES: usize = 24;

/// Triangles of one link, in its frame; faces are flat, so they share no corners.
#[derive(Debug, Default)]
pub(crate) struct Triangles {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    colours: Vec<Color>,
}

impl Triangles {
    /// Adds a solid.
    pub(crate) fn add(&mut self, visual: &VisualSpec) {
        self.add_scaled(visual, 1.0);
    }

    /// Adds a solid that is `scale` times as large about its own middle.
    pub(crate) fn add_scaled(&mut self, visual: &VisualSpec, scale: f64) {
        let [red, green, blue] = visual.colour.0;
        let colour = Color::from_rgb(red, green, blue);
        for mut face in faces(&visual.shape) {
            face.iter_mut().for_each(|corner| corner.coords *= scale);
            self.add_face(&visual.frame.isometry(), &face, colour);
        }
    }

    /// Adds a convex face, counter-clockwise as seen from outside; one without an area is left out.
    fn add_face(&mut self, frame: &Isometry3<f64>, face: &[Point3<f64>], colour: Color) {
        let [first, .., last] = face else { return };
        let middle = face[face.len() / 2];
        let across = (middle - first).cross(&(last - face[1]));
        let Some(normal) = across.try_normalize(1e-15) else {
            return;
        };
        let normal = single(frame.rotation * normal);
        for pair in face[1..].windows(2) {
            for corner in [*first, pair[0], pair[1]] {
                self.positions.push(single((frame * corner).coords));
                self.normals.push(normal);
                self.colours.push(colour);
            }
        }
    }

    /// The mesh in its own colours; nothing if there are no triangles.
    pub(crate) fn mesh(&self) -> Option<Mesh3D> {
        self.plain()
            .map(|mesh| mesh.with_vertex_colors(self.colours.iter().copied()))
    }

    /// The mesh in one translucent colour.
    pub(crate) fn ghost(&self, colour: [u8; 4]) -> Option<Mesh3D> {
        self.plain().map(|mesh| mesh.with_albedo_factor(colour))
    }

    fn plain(&self) -> Option<Mesh3D> {
        let mesh = Mesh3D::new(self.positions.iter().copied())
            .with_vertex_normals(self.normals.iter().copied());
        (!self.positions.is_empty()).then_some(mesh)
    }
}

#[allow(clippy::cast_possible_truncation)]
fn single(vector: Vector3<f64>) -> [f32; 3] {
    vector.map(|value| value as f32).into()
}

fn faces(shape: &ShapeSpec) -> Vec<Vec<Point3<f64>>> {
    let rectangle = |sides: [f64; 2], [x, y]: [f64; 2], z: f64| {
        let corner =
            |a: f64, b: f64| Point3::new(x + a * sides[0] / 2.0, y + b * sides[1] / 2.0, z);
        vec![
            corner(-1.0, -1.0),
            corner(1.0, -1.0),
            corner(1.0, 1.0),
            corner(-1.0, 1.0),
        ]
    };
    let (low, high) = match shape {
        ShapeSpec::Box([x, y, z]) => (
            rectangle([*x, *y], [0.0; 2], -z / 2.0),
            rectangle([*x, *y], [0.0; 2], z / 2.0),
        ),
        ShapeSpec::Taper(taper) => (
            rectangle(taper.low, [0.0; 2], -taper.length / 2.0),
            rectangle(taper.high, taper.shift, taper.length / 2.0),
        ),
        ShapeSpec::Cylinder(cylinder) => {
            let circle = |z: f64| {
                let corner = |side: usize| {
                    let (sin, cos) = (TAU * side as f64 / SIDES as f64).sin_cos();
                    Point3::new(cylinder.radius * cos, cylinder.radius * sin, z)
                };
                (0..SIDES).map(corner).collect()
            };
            (
                circle(-cylinder.length / 2.0),
                circle(cylinder.length / 2.0),
            )
        }
    };
    hull(low, high)
}

/// The faces of what lies between two polygons of equally many corners, both counter-clockwise as seen from above.
fn hull(low: Vec<Point3<f64>>, high: Vec<Point3<f64>>) -> Vec<Vec<Point3<f64>>> {
    let count = low.len();
    let mut faces: Vec<Vec<Point3<f64>>> = (0..count)
        .map(|side| {
            let next = (side + 1) % count;
            vec![low[side], low[next], high[next], high[side]]
        })
        .collect();
    faces.push(low.into_iter().rev().collect());
    faces.push(high);
    faces
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_robot::{Colour, CylinderSpec, FrameSpec, TaperSpec};

    /// Volume by the divergence theorem: right only if every face is there, once, and looks outward.
    fn volume(shape: ShapeSpec) -> f64 {
        let mut triangles = Triangles::default();
        triangles.add(&VisualSpec {
            joint: None,
            frame: FrameSpec {
                xyz: [0.3, -0.2, 0.5],
                rpy: [0.4, 0.5, 0.6],
            },
            colour: Colour([1, 2, 3]),
            shape,
        });
        let mut volume = 0.0;
        for (corners, normals) in triangles
            .positions
            .chunks(3)
            .zip(triangles.normals.chunks(3))
        {
            let [a, b, c] = [corners[0], corners[1], corners[2]].map(Vector3::from);
            let area = (b - a).cross(&(c - a));
            assert!(area.dot(&Vector3::from(normals[0])) > -1e-9, "looks inward");
            volume += f64::from(a.dot(&b.cross(&c)) / 6.0);
        }
        volume
    }

    #[test]
    fn solids_are_closed_and_look_outward() {
        let near = |found: f64, expected: f64| {
            assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
        };
        near(volume(ShapeSpec::Box([0.1, 0.2, 0.3])), 0.006);
        let (radius, length) = (0.05, 0.2);
        let polygon = SIDES as f64 / 2.0 * (TAU / SIDES as f64).sin() * radius * radius;
        near(
            volume(ShapeSpec::Cylinder(CylinderSpec { radius, length })),
            polygon * length,
        );
        let taper = TaperSpec {
            low: [0.2, 0.1],
            high: [0.1, 0.05],
            shift: [0.02, 0.0],
            length: 0.3,
        };
        near(
            volume(ShapeSpec::Taper(taper)),
            0.3 / 3.0 * (0.02 + 0.005 + 0.01),
        );
    }

    #[test]
    fn a_taper_that_ends_in_an_edge_has_no_empty_faces() {
        let taper = TaperSpec {
            low: [0.2, 0.1],
            high: [0.0, 0.1],
            shift: [0.0; 2],
            length: 0.3,
        };
        assert!(volume(ShapeSpec::Taper(taper)) > 0.0);
    }
}
