//! The arms of a rig, each on a bus of its own, as one robot or as one source of actions.

mod at_once;
mod connect;

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ulna_bus::engine::BusCounters;
use ulna_core::{
    Action, ActionSource, Health, Joints, LinkLost, Progress, Robot, SafeGoals, Stamp, State,
};
use ulna_rt::Pacer;

use crate::arm::{LinkReport, ServoArm, ServoReport};
use crate::connect::ConnectError;

/// One or more arms, whose joints follow one another. Their buses are asked at the same time.
#[derive(Debug)]
pub struct Arms {
    arms: Vec<Segment>,
    ports: String,
    state: State,
    health: Joints<Health>,
}

/// One arm, and where its joints are among the robot's.
#[derive(Debug)]
struct Segment {
    arm: ServoArm,
    /// `left`, or nothing if it is the only one.
    side: String,
    first: usize,
    /// Its port is gone, and that has been reported.
    loss_reported: bool,
}

impl Segment {
    fn joints(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.arm.servos.len()
    }

    /// The name of its port.
    fn port(&self) -> String {
        match self.side.as_str() {
            "" => self.arm.port_name().to_owned(),
            side => format!("{} ({side})", self.arm.port_name()),
        }
    }
}

impl From<ServoArm> for Arms {
    fn from(arm: ServoArm) -> Self {
        Self::new(vec![(String::new(), arm)])
    }
}

impl Arms {
    /// These arms, in the order of the robot's joints, with the names of their sides.
    pub fn new(arms: Vec<(String, ServoArm)>) -> Self {
        let mut first = 0;
        let mut segments = Vec::with_capacity(arms.len());
        for (side, arm) in arms {
            let count = arm.servos.len();
            segments.push(Segment {
                arm,
                side,
                first,
                loss_reported: false,
            });
            first += count;
        }
        let ports: Vec<String> = segments.iter().map(Segment::port).collect();
        Self {
            ports: ports.join(", "),
            state: State {
                stamp: Stamp::ZERO,
                position: Joints::filled(first, 0.0),
                measured: Joints::filled(first, Stamp::ZERO),
            },
            health: Joints::filled(first, Health::default()),
            arms: segments,
        }
    }

    /// As [`ServoArm::watch_health`], on every bus.
    pub fn watch_health(&mut self, every: Duration) {
        for segment in &mut self.arms {
            segment.arm.watch_health(every);
        }
    }

    /// The names of the ports.
    pub fn port_name(&self) -> &str {
        &self.ports
    }

    /// Descriptors that become readable when servos answer.
    /// A port that is gone has none: its descriptor would end every wait.
    pub fn inputs(&self) -> impl Iterator<Item = OwnedFd> {
        let arms = self.arms.iter().map(|segment| &segment.arm);
        arms.filter(|arm| arm.lost().is_none())
            .filter_map(ServoArm::input)
    }

    /// The ports that are gone, and why.
    pub fn lost(&self) -> impl Iterator<Item = (String, &io::Error)> {
        self.arms
            .iter()
            .filter_map(|segment| Some((segment.port(), segment.arm.lost()?)))
    }

    /// True if no port is left.
    pub fn all_lost(&self) -> bool {
        self.arms.iter().all(|segment| segment.arm.lost().is_some())
    }

    /// Forgets an exchange that was cut short, by a panic say.
    pub fn abandon(&mut self) {
        for segment in &mut self.arms {
            segment.arm.abandon();
        }
    }

    /// Forgets what was measured, for arms that were put elsewhere meanwhile.
    pub fn forget(&mut self) {
        self.arms
            .iter_mut()
            .for_each(|segment| segment.arm.forget());
    }

    /// Totals of all buses.
    pub fn bus_counters(&self) -> BusCounters {
        let mut all = BusCounters::default();
        for counters in self.arms.iter().map(|segment| segment.arm.bus_counters()) {
            all.transactions = all.transactions.saturating_add(counters.transactions);
            all.bytes_sent = all.bytes_sent.saturating_add(counters.bytes_sent);
            all.bytes_received = all.bytes_received.saturating_add(counters.bytes_received);
            all.echoes = all.echoes.saturating_add(counters.echoes);
            all.unexpected = all.unexpected.saturating_add(counters.unexpected);
            all.late = all.late.saturating_add(counters.late);
            all.skipped_bytes = all.skipped_bytes.saturating_add(counters.skipped_bytes);
            all.checksum_errors = all.checksum_errors.saturating_add(counters.checksum_errors);
        }
        all
    }

    /// What happened to each servo, in the order of the joints.
    pub fn servo_reports(&self) -> Vec<ServoReport> {
        let of = |segment: &Segment| {
            let mut reports = segment.arm.servo_reports();
            if !segment.side.is_empty() {
                for report in &mut reports {
                    report.joint = format!("{}_{}", segment.side, report.joint);
                }
            }
            reports
        };
        self.arms.iter().flat_map(of).collect()
    }

    /// How fast the link of each arm is, with the name of its port.
    pub fn links(&self) -> Vec<(String, LinkReport)> {
        let arms = self.arms.iter();
        arms.map(|segment| (segment.port(), segment.arm.link_report()))
            .collect()
    }

    /// Switches off the torque of every servo that can be reached.
    ///
    /// # Errors
    /// The first servo that did not confirm; the others got the order all the same.
    pub fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        self.at_once(pacer, |segment, pacer| match segment.arm.lost() {
            None => segment
                .arm
                .release(pacer)
                .map_err(|error| error.at_side(&segment.side)),
            Some(_) => Ok(()),
        })
        .into_iter()
        .collect()
    }

    /// Stops the wheels that can be reached, each with a confirmation: a wheel keeps up its last speed.
    ///
    /// # Errors
    /// The first wheel that did not confirm; the others got the order all the same.
    pub fn halt(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for segment in self
            .arms
            .iter_mut()
            .filter(|segment| segment.arm.lost().is_none())
        {
            let halted = segment.arm.halt(pacer);
            outcome = outcome.and(halted.map_err(|error| error.at_side(&segment.side)));
        }
        outcome
    }

    /// One full reading of all positions, with patience.
    ///
    /// # Errors
    /// If a servo stays silent.
    pub fn read_state(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let read = self.at_once(pacer, |segment, pacer| {
            let read = segment.arm.read_state(pacer);
            read.map_err(|error| error.at_side(&segment.side))
        });
        self.gather();
        read.into_iter().collect()
    }

    /// The same of every arm that can be reached, for no longer than this: a servo that stays silent keeps its old position.
    ///
    /// # Errors
    /// If a port is gone that was there before.
    pub fn read_within(
        &mut self,
        pacer: &mut dyn Pacer,
        patience: Duration,
    ) -> Result<(), ConnectError> {
        let read = self.at_once(pacer, |segment, pacer| match segment.arm.lost() {
            None => segment.arm.read_within(pacer, patience).map(drop),
            Some(_) => Ok(()),
        });
        self.gather();
        read.into_iter().collect()
    }

    /// Sends goals once, outside the control loop, to every arm that can be reached, and reads the positions.
    ///
    /// # Errors
    /// If a port is gone that was there before.
    pub fn send_goals(
        &mut self,
        pacer: &mut dyn Pacer,
        goals: &SafeGoals,
    ) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for segment in self
            .arms
            .iter_mut()
            .filter(|segment| segment.arm.lost().is_none())
        {
            let goals = goals.slice(segment.joints());
            outcome = outcome.and(segment.arm.exchange(pacer, goals));
        }
        self.gather();
        outcome
    }

    /// Releases the triggers of a leader.
    ///
    /// # Errors
    /// The first servo that did not confirm.
    pub fn release_triggers(&mut self, pacer: &mut dyn Pacer) -> Result<(), ConnectError> {
        let mut outcome = Ok(());
        for segment in self
            .arms
            .iter_mut()
            .filter(|segment| segment.arm.lost().is_none())
        {
            if segment.arm.servos.iter().any(|servo| servo.hold.is_some()) {
                outcome = outcome.and(segment.arm.release(pacer));
            }
        }
        outcome
    }

    fn start(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        self.for_each_reachable(|segment| {
            let goals = goals.and_then(|goals| goals.slice(segment.joints()));
            segment.arm.start(now, goals, next)
        })
    }

    fn carry_on(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        let mut all = Progress::Done;
        self.for_each_reachable(|segment| {
            all = all.and(segment.arm.carry_on(now)?);
            Ok(())
        })?;
        self.gather();
        Ok(all)
    }

    /// Does something with every arm whose port is there, and reports the loss of each port once.
    fn for_each_reachable(
        &mut self,
        mut what: impl FnMut(&mut Segment) -> Result<(), LinkLost>,
    ) -> Result<(), LinkLost> {
        let mut outcome = Ok(());
        for segment in &mut self.arms {
            if segment.arm.lost().is_none() && what(segment).is_err() && !segment.loss_reported {
                segment.loss_reported = true;
                outcome = Err(LinkLost);
            }
        }
        outcome
    }

    /// The state of all arms, as new as the newest.
    fn gather(&mut self) {
        for segment in &self.arms {
            let (joints, state) = (segment.joints(), segment.arm.state());
            self.state.stamp = self.state.stamp.max(state.stamp);
            self.state.position[joints.clone()].copy_from_slice(&state.position);
            self.state.measured[joints.clone()].copy_from_slice(&state.measured);
            if let Some(health) = segment.arm.health() {
                self.health[joints].copy_from_slice(health);
            }
        }
    }
}

impl Robot for Arms {
    fn begin(
        &mut self,
        now: Stamp,
        goals: Option<&SafeGoals>,
        next: Stamp,
    ) -> Result<(), LinkLost> {
        self.start(now, goals, next)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.carry_on(now)
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn health(&self) -> Option<&Joints<Health>> {
        Some(&self.health)
    }

    fn limp(&self) -> u32 {
        let arms = self.arms.iter();
        arms.fold(0, |limp, segment| {
            limp | segment.arm.limp() << segment.first
        })
    }
}

/// Arms moved by hand, whose pose is the action.
#[derive(Debug)]
pub struct Leader(pub Arms);

impl ActionSource for Leader {
    fn begin(&mut self, now: Stamp, next: Stamp) -> Result<(), LinkLost> {
        self.0.start(now, None, next)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.0.carry_on(now)
    }

    /// The leader's pose, as old as its oldest joint: one silent servo makes the whole action stale.
    fn action(&mut self, _now: Stamp) -> Option<Action> {
        let state = &self.0.state;
        let oldest = state.measured.iter().min().copied().unwrap_or(Stamp::ZERO);
        (oldest > Stamp::ZERO).then_some(Action {
            stamp: oldest,
            target: state.position,
        })
    }
}
