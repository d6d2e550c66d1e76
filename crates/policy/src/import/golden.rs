//! The golden pair of an imported policy: made by the engine in use, and checked by the other one.
//!
//! A process has one engine behind `ort`. The other way to run a network is tract itself, which is part of the program; so where ONNX Runtime
//! is in use, tract checks what it gave. Without ONNX Runtime there is no other engine, and the report says so.
//!
//! Engines are to be within the tolerance that `policy.toml` begins with. Single precision leaves some networks farther apart, PyTorch from itself included:
//! many steps of denoising, or weights that make numbers large. Then the tolerance follows what was measured, within bounds, and the report says so.

use std::num::NonZeroUsize;

use serde::Serialize;

use crate::bundle::{Bundle, Golden, GoldenImage, Graphs, Seen};
use crate::contract::{Input, InputKind};
use crate::engine::{Engine, EngineKind};
use crate::error::PolicyError;
use crate::noise::Noise;
use crate::normalise::Normaliser;
use crate::policy::Policy;

use super::manifest::GOLDEN;
use super::other;

/// How a golden pair came to be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GoldenReport {
    /// The engine that made it.
    pub made_by: String,
    /// The other engine, which came to the same; `None` where there is none.
    pub checked_by: Option<String>,
    /// How far they are apart at most, in robot units.
    pub difference: Option<f64>,
    /// False if one step of denoising was compared, since all of them would have taken too long.
    pub whole: bool,
    /// How far an engine may be from the golden pair.
    pub tolerance: f64,
}

impl GoldenReport {
    /// Why its tolerance is more than `usual`.
    pub(super) fn in_words(&self, usual: f64) -> String {
        let allowed = self.tolerance;
        match self.difference.filter(|_| self.whole) {
            Some(difference) => format!(
                "the engines are {difference:.1e} apart on this network, in robot units: single precision gives no better; its golden pair allows \
                 {allowed:.1e} instead of the usual {usual:.0e}"
            ),
            None => format!(
                "the many steps of denoising were not compared between engines; the golden pair allows {allowed:.1e} instead of {usual:.0e}"
            ),
        }
    }
}

/// How many times the usual difference one pass through a network may have, and a chain of denoising that was not compared as a whole is given.
const PASS: f64 = 10.0;
/// The same for a whole chain: each step hands on what the one before left.
const CHAIN: f64 = 100.0;

/// Of the random numbers that the golden input is made of.
const SEED: u32 = 19;

/// Makes the pair for `bundle`, and writes it into its folder.
pub(super) fn make(
    bundle: Bundle,
    engine: &Engine,
    threads: NonZeroUsize,
) -> Result<GoldenReport, PolicyError> {
    let seen = input(&bundle);
    let mut policy = Policy::load(&bundle, engine, threads)?;
    let action = policy.answer(&seen)?;
    let golden = Golden { seen, action };
    let path = bundle.dir().join(GOLDEN);
    golden.write(&path, bundle.contract(), bundle.chunks())?;
    let bundle = bundle.with_golden(golden);
    let made_by = engine.info().to_string();
    let usual = bundle.tolerance();
    let other = match engine.info().kind {
        EngineKind::Ort => other::ask(&bundle, &mut policy)?,
        EngineKind::Tract => None,
    };
    let denoised = matches!(bundle.graphs(), Graphs::Diffusion { .. });
    let whole = other.as_ref().map_or(!denoised, |other| other.whole);
    let difference = other.as_ref().map(|other| other.difference);
    let checked_by = other.map(|other| other.engine);
    let most = usual * if denoised && whole { CHAIN } else { PASS };
    if let Some(difference) = difference.filter(|difference| *difference > most) {
        return Err(PolicyError::Golden {
            policy: bundle.name().to_owned(),
            engine: checked_by.unwrap_or_default(),
            difference,
            place: format!("against {made_by}"),
            tolerance: most,
        });
    }
    let tolerance = match difference {
        _ if !whole => most,
        // Another processor may leave them a little farther apart.
        Some(difference) if difference > usual / 2.0 => (2.0 * difference).clamp(usual, most),
        _ => usual,
    };
    Ok(GoldenReport {
        made_by,
        checked_by,
        difference,
        whole,
        tolerance,
    })
}

/// An input like those that the policy was trained on: around the means of its statistics, with pictures of coarse random patches.
fn input(bundle: &Bundle) -> Vec<Seen> {
    let mut noise = Noise::seeded(SEED);
    let steps = bundle.chunks().n_obs_steps;
    let mut history = Vec::with_capacity(steps);
    for _ in 0..steps {
        let mut seen = Seen::default();
        for input in &bundle.contract().inputs {
            match input.kind {
                InputKind::State(len) => seen.state = numbers(input, len, &mut noise),
                InputKind::EnvironmentState(len) => {
                    seen.environment_state = numbers(input, len, &mut noise);
                }
                InputKind::Image { width, height, .. } => {
                    let pixels = patches(width, height, &mut noise);
                    seen.images.push(GoldenImage::Pixels(pixels));
                }
            }
        }
        history.push(seen);
    }
    history
}

fn numbers(input: &Input, len: usize, noise: &mut Noise) -> Vec<f32> {
    let mut values = vec![0.0; len];
    noise.fill(&mut values);
    // Within the range that was seen in training, where a range is what is known.
    if matches!(input.normaliser, Normaliser::Range { .. }) {
        values.iter_mut().for_each(|value| *value = value.tanh());
    }
    input.normaliser.denormalise(&mut values);
    values
}

/// A picture of squares of 16 pixels.
fn patches(width: usize, height: usize, noise: &mut Noise) -> Vec<u8> {
    const SIDE: usize = 16;
    let columns = width.div_ceil(SIDE);
    let mut colours = vec![0.0; 3 * columns * height.div_ceil(SIDE)];
    noise.fill(&mut colours);
    let mut pixels = Vec::with_capacity(3 * width * height);
    for row in 0..height {
        for column in 0..width {
            let patch = 3 * (row / SIDE * columns + column / SIDE);
            pixels.extend(colours[patch..patch + 3].iter().map(|value| {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let byte = (128.0 + 60.0 * value).clamp(0.0, 255.0) as u8;
                byte
            }));
        }
    }
    pixels
}
