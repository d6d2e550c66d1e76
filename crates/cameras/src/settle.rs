//! Before a session: the camera settles, is locked, and is measured for a second.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use ulna_core::{Camera, Frame};

use crate::devices;
use crate::error::CameraError;
use crate::identity::CameraIdentity;
use crate::inbox::LossCount;
use crate::live::{LiveCamera, Seen};
use crate::settings::CameraSettings;
use crate::source::StampSource;
use crate::thumbnail::Thumbnail;
use crate::usb::{UsbPlace, usb_place};
use crate::v4l2::controls::{Locked, begin, lock, unlock_exposure};

/// LeRobot's `warmup_s`.
const WARM_UP: f64 = 1.0;
/// How long it is measured.
const MEASURED: Duration = Duration::from_secs(1);
/// After locking, some pictures are still exposed as before.
const AFTER_LOCK: Duration = Duration::from_millis(400);
/// A picture whose brightness changes by more than this factor has not kept its exposure.
const SAME_BRIGHTNESS: f64 = 1.5;
/// A rate this far from the one that is stated is another one.
const SAME_RATE: f64 = 0.1;

/// What a camera is and gives, measured.
#[derive(Debug, Clone, Serialize)]
pub struct CameraFacts {
    /// Who it is.
    pub identity: CameraIdentity,
    /// How pictures come, such as `MJPG`.
    pub format: String,
    /// Width of the picture after rotation, pixels.
    pub width: u32,
    /// Height of the picture after rotation, pixels.
    pub height: u32,
    /// Degrees by which it is turned.
    pub rotation: i32,
    /// Pictures per second as the driver says.
    pub fps_stated: Option<f64>,
    /// Pictures per second as they came within a second.
    pub fps_measured: f64,
    /// Where its time stamps come from.
    pub stamps: StampSource,
    /// What is taken off the arrival where no driver stamps, ms.
    pub latency_ms: f64,
    /// From the light to the arrival, ms, the median; below zero where the driver's stamps lie ahead.
    pub age_ms: f64,
    /// What exposure, white balance and focus are locked at.
    pub locked: Locked,
    /// Data on the wire, Mbit/s.
    pub mbit: f64,
    /// Pictures of that second that were damaged, missing, or the same as the one before.
    pub flaws: Flaws,
    /// Where it hangs, if on USB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usb: Option<UsbPlace>,
    /// What to know, in sentences.
    pub notes: Vec<String>,
    /// How often it was lost and came back; it goes on counting.
    #[serde(skip)]
    pub losses: LossCount,
    /// What it sees, small.
    #[serde(skip)]
    pub thumbnail: Thumbnail,
}

/// What went wrong with single pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaws {
    /// They could not be decoded.
    pub damaged: u64,
    /// They never came, by their numbers.
    pub missing: u64,
    /// They were the same as the one before, bit by bit.
    pub repeated: u64,
}

/// Lets a camera settle, locks it, and measures it for a second.
///
/// # Errors
/// If it gives no more pictures.
pub fn settle(
    camera: &mut LiveCamera,
    settings: &CameraSettings,
) -> Result<CameraFacts, CameraError> {
    // Beginning and locking go through a second handle: the first belongs to the thread that reads.
    let mut device = settings
        .is_device()
        .then(|| devices::open(settings))
        .transpose()?;
    let mut notes = match &mut device {
        Some(device) => begin(&mut **device, settings),
        None => Vec::new(),
    };
    let warm_up = settings.warmup_s.unwrap_or(WARM_UP);
    watch(
        camera,
        Duration::try_from_secs_f64(warm_up).unwrap_or_default(),
    )?;
    let mut locked = Locked::default();
    if let Some(device) = &mut device {
        let before = camera.newest().map(brightness);
        let (values, more) = lock(&mut **device, settings);
        (locked, notes) = (values, [notes, more].concat());
        if locked.exposure.is_some() && settings.exposure.is_none() {
            watch(camera, AFTER_LOCK)?;
            let after = camera.newest().map(brightness);
            if let (Some(before), Some(after)) = (before, after)
                && !is_same(before, after)
            {
                unlock_exposure(&mut **device);
                locked.exposure = None;
                notes.push(format!(
                    "its exposure stays automatic: locked at what it said, the picture's brightness went from {before:.0} to {after:.0}; exposure=N sets one"
                ));
            }
        }
    }
    let facts = measure(camera, settings, notes)?;
    Ok(CameraFacts { locked, ..facts })
}

fn is_same(before: f64, after: f64) -> bool {
    let (low, high) = (before.min(after).max(8.0), before.max(after).max(8.0));
    high / low < SAME_BRIGHTNESS
}

/// The mean of some of its pixels' green, 0 to 255.
fn brightness(frame: &Frame) -> f64 {
    let greens = frame.pixels.iter().skip(1).step_by(3 * 97);
    let (sum, count) = greens.fold((0.0, 0.0), |(sum, count), green| {
        (sum + f64::from(*green), count + 1.0)
    });
    sum / f64::max(count, 1.0)
}

/// Takes pictures for so long.
fn watch(camera: &mut LiveCamera, time: Duration) -> Result<Vec<Sight>, CameraError> {
    let until = Instant::now() + time;
    let mut sights = Vec::new();
    while Instant::now() < until {
        sights.extend(camera.wait(until)?.map(|seen| Sight::of(&seen)));
    }
    Ok(sights)
}

/// What is kept of a picture: not its pixels.
struct Sight {
    sequence: u64,
    arrived: Instant,
    age: f64,
    bytes: usize,
    repeated: bool,
}

impl Sight {
    fn of(seen: &Seen) -> Self {
        Self {
            sequence: seen.frame.sequence,
            arrived: seen.arrived,
            age: seen.age,
            bytes: seen.bytes,
            repeated: seen.repeated,
        }
    }
}

fn measure(
    camera: &mut LiveCamera,
    settings: &CameraSettings,
    mut notes: Vec<String>,
) -> Result<CameraFacts, CameraError> {
    let damaged = camera.counts().damaged;
    let mut sights = watch(camera, MEASURED)?;
    if sights.is_empty() {
        let problem = "it gave no picture for a second while it was measured: is its cable, or its network, loose?";
        return Err(CameraError::failed(&settings.shown(), problem));
    }
    let flaws = Flaws {
        damaged: camera.counts().damaged - damaged,
        missing: sights
            .windows(2)
            .map(|pair| (pair[1].sequence - pair[0].sequence).saturating_sub(1))
            .sum(),
        repeated: sights.iter().filter(|sight| sight.repeated).count() as u64,
    };
    sights.retain(|sight| !sight.repeated);
    let span = match (sights.first(), sights.last()) {
        (Some(first), Some(last)) => last.arrived.saturating_duration_since(first.arrived),
        _ => Duration::ZERO,
    };
    let steps = sights.len().saturating_sub(1);
    let measured = if span.is_zero() {
        0.0
    } else {
        steps as f64 / span.as_secs_f64()
    };
    let mut ages: Vec<f64> = sights.iter().map(|sight| sight.age * 1e3).collect();
    ages.sort_by(f64::total_cmp);
    let bytes: usize = sights.iter().map(|sight| sight.bytes).sum();
    let stated = camera.stated_fps();
    if let Some(stated) = stated
        && (measured / stated - 1.0).abs() > SAME_RATE
    {
        notes.push(format!(
            "it says {stated:.0} pictures/s and gave {measured:.1} within a second: more light, a shorter exposure or a smaller size helps"
        ));
    }
    if measured > 0.0 {
        camera.set_fps(measured);
    }
    let (width, height) = camera.size();
    let device = crate::open::device(settings);
    Ok(CameraFacts {
        identity: camera.identity().clone(),
        format: camera.format().to_owned(),
        width,
        height,
        rotation: settings.rotation,
        fps_stated: stated,
        fps_measured: (measured * 100.0).round() / 100.0,
        stamps: camera.stamp_source(),
        latency_ms: settings.latency_ms.unwrap_or(0.0),
        age_ms: (ages.get(ages.len() / 2).copied().unwrap_or(0.0) * 10.0).round() / 10.0,
        locked: Locked::default(),
        mbit: (bytes as f64 * 8.0 / MEASURED.as_secs_f64() / 1e4).round() / 100.0,
        flaws,
        usb: device.and_then(|device| usb_place(std::path::Path::new("/"), &device)),
        notes,
        losses: camera.losses(),
        thumbnail: camera.newest().map(Thumbnail::of).unwrap_or_default(),
    })
}
