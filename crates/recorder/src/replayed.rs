//! A camera that replays recorded pictures.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ulna_core::{Camera, CameraFault, Frame, Stamp};
use ulna_dataset::{Dataset, PictureReader, Result};

/// A camera that gives the pictures of a list or of a recorded episode, one after another.
pub struct ReplayedCamera {
    name: String,
    size: (u32, u32),
    fps: f64,
    start: Stamp,
    latency: Duration,
    next: u64,
    pictures: Pictures,
}

enum Pictures {
    List(VecDeque<Arc<[u8]>>),
    Video {
        reader: Box<PictureReader>,
        episode: usize,
        frames: u64,
    },
}

impl fmt::Debug for ReplayedCamera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayedCamera")
            .field("name", &self.name)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

impl ReplayedCamera {
    /// The given pictures (RGB, rows from the top, all of this size), `fps` a second from `start` on; each arrives `latency`
    /// after its stamp. It is over at the first picture of another size.
    pub fn new(
        name: &str,
        size: (u32, u32),
        fps: f64,
        start: Stamp,
        latency: Duration,
        pictures: impl IntoIterator<Item = Arc<[u8]>>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            size,
            fps,
            start,
            latency,
            next: 0,
            pictures: Pictures::List(pictures.into_iter().collect()),
        }
    }

    /// The pictures that `camera` (the key of its feature, e.g. `observation.images.front`) saw in an episode, at the
    /// dataset's rate. They are decoded one by one, when they are due.
    ///
    /// # Errors
    /// If the dataset has no such episode or camera.
    pub fn of_episode(
        dataset: &Dataset,
        camera: &str,
        episode: usize,
        start: Stamp,
        latency: Duration,
    ) -> Result<Self> {
        let mut reader = dataset.pictures(camera)?;
        let frames = dataset.episode_row(episode)?.length;
        let first = reader.read(episode, 0)?;
        let size = (first.width as u32, first.height as u32);
        let name = camera.rsplit('.').next().unwrap_or(camera);
        Ok(Self {
            name: name.to_owned(),
            size,
            fps: dataset.fps(),
            start,
            latency,
            next: 0,
            pictures: Pictures::Video {
                reader: Box::new(reader),
                episode,
                frames,
            },
        })
    }

    fn stamp(&self) -> Stamp {
        let since = Duration::try_from_secs_f64(self.next as f64 / self.fps);
        self.start + since.unwrap_or(Duration::MAX)
    }

    fn over(&self, reason: String) -> CameraFault {
        CameraFault {
            camera: self.name.clone(),
            reason,
        }
    }
}

impl Camera for ReplayedCamera {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn fps(&self) -> f64 {
        self.fps
    }

    fn poll(&mut self, now: Stamp) -> std::result::Result<Option<Frame>, CameraFault> {
        let stamp = self.stamp();
        if stamp + self.latency > now {
            return Ok(None);
        }
        let pixels: Option<Arc<[u8]>> = match &mut self.pictures {
            Pictures::List(pictures) => pictures.pop_front(),
            Pictures::Video { frames, .. } if self.next >= *frames => None,
            Pictures::Video {
                reader, episode, ..
            } => match reader.read(*episode, usize::try_from(self.next).unwrap_or(usize::MAX)) {
                Ok(picture) => Some(picture.rgb.as_slice().into()),
                Err(error) => return Err(self.over(error.to_string())),
            },
        };
        let (width, height) = self.size;
        let bytes = width as usize * height as usize * 3;
        let Some(pixels) = pixels.filter(|pixels| pixels.len() == bytes) else {
            return Err(self.over("the recording that it replays is over".to_owned()));
        };
        let sequence = self.next;
        self.next += 1;
        Ok(Some(Frame {
            stamp,
            sequence,
            width,
            height,
            pixels,
        }))
    }

    fn next_due(&self, _: Stamp) -> Stamp {
        self.stamp() + self.latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_dataset::{Feature, Number, Spec, Writer};

    fn ms(ms: u64) -> Stamp {
        Stamp::new(Duration::from_millis(ms))
    }

    fn shade(shade: u8) -> Arc<[u8]> {
        vec![shade; 16 * 16 * 3].into()
    }

    /// Arrival, stamp, number and shade of all pictures.
    fn watch(camera: &mut ReplayedCamera) -> Vec<(Stamp, Stamp, u64, u8)> {
        let (mut now, mut seen) = (Stamp::ZERO, Vec::new());
        while let Ok(frame) = camera.poll(now) {
            seen.extend(frame.map(|f| (now, f.stamp, f.sequence, f.pixels[0])));
            now = camera.next_due(now);
        }
        seen
    }

    #[test]
    fn a_list_is_shown_on_time_and_then_the_camera_is_gone() {
        let latency = Duration::from_millis(30);
        let list = [shade(1), shade(2)];
        let mut camera = ReplayedCamera::new("top", (16, 16), 10.0, ms(50), latency, list);
        let expected = [(ms(80), ms(50), 0, 1), (ms(180), ms(150), 1, 2)];
        assert_eq!(watch(&mut camera), expected);
        assert!(
            camera
                .poll(ms(900))
                .unwrap_err()
                .to_string()
                .contains("`top`")
        );
    }

    #[test]
    fn an_episode_is_shown_as_it_was_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let key = "observation.images.front";
        let spec = Spec::new(10).features(vec![
            Feature::scalar("action", Number::Float32),
            Feature::camera(key, 16, 16, 10),
        ]);
        let mut writer = Writer::create(folder.path(), &spec).unwrap();
        let mut rows = writer.begin_episode().unwrap();
        let mut video = rows.video_encoder(key).unwrap();
        for value in [40, 80, 120] {
            rows.push_row("look", &[0.0]).unwrap();
            video.push(&shade(value)).unwrap();
        }
        let parts = rows.finish(vec![video.finish().unwrap()], None).unwrap();
        writer.commit(&parts).unwrap();
        let dataset = Dataset::open(folder.path()).unwrap();
        let mut camera =
            ReplayedCamera::of_episode(&dataset, key, 0, ms(0), Duration::ZERO).unwrap();
        assert_eq!((camera.name(), camera.size()), ("front", (16, 16)));
        let seen = watch(&mut camera);
        let times: Vec<_> = seen.iter().map(|(at, stamp, ..)| (*at, *stamp)).collect();
        assert_eq!(
            times,
            [(ms(0), ms(0)), (ms(100), ms(100)), (ms(200), ms(200))]
        );
        for ((.., shade), expected) in seen.iter().zip([40u8, 80, 120]) {
            assert!(shade.abs_diff(expected) < 6, "{shade} for {expected}");
        }
    }
}
