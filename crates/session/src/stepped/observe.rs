//! Between two ticks: is a step over, what is seen, and what does the caller want next?

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use ulna_core::{Environment, Frame, Judge, Stamp, TickRecord};
use ulna_robot::display::MovingThings;
use ulna_rt::Stop;

use super::error::SteppedError;
use super::facts::poses;
use super::observed::{Ending, GateMarks, Observed};
use super::options::SteppedOptions;
use super::talk::{Answer, Ask, Newest, SharedWanted, lock};
use crate::eval::limit_of;
use crate::supply::Attempts;
use crate::teleoperator_type::TeleoperatorRequest;

/// What rounding to whole nanoseconds may take off a step.
const ROUNDING: Duration = Duration::from_micros(1);

/// Watches the ticks of one episode.
#[derive(Debug)]
pub(super) struct Stepper {
    names: Vec<String>,
    fps: f64,
    limit: Duration,
    /// How many of the cameras are observed; one more may be there to be shown.
    observed: usize,
    cameras: Vec<(String, Newest)>,
    render: Option<Newest>,
    environment: Option<Arc<dyn Environment>>,
    things: Option<Arc<dyn MovingThings>>,
    attempts: Option<Box<dyn Attempts>>,
    judge: Option<Box<dyn Judge>>,
    task: Option<String>,
    stop: Stop,
    wanted: SharedWanted,
    caller: Option<(Receiver<Ask>, SyncSender<Answer>)>,
    /// Deadline at which the first action counts, once it has been asked for, and the steps since.
    origin: Option<Stamp>,
    steps: u32,
    gate: GateMarks,
}

impl Stepper {
    pub(super) fn new(
        request: &TeleoperatorRequest<'_>,
        options: &SteppedOptions,
        stop: &Stop,
        cameras: Vec<(String, Newest)>,
        wanted: SharedWanted,
    ) -> Self {
        let surroundings = request.surroundings;
        let angles = request.robot.angle_maps(request.calibration);
        let shown = |name: &String| cameras.iter().find(|(known, _)| known == name);
        let render = options.render.as_ref().and_then(shown);
        Self {
            names: request.robot.value_names(),
            fps: options.fps,
            limit: limit_of(surroundings),
            observed: options.cameras.len(),
            render: render.map(|(_, newest)| newest.clone()),
            environment: surroundings.environment(),
            things: options
                .objects
                .then(|| surroundings.moving_things())
                .flatten(),
            attempts: surroundings.attempts(),
            judge: surroundings.judge(&angles),
            task: surroundings.task(),
            stop: stop.clone(),
            cameras,
            wanted,
            caller: None,
            origin: None,
            steps: 0,
            gate: GateMarks::default(),
        }
    }

    /// The same, with its caller.
    pub(super) fn with(mut self, asked: Receiver<Ask>, answer: SyncSender<Answer>) -> Self {
        self.caller = Some((asked, answer));
        self
    }

    pub(super) fn observe(&mut self, tick: &TickRecord) {
        if let Some(judge) = &mut self.judge {
            judge.observe(&tick.state);
        }
        self.gate.add(&tick.note);
        let start = lock(&self.wanted).start;
        let time_up = tick.sends_at >= start + self.limit;
        let solved = self.attempts.as_ref().is_some_and(|it| it.is_solved());
        let due = match self.origin {
            Some(origin) => {
                let steps = f64::from(self.steps + 1) / self.fps;
                tick.sends_at + ROUNDING >= origin + Duration::from_secs_f64(steps)
            }
            // An episode begins when every camera has shown something.
            None => self.blind().is_none(),
        };
        if !due && !solved && !time_up {
            return;
        }
        match self.origin {
            None => self.origin = Some(tick.sends_at),
            Some(_) => self.steps += 1,
        }
        let ending = match () {
            () if solved => Some(Ending::Solved),
            () if time_up => Some(Ending::TimeUp),
            () => None,
        };
        let answer = match self.blind() {
            Some(camera) => Answer::Failed(SteppedError::NoPicture { camera }),
            None => Answer::Observed(Box::new(self.look(tick, start, ending))),
        };
        self.gate = GateMarks::default();
        let goes_on = matches!(&answer, Answer::Observed(seen) if seen.ending.is_none());
        if !self.converse(answer) || !goes_on {
            self.caller = None;
            self.stop.end();
        }
    }

    /// A camera that has shown nothing yet.
    fn blind(&self) -> Option<String> {
        let mut blind = self.cameras.iter().filter(|(_, it)| it.frame().is_none());
        blind.next().map(|(name, _)| name.clone())
    }

    fn look(&self, tick: &TickRecord, start: Stamp, ending: Option<Ending>) -> Observed {
        let seen = self.cameras.iter().take(self.observed);
        let pictures: Vec<Frame> = seen.filter_map(|(_, newest)| newest.frame()).collect();
        let score = self.judge.as_ref().map(|judge| judge.score());
        let (attempts, successes) = score.map_or((0, 0), |score| {
            (score.attempts.value, score.successes.value)
        });
        let all_done = attempts > 0 && attempts == successes;
        Observed {
            names: self.names.clone(),
            state: tick.state.position.to_vec(),
            pictures,
            environment: self.surroundings(tick.state.stamp),
            task: self.task.clone(),
            attempts,
            successes,
            success: match ending {
                Some(Ending::Solved) => true,
                Some(Ending::TimeUp) => all_done,
                None => false,
            },
            time_s: (tick.sends_at - start).as_secs_f64(),
            gate: self.gate,
            ending,
        }
    }

    fn surroundings(&self, now: Stamp) -> Vec<f64> {
        let mut values = Vec::new();
        if let Some(environment) = &self.environment {
            values.resize(environment.names().len(), 0.0);
            environment.read(now, &mut values);
        }
        if let Some(things) = &self.things {
            values.extend(poses(&things.things()));
        }
        values
    }

    /// Answers, and takes questions until the next action. Without a caller the episode is over: false.
    fn converse(&self, answer: Answer) -> bool {
        let Some((asked, answers)) = &self.caller else {
            return false;
        };
        if answers.send(answer).is_err() {
            return false;
        }
        while let Ok(ask) = asked.recv() {
            match ask {
                Ask::Step(target) => {
                    lock(&self.wanted).target = Some(target);
                    return true;
                }
                Ask::Render => {
                    let picture = self.render.as_ref().and_then(Newest::frame);
                    if answers.send(Answer::Picture(picture)).is_err() {
                        return false;
                    }
                }
            }
        }
        false
    }
}
