//! One session on the control thread: ticks, then the one way out.
//!
//! However the ticks end (time, Ctrl-C, an error, a panic), the same steps follow: the arm **holds** (position servos do, by
//! silence), then **parks** or is **released** as the robot file says, within the file's time limit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Serialize;
use ulna_control::{Counters, End, Move, Observer, Plan, Tick};
use ulna_core::{ActionSource, Gate, SafeGoals, Stamp};
use ulna_drivers::Arms;
use ulna_robot::ExitAction;
use ulna_robot::{Calibration, RobotKind};
use ulna_rt::{Distribution, Pacer, Stop, run};

/// A follower that is connected, and what is known about it.
#[derive(Debug)]
pub struct Follower {
    /// The arm, or the arms.
    pub arm: Arms,
    /// Its kind.
    pub kind: RobotKind,
    /// Its calibration.
    pub calibration: Calibration,
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

/// A finished session.
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

/// Runs the ticks, then brings the arm to rest. Everything here happens on the calling thread.
pub fn drive(
    follower: &mut Follower,
    source: &mut dyn ActionSource,
    gate: &mut Gate,
    observer: &mut dyn Observer,
    stop: &Stop,
    plan: Plan,
    pacer: &mut dyn Pacer,
) -> Finished {
    let mut work = Distribution::new();
    let ticks = catch_unwind(AssertUnwindSafe(|| {
        let mut tick = Tick::new(&mut follower.arm, source, gate, observer, stop, plan);
        run(&mut tick, pacer, &mut work);
        (tick.end().unwrap_or(End::Elapsed), tick.counters().clone())
    }));
    // What a panic leaves behind is sound enough for the way out: the gate changes its goals in one assignment, the engine starts
    // anew with each request, and the arm forgets the exchange that was cut short.
    let (ended, counters) = match ticks {
        Ok((end, counters)) => (Ended::Regularly(end), counters),
        Err(_) => (Ended::Panicked, Counters::default()),
    };
    follower.arm.abandon();
    let exit = wind_down(follower, gate, plan.period, pacer);
    Finished {
        ended,
        counters,
        work,
        exit,
    }
}

/// Brings the arm to rest as its robot file says.
pub fn wind_down(
    follower: &mut Follower,
    gate: &mut Gate,
    period: Duration,
    pacer: &mut dyn Pacer,
) -> Exit {
    let start = pacer.now();
    let asked = follower.kind.exit.then;
    let halted = follower.arm.halt(pacer);
    let outcome = match asked {
        _ if follower.arm.all_lost() => {
            Err(format!("the port is gone, so {}", left_alone(follower)))
        }
        ExitAction::Hold => Ok("holds its last goal, with the torque on".to_owned()),
        ExitAction::Release => release(follower, pacer),
        ExitAction::Park => {
            let parked = park(follower, gate, period, pacer);
            let released = release(follower, pacer);
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
    let lost: Vec<String> = follower.arm.lost().map(|(port, _)| port).collect();
    let outcome = match outcome {
        Ok(happened) if !lost.is_empty() => Err(format!(
            "{happened}; but {} is gone, so there {}",
            lost.join(", "),
            left_alone(follower)
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

/// What servos do that nobody can reach.
fn left_alone(follower: &Follower) -> &'static str {
    match follower.kind.base {
        Some(_) => {
            "the servos hold their last goal, and wheels their last speed, until their power is switched off"
        }
        None => "the servos hold their last goal until their power is switched off",
    }
}

/// Moves to the resting pose at park speed, through the gate like any other motion. A stop is not asked for again here: it is
/// what brought us here, and the next signal ends the process.
fn park(
    follower: &mut Follower,
    gate: &mut Gate,
    period: Duration,
    pacer: &mut dyn Pacer,
) -> Result<(), String> {
    let start = pacer.now() + period;
    let held: SafeGoals = gate.hold(Stamp::new(start));
    let pose = follower.kind.park_pose(&follower.calibration, held.goals());
    let velocity = follower.kind.park_velocity(&follower.calibration);
    let mut motion = Move::new(held.goals(), &pose, Stamp::new(start), &velocity);
    let limit = Duration::from_secs_f64(follower.kind.exit.limit_s);
    let plan = Plan {
        start,
        period,
        end: start + limit,
    };
    let (stop, mut nobody, mut work) = (Stop::new(), (), Distribution::new());
    let mut tick = Tick::new(
        &mut follower.arm,
        &mut motion,
        gate,
        &mut nobody,
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

fn release(follower: &mut Follower, pacer: &mut dyn Pacer) -> Result<String, String> {
    match follower.arm.release(pacer) {
        Ok(()) => Ok("torque off".to_owned()),
        Err(error) => Err(format!(
            "the torque could not be switched off everywhere: {error}"
        )),
    }
}
