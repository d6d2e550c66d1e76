//! Pictures of a [`VisualScene`], drawn on the CPU: what a simulated camera delivers.
//!
//! The picture is made row by row, so that the row in work stays in the cache: every pixel has four samples on a rotated grid
//! (which smooths edges in every direction), each with its own inverse depth and the face that is seen there. Faces are convex and
//! flat, which leaves an inner loop of a comparison and two selections over contiguous numbers; compilers turn it into vector code by
//! themselves. Colour comes afterwards, once for each pixel and face: textures, and soft shadows of every lamp on everything.
//!
//! A picture depends on nothing but the arguments. A sensor's noise is a seeded function over the finished bytes (`camera::noise`).
//!
//! It is our own for that: renderers on a GPU (`wgpu`) give other pixels on another driver and none without one, and the same seed has to give the same
//! recording.

mod face;
mod facets;
mod polygon;
mod row;
mod shade;
mod shadow;

use core::fmt;

use ulna_robot::kinematics::Pose;

use crate::visual::{PinholeCamera, VisualScene};
use face::{Projector, Side};
use facets::Facets;
use polygon::Mesh;
use row::RowSamples;
use shade::Shader;

/// Longest side of a picture, pixels.
pub const MAX_SIDE: u32 = 4096;

/// No picture of this size can be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSizeError {
    /// The width asked for, pixels.
    pub width: u32,
    /// The height asked for, pixels.
    pub height: u32,
}

impl fmt::Display for PictureSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { width, height } = self;
        write!(
            f,
            "a picture of {width} x {height} pixels can't be rendered: choose 1 to {MAX_SIDE} for each side"
        )
    }
}

impl core::error::Error for PictureSizeError {}

/// Renders pictures of one size; its buffers grow to the largest scene seen and are used again for every picture.
#[derive(Debug)]
pub struct Renderer {
    width: u32,
    height: u32,
    facets: Facets,
    mesh: Mesh,
    shader: Shader,
    row: RowSamples,
    active: Vec<u32>,
    picture: Vec<u8>,
}

impl Renderer {
    /// A renderer of pictures of `width` x `height` pixels.
    ///
    /// # Errors
    /// [`PictureSizeError`] if a side is 0 or more than [`MAX_SIDE`].
    pub fn new(width: u32, height: u32) -> Result<Self, PictureSizeError> {
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(PictureSizeError { width, height });
        }
        Ok(Self {
            width,
            height,
            facets: Facets::default(),
            mesh: Mesh::default(),
            shader: Shader::default(),
            row: RowSamples::new(width as usize),
            active: Vec::new(),
            picture: vec![0; width as usize * height as usize * 3],
        })
    }

    /// Width of the pictures, pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height of the pictures, pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// What `camera` sees of `scene` when the robot stands in `pose`: rows from the top, each of `width` pixels, each of red,
    /// green and blue.
    ///
    /// Parts whose link the pose doesn't have, and parts and objects that are nowhere (not finite), are left out.
    pub fn render(&mut self, scene: &VisualScene, pose: &Pose, camera: &PinholeCamera) -> &[u8] {
        let view = camera.view(pose, self.width, self.height);
        self.facets.take(scene, pose);
        self.shader.prepare(scene, &self.facets);
        self.mesh.clear();
        if let Some(projector) = Projector::new(&view) {
            for facet in self.facets.all() {
                let corners = self.facets.corners(facet);
                let added = projector.add(&mut self.mesh, corners, facet.normal, Side::Outer);
                if let Some(plane) = added {
                    self.shader.add(&projector, facet, corners, plane);
                }
            }
        }
        self.mesh.sort();
        self.draw();
        &self.picture
    }

    fn draw(&mut self) {
        let width = self.width as usize;
        let mut next = 0;
        self.active.clear();
        for (y, line) in self.picture.chunks_exact_mut(width * 3).enumerate() {
            let y = y as f32;
            self.mesh.crossing(y, y + 1.0, &mut self.active, &mut next);
            self.row.clear();
            for &index in &self.active {
                self.row.draw(&self.mesh, index, y);
            }
            self.row.resolve(&self.shader, y, line);
        }
    }
}

#[cfg(test)]
mod tests;
