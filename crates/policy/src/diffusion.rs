//! Denoising on the host: from noise to a chunk, step by step, as diffusers' `DDPMScheduler` and `DDIMScheduler` do with the settings that LeRobot gives
//! them (timesteps `leading`, variance `fixed_small`, `eta` 0).
//!
//! In single precision, in the order of operations that diffusers has.

use crate::noise::Noise;

/// By LeRobot's names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) noise_scheduler_type: &'a str,
    pub(crate) num_train_timesteps: usize,
    pub(crate) num_inference_steps: usize,
    pub(crate) beta_schedule: &'a str,
    pub(crate) beta_start: f64,
    pub(crate) beta_end: f64,
    pub(crate) prediction_type: &'a str,
    /// `clip_sample_range`, if `clip_sample`.
    pub(crate) clip: Option<f64>,
    /// Numbers in a sample: horizon times joints.
    pub(crate) numbers: usize,
    /// Numbers before the step that is now.
    pub(crate) skip: usize,
}

/// What the denoiser's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prediction {
    Epsilon,
    Sample,
}

/// A plan of denoising.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    steps: Vec<Step>,
    prediction: Prediction,
    clip: Option<f32>,
    /// Numbers in a sample.
    pub(crate) numbers: usize,
    /// Numbers before the step that is now.
    pub(crate) skip: usize,
}

/// One step of denoising; the factors are those of diffusers.
#[derive(Debug, Clone, Copy)]
struct Step {
    timestep: usize,
    /// The roots of the parts of signal and noise that the sample has.
    signal: f32,
    noise: f32,
    rule: Rule,
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    /// `x0 * original + x * current + noise * deviation`.
    Ddpm {
        original: f32,
        current: f32,
        deviation: Option<f32>,
    },
    /// `x0 * signal + epsilon * direction`.
    Ddim { signal: f32, direction: f32 },
}

impl Scheduler {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, String> {
        let (train, infer) = (settings.num_train_timesteps, settings.num_inference_steps);
        if !(1..=10_000).contains(&train) || !(1..=train).contains(&infer) {
            return Err(format!(
                "num_inference_steps is {infer} and num_train_timesteps {train}: 1 to 10000 steps of training are possible, and no more of inference"
            ));
        }
        let clip = match settings.clip {
            Some(range) if !(range > 0.0 && range.is_finite()) => {
                return Err(format!(
                    "clip_sample_range is {range}, and must be above zero"
                ));
            }
            clip => clip.map(single),
        };
        let ddim = match settings.noise_scheduler_type {
            "DDPM" => false,
            "DDIM" => true,
            other => {
                return Err(format!(
                    "noise_scheduler_type is {other}, and LeRobot has DDPM and DDIM"
                ));
            }
        };
        let prediction = match settings.prediction_type {
            "epsilon" => Prediction::Epsilon,
            "sample" => Prediction::Sample,
            other => {
                return Err(format!(
                    "prediction_type is {other}, and LeRobot has epsilon and sample"
                ));
            }
        };
        let kept = kept_signal(&betas(settings, ddim)?);
        let ratio = train / infer;
        let steps = (0..infer).rev().map(|index| {
            let timestep = index * ratio;
            let now = kept[timestep];
            let next = match index {
                0 => 1.0,
                _ => kept[timestep - ratio],
            };
            Step {
                timestep,
                signal: now.sqrt(),
                noise: (1.0 - now).sqrt(),
                rule: match ddim {
                    true => Rule::Ddim {
                        signal: next.sqrt(),
                        direction: (1.0 - next).sqrt(),
                    },
                    false => ddpm(now, next, timestep > 0),
                },
            }
        });
        Ok(Self {
            steps: steps.collect(),
            prediction,
            clip,
            numbers: settings.numbers,
            skip: settings.skip,
        })
    }

    /// How many steps there are.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The timestep that the denoiser is given at step `index`.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn timestep(&self, index: usize) -> f32 {
        self.steps[index].timestep as f32
    }

    /// Brings `sample` one step further; `answer` is the denoiser's.
    pub(crate) fn step(&self, index: usize, answer: &[f32], sample: &mut [f32], noise: &mut Noise) {
        let step = self.steps[index];
        let fresh = match step.rule {
            Rule::Ddpm {
                deviation: Some(_), ..
            } => {
                let mut fresh = vec![0.0; sample.len()];
                noise.fill(&mut fresh);
                fresh
            }
            _ => Vec::new(),
        };
        for (place, (value, answer)) in sample.iter_mut().zip(answer).enumerate() {
            let original = match self.prediction {
                Prediction::Epsilon => (*value - step.noise * answer) / step.signal,
                Prediction::Sample => *answer,
            };
            let epsilon = match self.prediction {
                Prediction::Epsilon => *answer,
                Prediction::Sample => (*value - step.signal * original) / step.noise,
            };
            let original = match self.clip {
                Some(range) => original.clamp(-range, range),
                None => original,
            };
            *value = match step.rule {
                Rule::Ddim { signal, direction } => signal * original + direction * epsilon,
                Rule::Ddpm {
                    original: part,
                    current,
                    deviation,
                } => {
                    let mean = part * original + current * *value;
                    match deviation {
                        Some(deviation) => mean + deviation * fresh[place],
                        None => mean,
                    }
                }
            };
        }
    }
}

/// The factors of a step from `now` to `next`, the parts of signal before and after it.
fn ddpm(now: f32, next: f32, noisy: bool) -> Rule {
    let (noise, noise_after) = (1.0 - now, 1.0 - next);
    let alpha = now / next;
    let beta = 1.0 - alpha;
    let variance = (noise_after / noise * beta).max(1e-20);
    Rule::Ddpm {
        original: next.sqrt() * beta / noise,
        current: alpha.sqrt() * noise_after / noise,
        deviation: noisy.then(|| variance.sqrt()),
    }
}

/// How much noise each step of training adds.
fn betas(settings: &Settings<'_>, ddim: bool) -> Result<Vec<f32>, String> {
    let len = settings.num_train_timesteps;
    let (start, end) = (settings.beta_start, settings.beta_end);
    if !(0.0..1.0).contains(&start) || !(0.0..1.0).contains(&end) {
        return Err(format!(
            "beta_start is {start} and beta_end {end}, and both must be from 0 to below 1"
        ));
    }
    Ok(match settings.beta_schedule {
        "linear" => linspace(single(start), single(end), len),
        "scaled_linear" => linspace(single(start.sqrt()), single(end.sqrt()), len)
            .iter()
            .map(|root| root * root)
            .collect(),
        "squaredcos_cap_v2" => {
            let bar = |time: f64| {
                let angle = (time + 0.008) / 1.008 * std::f64::consts::PI / 2.0;
                angle.cos() * angle.cos()
            };
            let beta = |index: usize| {
                let (from, to) = (index as f64 / len as f64, (index + 1) as f64 / len as f64);
                single((1.0 - bar(to) / bar(from)).min(0.999))
            };
            (0..len).map(beta).collect()
        }
        "sigmoid" if !ddim => linspace(-6.0, 6.0, len)
            .iter()
            .map(|x| 1.0 / (1.0 + (-x).exp()) * (single(end) - single(start)) + single(start))
            .collect(),
        other => {
            return Err(format!(
                "beta_schedule is {other}, and diffusers has linear, scaled_linear, squaredcos_cap_v2 and, for DDPM, sigmoid"
            ));
        }
    })
}

/// torch's `linspace`, which counts from both ends.
fn linspace(start: f32, end: f32, len: usize) -> Vec<f32> {
    let step = (end - start) / (len.max(2) - 1) as f32;
    let value = |index: usize| match index < len / 2 {
        true => start + step * index as f32,
        false if len > 1 => end - step * (len - index - 1) as f32,
        false => start,
    };
    (0..len).map(value).collect()
}

/// How much of the signal is left after each step: torch multiplies in double precision and rounds each product.
fn kept_signal(betas: &[f32]) -> Vec<f32> {
    let kept = betas.iter().scan(1.0f64, |product, beta| {
        *product *= f64::from(1.0 - beta);
        Some(single(*product))
    });
    kept.collect()
}

#[allow(clippy::cast_possible_truncation)]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests;
