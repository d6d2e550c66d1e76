//! A second opinion on a network: what tract, which is part of the program, answers to the golden input.

use crate::bundle::Bundle;
use crate::error::PolicyError;
use crate::policy::Policy;

/// What the other engine said.
#[derive(Debug)]
pub(super) struct Opinion {
    /// Its name.
    pub(super) engine: String,
    /// How far it is from the golden answer, robot units.
    pub(super) difference: f64,
    /// False if one step of denoising was compared instead of the answer.
    pub(super) whole: bool,
}

#[cfg(feature = "tract")]
pub(super) use with_tract::ask;

/// Without tract there is none.
#[cfg(not(feature = "tract"))]
pub(super) fn ask(_: &Bundle, _: &mut Policy) -> Result<Option<Opinion>, PolicyError> {
    Ok(None)
}

#[cfg(feature = "tract")]
mod with_tract {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::{Bundle, Opinion, Policy, PolicyError};
    use crate::bundle::Graphs;
    use crate::bundle::graph::GraphFile;
    use crate::diffusion::Scheduler;
    use crate::engine::rehearsal::Rehearsal;
    use crate::noise::Noise;

    /// How long all steps of denoising may take; else one is compared.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// Runs the networks of `bundle` on what `policy` made of the golden input.
    pub(crate) fn ask(
        bundle: &Bundle,
        policy: &mut Policy,
    ) -> Result<Option<Opinion>, PolicyError> {
        policy.show(&bundle.golden().seen);
        let wanted = &bundle.golden().action;
        let (difference, whole) = match bundle.graphs() {
            Graphs::Whole(graph) => {
                let output = answer(graph, policy.inputs())?;
                (policy.distance(&output, wanted)?, true)
            }
            Graphs::Diffusion {
                encoder,
                denoiser,
                scheduler,
                seed,
            } => {
                let condition = answer(encoder, policy.inputs())?;
                let mut noise = Noise::seeded(*seed);
                let mut sample = vec![0.0; scheduler.numbers];
                noise.fill(&mut sample);
                let loaded = Rehearsal::load(denoiser).map_err(failed(&denoiser.path))?;
                let inputs = [sample, vec![scheduler.timestep(0)], condition];
                let start = Instant::now();
                let first = loaded.answer(&inputs).map_err(failed(&denoiser.path))?;
                let steps = u32::try_from(scheduler.len()).unwrap_or(u32::MAX);
                match start.elapsed().saturating_mul(steps) <= PATIENCE {
                    true => {
                        let output = denoise(&loaded, scheduler, &mut noise, inputs)
                            .map_err(failed(&denoiser.path))?;
                        (policy.distance(&output, wanted)?, true)
                    }
                    false => (policy.first_step(&inputs, &first)?, false),
                }
            }
        };
        Ok(Some(Opinion {
            engine: "tract 0.23 (built in)".to_owned(),
            difference,
            whole,
        }))
    }

    fn answer(graph: &GraphFile, inputs: &[Vec<f32>]) -> Result<Vec<f32>, PolicyError> {
        let loaded = Rehearsal::load(graph);
        let answered = loaded.and_then(|loaded| loaded.answer(inputs));
        answered.map_err(failed(&graph.path))
    }

    fn failed(path: &Path) -> impl Fn(String) -> PolicyError + use<> {
        let path = path.to_owned();
        move |reason| PolicyError::Graph {
            path: path.clone(),
            reason: format!("tract, the built-in engine, cannot run it: {reason}"),
        }
    }

    fn denoise(
        denoiser: &Rehearsal<'_>,
        scheduler: &Scheduler,
        noise: &mut Noise,
        mut inputs: [Vec<f32>; 3],
    ) -> Result<Vec<f32>, String> {
        for index in 0..scheduler.len() {
            inputs[1][0] = scheduler.timestep(index);
            let answer = denoiser.answer(&inputs)?;
            scheduler.step(index, &answer, &mut inputs[0], noise);
        }
        let [sample, ..] = inputs;
        Ok(sample)
    }
}
