//! From a face in the base frame to a polygon in the picture: shading, culling, clipping, projection.

use nalgebra::{Isometry3, Vector3};

use super::polygon::{Checker, Mesh, Paint, SHADOWABLE, Sample};
use crate::visual::solid::MAX_CORNERS;
use crate::visual::{Colour, Light, NEAR, Pattern, View, VisualScene};

/// Clipping one face by one plane adds one corner at most.
const MAX_CLIPPED: usize = MAX_CORNERS + 1;

/// Further than this from the camera nothing is drawn, m: it keeps pixel coordinates within what f32 resolves.
const FAR: f32 = 100.0;

pub(super) struct Projector {
    to_camera: Isometry3<f32>,
    from_camera: Isometry3<f32>,
    focal: f32,
    centre: [f32; 2],
    light: Shading,
    pattern: Pattern,
}

#[derive(Clone, Copy)]
struct Shading {
    towards: Vector3<f32>,
    ambient: f32,
    diffuse: f32,
}

impl Shading {
    fn new(light: &Light) -> Self {
        let towards = light.towards.cast::<f32>();
        Self {
            towards: towards.try_normalize(1e-9).unwrap_or_default(),
            ambient: light.ambient as f32,
            diffuse: light.diffuse as f32,
        }
    }

    fn brightness(&self, normal: Vector3<f32>) -> f32 {
        let facing = normal.dot(&self.towards);
        let counts = if facing > 0.0 { 1.0 } else { 0.25 };
        (self.ambient + self.diffuse * counts * facing).clamp(0.0, 1.0)
    }
}

fn pack(Colour(rgb): Colour, brightness: f32) -> Sample {
    let [r, g, b] = rgb.map(|part| (f32::from(part) * brightness + 0.5) as u8);
    u32::from_le_bytes([r, g, b, 0])
}

impl Projector {
    /// `None` if the camera is nowhere (a pose that is not finite) or sees no angle.
    pub(super) fn new(view: &View, scene: &VisualScene) -> Option<Self> {
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
            light: Shading::new(&scene.light),
            pattern: scene.table.pattern,
        })
    }

    /// The paint of a surface with this normal (base frame).
    pub(super) fn lit(&self, colour: Colour, normal: Vector3<f32>) -> Paint {
        Paint::Flat(pack(colour, self.light.brightness(normal)))
    }

    /// The paint of the table's upper face.
    pub(super) fn table_top(&self) -> Paint {
        let brightness = self.light.brightness(Vector3::z());
        let shadowable = |colour| pack(colour, brightness) | SHADOWABLE;
        match self.pattern {
            Pattern::Plain(colour) => Paint::Flat(shadowable(colour)),
            Pattern::Checker { colours, square } => {
                let per_metre = 1.0 / square as f32;
                let start = self.from_camera.translation.vector * per_metre;
                // The ray through pixel (x, y) at depth 1 is linear in x and y; so are its parts along the table's axes.
                let turn = self.from_camera.rotation;
                let right = turn * Vector3::x() * (per_metre / self.focal);
                let down = turn * Vector3::y() * (-per_metre / self.focal);
                let corner = turn * Vector3::z() * -per_metre
                    - right * self.centre[0]
                    - down * self.centre[1];
                let slope = |axis: usize| [right[axis], down[axis], corner[axis]];
                Paint::Checker(Checker {
                    colours: colours.map(shadowable),
                    start: [start.x, start.y],
                    slope: [slope(0), slope(1)],
                })
            }
        }
    }

    /// The paint of a shadow on the table top: what is left when the lamp is taken away.
    pub(super) fn shade(&self) -> Paint {
        let lit = self.light.brightness(Vector3::z());
        let dark = self.light.ambient.clamp(0.0, 1.0);
        Paint::Shadow((256.0 * (dark / lit.max(1e-3)).min(1.0)) as u32)
    }

    /// Adds a face unless it looks away from the camera, lies behind it, or is nowhere.
    pub(super) fn add(
        &self,
        mesh: &mut Mesh,
        corners: &[Vector3<f32>],
        normal: Vector3<f32>,
        paint: Paint,
    ) {
        let mut seen = [Vector3::zeros(); MAX_CORNERS];
        let seen = &mut seen[..corners.len()];
        for (seen, corner) in seen.iter_mut().zip(corners) {
            *seen = self.to_camera.rotation * corner + self.to_camera.translation.vector;
            // NaN is in no range.
            if !(0.0..FAR * FAR).contains(&seen.norm_squared()) {
                return;
            }
        }
        let normal = self.to_camera.rotation * normal;
        let distance = normal.dot(&seen[0]);
        // A shadow lies on the table: whether that shows its upper side has been settled when the table was drawn.
        let away = distance > -1e-7;
        if away && !matches!(paint, Paint::Shadow(_)) {
            return;
        }
        let mut clipped = [[0.0; 3]; MAX_CLIPPED];
        let count = self.clip(seen, &mut clipped);
        if count >= 3 {
            mesh.push(&clipped[..count], self.plane(normal, distance), paint);
        }
    }

    /// A face's plane as inverse depth over the picture: a ray (x, y, -1) meets it at the depth where normal · ray · depth is
    /// the plane's distance.
    fn plane(&self, normal: Vector3<f32>, distance: f32) -> [f32; 3] {
        let right = normal.x / (self.focal * distance);
        let down = -normal.y / (self.focal * distance);
        let middle = -normal.z / distance;
        let corner = middle - right * self.centre[0] - down * self.centre[1];
        [right, down, corner]
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
