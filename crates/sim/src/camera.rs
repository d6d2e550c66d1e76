//! A simulated camera: pictures of a simulated arm, taken on a grid of its own and handed out after a latency.

mod faulty;
mod noise;

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use ulna_core::{Camera, CameraFault, Frame, Stamp};
use ulna_robot::kinematics::Chain;

use crate::pose_slot::PoseSlot;
use crate::render::{PictureSizeError, Renderer};
use crate::scene::Scene;
use crate::scenes::look::Look;
use crate::visual::{PinholeCamera, VisualScene};

pub use faulty::{CameraFaultKind, FaultyCamera};
pub use noise::SensorNoise;

/// How a simulated camera takes its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraOptions {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// Pictures per second.
    pub fps: f64,
    /// Moment of the first picture, since the run's epoch. Free-running cameras are never in step with anything; half a
    /// frame is as far as one can be from a recorder that samples at whole frames.
    pub phase: Duration,
    /// From the light to the arrival of the picture.
    pub latency: Duration,
    /// What the sensor adds to the picture.
    pub noise: Option<SensorNoise>,
}

impl CameraOptions {
    /// Pictures of `width` x `height` pixels without noise, `fps` a second, half a frame after the epoch, each arriving one
    /// frame later, as a USB webcam's do.
    pub fn new(width: u32, height: u32, fps: f64) -> Self {
        let frame = Duration::try_from_secs_f64(1.0 / fps).unwrap_or(Duration::from_secs(1));
        Self {
            width,
            height,
            fps,
            phase: frame / 2,
            latency: frame,
            noise: None,
        }
    }
}

/// A camera that looks at a simulated arm.
///
/// A picture shows the arm as its mechanics stand at the moment of capture. They advance when servos are spoken to (and, in
/// real time, whenever their thread wakes), so on the virtual clock a picture may show the arm as it was at the last
/// exchange before, at most one control period earlier.
#[derive(Debug)]
pub struct SimCamera {
    /// Where it is meant to be, and where it is in the attempt that it saw last.
    place: PinholeCamera,
    view: PinholeCamera,
    look: Option<Arc<Look>>,
    noise: Option<SensorNoise>,
    visible: VisualScene,
    /// How many of the visible objects stand still; the others are those of the scene at the last capture.
    fixed: usize,
    scene: Option<Arc<dyn Scene>>,
    chain: Chain,
    pose: PoseSlot,
    options: CameraOptions,
    renderer: Renderer,
    /// Number of the next picture on the grid.
    next: u64,
    /// Pictures that have been taken and have not arrived yet.
    under_way: VecDeque<Frame>,
}

impl SimCamera {
    /// A camera at `view` that looks at `visible`, with the robot as `chain` and `pose` have it.
    ///
    /// # Errors
    /// [`PictureSizeError`] if no such pictures can be rendered.
    pub fn new(
        view: PinholeCamera,
        visible: VisualScene,
        chain: Chain,
        pose: PoseSlot,
        options: CameraOptions,
    ) -> Result<Self, PictureSizeError> {
        Ok(Self {
            renderer: Renderer::new(options.width, options.height)?,
            place: view.clone(),
            view,
            look: None,
            noise: options.noise,
            fixed: visible.objects.len(),
            visible,
            scene: None,
            chain,
            pose,
            options,
            next: 0,
            under_way: VecDeque::new(),
        })
    }

    /// The same camera, which also sees this scene: what stands still in it, and what moves.
    #[must_use]
    pub fn in_scene(mut self, scene: Arc<dyn Scene>) -> Self {
        let fixtures = scene.fixtures(&self.visible).into_iter();
        self.visible
            .objects
            .extend(fixtures.map(|(_, object)| object));
        self.fixed = self.visible.objects.len();
        self.scene = Some(scene);
        self
    }

    /// When picture `number` is due.
    fn capture_time(&self, number: u64) -> Stamp {
        let since = Duration::try_from_secs_f64(number as f64 / self.options.fps);
        Stamp::new(self.options.phase) + since.unwrap_or(Duration::MAX)
    }

    fn capture(&mut self, now: Stamp) {
        // Polled too late: the pictures in between are lost, and their numbers are skipped.
        while self.capture_time(self.next + 1) <= now {
            self.next += 1;
        }
        let seen = self.pose.look();
        let pose = self.chain.pose(&seen.angles);
        self.attend(seen.layout.look.as_ref());
        if let Some(scene) = &self.scene {
            self.visible.objects.truncate(self.fixed);
            scene.moving(now, &mut self.visible.objects);
            self.visible.objects.extend(seen.objects());
        }
        let picture = self.renderer.render(&self.visible, &pose, &self.view);
        let mut pixels: Arc<[u8]> = picture.into();
        if let (Some(noise), Some(pixels)) = (&self.noise, Arc::get_mut(&mut pixels)) {
            noise.add(self.next, pixels);
        }
        self.under_way.push_back(Frame {
            // The moment at which the arm stood as the picture shows it: in real time a little after the grid's.
            stamp: now,
            sequence: self.next,
            width: self.options.width,
            height: self.options.height,
            pixels,
        });
        self.next += 1;
    }

    /// Sees the world as it looks in this attempt.
    fn attend(&mut self, look: Option<&Arc<Look>>) {
        let Some(look) = look else {
            return;
        };
        let known = self.look.as_ref();
        if known.is_some_and(|known| Arc::ptr_eq(known, look)) {
            return;
        }
        look.paint(&mut self.visible);
        if let Some(camera) = look.camera(&self.place.name) {
            self.view = camera.moved(&self.place);
            self.noise = camera.noise.or(self.options.noise);
        }
        self.look = Some(Arc::clone(look));
    }

    fn arrival(&self) -> Option<Stamp> {
        self.under_way
            .front()
            .map(|frame| frame.stamp + self.options.latency)
    }
}

impl Camera for SimCamera {
    fn name(&self) -> &str {
        &self.view.name
    }

    fn size(&self) -> (u32, u32) {
        (self.options.width, self.options.height)
    }

    fn fps(&self) -> f64 {
        self.options.fps
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        if now >= self.capture_time(self.next) {
            self.capture(now);
        }
        match self.arrival() {
            Some(arrival) if arrival <= now => Ok(self.under_way.pop_front()),
            _ => Ok(None),
        }
    }

    fn next_due(&self, _now: Stamp) -> Stamp {
        let capture = self.capture_time(self.next);
        self.arrival()
            .map_or(capture, |arrival| arrival.min(capture))
    }
}
