//! A real camera as the rest of ulna knows cameras: polled, and it never waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ulna_core::{Camera, CameraFault, Frame, Stamp};

use crate::devices;
use crate::error::CameraError;
use crate::identity::CameraIdentity;
use crate::inbox::{Inbox, LossCount};
use crate::open;
use crate::picture;
use crate::reader::{self, Opener, Patience};
use crate::settings::CameraSettings;
use crate::source::{Promise, Shot, StampSource};

/// How long the first picture may take.
const FIRST: Duration = Duration::from_secs(5);
/// A driver's stamp that is farther than this ahead of its arrival, or behind it, is of another clock. vivid's are some 30 ms ahead.
const AHEAD: Duration = Duration::from_secs(1);
const BEHIND: Duration = Duration::from_secs(5);
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
    latency: Duration,
    epoch: Instant,
    size: (u32, u32),
    fps: f64,
    stamps: StampSource,
    last: Option<Last>,
    due: Instant,
    counts: LiveCounts,
    wrong_sizes: u32,
    complaint: Option<String>,
    ended: Option<CameraError>,
}

#[derive(Debug)]
struct Last {
    frame: Frame,
    digest: (usize, u32),
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
            latency: Duration::try_from_secs_f64(settings.latency_ms.unwrap_or(0.0) / 1e3)
                .unwrap_or_default(),
            epoch,
            size: (0, 0),
            fps: 0.0,
            stamps: StampSource::Arrival,
            last: None,
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
        self.stamps
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
        self.due = shot.arrived + Duration::from_secs_f64(0.8 / self.fps.clamp(1.0, 240.0));
        self.counts.taken += 1;
        let digest = shot.payload.digest();
        let bytes = digest.0;
        let arrived = shot.arrived;
        if let Some(last) = &self.last
            && last.digest == digest
        {
            // No camera takes the same picture twice, bit by bit: it is frozen, or something in front of it repeats.
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
        let decoded = match picture::decode(&shot.payload, self.quarter_turns) {
            Ok(decoded) => decoded,
            Err(why) => {
                self.counts.damaged += 1;
                self.complaint = Some(why);
                return None;
            }
        };
        let size = (decoded.width, decoded.height);
        if self.last.is_none() {
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
        let (stamp, age) = self.stamp(shot);
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

    /// When the light fell, and how long before its arrival that was, s.
    fn stamp(&mut self, shot: &Shot) -> (Stamp, f64) {
        let believed = shot.light.filter(|light| {
            let ahead = light.saturating_duration_since(shot.arrived);
            let behind = shot.arrived.saturating_duration_since(*light);
            ahead < AHEAD && behind < BEHIND
        });
        self.stamps = match believed {
            Some(_) => StampSource::Driver,
            None => StampSource::Arrival,
        };
        let by_arrival = shot
            .arrived
            .checked_sub(self.latency)
            .unwrap_or(shot.arrived);
        let light = believed.unwrap_or(by_arrival);
        let ahead = light.saturating_duration_since(shot.arrived).as_secs_f64();
        let behind = shot.arrived.saturating_duration_since(light).as_secs_f64();
        let stamp = Stamp::new(light.saturating_duration_since(self.epoch));
        // Pictures come in order, whatever their stamps say.
        let after = self.last.as_ref().map_or(Stamp::ZERO, |last| {
            last.frame.stamp + Duration::from_nanos(1)
        });
        (stamp.max(after), behind - ahead)
    }
}

impl Drop for LiveCamera {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

impl Camera for LiveCamera {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> (u32, u32) {
        self.size
    }

    fn fps(&self) -> f64 {
        self.fps
    }

    fn poll(&mut self, _now: Stamp) -> Result<Option<Frame>, CameraFault> {
        loop {
            let taken = match self.ended.take() {
                Some(end) => Err(end),
                None => self.inbox.take(),
            };
            let shot = taken.map_err(|end| CameraFault {
                camera: self.name.clone(),
                reason: end.problem().to_owned(),
            })?;
            let Some(shot) = shot else { return Ok(None) };
            if let Some(seen) = self.seen(&shot) {
                return Ok(Some(seen.frame));
            }
        }
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        let due = Stamp::new(self.due.saturating_duration_since(self.epoch));
        due.max(now + GLANCE)
    }
}

/// A picture that is due and has not come is looked for this often.
const GLANCE: Duration = Duration::from_millis(2);

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
