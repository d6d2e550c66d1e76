//! Who stands next to an expert while it is recorded: lets it begin with each episode, ends the episode when the task is done, throws one away in
//! which it was not, and lays the things out again while the hand is away. All of it through the keys that a person has.

use std::sync::mpsc::Sender;
use std::time::Duration;

use ulna_recorder::phases::Phase;
use ulna_recorder::{Input, Key, Recorder};
use ulna_rt::{Machine, Next};

use crate::supply::Attempts;

/// How long an episode goes on after the task was done, at most, until the hand is back at rest.
const TAIL: Duration = Duration::from_secs(10);
/// How long an attempt may take where the scene does not say.
const LIMIT: Duration = Duration::from_secs(60);
/// So many attempts in a row without success, and the recording ends.
const MOST_FAILURES: u32 = 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Guide {
    attempts: Box<dyn Attempts>,
    keys: Sender<Input>,
    limit: Duration,
    phase: Phase,
    /// When the running episode began, and when its task was done.
    began: Duration,
    done: Option<Duration>,
    /// Whether this phase's key was pressed.
    pressed: bool,
    /// The number of the attempt that is laid out.
    attempt: u64,
    failures: u32,
}

impl Guide {
    /// A guide for a dataset that holds `first` episodes already. The expert waits until the first episode begins.
    pub(super) fn new(attempts: Box<dyn Attempts>, first: u64, keys: Sender<Input>) -> Self {
        attempts.clear();
        // A dataset that goes on gets other attempts than it has.
        let attempt = first * u64::from(MOST_FAILURES);
        attempts.lay_out(attempt);
        Self {
            limit: attempts.time_limit().unwrap_or(LIMIT),
            attempts,
            keys,
            phase: Phase::Waiting,
            began: Duration::ZERO,
            done: None,
            pressed: false,
            attempt,
            failures: 0,
        }
    }

    fn look(&mut self, now: Duration, phase: Phase) {
        if phase != self.phase {
            self.phase = phase;
            self.pressed = false;
            match phase {
                Phase::Recording => {
                    (self.began, self.done) = (now, None);
                    self.attempts.begin();
                }
                Phase::Reset | Phase::Over => self.attempts.clear(),
                Phase::Waiting => {}
            }
        }
        if self.pressed {
            return;
        }
        match phase {
            Phase::Recording => self.watch(now),
            Phase::Reset if self.attempts.is_clear() => {
                self.attempt += 1;
                self.attempts.lay_out(self.attempt);
                self.press(Input::Key(Key::Next));
            }
            Phase::Reset | Phase::Waiting | Phase::Over => {}
        }
    }

    fn watch(&mut self, now: Duration) {
        if self.attempts.is_solved() {
            self.failures = 0;
            let done = *self.done.get_or_insert(now);
            if self.attempts.is_clear() || now >= done + TAIL {
                self.press(Input::Key(Key::Next));
            }
        } else if now >= self.began + self.limit {
            self.failures += 1;
            self.press(match self.failures < MOST_FAILURES {
                true => Input::Key(Key::Rerecord),
                false => Input::Abort(format!(
                    "the expert failed {MOST_FAILURES} times in a row; look at what happens with --display, or choose another --seed"
                )),
            });
        }
    }

    fn press(&mut self, input: Input) {
        self.pressed = true;
        // A recorder that is finished has hung up.
        let _ = self.keys.send(input);
    }
}

/// A recorder, and who stands next to the expert, if one is recorded.
#[derive(Debug)]
pub(super) struct Guided<'a> {
    recorder: &'a mut Recorder,
    guide: Option<Guide>,
}

impl<'a> Guided<'a> {
    pub(super) fn new(recorder: &'a mut Recorder, guide: Option<Guide>) -> Self {
        Self { recorder, guide }
    }
}

impl Machine for Guided<'_> {
    fn step(&mut self, now: Duration) -> Next {
        let next = self.recorder.step(now);
        if let Some(guide) = &mut self.guide {
            guide.look(now, self.recorder.phase());
        }
        next
    }
}
