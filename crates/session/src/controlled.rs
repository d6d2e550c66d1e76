//! An arm under control: ticks, then the one way out.
//!
//! However the ticks end (time, Ctrl-C, an error, a panic), the same steps follow: the arm **holds** (position servos do, by
//! silence), then **parks** or is **released** as the robot file says, within the file's time limit.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use ulna_control::{Counters, End, Move, Observer, Plan, Tick};
use ulna_core::{ActionSource, Gate, SafeGoals, Stamp};
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
pub enum Ended {
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

/// A control loop that is over.
#[derive(Debug)]
pub struct Finished {
    /// How the ticks ended.
    pub ended: Ended,
    /// Counts and times of the ticks.
    pub counters: Counters,
    /// Computing time of each tick.
    pub work: Distribution,
    /// How the arm was left.
    pub exit: Exit,
}

/// What a run of ticks is driven by.
pub struct Drive<'a> {
    /// Where the actions come from.
    pub source: &'a mut dyn ActionSource,
    /// Where the ticks go.
    pub observer: &'a mut dyn Observer,
    /// Ends the run.
    pub stop: &'a Stop,
    /// When ticks happen.
    pub plan: Plan,
}

impl fmt::Debug for Drive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drive")
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

    /// Runs the ticks, calls `ending`, then brings the arm to rest. Everything here happens on the calling thread.
    pub fn drive(
        &mut self,
        drive: Drive<'_>,
        pacer: &mut dyn Pacer,
        ending: impl FnOnce(),
    ) -> Finished {
        let mut work = Distribution::new();
        let ticks = catch_unwind(AssertUnwindSafe(|| {
            let Drive {
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
            Ok((end, counters)) => (Ended::Regularly(end), counters),
            Err(_) => (Ended::Panicked, Counters::default()),
        };
        self.follower.abandon();
        ending();
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
        let start = pacer.now();
        let asked = self.robot.exit.then;
        let halted = self.follower.halt(pacer);
        let outcome = match asked {
            _ if self.follower.all_lost() => {
                Err(format!("the port is gone, so {}", self.left_alone()))
            }
            ExitAction::Hold => Ok("holds its last goal, with the torque on".to_owned()),
            ExitAction::Release => self.release(pacer),
            ExitAction::Park => {
                let parked = self.park(pacer);
                let released = self.release(pacer);
                match (parked, released) {
                    (Ok(()), Ok(_)) => Ok("parked, torque off".to_owned()),
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

    /// Moves to the resting pose at park speed, through the gate like any other motion. A stop is not asked for again here: it is
    /// what brought us here, and the next signal ends the process.
    fn park(&mut self, pacer: &mut dyn Pacer) -> Result<(), String> {
        let start = pacer.now() + self.period;
        let held: SafeGoals = self.gate.hold(Stamp::new(start));
        let pose = self.robot.park_pose(self.calibration, held.goals());
        let velocity = self.robot.park_velocity(self.calibration);
        let mut motion = Move::new(held.goals(), &pose, Stamp::new(start), &velocity);
        let limit = Duration::from_secs_f64(self.robot.exit.limit_s);
        let plan = Plan {
            start,
            period: self.period,
            end: start + limit,
        };
        let (stop, mut unobserved, mut work) = (Stop::new(), (), Distribution::new());
        let robot: &mut dyn ulna_core::Robot = &mut *self.follower;
        let mut tick = Tick::new(
            robot,
            &mut motion,
            &mut self.gate,
            &mut unobserved,
            &stop,
            plan,
        );
        let ran = catch_unwind(AssertUnwindSafe(|| run(&mut tick, pacer, &mut work)));
        match (ran, tick.end()) {
            (Ok(()), Some(End::SourceFinished)) => Ok(()),
            (Ok(()), Some(End::Elapsed)) => Err(format!(
                "did not reach its resting pose within the {} s that its robot file allows",
                limit.as_secs_f64()
            )),
            (Ok(()), _) => Err("the port was lost on the way to the resting pose".to_owned()),
            (Err(_), _) => Err("parking failed (see above)".to_owned()),
        }
    }

    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<String, String> {
        match self.follower.release(pacer) {
            Ok(()) => Ok("torque off".to_owned()),
            Err(error) => Err(format!(
                "the torque could not be switched off everywhere: {error}"
            )),
        }
    }
}
