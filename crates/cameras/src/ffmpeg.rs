//! Whatever the `ffmpeg` on the PATH reads, as pictures.
//!
//! It decodes and hands on PPM (`image2pipe`): each picture says its own size, so that nothing has to be known of the input.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::arrivals::Arrivals;
use crate::error::CameraError;
use crate::jpeg::LONGEST_SIDE;
use crate::settings::CameraSettings;
use crate::source::{Payload, Promise, Shot, Source};

/// So much of what it says is kept.
const LAST_WORDS: usize = 600;

/// A running ffmpeg.
#[derive(Debug)]
struct Ffmpeg {
    name: String,
    promise: Promise,
    child: Child,
    output: ChildStdout,
    said: Arc<Mutex<Vec<u8>>>,
    bytes: Vec<u8>,
    arrivals: Arrivals,
    sequence: u64,
}

/// Starts ffmpeg on the settings' input.
///
/// # Errors
/// If there is no ffmpeg.
pub(crate) fn open(settings: &CameraSettings) -> Result<Box<dyn Source>, CameraError> {
    let name = settings.shown();
    let failed = |problem: String| CameraError::failed(&name, problem);
    let mut child = command(settings)
        .spawn()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(
                "there is no ffmpeg on the PATH: install it, for example with `apt install ffmpeg`"
                    .to_owned(),
            ),
            _ => failed(format!("cannot start ffmpeg: {error}")),
        })?;
    let said = Arc::<Mutex<Vec<u8>>>::default();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (Some(output), Some(errors)) = (output, errors) else {
        return Err(failed("ffmpeg has no output".to_owned()));
    };
    let kept = Arc::clone(&said);
    // It ends with ffmpeg.
    let listener = thread::Builder::new().name("camera-ffmpeg".to_owned());
    let listener = listener.spawn(move || keep_last_words(errors, &kept));
    listener.map_err(|error| failed(format!("no thread for ffmpeg: {error}")))?;
    Ok(Box::new(Ffmpeg {
        promise: Promise {
            size: None,
            fps: None,
            format: "ffmpeg".to_owned(),
        },
        name,
        child,
        output,
        said,
        bytes: Vec::new(),
        arrivals: Arrivals::default(),
        sequence: 0,
    }))
}

fn command(settings: &CameraSettings) -> Command {
    let input = &settings.index_or_path;
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-hide_banner", "-nostdin", "-loglevel", "error"]);
    match Path::new(input).is_file() {
        true => ffmpeg.arg("-re"), // at the file's own pace
        false => ffmpeg.args(["-fflags", "nobuffer", "-flags", "low_delay"]),
    };
    if input.starts_with("rtsp") {
        ffmpeg.args(["-rtsp_transport", "tcp"]);
    }
    if let Some(format) = &settings.input_format {
        ffmpeg.args(["-f", format]);
        // Devices are opened at a size and a rate.
        if let (Some(width), Some(height)) = settings.captured_size() {
            ffmpeg.args(["-video_size", &format!("{width}x{height}")]);
        }
        if let Some(fps) = settings.fps {
            ffmpeg.args(["-framerate", &fps.to_string()]);
        }
    }
    ffmpeg.arg("-i").arg(input).arg("-an");
    if let (Some(width), Some(height)) = settings.captured_size() {
        ffmpeg.args(["-s", &format!("{width}x{height}")]);
    }
    // No picture twice, and none left out: what is missing is to be seen.
    let rate = if knows_fps_mode() {
        "-fps_mode"
    } else {
        "-vsync"
    };
    ffmpeg.args([rate, "passthrough", "-c:v", "ppm", "-f", "image2pipe", "-"]);
    ffmpeg.stdin(Stdio::null());
    ffmpeg.stdout(Stdio::piped()).stderr(Stdio::piped());
    ffmpeg
}

/// `-fps_mode` came with ffmpeg 5.1; the option that it replaced is gone by now.
fn knows_fps_mode() -> bool {
    let version = Command::new("ffmpeg").arg("-version").output();
    let version = version.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    !is_old(&version.unwrap_or_default())
}

/// Whether the first line of `ffmpeg -version` says that it is older than 5.1. Builds from its repository have no such number.
pub(crate) fn is_old(version: &str) -> bool {
    let number = version.strip_prefix("ffmpeg version ").unwrap_or_default();
    let mut numbers = number.split(|letter: char| !letter.is_ascii_digit());
    let mut next = || numbers.next().and_then(|digits| digits.parse::<u32>().ok());
    matches!((next(), next()), (Some(major), minor) if (major, minor.unwrap_or(0)) < (5, 1))
}

fn keep_last_words(mut errors: impl Read, said: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 512];
    while let Ok(count @ 1..) = errors.read(&mut bytes) {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&bytes[..count]);
        let too_many = said.len().saturating_sub(LAST_WORDS);
        said.drain(..too_many);
    }
}

impl Ffmpeg {
    /// Why it has ended.
    fn ended(&mut self) -> CameraError {
        // Its last words come before its end, through another pipe.
        let _ = self.child.wait();
        thread::sleep(Duration::from_millis(50));
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&said).replace(['\n', '\r'], "; ");
        let said = said.trim_matches([' ', ';']);
        let problem = match (said.is_empty(), self.sequence) {
            (true, 0) => "ffmpeg found no picture in it".to_owned(),
            (true, count) => format!("it is at its end, after {count} pictures"),
            (false, _) => format!("ffmpeg ended: {said}"),
        };
        CameraError::failed(&self.name, problem)
    }

    /// Whether there is something to read within this time.
    fn is_ready(&self, patience: Duration) -> bool {
        let Ok(patience) = Timespec::try_from(patience) else {
            return true;
        };
        let mut output = [PollFd::new(&self.output, PollFlags::IN)];
        !matches!(
            poll(&mut output, Some(&patience)),
            Ok(0) | Err(rustix::io::Errno::INTR)
        )
    }
}

impl Source for Ffmpeg {
    fn promise(&self) -> &Promise {
        &self.promise
    }

    fn next(&mut self, patience: Duration) -> Result<Option<Shot>, CameraError> {
        let until = Instant::now() + patience;
        loop {
            match ppm(&self.bytes) {
                Ppm::Picture { size, from, to } => {
                    let pixels = self.bytes[from..to].into();
                    let arrived = self.arrivals.of(0);
                    self.bytes.drain(..to);
                    self.arrivals.drop_first(to);
                    self.sequence += 1;
                    return Ok(Some(Shot {
                        arrived,
                        light: None,
                        sequence: self.sequence,
                        payload: Payload::Rgb {
                            pixels,
                            width: size.0,
                            height: size.1,
                        },
                    }));
                }
                Ppm::Wrong(why) => return Err(CameraError::failed(&self.name, why)),
                Ppm::Open => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if !self.is_ready(left) {
                return Ok(None);
            }
            let mut buffer = vec![0; 256 << 10];
            let count = self.output.read(&mut buffer);
            let count = count
                .map_err(|error| CameraError::failed(&self.name, format!("ffmpeg: {error}")))?;
            if count == 0 {
                return Err(self.ended());
            }
            self.bytes.extend_from_slice(&buffer[..count]);
            self.arrivals.came(self.bytes.len());
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What bytes begin with.
pub(crate) enum Ppm {
    Picture {
        size: (u32, u32),
        from: usize,
        to: usize,
    },
    Open,
    Wrong(String),
}

/// The picture at the beginning: `P6`, width, height and 255, then its pixels.
pub(crate) fn ppm(bytes: &[u8]) -> Ppm {
    let wrong = || Ppm::Wrong("ffmpeg gives something other than pictures".to_owned());
    let mut words = Vec::new();
    let mut at = 0;
    while words.len() < 4 {
        let Some(length) = bytes[at..]
            .iter()
            .take(16)
            .position(u8::is_ascii_whitespace)
        else {
            return if bytes.len() - at < 16 {
                Ppm::Open
            } else {
                wrong()
            };
        };
        words.push(std::str::from_utf8(&bytes[at..at + length]).unwrap_or_default());
        at += length + 1;
    }
    let side = |word: &str| {
        word.parse()
            .ok()
            .filter(|side| (1..=LONGEST_SIDE).contains(side))
    };
    let (Some(width), Some(height), "P6", "255") =
        (side(words[1]), side(words[2]), words[0], words[3])
    else {
        return wrong();
    };
    let to = at + width * height * 3;
    match bytes.len() >= to {
        true => Ppm::Picture {
            size: (width as u32, height as u32),
            from: at,
            to,
        },
        false => Ppm::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_known() {
        assert!(is_old("ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright"));
        assert!(is_old("ffmpeg version 5.0"));
        for new in [
            "ffmpeg version 5.1.6-0+deb12u1",
            "ffmpeg version 9.0.2-static",
            "ffmpeg version N-12345-gabc",
            "",
        ] {
            assert!(!is_old(new), "{new}");
        }
    }

    /// What an ffmpeg makes of a file: pictures with their size, and its end.
    #[test]
    fn a_recording_is_played_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clip.mkv");
        let mut make = Command::new("ffmpeg");
        make.args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=64x48:rate=30",
            "-t",
            "0.5",
            "-c:v",
            "mjpeg",
        ]);
        match make.arg(&file).status() {
            Ok(made) if made.success() => {}
            other => {
                assert!(
                    std::env::var_os("ULNA_REQUIRE_FFMPEG").is_none_or(|value| value != "1"),
                    "no ffmpeg that makes a recording ({other:?})"
                );
                eprintln!("SKIPPED playing a recording: no ffmpeg that makes one ({other:?})");
                return;
            }
        }
        let mut source =
            open(&CameraSettings::parse(&format!("{},type=ffmpeg", file.display())).unwrap())
                .unwrap();
        let mut sizes = Vec::new();
        let end = loop {
            match source.next(Duration::from_secs(20)) {
                Ok(Some(Shot {
                    payload: Payload::Rgb { width, height, .. },
                    ..
                })) => sizes.push((width, height)),
                Ok(other) => panic!("{other:?}"),
                Err(end) => break end.to_string(),
            }
        };
        assert_eq!(sizes, [(64, 48); 15]);
        assert!(end.contains("at its end, after 15 pictures"), "{end}");
    }

    #[test]
    fn a_picture_says_its_size_and_nothing_else_is_one() {
        let mut bytes = b"P6\n4 2\n255\n".to_vec();
        assert!(matches!(ppm(&bytes[..5]), Ppm::Open));
        bytes.extend([7; 24]);
        assert!(matches!(ppm(&bytes[..34]), Ppm::Open));
        assert!(matches!(
            ppm(&bytes),
            Ppm::Picture {
                size: (4, 2),
                from: 11,
                to: 35
            }
        ));
        for wrong in [
            &b"P5\n4 2\n255\n"[..],
            b"P6\n99999 2\n255\n",
            b"P6\n0 2\n255\n",
            b"<html><body><h1>no such thing",
        ] {
            assert!(matches!(ppm(wrong), Ppm::Wrong(_)));
        }
    }
}
