//! The lamp's shadows on the table top: each solid's faces, slid along the light onto the table.

use nalgebra::Vector3;

use crate::visual::VisualScene;
use crate::visual::solid::MAX_CORNERS;

pub(super) struct Caster {
    /// Towards the lamp, with z = 1.
    towards: Vector3<f32>,
    height: f32,
}

impl Caster {
    /// `None` if the lamp is not above the table.
    pub(super) fn new(scene: &VisualScene) -> Option<Self> {
        let towards = scene.light.towards.cast::<f32>();
        let towards = towards.try_normalize(1e-9)?;
        (towards.z > 0.05).then(|| Self {
            towards: towards / towards.z,
            height: scene.table.centre.z as f32,
        })
    }

    /// Calls `visit` with the shadow of a face that the lamp shines on; the faces that look away would only repeat it.
    pub(super) fn cast(
        &self,
        corners: &[Vector3<f32>],
        normal: Vector3<f32>,
        visit: impl FnOnce(&[Vector3<f32>]),
    ) {
        if normal.dot(&self.towards) <= 0.0 {
            return;
        }
        let mut shadow = [Vector3::zeros(); MAX_CORNERS];
        let shadow = &mut shadow[..corners.len()];
        for (shadow, corner) in shadow.iter_mut().zip(corners) {
            // What is below the table top throws its shadow where it pierces it.
            let above = (corner.z - self.height).max(0.0);
            *shadow = corner - self.towards * above;
            shadow.z = self.height;
        }
        visit(shadow);
    }
}
