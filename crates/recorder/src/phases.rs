//! Which rows belong to an episode: recording, resetting, and the keys.
//!
//! As in LeRobot 0.6.2, an episode and the reset after it last their time or until the operator presses *next*; *re-record*
//! throws the running episode away, or, during the reset, the one just finished; *stop* saves what is there and ends. After the last
//! episode there is no reset. An episode is only committed when the reset after it is over, because until then it can still
//! be taken back; on disk it is complete before.

/// What a person at the keyboard wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// End the episode or the reset now.
    Next,
    /// Record this episode again.
    Rerecord,
    /// End the session; the running episode is saved.
    Stop,
    /// End the session; the running episode is thrown away.
    Abandon,
}

/// The longest that an episode waits for the arm to catch up with its source, s. A hand that never rests is never caught up with.
pub const LONGEST_APPROACH: u64 = 20;

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not everything that belongs into a row has arrived yet.
    #[default]
    Waiting,
    /// An episode is being recorded.
    Recording,
    /// The scene is being prepared for the next one.
    Reset,
    /// Nothing more will be recorded.
    Over,
}

/// Why an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Its time was over.
    Time,
    /// By the key.
    Next,
    /// The session was stopped.
    Stop,
    /// The computer, or this program on it, stood still.
    Pause,
    /// Something broke, which ended the session.
    Fault,
    /// It is thrown away.
    Discarded,
}

/// What is to be done with an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A new episode begins with the next row.
    Begin,
    /// The running episode is complete; it may still be thrown away.
    Close(Ended),
    /// The complete episode is to be saved.
    Commit,
    /// The complete episode is to be thrown away.
    Discard,
}

/// How many rows everything lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Episodes to record.
    pub episodes: u64,
    /// Rows of an episode, at least 1.
    pub episode_rows: u64,
    /// Rows of a reset.
    pub reset_rows: u64,
    /// Rows that an episode waits at most for an arm that is on its way.
    pub approach_rows: u64,
}

/// What a row has to begin an episode with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Nothing is missing in it.
    pub complete: bool,
    /// The arm is where its source wants it.
    pub arrived: bool,
}

/// The phases of a session, advanced row by row.
#[derive(Debug)]
pub struct Phases {
    plan: Plan,
    phase: Phase,
    /// Rows of this phase so far.
    rows: u64,
    /// Episodes that were not thrown away.
    kept: u64,
    /// A complete episode that can still be taken back.
    held: bool,
    /// Rows for which the next episode has waited for the arm.
    approaching: u64,
    /// The next episode begins wherever the arm is.
    hurried: bool,
    /// The running episode has waited for the arm.
    waited: bool,
}

impl Phases {
    /// At the start of a session.
    pub fn new(plan: Plan) -> Self {
        let phase = if plan.episodes == 0 {
            Phase::Over
        } else {
            Phase::Waiting
        };
        Self {
            plan,
            phase,
            rows: 0,
            kept: 0,
            held: false,
            approaching: 0,
            hurried: false,
            waited: false,
        }
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Rows of this phase so far, and how many it will have.
    pub fn rows(&self) -> (u64, u64) {
        let planned = match self.phase {
            Phase::Recording => self.plan.episode_rows.max(1),
            Phase::Reset => self.plan.reset_rows,
            Phase::Waiting | Phase::Over => 0,
        };
        (self.rows, planned)
    }

    /// Whether an episode waits for nothing but the arm.
    pub fn is_approaching(&self) -> bool {
        self.approaching > 0
    }

    /// Episodes that are complete and were not thrown away.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key, acts: &mut Vec<Act>) {
        match (self.phase, key) {
            (_, Key::Next) if self.is_approaching() => self.hurried = true,
            // Meant to begin what began by itself a moment ago.
            (Phase::Recording, Key::Next) if self.waited && self.rows < self.moment() => {}
            (Phase::Over, _) | (Phase::Waiting, Key::Next | Key::Rerecord) => {}
            (Phase::Waiting, Key::Stop | Key::Abandon) => self.enter(Phase::Over),
            (Phase::Recording, Key::Next) => self.end_episode(Ended::Next, acts),
            (Phase::Recording, Key::Rerecord) => {
                acts.extend([Act::Close(Ended::Discarded), Act::Discard]);
                self.enter(Phase::Reset);
            }
            (Phase::Recording, Key::Abandon) => {
                acts.extend([Act::Close(Ended::Discarded), Act::Discard]);
                self.enter(Phase::Over);
            }
            (Phase::Recording, Key::Stop) => {
                self.close_last(Ended::Stop, acts);
                self.enter(Phase::Over);
            }
            (Phase::Reset, Key::Next) => self.rows = self.rows.max(self.plan.reset_rows),
            (Phase::Reset, Key::Rerecord) => {
                if self.held {
                    self.kept -= 1;
                }
                self.settle(Act::Discard, acts);
                self.rows = self.rows.max(self.plan.reset_rows);
            }
            (Phase::Reset, Key::Stop | Key::Abandon) => {
                self.settle(Act::Commit, acts);
                self.enter(Phase::Over);
            }
        }
    }

    /// Ends the session because something is broken: the running episode is saved as far as it went, a complete one as well.
    pub fn abort(&mut self, acts: &mut Vec<Act>) {
        match self.phase {
            Phase::Recording => self.close_last(Ended::Fault, acts),
            Phase::Reset => self.settle(Act::Commit, acts),
            Phase::Waiting | Phase::Over => {}
        }
        self.enter(Phase::Over);
    }

    /// Everything stood still for a while: the running episode ends where that began, and the reset after it begins.
    pub fn pause(&mut self, acts: &mut Vec<Act>) {
        if self.phase == Phase::Recording {
            self.end_episode(Ended::Pause, acts);
        }
    }

    /// What is to happen before the next row; true if that row is then to be recorded.
    pub fn before_row(&mut self, ready: Ready, acts: &mut Vec<Act>) -> bool {
        let due = match self.phase {
            Phase::Waiting => ready.complete,
            Phase::Reset => ready.complete && self.rows >= self.plan.reset_rows,
            Phase::Recording | Phase::Over => false,
        };
        let waited = self.approaching >= self.plan.approach_rows;
        if due && (ready.arrived || self.hurried || waited) {
            self.begin(acts);
        } else {
            self.approaching += u64::from(due);
        }
        self.rows += 1;
        self.phase == Phase::Recording
    }

    /// What is to happen after a row.
    pub fn after_row(&mut self, acts: &mut Vec<Act>) {
        if self.phase == Phase::Recording && self.rows >= self.plan.episode_rows.max(1) {
            self.end_episode(Ended::Time, acts);
        }
    }

    /// Rows of half a second.
    fn moment(&self) -> u64 {
        self.plan.approach_rows / (2 * LONGEST_APPROACH)
    }

    fn begin(&mut self, acts: &mut Vec<Act>) {
        self.settle(Act::Commit, acts);
        acts.push(Act::Begin);
        let waited = self.is_approaching();
        self.enter(Phase::Recording);
        self.waited = waited;
    }

    fn close_last(&mut self, ended: Ended, acts: &mut Vec<Act>) {
        acts.extend([Act::Close(ended), Act::Commit]);
        self.kept += 1;
    }

    fn end_episode(&mut self, ended: Ended, acts: &mut Vec<Act>) {
        acts.push(Act::Close(ended));
        self.kept += 1;
        self.held = true;
        if self.kept == self.plan.episodes {
            self.settle(Act::Commit, acts);
            self.enter(Phase::Over);
        } else {
            self.enter(Phase::Reset);
        }
    }

    fn settle(&mut self, act: Act, acts: &mut Vec<Act>) {
        if std::mem::take(&mut self.held) {
            acts.push(act);
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.rows = 0;
        self.approaching = 0;
        self.hurried = false;
        self.waited = false;
    }
}

#[cfg(test)]
mod tests;
