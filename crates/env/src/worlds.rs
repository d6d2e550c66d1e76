//! The environments: each is an episode, or at rest.

use ulna_rt::Stop;
use ulna_session::stepped::{Ending, Observed, SteppedEpisode, SteppedError, SteppedOptions};

use crate::message::{
    EnvInfo, EnvRefusal, EnvRefusalKind, EnvReply, EnvView, Pixels, RenderWhich, ResetSeeds,
    StepActions,
};

/// The longest text of a task, bytes.
const LONGEST_TASK: usize = 1000;

/// All environments of one client.
#[derive(Debug)]
pub struct Worlds {
    options: SteppedOptions,
    /// LeRobot's names of the values of an action.
    joints: Vec<String>,
    stop: Stop,
    places: Vec<Option<Playing>>,
}

/// An episode with what its judge had counted at the last look.
#[derive(Debug)]
struct Playing {
    episode: SteppedEpisode,
    successes: u32,
}

impl Worlds {
    /// So many environments at rest. `joints` are the names of an action's values; signals that `stop` hears end all episodes.
    pub fn new(options: &SteppedOptions, joints: Vec<String>, count: usize, stop: &Stop) -> Self {
        Self {
            options: options.clone(),
            joints,
            stop: stop.clone(),
            places: (0..count).map(|_| None).collect(),
        }
    }

    /// Begins new episodes, all at the same time. Those that were there stay until every new one stands.
    ///
    /// # Errors
    /// If the lists are others than the environments take, or an episode cannot begin.
    pub fn reset(&mut self, reset: ResetSeeds) -> Result<EnvReply, EnvRefusal> {
        self.one_for_each("seeds", reset.seeds.len())?;
        let tasks = match reset.tasks {
            Some(tasks) => tasks,
            None => vec![None; reset.seeds.len()],
        };
        self.one_for_each("tasks", tasks.len())?;
        if tasks.iter().flatten().any(|task| task.len() > LONGEST_TASK) {
            let wrong = format!("tasks: a text has {LONGEST_TASK} bytes at most");
            return Err(EnvRefusal::new(EnvRefusalKind::Request, wrong));
        }
        let mut begun = Vec::with_capacity(self.places.len());
        for (seed, task) in reset.seeds.iter().zip(tasks) {
            begun.push(seed.map(|seed| self.begin(seed, task)));
        }
        let mut seen = Vec::with_capacity(begun.len());
        let mut ready = Vec::with_capacity(begun.len());
        for (index, begun) in begun.into_iter().enumerate() {
            let looked = begun.map(|begun| {
                let mut episode = begun?;
                let observed = episode.observed()?;
                Ok((episode, observed))
            });
            let looked = looked.transpose().map_err(|error| refusal(index, &error))?;
            let (episode, observed) = looked.unzip();
            ready.push(episode);
            seen.push(observed);
        }
        let mut old = Vec::new();
        for ((place, episode), observed) in self.places.iter_mut().zip(ready).zip(&seen) {
            if let (Some(episode), Some(observed)) = (episode, observed) {
                let successes = observed.successes;
                old.extend(place.replace(Playing { episode, successes }));
            }
        }
        end(old);
        Ok(EnvReply::Observed(
            (seen
                .into_iter()
                .map(|observed| observed.map(|it| self.view(it, 0))))
            .collect(),
        ))
    }

    fn begin(&self, seed: u64, task: Option<String>) -> Result<SteppedEpisode, SteppedError> {
        let mut options = self.options.clone();
        options.rig.seed = seed;
        options.rig.task = task.or(options.rig.task);
        SteppedEpisode::start(&options, &self.stop)
    }

    /// Steps those environments that have an action, all at the same time.
    ///
    /// # Errors
    /// If an action is none, or there is no episode that could take it: then none is stepped. If an environment breaks down.
    pub fn step(&mut self, step: &StepActions) -> Result<EnvReply, EnvRefusal> {
        self.one_for_each("actions", step.actions.len())?;
        for (index, (place, action)) in self.places.iter().zip(&step.actions).enumerate() {
            let Some(action) = action else { continue };
            let Some(playing) = place else {
                return Err(at_rest(index));
            };
            let fits = match playing.episode.is_over() {
                true => Err(SteppedError::Over),
                false => SteppedEpisode::check(&self.joints, action).map(|_| ()),
            };
            fits.map_err(|error| refusal(index, &error))?;
        }
        let mut acted = Vec::with_capacity(self.places.len());
        for (place, action) in self.places.iter_mut().zip(&step.actions) {
            acted.push(match (place, action) {
                (Some(playing), Some(action)) => Some(playing.episode.act(action)),
                _ => None,
            });
        }
        let mut views = Vec::with_capacity(self.places.len());
        let mut broken = None;
        for (index, acted) in acted.into_iter().enumerate() {
            let Some((acted, playing)) = acted.zip(self.places[index].as_mut()) else {
                views.push(None);
                continue;
            };
            let before = playing.successes;
            match acted.and_then(|()| playing.episode.observed()) {
                Ok(observed) => {
                    playing.successes = observed.successes;
                    views.push(Some(self.view(observed, before)));
                }
                Err(error) => {
                    self.places[index] = None;
                    broken = broken.or(Some(broke(index, &error)));
                    views.push(None);
                }
            }
        }
        broken.map_or(Ok(EnvReply::Observed(views)), Err)
    }

    /// What the camera for people sees of those environments.
    ///
    /// # Errors
    /// If there is no such camera, or one of them was not reset.
    pub fn render(&mut self, render: &RenderWhich) -> Result<EnvReply, EnvRefusal> {
        self.one_for_each("which", render.which.len())?;
        let mut pictures = Vec::with_capacity(self.places.len());
        for (index, (place, wanted)) in self.places.iter_mut().zip(&render.which).enumerate() {
            if !wanted {
                pictures.push(None);
                continue;
            }
            let playing = place.as_mut().ok_or_else(|| at_rest(index))?;
            let picture = playing.episode.render();
            let picture = picture.map_err(|error| refusal(index, &error))?;
            pictures.push(Some(Pixels(picture.pixels)));
        }
        Ok(EnvReply::Pictures(pictures))
    }

    fn one_for_each(&self, list: &str, length: usize) -> Result<(), EnvRefusal> {
        let count = self.places.len();
        if length == count {
            return Ok(());
        }
        let wrong = format!("{list}: {length} entries, and there are {count} environments");
        Err(EnvRefusal::new(EnvRefusalKind::Request, wrong))
    }

    fn view(&self, observed: Observed, before: u32) -> EnvView {
        let marks = |set: u32| {
            (0..self.joints.len())
                .map(|joint| set & (1 << joint) != 0)
                .collect()
        };
        let cameras = self.options.cameras.iter().cloned();
        let pictures = observed.pictures.into_iter();
        EnvView {
            agent_pos: observed.state,
            pixels: cameras.zip(pictures.map(|it| Pixels(it.pixels))).collect(),
            environment_state: observed.environment,
            reward: f64::from(observed.successes.saturating_sub(before)),
            terminated: observed.ending == Some(Ending::Solved),
            truncated: observed.ending == Some(Ending::TimeUp),
            info: EnvInfo {
                is_success: observed.success,
                task: observed.task.unwrap_or_default(),
                attempts: observed.attempts,
                successes: observed.successes,
                time_s: observed.time_s,
                clamped: marks(observed.gate.clamped),
                slowed: marks(observed.gate.slowed),
            },
        }
    }
}

impl Drop for Worlds {
    fn drop(&mut self) {
        end(self.places.iter_mut().filter_map(Option::take).collect());
    }
}

/// Ends episodes at the same time, not one after the other.
fn end(mut episodes: Vec<Playing>) {
    episodes.iter_mut().for_each(|it| it.episode.dismiss());
}

fn at_rest(index: usize) -> EnvRefusal {
    let wrong = format!("environment {index} was not reset yet: reset it first");
    EnvRefusal::new(EnvRefusalKind::Request, wrong)
}

fn refusal(index: usize, error: &SteppedError) -> EnvRefusal {
    EnvRefusal::new(
        EnvRefusalKind::Request,
        format!("environment {index}: {error}"),
    )
}

fn broke(index: usize, error: &SteppedError) -> EnvRefusal {
    let why = format!("environment {index} broke down, and has to be reset: {error}");
    EnvRefusal::new(EnvRefusalKind::Failed, why)
}
