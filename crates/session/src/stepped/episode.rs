//! The caller's side of an episode.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use ulna_core::{Frame, Joints};
use ulna_rt::Stop;

use super::error::SteppedError;
use super::observed::Observed;
use super::options::SteppedOptions;
use super::session::play;
use super::talk::{Answer, Ask};
use crate::error::SessionError;

/// An episode that waits for its next action.
#[derive(Debug)]
pub struct SteppedEpisode {
    names: Vec<String>,
    over: bool,
    ask: Option<Sender<Ask>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
}

impl SteppedEpisode {
    /// Begins an episode, and says what is seen before the first action. Signals that `stop` hears end it.
    ///
    /// # Errors
    /// If the rig cannot be opened or the arm not connected.
    pub fn begin(options: &SteppedOptions, stop: &Stop) -> Result<(Self, Observed), SteppedError> {
        let mut episode = Self::start(options, stop)?;
        let observed = episode.observed()?;
        Ok((episode, observed))
    }

    /// As [`begin`](Self::begin), without waiting for what is seen: [`observed`](Self::observed) does. So many can begin at the same time.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(options: &SteppedOptions, stop: &Stop) -> Result<Self, SteppedError> {
        let (ask, asked) = channel();
        // One answer to one question: more never wait.
        let (answer, answers) = sync_channel(1);
        let (options, stop) = (options.clone(), stop.clone());
        let thread = thread::Builder::new().name("ulna-episode".to_owned());
        let thread = thread.spawn(move || play(&options, &stop, asked, &answer));
        let thread = thread.map_err(|source| SessionError::System {
            what: "starting an episode's thread".to_owned(),
            source,
        })?;
        Ok(Self {
            names: Vec::new(),
            over: false,
            ask: Some(ask),
            answers,
            thread: Some(thread),
        })
    }

    /// Whether an action may be taken: one finite number for each of these names, LeRobot's, in the robot's order.
    ///
    /// # Errors
    /// [`SteppedError::Width`] and [`SteppedError::NotFinite`].
    pub fn check(names: &[String], action: &[f64]) -> Result<Joints<f64>, SteppedError> {
        let width = || SteppedError::Width {
            given: action.len(),
            wanted: names.len(),
            names: names.join(", "),
        };
        if action.len() != names.len() {
            return Err(width());
        }
        let mut named = names.iter().zip(action);
        if let Some((name, value)) = named.find(|(_, value)| !value.is_finite()) {
            return Err(SteppedError::NotFinite {
                name: name.clone(),
                value: *value,
            });
        }
        Joints::from_slice(action).map_err(|_| width())
    }

    /// Holds this action until the next step, in the unit of each joint, and says what is seen then. The gate cuts off what goes too far or too fast.
    ///
    /// # Errors
    /// If it is no action for this robot, or the episode is over; it then stands where it stood. Or if the session fails.
    pub fn step(&mut self, action: &[f64]) -> Result<Observed, SteppedError> {
        self.act(action)?;
        self.observed()
    }

    /// As [`step`](Self::step), without waiting for what is seen: [`observed`](Self::observed) does. So many can step at the same time.
    ///
    /// # Errors
    /// As of [`step`](Self::step).
    pub fn act(&mut self, action: &[f64]) -> Result<(), SteppedError> {
        if self.over {
            return Err(SteppedError::Over);
        }
        let target = Self::check(&self.names, action)?;
        self.ask(Ask::Step(target))
    }

    /// Whether it is over: it takes no action any more.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Has the session come to its end without waiting for it; dropping it waits.
    pub fn dismiss(&mut self) {
        (self.over, self.ask) = (true, None);
    }

    /// What the camera for people shows.
    ///
    /// # Errors
    /// If there is none, or the session has failed.
    pub fn render(&mut self) -> Result<Frame, SteppedError> {
        self.ask(Ask::Render)?;
        match self.answers.recv() {
            Ok(Answer::Picture(Some(picture))) => Ok(picture),
            Ok(Answer::Picture(None)) => Err(SteppedError::NothingRendered),
            other => Err(self.failed(other.ok())),
        }
    }

    fn ask(&self, ask: Ask) -> Result<(), SteppedError> {
        let sender = self.ask.as_ref();
        if sender.is_some_and(|sender| sender.send(ask).is_ok()) {
            return Ok(());
        }
        // It says why it is gone, if it can.
        Err(match self.answers.try_recv() {
            Ok(Answer::Failed(error)) => error,
            _ => SteppedError::Cut,
        })
    }

    /// Waits for what is seen after [`start`](Self::start) or [`act`](Self::act), once after each.
    ///
    /// # Errors
    /// If the session could not begin, or has failed.
    pub fn observed(&mut self) -> Result<Observed, SteppedError> {
        match self.answers.recv() {
            Ok(Answer::Observed(observed)) => {
                if self.names.is_empty() {
                    self.names.clone_from(&observed.names);
                }
                self.over = observed.ending.is_some();
                Ok(*observed)
            }
            other => Err(self.failed(other.ok())),
        }
    }

    fn failed(&mut self, answer: Option<Answer>) -> SteppedError {
        self.over = true;
        match answer {
            Some(Answer::Failed(error)) => error,
            _ => SteppedError::Cut,
        }
    }
}

impl Drop for SteppedEpisode {
    fn drop(&mut self) {
        self.dismiss();
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed, and nothing of it is used any more.
            let _ = thread.join();
        }
    }
}
