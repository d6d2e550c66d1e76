//! Whatever the adapter: goals leave on the tick's grid, positions come as often as the round trip allows and with the time at which they
//! were measured, every servo says what it feels, and nothing collides on the wire. On the virtual clock, over simulated adapters.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulna_bus::engine::Engine;
use ulna_bus::feetech::{Decoder, Instruction};
use ulna_control::{Observer, Tick, TickPlan};
use ulna_core::{ActionSource, Gate, Robot as _, SafeGoals, Stamp, TickRecord};
use ulna_drivers::arm::engine_config;
use ulna_drivers::{Arms, Leader, Port, ServoArm};
use ulna_robot::files as robots;
use ulna_robot::{ArmRole, Calibration, RobotKind};
use ulna_rt::{Distribution, Pacer, Stop, VirtualClock, run};
use ulna_sim::adapter::Adapter;
use ulna_sim::bus::BusOptions;
use ulna_sim::memory::MemoryPort;
use ulna_sim::plant::{Drive, Plant, Sense};
use ulna_sim::workbench::Workbench;

const PERIOD: Duration = Duration::from_millis(5);
const RUN: Duration = Duration::from_secs(6);

/// Counts per second and half the way of a servo that goes to and fro.
const SPEED: f64 = 3000.0;
const WAY: f64 = 600.0;

/// Where such a servo is.
fn place(now: Duration) -> f64 {
    let way = (now.as_secs_f64() * SPEED) % (4.0 * WAY);
    2047.0
        + if way < 2.0 * WAY {
            way - WAY
        } else {
            3.0 * WAY - way
        }
}

/// Servos that are moved by a hand, or whose motion does not depend on goals.
#[derive(Debug)]
struct Moved {
    servos: usize,
    now: Duration,
}

impl Plant for Moved {
    fn servos(&self) -> usize {
        self.servos
    }

    fn advance(&mut self, to: Duration, _: &[Drive]) {
        self.now = to;
    }

    fn sense(&self, _: usize) -> Sense {
        Sense {
            position: place(self.now) as i32,
            voltage: 7.4,
            temperature: 25.0,
            ..Sense::default()
        }
    }
}

/// A port that notes when group writes leave, and lets its bus be looked at.
struct Watched(Arc<Mutex<Line>>);

struct Line {
    port: MemoryPort<Moved>,
    goals_at: Vec<Duration>,
}

impl Port for Watched {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        let mut line = self.0.lock().unwrap();
        let mut writes = 0;
        Decoder::new().feed(bytes, |packet| {
            writes += usize::from(packet.kind == Instruction::SyncWrite.code());
        });
        if writes > 0 {
            line.goals_at.push(now);
        }
        line.port.write(now, bytes)
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().port.read(now, into)
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.0.lock().unwrap().port.set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.0.lock().unwrap().port.next_arrival()
    }

    fn name(&self) -> &str {
        "a watched port"
    }
}

/// The arms of a robot, each behind an adapter of its own.
fn arms(robot: &RobotKind, adapter: &str, first: u64) -> (Arms, Vec<Arc<Mutex<Line>>>) {
    let (mut arms, mut lines) = (Vec::new(), Vec::new());
    let sides: Vec<(String, RobotKind)> = match robot.sides.is_empty() {
        true => vec![(String::new(), robot.clone())],
        false => {
            let sides = robot.sides.iter();
            sides
                .map(|side| (side.name.clone(), side.kind.clone()))
                .collect()
        }
    };
    for (bus, (name, kind)) in (first..).zip(sides) {
        let calibration = kind.nominal_calibration();
        let plant = Moved {
            servos: kind.dof(),
            now: Duration::ZERO,
        };
        let options = BusOptions {
            adapter: Adapter {
                model: adapter.parse().unwrap(),
                seed: 5,
                bus,
            },
            ..BusOptions::default()
        };
        let servos = Workbench::follower(&kind, &calibration).unwrap();
        let line = Arc::new(Mutex::new(Line {
            port: MemoryPort(servos.into_bus(plant, options).unwrap()),
            goals_at: Vec::new(),
        }));
        let port = Box::new(Watched(Arc::clone(&line)));
        let engine = Engine::new(engine_config(&kind));
        let arm = ServoArm::new(port, engine, &kind, &calibration).unwrap();
        arms.push((name, arm));
        lines.push(line);
    }
    (Arms::new(arms), lines)
}

/// What a run of ticks showed.
#[derive(Default)]
struct Watch {
    ticks: u64,
    held: u64,
    oldest_health: Duration,
    /// By how much a position differs from where the servo was at its stamp, as a time.
    worst_stamp: f64,
    truth: Vec<(f64, f64)>,
}

impl Observer for Watch {
    fn observe(&mut self, record: &TickRecord) {
        self.ticks += 1;
        if record.index < 200 {
            return;
        }
        self.held += u64::from(record.note.stale || record.note.invalid);
        let oldest = record
            .health
            .iter()
            .map(|health| health.stamp.age(record.sends_at))
            .max();
        if record.index >= 400 {
            self.oldest_health = self.oldest_health.max(oldest.unwrap());
        }
        for (joint, &(at_zero, per_count)) in self.truth.iter().enumerate() {
            let measured = record.state.measured[joint].since_epoch();
            let counts = (record.state.position[joint] - at_zero) / per_count;
            // Where the servo turns round, a moment looks like its mirror image.
            if (place(measured) - 2047.0).abs() < WAY - 120.0 {
                let off = (counts - place(measured)).abs() / SPEED;
                self.worst_stamp = self.worst_stamp.max(off);
            }
        }
    }
}

/// Each joint's value at zero counts, and per count.
fn scales(kind: &RobotKind, calibration: &Calibration) -> Vec<(f64, f64)> {
    let joints = kind.joints.iter().zip(calibration.values());
    let joints = joints.filter(|(joint, _)| !joint.is_wheel());
    let scale = |(joint, value): (&ulna_robot::JointSpec, _)| {
        let on_wire = kind.on_wire(value);
        let at = |counts| joint.unit.normalise(counts, &on_wire, joint.resolution);
        let per_count = at(2048.0) - at(2047.0);
        (at(2047.0) - 2047.0 * per_count, per_count)
    };
    joints.map(scale).collect()
}

struct Bus<'a> {
    name: &'static str,
    arms: &'a Arms,
    lines: &'a [Arc<Mutex<Line>>],
    seconds: f64,
    allowed: Allowed,
    asked_before: Vec<u32>,
}

/// What may go wrong on a link.
#[derive(Clone, Copy)]
struct Allowed {
    /// Part of the allowed rate that must be reached.
    share: f64,
    /// Part of the reads, and of the goals that leave later than their tick.
    missed: f64,
    late_goals: f64,
    /// Bytes that are no sound packet, and whether others than those of answers that were cut in two.
    skipped: u32,
    collisions: bool,
}

impl Allowed {
    fn of(robot: &str, adapter: &str) -> Self {
        let most = Self {
            share: 0.9,
            missed: 0.005,
            late_goals: 0.0,
            // An FTDI's timer that ends in the middle of an answer cuts it in two; one or two of them are given up then, 17 bytes each. What
            // collides has wrong checksums.
            skipped: 40,
            collisions: false,
        };
        let delay = adapter.strip_prefix("busy:");
        match (robot, delay.map(|delay| delay.parse::<u32>().unwrap())) {
            // The answers of nine servos take two packets of an FTDI, and so long on the wire that they must often wait for the next goals.
            ("lekiwi", None) if adapter.starts_with("ftdi") => Self { share: 0.8, ..most },
            // Later by more than half a tick, and then not: no distance that leaves goals on the grid is enough for that.
            (_, Some(3..)) => Self {
                share: 0.7,
                missed: 0.01,
                late_goals: 0.03,
                skipped: 2000,
                collisions: true,
            },
            _ => most,
        }
    }
}

impl Bus<'_> {
    /// What is not as it should be.
    fn faults(&self, round_trip: Duration, faults: &mut String) {
        let (mut replies, mut missed) = (0, 0);
        for servo in self.arms.servo_reports() {
            replies += servo.replies;
            missed += servo.missed;
        }
        let share = f64::from(missed) / f64::from(replies + missed);
        if share > self.allowed.missed {
            write!(faults, "; {}: {:.1} % missed", self.name, 100.0 * share).unwrap();
        }
        let counters = self.arms.bus_counters();
        let strange = counters.checksum_errors + counters.unexpected;
        if strange > 0 && !self.allowed.collisions || counters.skipped_bytes > self.allowed.skipped
        {
            write!(faults, "; {}: {counters:?}", self.name).unwrap();
        }
        let allowed = 1.0 / round_trip.max(PERIOD).as_secs_f64();
        for ((_, link), before) in self.arms.links().iter().zip(&self.asked_before) {
            let rate = f64::from(link.questions - before) / self.seconds;
            if rate < self.allowed.share * allowed {
                write!(faults, "; {}: {rate:.1} of {allowed:.1}/s", self.name).unwrap();
            }
        }
        for line in self.lines {
            let damaged = line.lock().unwrap().port.0.counters().corrupt_requests;
            if damaged > 0 {
                write!(faults, "; {}: {damaged} requests damaged", self.name).unwrap();
            }
        }
    }
}

/// Half a second of exchanges of goals and positions, each begun when the one before is complete: what the round trip allows.
fn back_to_back(arms: &mut Arms, goals: &SafeGoals, pacer: &mut VirtualClock) -> Duration {
    let (start, mut count) = (pacer.now(), 0);
    while pacer.now() < start + Duration::from_millis(500) {
        arms.send_goals(pacer, goals).unwrap();
        count += 1;
    }
    // The arms of a pair are read one after the other.
    let buses = u32::try_from(arms.links().len()).unwrap();
    (pacer.now() - start) / (count * buses)
}

/// One session; returns what is not as it should be.
fn check(robot: &str, adapter: &str) -> String {
    let kind = robots::find(robot).unwrap();
    let leader = kind.as_leader();
    let calibration = kind.nominal_calibration();
    let mut pacer = VirtualClock::new();
    let (mut follower, lines) = arms(&kind, adapter, 0);
    let (leader_arms, leader_lines) = arms(&leader, adapter, 2);
    let mut source = Leader(leader_arms);
    let nominal = leader.nominal_calibration();
    source
        .0
        .connect(&mut pacer, &leader, &nominal, ArmRole::Leader)
        .unwrap();
    follower
        .connect(&mut pacer, &kind, &calibration, ArmRole::Follower)
        .unwrap();
    let limits = kind.gate_limits(&calibration);
    let here = Gate::new(limits, &follower.state().position, Stamp::ZERO).hold(Stamp::ZERO);
    let round_trip = back_to_back(&mut follower, &here, &mut pacer);
    follower.watch_health(Duration::from_millis(20));
    source.0.watch_health(Duration::from_millis(20));
    let asked = |arms: &Arms| -> Vec<u32> {
        let links = arms.links();
        links.iter().map(|(_, link)| link.questions).collect()
    };
    let (asked_follower, asked_leader) = (asked(&follower), asked(&source.0));
    let start = pacer.now() + PERIOD;
    // A leader of an arm on wheels has no wheels: what moves these is not of interest here.
    let mut gate = Gate::new(
        kind.gate_limits(&calibration),
        &follower.state().position,
        Stamp::new(start),
    );
    let mut watch = Watch {
        truth: match kind.sides.is_empty() {
            true => scales(&kind, &calibration),
            false => Vec::new(),
        },
        ..Watch::default()
    };
    lines
        .iter()
        .for_each(|line| line.lock().unwrap().goals_at.clear());
    let stop = Stop::new();
    let plan = TickPlan {
        start,
        period: PERIOD,
        end: start + RUN,
    };
    let mut padded = Padded(&mut source, kind.dof());
    let mut tick = Tick::new(
        &mut follower,
        &mut padded,
        &mut gate,
        &mut watch,
        &stop,
        plan,
    );
    run(&mut tick, &mut pacer, &mut Distribution::new());
    let allowed = Allowed::of(robot, adapter);
    let mut faults = String::new();
    if watch.held > 0 {
        write!(faults, "; {} ticks held", watch.held).unwrap();
    }
    if watch.oldest_health > Duration::from_secs(2) {
        write!(faults, "; health {:?} old", watch.oldest_health).unwrap();
    }
    // Half of what the link adds is taken to pass before the servo looks. Frames, and what three counts make of it, come on top.
    let stamp = round_trip.as_secs_f64() / 2.0 + 0.003;
    if watch.worst_stamp > stamp {
        write!(
            faults,
            "; stamps {:.4} s off, of {stamp:.4}",
            watch.worst_stamp
        )
        .unwrap();
    }
    for line in &lines {
        let goals_at = std::mem::take(&mut line.lock().unwrap().goals_at);
        let off = goals_at
            .iter()
            .zip(0u32..)
            .filter(|(at, tick)| **at != start + PERIOD * *tick);
        let off = off.count();
        if off as f64 > allowed.late_goals * goals_at.len() as f64
            || goals_at.len() as u64 != watch.ticks
        {
            write!(
                faults,
                "; {off} of {} goals off the grid, {} ticks",
                goals_at.len(),
                watch.ticks
            )
            .unwrap();
        }
    }
    let seconds = RUN.as_secs_f64();
    let (name, asked_before) = ("follower", asked_follower);
    Bus {
        name,
        arms: &follower,
        lines: &lines,
        seconds,
        allowed,
        asked_before,
    }
    .faults(round_trip, &mut faults);
    let (name, asked_before) = ("leader", asked_leader);
    Bus {
        name,
        arms: &source.0,
        lines: &leader_lines,
        seconds,
        allowed,
        asked_before,
    }
    .faults(round_trip, &mut faults);
    match faults.is_empty() {
        true => faults,
        false => format!(
            "{robot} {adapter} ({:.2} ms): {}\n",
            round_trip.as_secs_f64() * 1e3,
            &faults[2..]
        ),
    }
}

/// A leader whose follower has more joints: they stay at zero.
struct Padded<'a>(&'a mut Leader, usize);

impl ActionSource for Padded<'_> {
    fn begin(&mut self, now: Stamp, next: Stamp) -> Result<(), ulna_core::LinkLost> {
        self.0.begin(now, next)
    }

    fn step(&mut self, now: Stamp) -> Result<ulna_core::Progress, ulna_core::LinkLost> {
        self.0.step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<ulna_core::Action> {
        let action = self.0.action(now)?;
        let target = ulna_core::Joints::from_fn(self.1, |joint| {
            action.target.get(joint).copied().unwrap_or(0.0)
        });
        Some(ulna_core::Action { target, ..action })
    }
}

fn check_all(robot: &str, adapters: impl IntoIterator<Item = String>) {
    let faults: String = adapters
        .into_iter()
        .map(|adapter| check(robot, &adapter))
        .collect();
    assert!(faults.is_empty(), "\n{faults}");
}

/// Adapters that add 0 to 30 ms in steps of `halves` half milliseconds.
fn late(halves: usize) -> impl Iterator<Item = String> {
    (0..=60)
        .step_by(halves)
        .map(|half| format!("late:{}", f64::from(half) / 2.0))
}

fn others() -> impl Iterator<Item = String> {
    let cdc = (0..=6).map(|half| format!("cdc:{}", f64::from(half) / 2.0));
    let ftdi = (1..=16).map(|timer| format!("ftdi:{timer}"));
    let rest = ["direct", "esp32"].map(str::to_owned);
    cdc.chain(ftdi).chain(rest)
}

#[test]
fn an_arm_behind_anything_that_is_late() {
    check_all("so101", late(1));
}

#[test]
fn an_arm_behind_any_other_adapter() {
    check_all("so101", others());
}

#[test]
fn a_pair_of_arms() {
    check_all("bi_so101", late(5).chain(others().step_by(3)));
}

#[test]
fn an_arm_on_wheels() {
    check_all("lekiwi", late(1).chain(others()));
}

/// A hub that delays questions, too: when answers are on the wire can only be guessed. Collisions teach to keep a greater distance.
#[test]
fn an_arm_at_a_busy_hub() {
    check_all("so101", [1, 2, 3, 5, 8].map(|most| format!("busy:{most}")));
}
