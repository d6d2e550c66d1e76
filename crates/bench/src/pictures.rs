//! The pictures that benches of recording and reading share: two cameras of 640 x 480 on the arm in motion, with a sensor's noise.

use std::sync::Arc;

use ulna_core::Joints;
use ulna_recorder::{CameraSpec, Columns};
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Chain;
use ulna_sim::camera::SensorNoise;
use ulna_sim::render::Renderer;
use ulna_sim::visual::{VisualScene, cameras_of};

use crate::error::BenchError;

/// Pictures per second.
pub(crate) const FPS: u32 = 30;
/// Width and height, pixels.
pub(crate) const SIZE: (u32, u32) = (640, 480);
/// Different pictures of each camera; they are shown forth and back.
const PICTURES: usize = 8;

/// Pictures of each camera, 8-bit RGB.
pub(crate) type Pictures = Vec<Vec<Arc<[u8]>>>;

/// Renders the pictures.
pub(crate) fn pictures(kind: &RobotKind) -> Result<Pictures, BenchError> {
    let (chain, scene) = (Chain::new(kind), VisualScene::of(kind));
    let mut renderer = Renderer::new(SIZE.0, SIZE.1).map_err(BenchError::sim)?;
    let noise = SensorNoise {
        seed: 1,
        amplitude: 3,
    };
    let cameras = cameras_of(kind);
    let pictures = cameras.iter().take(2).map(|camera| {
        let pictures = (0..PICTURES).map(|number| {
            // Three degrees from one picture to the next: a brisk motion.
            let turn = number as f64 * 0.05;
            let angles = Joints::from_fn(kind.dof(), |_| turn);
            let mut picture = renderer
                .render(&scene, &chain.pose(&angles), camera)
                .to_vec();
            noise.add(number as u64, &mut picture);
            picture.into()
        });
        pictures.collect()
    });
    Ok(pictures.collect())
}

/// Which picture is shown at frame `number`.
pub(crate) fn shown(number: u64) -> usize {
    let round = 2 * (PICTURES as u64 - 1);
    let step = number % round;
    usize::try_from(step.min(round - step)).unwrap_or(0)
}

/// The columns of a recording with these two cameras.
pub(crate) fn columns(kind: &RobotKind) -> Columns {
    let names = ["front", "wrist"].map(|name| CameraSpec {
        name: name.to_owned(),
        width: SIZE.0,
        height: SIZE.1,
    });
    Columns::new(kind.value_names(), names.to_vec(), false)
}
