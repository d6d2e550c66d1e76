//! Cameras: where they sit and what they project.

use nalgebra::{Isometry3, Point3, UnitQuaternion, Vector3};
use ulna_robot::kinematics::Pose;

/// Nearer than this to the camera's plane nothing is seen, m.
pub const NEAR: f64 = 0.004;

/// A pinhole camera without distortion, fixed to a link or in the base frame.
#[derive(Debug, Clone)]
pub struct PinholeCamera {
    /// What the dataset calls it.
    pub name: String,
    /// Index of the joint whose link carries it; `None` is the base.
    pub mount: Option<usize>,
    /// The camera in its mount's frame: x to the right of the picture, y up, looking along -z (the axes of OpenGL and MuJoCo).
    pub frame: Isometry3<f64>,
    /// Vertical field of view, rad.
    pub fovy: f64,
}

/// A camera at one moment, with a picture size.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// From the base frame to the camera's.
    pub to_camera: Isometry3<f64>,
    /// Focal length, pixels: the same in both directions.
    pub focal: f64,
    /// Where the optical axis meets the picture, pixels from the upper left corner.
    pub centre: [f64; 2],
}

impl PinholeCamera {
    /// A camera in the base frame that looks from `eye` at `target`, upright; one that looks straight down has +x up in its pictures.
    pub fn looking_at(name: &str, eye: Point3<f64>, target: Point3<f64>, fovy: f64) -> Self {
        Self {
            name: name.to_owned(),
            mount: None,
            frame: looking(eye, target),
            fovy,
        }
    }

    /// What it sees when the robot stands like this, in a picture of `width` x `height` pixels.
    ///
    /// A mount that the pose doesn't have counts as the base.
    pub fn view(&self, pose: &Pose, width: u32, height: u32) -> View {
        let mount = self.mount.and_then(|link| pose.links().get(link));
        let camera = mount.map_or(self.frame, |mount| mount * self.frame);
        View {
            to_camera: camera.inverse(),
            focal: f64::from(height) / 2.0 / (self.fovy / 2.0).tan(),
            centre: [f64::from(width) / 2.0, f64::from(height) / 2.0],
        }
    }
}

/// The frame of what looks from `eye` at `target` along its -z; y is up, or +x where that would be up and down.
pub(crate) fn looking(eye: Point3<f64>, target: Point3<f64>) -> Isometry3<f64> {
    // nalgebra's "face towards" looks along +z.
    let backwards = eye - target;
    let vertical = backwards.xy().norm() < 1e-6 * backwards.norm();
    let up = match vertical {
        true => Vector3::x(),
        false => Vector3::z(),
    };
    let upright = UnitQuaternion::face_towards(&backwards, &up);
    Isometry3::from_parts(eye.coords.into(), upright)
}

impl View {
    /// Where a point of the base frame appears: pixels to the right of and below the picture's upper left corner, so that the
    /// first pixel's middle is (0.5, 0.5). The point may lie outside the picture; `None` is behind the camera.
    pub fn project(&self, point: &Point3<f64>) -> Option<(f64, f64)> {
        let seen = self.to_camera * point;
        let depth = -seen.z;
        (depth >= NEAR).then(|| {
            (
                self.centre[0] + self.focal * seen.x / depth,
                self.centre[1] - self.focal * seen.y / depth,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::Joints;
    use ulna_robot::kinematics::Chain;

    #[test]
    fn up_is_up_and_left_is_left() {
        let kind = toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let pose = Chain::new(&kind).pose(&Joints::filled(6, 0.0));
        let eye = Point3::new(1.0, 0.0, 0.0);
        let camera = PinholeCamera::looking_at("front", eye, Point3::origin(), 1.0);
        let view = camera.view(&pose, 640, 480);
        let near = |point: [f64; 3], expected: (f64, f64)| {
            let (u, v) = view.project(&Point3::from(point)).unwrap();
            assert!((u - expected.0).hypot(v - expected.1) < 1e-9, "{u} {v}");
        };
        let focal = 240.0 / 0.5f64.tan();
        near([0.0, 0.0, 0.0], (320.0, 240.0));
        near([0.0, 0.0, 0.1], (320.0, 240.0 - 0.1 * focal));
        // Facing the arm, its left (+y) is on our right.
        near([0.0, 0.1, 0.0], (320.0 + 0.1 * focal, 240.0));
        assert_eq!(view.project(&Point3::new(1.1, 0.0, 0.0)), None);
    }
}
