//! The steps of the way to rest, each measured: park, arrive or stay, and the torque off.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ulna_control::{End, Move, Tick, TickPlan};
use ulna_core::{Joints, SafeGoals, Stamp};
use ulna_rt::{Distribution, Pacer, Stop, run};

use super::ControlledArm;
use crate::at_rest::Resting;

/// How long joints that are behind have to reach a resting pose at which their goals are.
const LATECOMERS: Duration = Duration::from_secs(1);

/// How long a gripper may take to close as far as it is wanted to, if nothing is in it.
const GRIP: Duration = Duration::from_millis(500);

impl ControlledArm<'_> {
    /// Moves to the resting pose at park speed, through the gate like any other motion. A stop is not asked for again here: it is
    /// what brought us here, and the next signal ends the process.
    pub(super) fn park(&mut self, pacer: &mut dyn Pacer) -> Result<(), String> {
        if !self.hands_full(pacer.now()).is_empty() {
            // A gripper that is on its way looks like one that is kept open.
            let here = *self.gate.hold(Stamp::new(pacer.now())).goals();
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
    pub(super) fn hands_full(&self, now: Duration) -> String {
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
    pub(super) fn way_to_rest(&self, start: Duration) -> (Move, Joints<f64>) {
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
    pub(super) fn stay(&mut self, pacer: &mut dyn Pacer) -> Result<String, String> {
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

    pub(super) fn release(&mut self, pacer: &mut dyn Pacer) -> Result<String, String> {
        match self.follower.release(pacer) {
            Ok(()) => Ok("torque off".to_owned()),
            Err(error) => Err(format!(
                "the torque could not be switched off everywhere: {error}"
            )),
        }
    }
}
