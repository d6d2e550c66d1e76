//! An arm under control: ticks, then the one way out.
//!
//! However the ticks end (time, Ctrl-C, an error, a panic), the same steps follow: the arm **holds** (position servos do, by
//! silence), then **parks** or is **released** as the robot file says, within the file's time limit. Whether it is where it was brought
//! is measured, and said.

mod rest;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use ulna_control::{Counters, End, Observer, Tick, TickPlan};
use ulna_core::{ActionSource, Gate, Stamp};
use ulna_robot::{Calibration, ExitAction, RobotKind};
use ulna_rt::{Distribution, Pacer, Stop, run};

use crate::device::Follower;

/// A connected follower with the gate in front of it.
#[derive(Debug)]
pub struct ControlledArm<'a> {
    /// The arm.
    pub follower: &'a mut dyn Follower,
    /// Its kind.
    pub robot: &'a RobotKind,
    /// Its calibration.
    pub calibration: &'a Calibration,
    /// The one gate of the session.
    pub gate: Gate,
    /// From one tick to the next.
    pub period: Duration,
}

/// How the ticks of a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicksEnded {
    /// As [`End`] says.
    Regularly(End),
    /// The control thread panicked; the message went to stderr.
    Panicked,
}

/// How the arm was left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exit {
    /// What the robot file asks for.
    pub asked: ExitAction,
    /// What happened, in words.
    pub happened: String,
    /// True if it happened as asked.
    pub as_asked: bool,
    /// From the last tick to the arm at rest, s.
    pub seconds: f64,
}

/// What is about to happen to an arm whose ticks are over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Leaving {
    /// What the robot file asks for.
    pub then: ExitAction,
    /// How long the way to the resting pose takes, s; 0 without one.
    pub seconds: f64,
}

/// A control loop that is over.
#[derive(Debug)]
pub struct Finished {
    /// How the ticks ended.
    pub ended: TicksEnded,
    /// Counts and times of the ticks.
    pub counters: Counters,
    /// Computing time of each tick.
    pub work: Distribution,
    /// How the arm was left.
    pub exit: Exit,
}

/// What a run of ticks is driven by.
pub struct TickInputs<'a> {
    /// Where the actions come from.
    pub source: &'a mut dyn ActionSource,
    /// Where the ticks go.
    pub observer: &'a mut dyn Observer,
    /// Ends the run.
    pub stop: &'a Stop,
    /// When ticks happen.
    pub plan: TickPlan,
}

impl fmt::Debug for TickInputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TickInputs")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl<'a> ControlledArm<'a> {
    /// A connected arm; the gate stands where the arm stands.
    pub fn new(
        follower: &'a mut dyn Follower,
        robot: &'a RobotKind,
        calibration: &'a Calibration,
        period: Duration,
        now: Duration,
    ) -> Self {
        let limits = robot.gate_limits(calibration);
        let gate = Gate::new(limits, &follower.state().position, Stamp::new(now));
        Self {
            follower,
            robot,
            calibration,
            gate,
            period,
        }
    }

    /// Runs the ticks, calls `ending` with what comes now, then brings the arm to rest. Everything here happens on the calling thread.
    pub fn drive(
        &mut self,
        drive: TickInputs<'_>,
        pacer: &mut dyn Pacer,
        ending: impl FnOnce(Leaving),
    ) -> Finished {
        let mut work = Distribution::new();
        let ticks = catch_unwind(AssertUnwindSafe(|| {
            let TickInputs {
                source,
                observer,
                stop,
                plan,
            } = drive;
            // The tick knows of a follower only what a robot is.
            let robot: &mut dyn ulna_core::Robot = &mut *self.follower;
            let mut tick = Tick::new(robot, source, &mut self.gate, observer, stop, plan);
            run(&mut tick, pacer, &mut work);
            (tick.end().unwrap_or(End::Elapsed), tick.counters().clone())
        }));
        // What a panic leaves behind is sound enough for the way out: the gate changes its goals in one assignment, the engine starts
        // a transaction of its own with each request, and the arm drops the exchange that was cut short.
        let (ended, counters) = match ticks {
            Ok((end, counters)) => (TicksEnded::Regularly(end), counters),
            Err(_) => (TicksEnded::Panicked, Counters::default()),
        };
        self.follower.abandon();
        ending(self.leaving(pacer.now()));
        let exit = self.wind_down(pacer);
        Finished {
            ended,
            counters,
            work,
            exit,
        }
    }

    /// Brings the arm to rest as its robot file says.
    pub fn wind_down(&mut self, pacer: &mut dyn Pacer) -> Exit {
        // A teleoperator is not read any more. What comes from it all the same, or its cable that is pulled, must not end each wait: a
        // control thread that spins keeps other threads of its priority from their processor.
        match pacer.fork(self.follower.wait_handles()) {
            Some(mut own) => self.bring_to_rest(&mut *own),
            None => self.bring_to_rest(pacer),
        }
    }

    fn bring_to_rest(&mut self, pacer: &mut dyn Pacer) -> Exit {
        let start = pacer.now();
        let asked = self.robot.exit.then;
        let halted = self.follower.halt(pacer);
        let outcome = match asked {
            _ if self.follower.all_lost() => {
                Err(format!("the port is gone, so {}", self.left_alone()))
            }
            ExitAction::Hold => self.stay(pacer),
            ExitAction::Release => self.release(pacer),
            ExitAction::Park => {
                let parked = self.park(pacer);
                let hands = self.hands_full(pacer.now());
                let released = self.release(pacer);
                match (parked, released) {
                    (Ok(()), Ok(_)) => Ok(format!("parked{hands}, torque off")),
                    (Err(park), Ok(release)) => Err(format!("{park}; {release}")),
                    (_, Err(release)) => Err(release),
                }
            }
        };
        let outcome = match halted {
            Err(error) => {
                let happened = outcome.unwrap_or_else(|happened| happened);
                Err(format!(
                    "{happened}; the wheels could not be stopped: {error}"
                ))
            }
            Ok(()) => outcome,
        };
        let lost = self.follower.lost();
        let lost: Vec<&str> = lost.iter().map(|lost| lost.port.as_str()).collect();
        let outcome = match outcome {
            Ok(happened) if !lost.is_empty() => Err(format!(
                "{happened}; but {} is gone, so there {}",
                lost.join(", "),
                self.left_alone()
            )),
            outcome => outcome,
        };
        let (as_asked, happened) = match outcome {
            Ok(happened) => (true, happened),
            Err(happened) => (false, happened),
        };
        Exit {
            asked,
            happened,
            as_asked,
            seconds: (pacer.now().saturating_sub(start)).as_secs_f64(),
        }
    }

    /// What servos do that cannot be reached any more.
    fn left_alone(&self) -> &'static str {
        match self.robot.base {
            Some(_) => {
                "the servos hold their last goal, and wheels their last speed, until their power is switched off"
            }
            None => "the servos hold their last goal until their power is switched off",
        }
    }

    /// What [`wind_down`](Self::wind_down) is going to do, if nothing is in the way.
    fn leaving(&self, now: Duration) -> Leaving {
        let then = self.robot.exit.then;
        let seconds = match then {
            ExitAction::Park => {
                let settled = self.way_to_rest(now).0.settled();
                let limit = self.robot.exit.limit_s;
                (settled - Stamp::new(now)).as_secs_f64().min(limit)
            }
            ExitAction::Hold | ExitAction::Release => 0.0,
        };
        Leaving { then, seconds }
    }
}
