//! Whether a plan is long enough for the delay with which it is renewed.

use std::time::Duration;

use crate::bundle::ChunkSettings;

use super::merge::Merge;

/// Why the arm comes to rest between chunks if `turnaround` passes from each observation until its chunk is known; `None` if it keeps moving.
///
/// While a plan is being played, one turnaround passes until it is known, and another until the one that follows it is.
pub fn starvation(
    chunks: &ChunkSettings,
    fps: f64,
    merge: Merge,
    turnaround: Duration,
) -> Option<String> {
    let delay = turnaround.as_secs_f64();
    // Observations are taken on the grid of steps.
    let late = (delay * fps - 1e-6).ceil();
    let len = chunks.chunk_size as f64;
    if delay * fps >= len {
        return Some(format!(
            "its chunks of {:.2} s are known only after {delay:.2} s, when nothing of them lies in the future: the arm will not move; {REMEDY}",
            len / fps
        ));
    }
    let steps = match chunks.temporal_ensemble_coeff {
        Some(_) => len,
        None => chunks.n_action_steps as f64,
    };
    // A queue is played from the moment at which it is known, a plan from its observation on.
    let (plan, needed, passes) = match merge {
        Merge::Append => (steps, late, "the inference"),
        Merge::Aligned | Merge::Blended => ((late + steps).min(len), 2.0 * late, "two inferences"),
    };
    (plan < needed).then(|| {
        format!(
            "its plan of {:.2} s is shorter than {passes} of {delay:.2} s until the next one is known: the arm will slow down and hold between chunks; {REMEDY}",
            plan / fps
        )
    })
}

const REMEDY: &str = "a faster engine (ONNX Runtime, --threads, --provider), fewer num_inference_steps of a diffusion policy, or longer chunks help";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_two_inferences_outlast_is_named_and_no_other() {
        let chunks = |chunk_size, n_action_steps| ChunkSettings {
            chunk_size,
            n_action_steps,
            n_obs_steps: 1,
            temporal_ensemble_coeff: None,
        };
        let starved = |chunks: &ChunkSettings, merge, ms| {
            starvation(chunks, 30.0, merge, Duration::from_millis(ms))
        };
        let diffusion = chunks(15, 8);
        let why = starved(&diffusion, Merge::Aligned, 300).unwrap();
        assert!(
            why.starts_with("its plan of 0.50 s is shorter than two inferences of 0.30 s"),
            "{why}"
        );
        assert!(starved(&diffusion, Merge::Aligned, 230).is_none());
        assert!(starved(&diffusion, Merge::Append, 230).is_none());
        assert!(starved(&diffusion, Merge::Append, 300).is_some());
        assert!(starved(&chunks(20, 10), Merge::Blended, 300).is_none());
        assert!(starved(&chunks(100, 100), Merge::Aligned, 1600).is_none());
        assert!(starved(&chunks(100, 100), Merge::Aligned, 1700).is_some());
        let never = starved(&diffusion, Merge::Aligned, 500).unwrap();
        assert!(never.contains("will not move"), "{never}");
        let ensemble = ChunkSettings {
            temporal_ensemble_coeff: Some(0.01),
            ..chunks(100, 1)
        };
        assert!(starved(&ensemble, Merge::Aligned, 300).is_none());
    }
}
