//! How long an inference takes, and how much of that is the engine's.

mod delay;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use serde::Serialize;
use ulna_core::{Frame, Stamp};
use ulna_rt::{Distribution, Summary};

use crate::bundle::{Bundle, GoldenImage, Seen};
use crate::check;
use crate::contract::{InputKind, joints_of};
use crate::engine::{Engine, EngineInfo};
use crate::error::PolicyError;
use crate::observation::Observation;
use crate::policy::Predict;

pub use delay::{Delayed, delay};

/// One inference in the runner and one in the bare engine, measured in turns in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Timing {
    /// The engine in use.
    pub engine: EngineInfo,
    /// The threads that it was given; tract always takes one.
    pub threads: usize,
    /// Pre-processing, engine and post-processing: what the runner's thread does for one chunk.
    pub whole: Summary,
    /// The engine alone, on inputs that are ready.
    pub bare: Summary,
}

/// How long measuring may take, and how many inferences of each kind there are in any case.
const PATIENCE: Duration = Duration::from_secs(30);
const FEWEST: u32 = 10;

/// Measures `runs` inferences of each kind, after one of each that does not count; fewer, ten at least, where they would take longer than half a minute.
/// The observation is the golden one.
///
/// # Errors
/// [`PolicyError`] if the policy fails its checks or an inference fails.
pub fn time(
    bundle: &Bundle,
    engine: &Engine,
    threads: NonZeroUsize,
    runs: u32,
) -> Result<Timing, PolicyError> {
    let (mut policy, _) = check::prepare(bundle, engine, threads, None)?;
    let history = history(bundle);
    let (mut whole, mut bare) = (Distribution::new(), Distribution::new());
    let began = Instant::now();
    for run in 0..=runs {
        let start = Instant::now();
        if run > FEWEST && start - began > PATIENCE {
            break;
        }
        policy.predict(&history)?;
        let middle = Instant::now();
        policy.run_engine()?;
        let end = Instant::now();
        if run > 0 {
            whole.record(middle - start);
            bare.record(end - middle);
        }
    }
    Ok(Timing {
        engine: engine.info().clone(),
        threads: threads.get(),
        whole: whole.summary(),
        bare: bare.summary(),
    })
}

/// The golden input as a robot would show it.
fn history(bundle: &Bundle) -> Vec<Observation> {
    let seen = bundle.golden().seen.iter();
    seen.map(|seen| observation(bundle, seen)).collect()
}

fn observation(bundle: &Bundle, seen: &Seen) -> Observation {
    let sizes = bundle.contract().inputs.iter();
    let sizes = sizes.filter_map(|input| match input.kind {
        InputKind::Image { width, height, .. } => Some((width, height)),
        _ => None,
    });
    let images = seen.images.iter().zip(sizes);
    let images = images.map(|(image, (width, height))| Frame {
        stamp: Stamp::ZERO,
        sequence: 0,
        width: u32::try_from(width).unwrap_or(u32::MAX),
        height: u32::try_from(height).unwrap_or(u32::MAX),
        pixels: match image {
            GoldenImage::Pixels(pixels) => pixels.as_slice().into(),
            GoldenImage::Planes(planes) => pixels_of(planes).into(),
        },
    });
    Observation {
        stamp: Stamp::ZERO,
        state: joints_of(&seen.state),
        environment_state: seen.environment_state.clone(),
        images: images.collect(),
    }
}

fn pixels_of(planes: &[f32]) -> Vec<u8> {
    let plane = planes.len() / 3;
    let mut pixels = Vec::with_capacity(planes.len());
    for at in 0..plane {
        for channel in 0..3 {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            pixels.push((planes[channel * plane + at] * 255.0).round() as u8);
        }
    }
    pixels
}
