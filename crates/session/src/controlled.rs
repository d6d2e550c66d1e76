//! An arm under control: ticks, then the one way out.
//!
//! However the ticks end (time, Ctrl-C, an error, a panic), the same steps follow: the arm **holds** (position servos do, by
//! silence), then **parks** or is **released** as the robot file says, within the file's time limit. Whether it is where it was brought
//! is measured, and said.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use ulna_control::{Counters, End, Move, Observer, Tick, TickPlan};
use ulna_core::{ActionSource, Gate, Joints, SafeGoals, Stamp};
use ulna_robot::{Calibration, ExitAction, RobotKind};
use ulna_rt::{Distribution, Pacer, Stop, run};

use crate::at_rest::Resting;
use crate::device::Follower;

/// How long joints that are behind have to reach a resting pose at which their goals are.
const LATECOMERS: Duration = Duration::from_secs(1);

/// How long a gripper may take to close as far as it is wanted to, if nothing is in it.
const GRIP: Duration = Duration::from_millis(500);

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

    /// Moves to the resting pose at park speed, through the gate like any other motion. A stop is not asked for again here: it is
    /// what brought us here, and the next signal ends the process.
    fn park(&mut self, pacer: &mut dyn Pacer) -> Result<(), String> {
        if !self.hands_full(pacer.now()).is_empty() {
            // A gripper that is on its way looks like one that is kept open.
            let here = self.gate.hold(Stamp::new(pacer.now())).goals().clone();
            self.stand(&here, GRIP, pacer)?;
        }
        let start = pacer.now() + self.period;
        let (mut motion, pose) = self.way_to_rest(start);
        let limit = Duration::from_secs_f64(self.robot.exit.limit_s);
        match self.ticks(&mut motion, start, limit, pacer)? {
            End::SourceFinished => self.arrive(&pose, pacer),
            End::Elapsed => Err(format!(
                "did not reach its resting pose within the {} s that its robot file allows",
                limit.as_secs_f64()
            )),
            _ => Err(format!(
                "was lost on the way to its resting pose ({})",
                self.lost_ports()
            )),
        }
    }

    /// The ports that are gone, each with its reason.
    fn lost_ports(&self) -> String {
        let lost = self.follower.lost();
        let lost = lost
            .iter()
            .map(|lost| format!("{}: {}", lost.port, lost.reason));
        lost.collect::<Vec<_>>().join(", ")
    }

    /// ", with something in `gripper`" where one holds something.
    fn hands_full(&self, now: Duration) -> String {
        let now = Stamp::new(now);
        let held = self.gate.hold(now);
        let full = self.place(held.goals()).holding(self.follower.state(), now);
        let names = full.iter().map(|joint| &self.robot.joints[*joint].name);
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(", with something in {}", names.join(" and ")),
        }
    }

    /// From the last goals to the resting pose, and that pose. A gripper that holds something squeezes it no harder on the way than it does now:
    /// closed as the resting pose has it, it would raise its overload alarm.
    fn way_to_rest(&self, start: Duration) -> (Move, Joints<f64>) {
        let start = Stamp::new(start);
        let held: SafeGoals = self.gate.hold(start);
        let mut pose = self.robot.park_pose(self.calibration, held.goals());
        let place = self.place(held.goals());
        for joint in place.holding(self.follower.state(), start) {
            pose[joint] = held.goals()[joint];
        }
        let velocity = self.robot.park_velocity(self.calibration);
        (Move::new(held.goals(), &pose, start, &velocity), pose)
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

    /// Waits a moment for the last joints to reach the pose, and says which do not.
    fn arrive(&mut self, pose: &Joints<f64>, pacer: &mut dyn Pacer) -> Result<(), String> {
        let missed = self.missed(pacer.now());
        if missed.is_empty() {
            return Ok(());
        }
        self.stand(pose, LATECOMERS, pacer)?;
        // Outside the ticks there is time to ask a bad line until it answers; what stays silent is found below.
        let _ = self.follower.read_again(pacer);
        let missed = self.missed(pacer.now());
        match missed.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "did not reach its resting pose: {}",
                missed.join(", ")
            )),
        }
    }

    /// Keeps these goals for so long.
    fn stand(
        &mut self,
        goals: &Joints<f64>,
        time: Duration,
        pacer: &mut dyn Pacer,
    ) -> Result<(), String> {
        let start = pacer.now() + self.period;
        let still = Joints::filled(goals.len(), 1.0);
        let mut there = Move::new(goals, goals, Stamp::new(start + time), &still);
        self.ticks(&mut there, start, time, pacer).map(drop)
    }

    /// Holds the last goals; whether the arm does is measured.
    fn stay(&mut self, pacer: &mut dyn Pacer) -> Result<String, String> {
        // A servo that answers again by now is no silent one.
        let read = self.follower.read_again(pacer);
        let missed = self.missed(pacer.now());
        match (read, missed.is_empty()) {
            (Ok(()), true) => Ok("holds its last goal, with the torque on".to_owned()),
            (Err(error), _) => Err(format!(
                "was left with the torque on, and its place is not known: {error}"
            )),
            (Ok(()), false) => Err(format!(
                "was left with the torque on, and does not hold: {}",
                missed.join(", ")
            )),
        }
    }

    /// What keeps the arm from being where the gate's last goals want it.
    fn missed(&self, now: Duration) -> Vec<String> {
        let now = Stamp::new(now);
        let held = self.gate.hold(now);
        let place = self.place(held.goals());
        place.missed(self.follower.state(), &self.follower.report(), now)
    }

    /// Where these goals want the arm.
    fn place<'b>(&'b self, goals: &'b Joints<f64>) -> Resting<'b> {
        Resting {
            robot: self.robot,
            calibration: self.calibration,
            goals,
            port_lost: !self.follower.lost().is_empty(),
        }
    }

    /// Ticks of a motion of our own, without observers; how they ended.
    fn ticks(
        &mut self,
        motion: &mut Move,
        start: Duration,
        limit: Duration,
        pacer: &mut dyn Pacer,
    ) -> Result<End, String> {
        let plan = TickPlan {
            start,
            period: self.period,
            end: start + limit,
        };
        let (stop, mut unobserved, mut work) = (Stop::new(), (), Distribution::new());
        let robot: &mut dyn ulna_core::Robot = &mut *self.follower;
        let mut tick = Tick::new(robot, motion, &mut self.gate, &mut unobserved, &stop, plan);
        let ran = catch_unwind(AssertUnwindSafe(|| run(&mut tick, pacer, &mut work)));
        match ran {
            Ok(()) => Ok(tick.end().unwrap_or(End::Elapsed)),
            Err(_) => Err("parking failed (see above)".to_owned()),
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
