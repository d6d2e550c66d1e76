//! Which format, size and rate a webcam is set to. What it answers is read back: drivers answer success and something else.

use rustix::io::Errno;
use serde::Serialize;

use super::device::{Format, Sizes, VideoDevice};
use crate::error::CameraError;
use crate::settings::{CameraSettings, PixelFormat};

/// A driver that enumerates without end is not believed.
const MOST: u32 = 64;
/// What is asked for where the settings say nothing.
const USUAL_SIZE: (u32, u32) = (640, 480);
const USUAL_FPS: u32 = 30;
/// Rates this near are the same.
const SAME_RATE: f64 = 0.01;

/// A format with one of its sizes and the rates at it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CameraMode {
    /// Such as `MJPG`.
    pub format: String,
    /// The size, or the largest of a range, pixels.
    pub width: u32,
    /// See `width`.
    pub height: u32,
    /// The smallest size of a range; as `width` and `height` otherwise.
    pub from: (u32, u32),
    /// Pictures per second, the fastest first.
    pub rates: Vec<f64>,
}

impl CameraMode {
    fn has(&self, size: (u32, u32)) -> bool {
        (self.from.0..=self.width).contains(&size.0)
            && (self.from.1..=self.height).contains(&size.1)
    }
}

/// Everything that a device offers.
///
/// # Errors
/// The kernel's, but for the ends of its lists.
pub(crate) fn modes(device: &mut dyn VideoDevice) -> Result<Vec<CameraMode>, Errno> {
    let mut modes = Vec::new();
    for index in 0..MOST {
        let fourcc = match device.format(index) {
            Err(Errno::INVAL) => break,
            other => other?,
        };
        for index in 0..MOST {
            let (from, to) = match device.sizes(fourcc, index) {
                Ok(Sizes::One(width, height)) => ((width, height), (width, height)),
                Ok(Sizes::Range { least, most }) => (least, most),
                Err(Errno::INVAL | Errno::NOTTY) => break,
                Err(error) => return Err(error),
            };
            modes.push(CameraMode {
                format: letters(fourcc),
                width: to.0,
                height: to.1,
                from,
                rates: rates(device, fourcc, to),
            });
            if from != to {
                break; // a range is one entry
            }
        }
    }
    Ok(modes)
}

fn rates(device: &mut dyn VideoDevice, fourcc: [u8; 4], size: (u32, u32)) -> Vec<f64> {
    let intervals = (0..MOST).map_while(|index| device.interval(fourcc, size, index).ok());
    let rates = intervals.filter(|interval| *interval > 0.0);
    let mut rates: Vec<f64> = rates
        .map(|interval| (100.0 / interval).round() / 100.0)
        .collect();
    rates.sort_by(|a, b| b.total_cmp(a));
    rates.dedup();
    rates
}

/// A fourcc as text.
pub(crate) fn letters(fourcc: [u8; 4]) -> String {
    let printable = |byte: &u8| {
        if byte.is_ascii_graphic() {
            char::from(*byte)
        } else {
            '?'
        }
    };
    fourcc.iter().map(printable).collect()
}

/// What was set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) format: Format,
    pub(crate) packed: PixelFormat,
    /// As the driver says, pictures per second.
    pub(crate) fps: f64,
}

/// Sets the device to what the settings ask for.
///
/// # Errors
/// If the device has no such thing: what it has.
pub(crate) fn choose(
    device: &mut dyn VideoDevice,
    settings: &CameraSettings,
) -> Result<Chosen, CameraError> {
    let name = settings.shown();
    let usage = |problem: String| CameraError::usage(&name, problem);
    let failed = |error: Errno| CameraError::failed(&name, explained(error));
    let modes = modes(device).map_err(failed)?;
    let (size, fps) = asked(settings);
    let packed = packed(&modes, settings, size, fps).map_err(usage)?;
    let mut fourcc = [0; 4];
    fourcc.copy_from_slice(packed.fourcc().as_bytes());
    let wanted = Format {
        fourcc,
        width: size.0,
        height: size.1,
        stride: 0,
    };
    let format = device.set_format(wanted).map_err(failed)?;
    if (format.fourcc, format.width, format.height) != (fourcc, size.0, size.1) {
        return Err(usage(format!(
            "it was asked for {} at {}x{} and gives {} at {}x{}; it has: {}",
            packed.fourcc(),
            size.0,
            size.1,
            letters(format.fourcc),
            format.width,
            format.height,
            sizes(&modes, None)
        )));
    }
    let stated = device.set_rate(fps).map_err(failed)?;
    let given = stated.unwrap_or_else(|| f64::from(fps));
    let same = (given / f64::from(fps) - 1.0).abs() < SAME_RATE;
    if settings.fps.is_some() && !same {
        return Err(usage(format!(
            "it gives {given:.3} pictures/s at {}x{} where fps={fps} was asked for: pass fps={:.0}, or another size or fourcc",
            size.0, size.1, given
        )));
    }
    Ok(Chosen {
        format,
        packed,
        fps: given,
    })
}

/// What will be chosen of these modes, as far as that can be said before the driver is asked: size, rate and format.
pub(crate) fn likely(
    modes: &[CameraMode],
    settings: &CameraSettings,
) -> ((u32, u32), u32, &'static str) {
    let (size, fps) = asked(settings);
    let packed = packed(modes, settings, size, fps).unwrap_or(PixelFormat::Mjpg);
    (size, fps, packed.fourcc())
}

/// Size and rate that are asked for.
fn asked(settings: &CameraSettings) -> ((u32, u32), u32) {
    let size = match settings.captured_size() {
        (Some(width), Some(height)) => (width, height),
        _ => USUAL_SIZE,
    };
    (size, settings.fps.unwrap_or(USUAL_FPS))
}

/// MJPG first, YUYV where there is none or it is not to be had at this size and rate.
fn packed(
    modes: &[CameraMode],
    settings: &CameraSettings,
    size: (u32, u32),
    fps: u32,
) -> Result<PixelFormat, String> {
    let offered = |packed: &PixelFormat| modes.iter().any(|mode| mode.format == packed.fourcc());
    let known = [PixelFormat::Mjpg, PixelFormat::Yuyv]
        .into_iter()
        .filter(offered);
    let wanted: Vec<PixelFormat> = known
        .filter(|one| settings.fourcc.is_none_or(|given| given == *one))
        .collect();
    if wanted.is_empty() {
        let mut there: Vec<&str> = modes.iter().map(|mode| mode.format.as_str()).collect();
        there.dedup();
        return Err(format!(
            "it has no {}; it has: {}. What ffmpeg reads of it comes with type=ffmpeg,input_format=v4l2",
            settings
                .fourcc
                .map_or("MJPG and no YUYV", PixelFormat::fourcc),
            if there.is_empty() {
                "no pictures at all".to_owned()
            } else {
                there.join(", ")
            }
        ));
    }
    let at_size = |packed: PixelFormat| {
        let of_it = modes
            .iter()
            .filter(move |mode| mode.format == packed.fourcc());
        of_it.filter(|mode| mode.has(size))
    };
    let fast = |mode: &CameraMode| {
        mode.rates.is_empty()
            || mode
                .rates
                .iter()
                .any(|rate| *rate > f64::from(fps) * (1.0 - SAME_RATE))
    };
    let mut fitting = wanted.iter().filter(|packed| at_size(**packed).any(fast));
    let mut slower = wanted
        .iter()
        .filter(|packed| at_size(**packed).next().is_some());
    fitting
        .next()
        .or_else(|| slower.next())
        .copied()
        .ok_or_else(|| {
            format!(
                "it has no {}x{}; it has: {}: pass width and height",
                size.0,
                size.1,
                sizes(modes, settings.fourcc)
            )
        })
}

/// The sizes of a device, in a few words.
fn sizes(modes: &[CameraMode], of: Option<PixelFormat>) -> String {
    let of_it = modes
        .iter()
        .filter(|mode| of.is_none_or(|packed| packed.fourcc() == mode.format));
    let named = of_it.map(|mode| {
        let largest = format!("{} {}x{}", mode.format, mode.width, mode.height);
        match mode.from == (mode.width, mode.height) {
            true => largest,
            false => format!("{largest} down to {}x{}", mode.from.0, mode.from.1),
        }
    });
    let named: Vec<String> = named.take(24).collect();
    named.join(", ")
}

/// What the kernel's errors mean for a camera.
pub(crate) fn explained(error: Errno) -> String {
    match error {
        Errno::NOSPC => "the USB bus has no bandwidth left (ENOSPC): use fourcc=MJPG, a smaller size or rate, or plug the camera into a socket of another USB controller".to_owned(),
        Errno::BUSY => "another program has it open: close that, for example a browser's video call".to_owned(),
        Errno::NODEV | Errno::NOENT | Errno::NXIO => "it is gone: its cable was pulled, or its USB hub has lost power".to_owned(),
        Errno::NOTTY => "it is no camera".to_owned(),
        other => format!("its driver says: {}", std::io::Error::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4l2::scripted::Scripted;

    fn chosen(device: &mut Scripted, text: &str) -> Result<Chosen, CameraError> {
        choose(device, &CameraSettings::parse(text).unwrap())
    }

    #[test]
    fn mjpg_comes_first_and_yuyv_where_it_must() {
        let both = || Scripted::webcam();
        assert_eq!(chosen(&mut both(), "0").unwrap().packed, PixelFormat::Mjpg);
        assert_eq!(
            chosen(&mut both(), "0,fourcc=YUYV").unwrap().packed,
            PixelFormat::Yuyv
        );
        // This size it has uncompressed alone.
        let small = chosen(&mut both(), "0,width=160,height=120").unwrap();
        assert_eq!((small.packed, small.fps), (PixelFormat::Yuyv, 30.0));
        // Turned by 90 degrees, width and height are those of the turned picture.
        let turned = chosen(&mut both(), "0,width=480,height=640,rotation=90").unwrap();
        assert_eq!((turned.format.width, turned.format.height), (640, 480));
    }

    #[test]
    fn what_is_not_to_be_had_is_said_with_what_is() {
        let error =
            |device: &mut Scripted, text: &str| chosen(device, text).unwrap_err().to_string();
        let none = error(&mut Scripted::webcam(), "0,width=800,height=600");
        assert!(
            none.contains("no 800x600") && none.contains("MJPG 1280x720"),
            "{none}"
        );
        let bayer = Scripted {
            modes: vec![(*b"GRBG", Sizes::One(640, 480), vec![30.0])],
            ..Scripted::webcam()
        };
        assert!(error(&mut { bayer }, "0").contains("GRBG"));
        let empty = Scripted {
            modes: vec![],
            ..Scripted::webcam()
        };
        assert!(error(&mut { empty }, "0").contains("no pictures at all"));
    }

    #[test]
    fn a_driver_that_says_yes_and_does_something_else_is_found_out() {
        let mut liar = Scripted {
            answers_size: Some((320, 240)),
            ..Scripted::webcam()
        };
        let text = chosen(&mut liar, "0").unwrap_err().to_string();
        assert!(text.contains("640x480 and gives MJPG at 320x240"), "{text}");
        // As vivid does: 1/30 is answered with 1/25, and success.
        let slow = || Scripted {
            answers_rate: Some(25.0),
            ..Scripted::webcam()
        };
        assert_eq!(chosen(&mut slow(), "0").unwrap().fps, 25.0);
        let text = chosen(&mut slow(), "0,fps=30").unwrap_err().to_string();
        assert!(
            text.contains("25.000 pictures/s") && text.contains("fps=25"),
            "{text}"
        );
    }
}
