//! A webcam as a source of pictures.

use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::choose::{Chosen, choose, explained};
use super::device::VideoDevice;
use crate::error::CameraError;
use crate::settings::{CameraSettings, PixelFormat};
use crate::source::{Payload, Promise, Shot, Source};

#[derive(Debug)]
struct V4l2Stream {
    name: String,
    device: Box<dyn VideoDevice>,
    chosen: Chosen,
    promise: Promise,
    /// The driver's count has 32 bits.
    sequence: Option<u64>,
}

/// Sets a device to what the settings ask for, and starts it.
///
/// # Errors
/// If it has no such thing, or does not start.
pub(crate) fn open(
    mut device: Box<dyn VideoDevice>,
    settings: &CameraSettings,
) -> Result<Box<dyn Source>, CameraError> {
    let name = settings.shown();
    let failed = |error: Errno| CameraError::failed(&name, explained(error));
    let capability = device.capability().map_err(failed)?;
    if !capability.captures {
        let problem = "it gives no pictures: a USB camera has two nodes, and the pictures come from the other; `ulna cameras list` has it";
        return Err(CameraError::usage(&name, problem));
    }
    let chosen = choose(&mut *device, settings)?;
    device.start().map_err(failed)?;
    Ok(Box::new(V4l2Stream {
        promise: Promise {
            size: Some((chosen.format.width, chosen.format.height)),
            fps: Some(chosen.fps),
            format: chosen.packed.fourcc().to_owned(),
        },
        name,
        device,
        chosen,
        sequence: None,
    }))
}

impl V4l2Stream {
    /// The count in 64 bits: forward by what the driver's 32 bits went forward; one that goes back stands still.
    fn count(&mut self, sequence: u32) -> u64 {
        let last = *self.sequence.get_or_insert(u64::from(sequence));
        let ahead = sequence.wrapping_sub(last as u32);
        let forward = i32::try_from(ahead).is_ok();
        let count = last + if forward { u64::from(ahead) } else { 0 };
        self.sequence = Some(count);
        count
    }

    fn payload(&self, bytes: Vec<u8>) -> Payload {
        let format = self.chosen.format;
        match self.chosen.packed {
            PixelFormat::Mjpg => Payload::Jpeg(bytes),
            PixelFormat::Yuyv => Payload::Yuyv {
                bytes,
                width: format.width,
                height: format.height,
                stride: (format.stride as usize).max(format.width as usize * 2),
            },
        }
    }
}

impl Source for V4l2Stream {
    fn promise(&self) -> &Promise {
        &self.promise
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Shot>, CameraError> {
        let until = Instant::now() + patience;
        loop {
            let failed = |error: Errno| CameraError::failed(&self.name, explained(error));
            let left = until.saturating_duration_since(Instant::now());
            if !self.device.wait(left).map_err(failed)? {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            match self.device.take(&mut bytes) {
                Err(Errno::AGAIN | Errno::INTR) if left.is_zero() => return Ok(None),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(failed(error)),
                // What is damaged is left out, and its number is missing.
                Ok(taken) if taken.damaged || bytes.is_empty() => {
                    if left.is_zero() {
                        return Ok(None);
                    }
                }
                Ok(taken) => {
                    let sequence = self.count(taken.sequence);
                    return Ok(Some(Shot {
                        arrived: Instant::now(),
                        light: taken.light,
                        sequence,
                        payload: self.payload(bytes),
                    }));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4l2::scripted::{Scripted, Step};

    const NOW: Duration = Duration::ZERO;

    fn streaming(steps: Vec<Step>) -> Box<dyn Source> {
        let device = Scripted {
            steps: steps.into(),
            ..Scripted::webcam()
        };
        open(Box::new(device), &CameraSettings::at("0")).unwrap()
    }

    #[test]
    fn pictures_keep_their_numbers_and_damaged_ones_are_missing() {
        let mut source = streaming(vec![
            Step::Gives(u32::MAX, vec![1]),
            Step::GivesDamaged(0, vec![2]),
            Step::Gives(1, vec![]),
            Step::Gives(2, vec![4]),
            Step::Nothing,
            Step::Gives(2, vec![5]),
            Step::Fails(Errno::NODEV),
        ]);
        let mut numbers = Vec::new();
        let error = loop {
            match source.next(NOW) {
                Ok(Some(shot)) => numbers.push(shot.sequence as i64),
                Ok(None) => numbers.push(-1),
                Err(error) => break error,
            }
        };
        let first = numbers[0];
        let steps: Vec<i64> = numbers
            .iter()
            .map(|number| if *number < 0 { -1 } else { number - first })
            .collect();
        // Without patience it looks once at a time.
        assert_eq!(steps, [0, -1, -1, 3, -1, 3], "the last one again");
        assert!(error.to_string().contains("gone"), "{error}");
        assert_eq!(source.promise().format, "MJPG");
    }

    #[test]
    fn a_bus_without_bandwidth_is_explained() {
        let full = Scripted {
            start: Err(Errno::NOSPC),
            ..Scripted::webcam()
        };
        let error = open(Box::new(full), &CameraSettings::at("0")).unwrap_err();
        assert!(
            error.to_string().contains("bandwidth") && error.to_string().contains("MJPG"),
            "{error}"
        );
    }
}
