//! A real camera as the rest of ulna knows cameras: polled ([`polled`]), and it never waits.

mod polled;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ulna_core::{CameraFault, Frame, JpegFrame};

use crate::devices;
use crate::error::CameraError;
use crate::identity::CameraIdentity;
use crate::inbox::{Inbox, LossCount};
use crate::jpeg::{self, Extent};
use crate::open;
use crate::picture;
use crate::reader::{self, Opener, Patience};
use crate::rooms::Rooms;
use crate::settings::CameraSettings;
use crate::source::{Payload, Promise, Shot, StampSource};
use crate::stamper::Stamper;

/// How long the first picture may take.
const FIRST: Duration = Duration::from_secs(5);
/// So many pictures of another size in a row are no accident.
const OTHER_SIZES: u32 = 30;

/// What became of the pictures that came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Pictures.
    pub taken: u64,
    /// Pictures that could not be decoded, or were of another size.
    pub damaged: u64,
    /// Pictures that were the same as the one before, bit by bit.
    pub repeated: u64,
}

/// A camera whose pictures are read by a thread of its own and decoded by the thread that polls.
#[derive(Debug)]
pub struct LiveCamera {
    name: String,
    identity: CameraIdentity,
    promise: Promise,
    inbox: Arc<Inbox>,
    quarter_turns: u8,
    stamper: Stamper,
    size: (u32, u32),
    fps: f64,
    /// Its pictures are JPEG that others can read as it comes, and need no turning.
    as_it_comes: bool,
    last: Option<Last>,
    rooms: Rooms,
    /// As the last picture came.
    came: Option<Payload>,
    due: Instant,
    counts: LiveCounts,
    wrong_sizes: u32,
    complaint: Option<String>,
    ended: Option<CameraError>,
}

#[derive(Debug)]
struct Last {
    frame: Frame,
    digest: u32,
}

/// A picture with its times, for those that measure.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) frame: Frame,
    /// From its light to its arrival, s; below zero if the driver's stamp lies ahead.
    pub(crate) age: f64,
    pub(crate) arrived: Instant,
    pub(crate) bytes: usize,
    pub(crate) repeated: bool,
}

impl LiveCamera {
    /// Opens a camera; its stamps count from `epoch`.
    ///
    /// # Errors
    /// If it is not there, is not as the settings say, or gives no picture within five seconds.
    pub fn open(
        name: &str,
        settings: &CameraSettings,
        epoch: Instant,
    ) -> Result<Self, CameraError> {
        let identity = devices::identity(settings)?;
        let (wanted, first) = (settings.clone(), identity.clone());
        let opener: Opener = Box::new(move || {
            let there = devices::identity(&wanted)?;
            match first.difference(&there) {
                None => open::source(&wanted),
                Some(how) => Err(CameraError::failed(
                    &wanted.shown(),
                    format!("another camera is there now: {how}"),
                )),
            }
        });
        let mut camera = Self::start(name, settings, epoch, opener, Patience::default())?;
        camera.identity = identity;
        Ok(camera)
    }

    /// A camera that `opener` opens.
    pub(crate) fn start(
        name: &str,
        settings: &CameraSettings,
        epoch: Instant,
        mut opener: Opener,
        patience: Patience,
    ) -> Result<Self, CameraError> {
        let source = opener()?;
        let inbox = Arc::<Inbox>::default();
        let mut camera = Self {
            name: name.to_owned(),
            identity: CameraIdentity::default(),
            promise: source.promise().clone(),
            inbox: Arc::clone(&inbox),
            quarter_turns: settings.quarter_turns(),
            stamper: Stamper::new(epoch, settings),
            size: (0, 0),
            fps: 0.0,
            as_it_comes: false,
            last: None,
            came: None,
            rooms: Rooms::default(),
            due: Instant::now(),
            counts: LiveCounts::default(),
            wrong_sizes: 0,
            complaint: None,
            ended: None,
        };
        reader::start(source, opener, inbox, patience).map_err(|error| {
            CameraError::failed(&settings.shown(), format!("no thread: {error}"))
        })?;
        camera.first_picture(settings)?;
        Ok(camera)
    }

    fn first_picture(&mut self, settings: &CameraSettings) -> Result<(), CameraError> {
        let shown = settings.shown();
        self.fps = self
            .promise
            .fps
            .unwrap_or(f64::from(settings.fps.unwrap_or(30)));
        let until = Instant::now() + FIRST;
        let seen = loop {
            match self.wait(until)? {
                Some(seen) => break seen,
                None if Instant::now() < until => {}
                None => {
                    let why = self.complaint.take();
                    let why =
                        why.map_or(String::new(), |why| format!(", only damaged ones: {why}"));
                    let seconds = FIRST.as_secs();
                    return Err(CameraError::failed(
                        &shown,
                        format!("it gave no picture within {seconds} s{why}"),
                    ));
                }
            }
        };
        if let (Some(width), Some(height)) = (settings.width, settings.height)
            && (width, height) != (seen.frame.width, seen.frame.height)
        {
            let (is_width, is_height) = (seen.frame.width, seen.frame.height);
            return Err(CameraError::usage(
                &shown,
                format!(
                    "its pictures have {is_width}x{is_height} pixels, not {width}x{height}: pass width={is_width},height={is_height}, or neither"
                ),
            ));
        }
        Ok(())
    }

    /// Who it is.
    pub fn identity(&self) -> &CameraIdentity {
        &self.identity
    }

    /// What became of its pictures.
    pub fn counts(&self) -> LiveCounts {
        self.counts
    }

    /// How often it was lost and came back.
    pub fn losses(&self) -> LossCount {
        self.inbox.losses()
    }

    /// Where its time stamps come from.
    pub fn stamp_source(&self) -> StampSource {
        self.stamper.source()
    }

    /// How pictures come, such as `MJPG`.
    pub fn format(&self) -> &str {
        &self.promise.format
    }

    /// Pictures per second, as the driver says.
    pub(crate) fn stated_fps(&self) -> Option<f64> {
        self.promise.fps
    }

    /// From now on it counts as this fast.
    pub(crate) fn set_fps(&mut self, fps: f64) {
        self.fps = fps;
    }

    /// The newest picture.
    pub fn newest(&self) -> Option<&Frame> {
        self.last.as_ref().map(|last| &last.frame)
    }

    /// The next picture that can be used, waiting for it; nothing if none came, or the one that came was damaged.
    pub(crate) fn wait(&mut self, until: Instant) -> Result<Option<Seen>, CameraError> {
        let left = until.saturating_duration_since(Instant::now());
        let shot = self.inbox.wait(left).map_err(|end| self.named(&end))?;
        Ok(shot.and_then(|shot| self.seen(&shot)))
    }

    fn named(&self, end: &CameraError) -> CameraError {
        CameraError::failed(&self.name, end.problem())
    }

    /// Makes a picture of what came.
    fn seen(&mut self, shot: &Shot) -> Option<Seen> {
        self.expect_next(shot);
        let digest = shot.payload.digest();
        let bytes = shot.payload.len();
        let arrived = shot.arrived;
        if let Some(last) = &self.last
            && last.digest == digest
            && !last.frame.pixels.is_empty()
        {
            // No sensor takes the same picture twice: it is frozen, or something between it and us repeats.
            self.counts.repeated += 1;
            let frame = last.frame.clone();
            return Some(Seen {
                frame,
                age: 0.0,
                arrived,
                bytes,
                repeated: true,
            });
        }
        let decoded = match picture::decode(&shot.payload, self.quarter_turns, &mut self.rooms) {
            Ok(decoded) => decoded,
            Err(why) => {
                self.counts.damaged += 1;
                self.complaint = Some(why);
                return None;
            }
        };
        self.rooms.keep(&decoded.pixels);
        let size = (decoded.width, decoded.height);
        if self.last.is_none() {
            self.as_it_comes = self.quarter_turns == 0
                && matches!(&shot.payload, Payload::Jpeg(bytes) if jpeg::is_complete(bytes));
            self.size = size;
        } else if size != self.size {
            self.counts.damaged += 1;
            self.wrong_sizes += 1;
            if self.wrong_sizes > OTHER_SIZES {
                let (was, is) = (self.size, size);
                let why = format!(
                    "its pictures have {}x{} pixels now, not {}x{}",
                    is.0, is.1, was.0, was.1
                );
                self.ended = Some(CameraError::failed(&self.name, why));
            }
            return None;
        }
        self.wrong_sizes = 0;
        let (stamp, age) = self.stamper.stamp(shot);
        let frame = Frame {
            stamp,
            // What was repeated is not missing.
            sequence: shot.sequence.saturating_sub(self.counts.repeated),
            width: size.0,
            height: size.1,
            pixels: decoded.pixels,
        };
        self.last = Some(Last {
            frame: frame.clone(),
            digest,
        });
        Some(Seen {
            frame,
            age,
            arrived,
            bytes,
            repeated: false,
        })
    }

    /// What came as JPEG, with its time and number. That a picture is whole is seen without decoding it; a camera that shows another size from now on is
    /// of no harm to those that only look.
    fn undecoded(&mut self, shot: &Shot) -> Option<JpegFrame> {
        let Payload::Jpeg(bytes) = &shot.payload else {
            return None;
        };
        self.expect_next(shot);
        let digest = shot.payload.digest();
        if let Some(last) = &self.last
            && last.digest == digest
        {
            self.counts.repeated += 1;
            return Some(JpegFrame {
                stamp: last.frame.stamp,
                sequence: last.frame.sequence,
                jpeg: bytes.as_slice().into(),
            });
        }
        let Extent::Whole(length) = jpeg::extent(bytes) else {
            self.counts.damaged += 1;
            return None;
        };
        let (stamp, _) = self.stamper.stamp(shot);
        let sequence = shot.sequence.saturating_sub(self.counts.repeated);
        let frame = Frame {
            stamp,
            sequence,
            width: self.size.0,
            height: self.size.1,
            pixels: Arc::default(),
        };
        self.last = Some(Last { frame, digest });
        Some(JpegFrame {
            stamp,
            sequence,
            jpeg: bytes[..length].into(),
        })
    }

    /// Takes what came next.
    fn next_shot(&mut self) -> Result<Option<Shot>, CameraFault> {
        let taken = match self.ended.take() {
            Some(end) => Err(end),
            None => self.inbox.take(),
        };
        taken.map_err(|end| CameraFault {
            camera: self.name.clone(),
            reason: end.problem().to_owned(),
        })
    }

    /// Counts a picture, and foresees when the next one comes.
    fn expect_next(&mut self, shot: &Shot) {
        self.due = shot.arrived + Duration::from_secs_f64(0.9 / self.fps.clamp(1.0, 240.0));
        self.counts.taken += 1;
    }
}

impl Drop for LiveCamera {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
