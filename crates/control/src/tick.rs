//! The control tick.
//!
//! At each deadline, `period` apart on an absolute grid, the goals of the previous tick leave for the robot in one burst with the
//! request for its positions, and the source's own exchange (a leader arm's) starts in parallel. When both have what this tick needs, or
//! the budget is used up, the source's action for the *next* deadline passes the gate. So goals reach the wire exactly on the
//! grid, however long the answers took, at the price of one period of delay. An exchange may go on meanwhile: over a slow link an answer
//! takes several ticks, and counts when it comes.

use std::time::Duration;

use ulna_core::tick::{TickRecord, TickTiming};
use ulna_core::{ActionSource, Gate, LinkLost, Progress, Robot, SafeGoals, Stamp};
use ulna_rt::{Distribution, Machine, Next, Stop, StopReason};

/// When ticks happen.
#[derive(Debug, Clone, Copy)]
pub struct TickPlan {
    /// The first deadline.
    pub start: Duration,
    /// From one deadline to the next.
    pub period: Duration,
    /// No tick at or after this time; [`Duration::MAX`] if only the source or a stop ends the run.
    pub end: Duration,
}

/// Why the ticks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The planned time is over.
    Elapsed,
    /// The source has nothing more.
    SourceFinished,
    /// The stop flag was raised.
    Stopped(StopReason),
    /// The robot's port is gone.
    RobotLost,
    /// The source's port is gone.
    SourceLost,
}

/// Receives every tick on the control thread: it must not block, allocate or format.
pub trait Observer {
    /// Called once per tick.
    fn observe(&mut self, record: &TickRecord);
}

impl Observer for () {
    fn observe(&mut self, _: &TickRecord) {}
}

/// Counts and times of a run.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// Ticks that ran.
    pub ticks: u64,
    /// Deadlines that passed while an earlier tick was still busy.
    pub overruns: u64,
    /// Ticks whose action the gate clamped, slowed, ramped or held.
    pub clamped: u64,
    /// See [`ulna_core::GateNote::slowed`].
    pub slowed: u64,
    /// See [`ulna_core::GateNote::ramping`].
    pub ramped: u64,
    /// See [`ulna_core::GateNote::stale`] and [`ulna_core::GateNote::invalid`].
    pub held: u64,
    /// From the start of a tick to the start of the next.
    pub period: Distribution,
    /// How late ticks started.
    pub lateness: Distribution,
    /// From the start of a tick until its answers were in, or were waited for no longer.
    pub port_wait: Distribution,
}

enum Phase {
    /// For the next deadline; `exchanging` if something was under way when the goals were decided on.
    Waiting {
        exchanging: bool,
    },
    Exchanging {
        since: Duration,
        budget_end: Stamp,
    },
    /// No more ticks; what is under way is heard to its end.
    Closing {
        end: End,
        until: Duration,
    },
    Over(End),
}

/// The machine that ticks.
pub struct Tick<'a> {
    robot: &'a mut dyn Robot,
    source: &'a mut dyn ActionSource,
    gate: &'a mut Gate,
    observer: &'a mut dyn Observer,
    stop: &'a Stop,
    plan: TickPlan,
    phase: Phase,
    index: u64,
    goals: SafeGoals,
    last_start: Option<Duration>,
    counters: Counters,
    timing: TickTiming,
}

impl std::fmt::Debug for Tick<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tick")
            .field("plan", &self.plan)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// After the last tick answers are waited for this long. What stays unread would end every later wait of the thread at once.
const CLOSING: Duration = Duration::from_millis(200);

/// Part of the period in which answers are waited for before the next goals are decided on.
const BUDGET: f64 = 0.8;

impl<'a> Tick<'a> {
    /// Ticks as planned, from the pose in which the gate stands.
    pub fn new(
        robot: &'a mut dyn Robot,
        source: &'a mut dyn ActionSource,
        gate: &'a mut Gate,
        observer: &'a mut dyn Observer,
        stop: &'a Stop,
        plan: TickPlan,
    ) -> Self {
        let goals = gate.hold(Stamp::new(plan.start));
        let phase = Phase::Waiting { exchanging: false };
        let counters = Counters::default();
        Self {
            robot,
            source,
            gate,
            observer,
            stop,
            plan,
            phase,
            index: 0,
            goals,
            last_start: None,
            counters,
            timing: TickTiming::default(),
        }
    }

    /// Why it ended, once it has.
    pub fn end(&self) -> Option<End> {
        match self.phase {
            Phase::Over(end) => Some(end),
            _ => None,
        }
    }

    /// Counts and times so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn deadline(&self) -> Duration {
        // A run of a century at 1 kHz fits; saturation keeps arithmetic total.
        self.plan.start.saturating_add(
            self.plan
                .period
                .saturating_mul(u32::try_from(self.index).unwrap_or(u32::MAX)),
        )
    }

    fn reason_to_end(&self) -> Option<End> {
        let now = self.deadline();
        if let Some(reason) = self.stop.requested() {
            Some(End::Stopped(reason))
        } else if now >= self.plan.end {
            Some(End::Elapsed)
        } else {
            self.source
                .finished(Stamp::new(now))
                .then_some(End::SourceFinished)
        }
    }

    fn start(&mut self, now: Duration) -> Result<Next, End> {
        self.counters.ticks += 1;
        self.timing.lateness = now.saturating_sub(self.deadline());
        self.counters.lateness.record(self.timing.lateness);
        if let Some(last) = self.last_start.replace(now) {
            self.counters.period.record(now.saturating_sub(last));
        }
        let budget_end = Stamp::new(self.deadline() + self.plan.period.mul_f64(BUDGET));
        let (stamp, next) = (
            Stamp::new(now),
            Stamp::new(self.deadline() + self.plan.period),
        );
        self.robot
            .begin(stamp, Some(&self.goals), next)
            .map_err(|LinkLost| End::RobotLost)?;
        self.source
            .begin(stamp, next)
            .map_err(|LinkLost| End::SourceLost)?;
        self.phase = Phase::Exchanging {
            since: now,
            budget_end,
        };
        self.exchange(now, now, budget_end)
    }

    fn exchange(&mut self, now: Duration, since: Duration, budget_end: Stamp) -> Result<Next, End> {
        match self.carry_on(now)? {
            Progress::Waiting { until } if Stamp::new(now) < budget_end => {
                Ok(Next::InputOr(until.min(budget_end).since_epoch()))
            }
            Progress::Done => Ok(self.decide(now, since, false)),
            Progress::Waiting { .. } | Progress::Ready { .. } => Ok(self.decide(now, since, true)),
        }
    }

    fn carry_on(&mut self, now: Duration) -> Result<Progress, End> {
        let stamp = Stamp::new(now);
        let robot = self.robot.step(stamp).map_err(|LinkLost| End::RobotLost)?;
        let source = self.source.step(stamp);
        Ok(robot.and(source.map_err(|LinkLost| End::SourceLost)?))
    }

    /// The goals of the next tick are decided on; what is under way goes on.
    fn wait(&mut self, now: Duration) -> Result<Next, End> {
        let until = self
            .carry_on(now)?
            .until()
            .map_or(Duration::MAX, Stamp::since_epoch);
        Ok(Next::InputOr(until.min(self.deadline())))
    }

    fn close(&mut self, now: Duration, end: End, until: Duration) -> Next {
        let stamp = Stamp::new(now);
        let robot = self.robot.step(stamp).unwrap_or(Progress::Done);
        let source = self.source.step(stamp).unwrap_or(Progress::Done);
        match robot.and(source).until() {
            Some(at) if now < until => {
                self.phase = Phase::Closing { end, until };
                Next::InputOr(at.since_epoch().min(until))
            }
            _ => {
                self.phase = Phase::Over(end);
                Next::Finished
            }
        }
    }

    fn decide(&mut self, now: Duration, since: Duration, exchanging: bool) -> Next {
        self.timing.port_wait = now.saturating_sub(since);
        self.counters.port_wait.record(self.timing.port_wait);
        self.index += 1;
        while self.deadline() < now {
            self.index += 1;
            self.counters.overruns += 1;
        }
        let sends_at = Stamp::new(self.deadline());
        let action = self.source.action(sends_at);
        self.gate.leave_alone(self.robot.limp());
        let state = self.robot.state();
        let (goals, note) = self.gate.check(sends_at, action.as_ref(), state);
        self.goals = goals;
        self.counters.clamped += u64::from(note.clamped != 0);
        self.counters.slowed += u64::from(note.slowed != 0);
        self.counters.ramped += u64::from(note.ramping);
        self.counters.held += u64::from(note.stale || note.invalid);
        let record = TickRecord {
            index: self.index - 1,
            sends_at,
            state: *state,
            health: self.robot.health().copied().unwrap_or_default(),
            action,
            sent: *self.goals.goals(),
            note,
            timing: self.timing,
        };
        self.observer.observe(&record);
        self.phase = Phase::Waiting { exchanging };
        match exchanging {
            // At once, but the work of this tick is done.
            true => Next::At(now),
            false => Next::At(self.deadline()),
        }
    }
}

impl Machine for Tick<'_> {
    fn step(&mut self, now: Duration) -> Next {
        let next = match self.phase {
            Phase::Over(_) => return Next::Finished,
            Phase::Closing { end, until } => return self.close(now, end, until),
            Phase::Exchanging { since, budget_end } => self.exchange(now, since, budget_end),
            Phase::Waiting { exchanging: true } if now < self.deadline() => self.wait(now),
            Phase::Waiting { exchanging: false } if now < self.deadline() => {
                Ok(Next::At(self.deadline()))
            }
            Phase::Waiting { .. } => match self.reason_to_end() {
                Some(end) => Err(end),
                None => self.start(now),
            },
        };
        next.unwrap_or_else(|end| self.close(now, end, now.saturating_add(CLOSING)))
    }

    fn spent(&mut self, busy: Duration) {
        self.timing.work = busy;
    }
}

#[cfg(test)]
mod tests;
