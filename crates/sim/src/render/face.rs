//! From a face in the base frame to a polygon in a picture: culling, clipping, projection.

use nalgebra::{Isometry3, Vector3};

use super::polygon::{Linear, Mesh};
use crate::visual::solid::MAX_CORNERS;
use crate::visual::{NEAR, View};

/// Clipping one face by one plane adds one corner at most.
const MAX_CLIPPED: usize = MAX_CORNERS + 1;

/// Further than this from the camera nothing is drawn, m: it keeps pixel coordinates within what f32 resolves.
const FAR: f32 = 100.0;

/// Which side of a face counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The outer one, which a camera sees.
    Outer,
    /// The inner one: where light from a lamp would leave the solid.
    Inner,
}

/// A number that changes evenly along each axis of the base frame: `slope · point + offset`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine {
    pub(super) slope: Vector3<f32>,
    pub(super) offset: f32,
}

/// A pinhole's projection.
#[derive(Debug, Clone)]
pub(super) struct Projector {
    pub(super) to_camera: Isometry3<f32>,
    from_camera: Isometry3<f32>,
    pub(super) focal: f32,
    pub(super) centre: [f32; 2],
}

impl Projector {
    /// `None` if the camera is nowhere (a pose that is not finite) or sees no angle.
    pub(super) fn new(view: &View) -> Option<Self> {
        let to_camera = view.to_camera.cast::<f32>();
        let focal = view.focal as f32;
        let finite = to_camera
            .to_homogeneous()
            .iter()
            .all(|number| number.is_finite());
        (finite && focal.is_finite() && focal > 0.0).then(|| Self {
            to_camera,
            from_camera: to_camera.inverse(),
            focal,
            centre: view.centre.map(|pixel| pixel as f32),
        })
    }

    /// Adds a face and returns its inverse depth over the picture, unless it turns the other side here, lies behind, or is nowhere.
    pub(super) fn add(
        &self,
        mesh: &mut Mesh,
        corners: &[Vector3<f32>],
        normal: Vector3<f32>,
        side: Side,
    ) -> Option<Linear> {
        let mut seen = [Vector3::zeros(); MAX_CORNERS];
        let seen = &mut seen[..corners.len()];
        for (seen, corner) in seen.iter_mut().zip(corners) {
            *seen = self.to_camera.rotation * corner + self.to_camera.translation.vector;
            // NaN is in no range.
            if !(0.0..FAR * FAR).contains(&seen.norm_squared()) {
                return None;
            }
        }
        let normal = self.to_camera.rotation * normal;
        let distance = normal.dot(&seen[0]);
        let turned = match side {
            Side::Outer => distance < -1e-7,
            Side::Inner => distance > 1e-7,
        };
        if !turned {
            return None;
        }
        let mut clipped = [[0.0; 3]; MAX_CLIPPED];
        let count = self.clip(seen, &mut clipped);
        (count >= 3).then(|| {
            let plane = self.plane(normal, distance);
            mesh.push(&clipped[..count], plane);
            plane
        })
    }

    /// Inverse depth over the picture of the plane with this normal (base frame) through this point.
    pub(super) fn plane_of(&self, normal: Vector3<f32>, point: &Vector3<f32>) -> Linear {
        let normal = self.to_camera.rotation * normal;
        let point = self.to_camera.rotation * point + self.to_camera.translation.vector;
        self.plane(normal, normal.dot(&point))
    }

    /// A face's plane as inverse depth over the picture: a ray (x, y, -1) meets it at the depth where normal · ray · depth is
    /// the plane's distance.
    fn plane(&self, normal: Vector3<f32>, distance: f32) -> Linear {
        self.over_picture(normal / distance)
    }

    /// What `direction · ray` is over the picture, with the ray at depth 1 in the camera's frame.
    fn over_picture(&self, direction: Vector3<f32>) -> Linear {
        let right = direction.x / self.focal;
        let down = -direction.y / self.focal;
        let corner = -direction.z - right * self.centre[0] - down * self.centre[1];
        [right, down, corner]
    }

    /// An affine number on a plane, times the plane's inverse depth: so it is linear over the picture.
    pub(super) fn linear(&self, of: &Affine, plane: &Linear) -> Linear {
        let ray = self
            .from_camera
            .rotation
            .inverse_transform_vector(&of.slope);
        let ray = self.over_picture(ray);
        let at_eye = of.slope.dot(&self.from_camera.translation.vector) + of.offset;
        core::array::from_fn(|k| ray[k] + at_eye * plane[k])
    }

    /// Where a point appears and how deep it is, as affine numbers: x times depth, y times depth, depth.
    pub(super) fn image(&self) -> [Affine; 3] {
        let turn = self.to_camera.rotation.to_rotation_matrix();
        let row = |k: usize| turn.matrix().row(k).transpose();
        let shift = self.to_camera.translation.vector;
        let mixed = |k: usize, focal: f32, centre: f32| Affine {
            slope: row(k) * focal - row(2) * centre,
            offset: shift[k] * focal - shift.z * centre,
        };
        let depth = Affine {
            slope: -row(2),
            offset: -shift.z,
        };
        [
            mixed(0, self.focal, self.centre[0]),
            mixed(1, -self.focal, self.centre[1]),
            depth,
        ]
    }

    /// Cuts off what is nearer than the near plane and projects the rest; returns how many corners are left.
    fn clip(&self, corners: &[Vector3<f32>], out: &mut [[f32; 3]; MAX_CLIPPED]) -> usize {
        let near = NEAR as f32;
        let mut count = 0;
        let mut put = |corner: Vector3<f32>| {
            let inverse = -1.0 / corner.z;
            if let Some(slot) = out.get_mut(count) {
                *slot = [
                    self.centre[0] + self.focal * corner.x * inverse,
                    self.centre[1] - self.focal * corner.y * inverse,
                    inverse,
                ];
                count += 1;
            }
        };
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            let (from_in, to_in) = (-from.z >= near, -to.z >= near);
            if from_in {
                put(from);
            }
            if from_in != to_in {
                // From the inner corner to the outer one, whichever way the face runs round: neighbours get the same point.
                let (inner, outer) = if from_in { (from, to) } else { (to, from) };
                let part = (inner.z + near) / (inner.z - outer.z);
                let mut corner = inner + (outer - inner) * part;
                corner.z = -near;
                put(corner);
            }
        }
        count
    }
}
