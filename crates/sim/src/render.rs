//! Pictures of a [`VisualScene`], drawn on the CPU: what a simulated camera delivers.
//!
//! The picture is made row by row, so that the row in work stays in the cache: every pixel has four samples on a rotated grid
//! (which smooths edges in every direction), each with its own inverse depth. Faces are convex and of one colour, which
//! leaves an inner loop of a comparison and two selections over contiguous `f32`s; compilers turn it into vector code by
//! themselves. The lamp throws exact, hard shadows on the table top; links and objects throw none on each other.
//!
//! A picture depends on nothing but the arguments. Sensor noise, when it comes, is a seeded function over the finished bytes.
//!
//! It is our own for that: renderers on a GPU (`wgpu`) give other pixels on another driver and none without one, and the same seed has to give the same
//! recording.

mod face;
mod polygon;
mod row;
mod shadow;

use core::fmt;

use nalgebra::Vector3;
use ulna_robot::kinematics::Pose;

use crate::visual::{PinholeCamera, Shape, VisualScene, solid};
use face::Projector;
use polygon::Mesh;
use row::RowSamples;

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
    mesh: Mesh,
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
            mesh: Mesh::default(),
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
        self.mesh.clear();
        if let Some(projector) = Projector::new(&view, scene) {
            self.fill_mesh(scene, pose, &projector);
        }
        self.draw(scene);
        &self.picture
    }

    fn fill_mesh(&mut self, scene: &VisualScene, pose: &Pose, projector: &Projector) {
        let table = &scene.table;
        let slab = Shape::Box {
            half: [table.half[0], table.half[1], table.thickness / 2.0],
        };
        let middle = table.centre - Vector3::z() * (table.thickness / 2.0);
        let top = projector.table_top();
        let mesh = &mut self.mesh;
        solid::faces(&slab, &middle.coords.into(), |corners, normal| {
            if normal.z > 0.9 {
                projector.add(mesh, corners, normal, top);
            } else {
                let side = projector.lit(table.pattern.side_colour(), normal);
                projector.add(mesh, corners, normal, side);
            }
        });
        for (shape, at, colour) in scene.solids(pose) {
            solid::faces(&shape, &at, |corners, normal| {
                projector.add(mesh, corners, normal, projector.lit(colour, normal));
            });
        }
        // Shadows darken what is already drawn of the table, so they come last.
        if let Some(shadow) = shadow::Caster::new(scene) {
            let shade = projector.shade();
            for (shape, at, _) in scene.solids(pose) {
                solid::faces(&shape, &at, |corners, normal| {
                    shadow.cast(corners, normal, |corners| {
                        projector.add(mesh, corners, Vector3::z(), shade);
                    });
                });
            }
        }
    }

    fn draw(&mut self, scene: &VisualScene) {
        let width = self.width as usize;
        for (y, line) in self.picture.chunks_exact_mut(width * 3).enumerate() {
            let y = y as f32;
            self.active.clear();
            self.active.extend(self.mesh.crossing(y, y + 1.0));
            self.row.clear(scene.background);
            for &index in &self.active {
                self.row.draw(&self.mesh, index, y);
            }
            self.row.resolve(line);
        }
    }
}

#[cfg(test)]
mod tests;
