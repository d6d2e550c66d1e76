//! `ulna bench bus --adapter …`: sessions of teleoperation behind simulated USB adapters, on the virtual clock at 200 Hz.
//!
//! What is counted is counted by the servos. The floor of the exchanges is what the round trip allows: a host without any engine that asks
//! as soon as the last byte of an answer is there, measured in the same run ([`bare`]); more than one question per tick is not needed.

mod bare;

use std::time::Duration;

use ulna_control::{Observer, TickPlan};
use ulna_core::{Stamp, TickRecord};
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::controlled::{ControlledArm, TickInputs};
use ulna_session::device::Start;
use ulna_session::report::ClockKind;
use ulna_session::supply::{BusTraffic, Surroundings};
use ulna_session::{Rig, RigOptions, SessionLink};
use ulna_sim::adapter::AdapterModel;

use crate::error::BenchError;
use crate::figures::{BenchReport, Case, machine};

/// One arm, two arms, and nine servos on one bus.
const ROBOTS: [&str; 3] = ["so101", "bi_so101", "lekiwi"];
const RATE: f64 = 200.0;
const PERIOD: Duration = Duration::from_millis(5);
/// Before this many ticks a session has only begun.
const BEGINNING: u64 = 200;
/// How long a session is watched after that.
const WATCHED: Duration = Duration::from_secs(10);

/// What a session is measured by: ticks held, part of the reads missed, age of what a servo feels (s), part of the exchanges that the
/// round trip allows, goals per tick, bytes destroyed.
const MOST_MISSED: f64 = 0.005;
const OLDEST_HEALTH: f64 = 2.0;
const LEAST_EXCHANGES: f64 = 0.9;

/// Every adapter that is asked about: 0 to 30 ms in steps of a half, CDC up to 3 ms, FTDI's timer up to 16 ms, and the ESP32.
fn all_adapters() -> Vec<AdapterModel> {
    let half = |halves: u64| Duration::from_micros(500 * halves);
    let late = (0..=60).map(|halves| AdapterModel::Late { by: half(halves) });
    let cdc = (0..=6).map(|halves| AdapterModel::Cdc { late: half(halves) });
    let ftdi = (1..=16).map(|timer| AdapterModel::Ftdi { timer });
    let rest = [AdapterModel::Direct, AdapterModel::Esp32];
    late.chain(cdc).chain(ftdi).chain(rest).collect()
}

/// Runs the bench behind the adapters of these names; `all` stands for each model that the bench knows.
///
/// # Errors
/// If a name is none, or a session does not come about.
pub fn adapters(names: &[String]) -> Result<BenchReport, BenchError> {
    let mut models = Vec::new();
    for name in names {
        match name.as_str() {
            "all" => models.extend(all_adapters()),
            name => models.push(name.parse()?),
        }
    }
    let machine = machine();
    let (mut cases, mut sound, mut sessions) = (Vec::new(), 0u32, 0u32);
    for model in models {
        for robot in ROBOTS {
            let session = session(robot, model)?;
            sessions += 1;
            sound += u32::from(session.is_sound());
            cases.extend(session.cases(&format!("{robot}, {model}")));
        }
    }
    cases.push(Case {
        case: "all of them".to_owned(),
        metric: "sessions within the limits".to_owned(),
        value: sound.into(),
        unit: "",
        floor: Some(sessions.into()),
    });
    Ok(BenchReport {
        bench: "bus",
        machine,
        cases,
    })
}

/// What one session showed.
#[derive(Debug)]
struct Session {
    /// Per second on the bus with the fewest, and what the round trip allows.
    exchanges: f64,
    allowed: f64,
    /// Part of all reads of all servos.
    missed: f64,
    held: u64,
    /// Age of what a servo felt at most, s.
    oldest_health: f64,
    /// Packets with goals per tick, and how many it must be: those of wheels are packets of their own.
    goals_per_tick: f64,
    packets: f64,
    /// Longest time between two goals on a wire, ms.
    longest_pause: f64,
    lost_bytes: u64,
}

impl Session {
    fn is_sound(&self) -> bool {
        self.exchanges >= LEAST_EXCHANGES * self.allowed
            && self.missed <= MOST_MISSED
            && self.held == 0
            && self.oldest_health <= OLDEST_HEALTH
            && self.goals_per_tick >= self.packets
            && self.lost_bytes == 0
    }

    fn cases(&self, case: &str) -> Vec<Case> {
        let figure = |metric: &str, value, unit, floor| Case::new(case, metric, value, unit, floor);
        #[allow(clippy::cast_precision_loss)]
        let (held, lost) = (self.held as f64, self.lost_bytes as f64);
        vec![
            figure("exchanges", self.exchanges, "1/s", Some(self.allowed)),
            figure("reads missed", 100.0 * self.missed, "%", None),
            figure("ticks held after a second", held, "ticks", None),
            figure("oldest health", self.oldest_health, "s", None),
            figure(
                "goals per tick",
                self.goals_per_tick,
                "",
                Some(self.packets),
            ),
            figure(
                "longest pause between goals",
                self.longest_pause,
                "ms",
                Some(PERIOD.as_secs_f64() * 1e3),
            ),
            figure("bytes lost on the wire", lost, "bytes", None),
        ]
    }
}

/// Looks at the ticks.
struct Watch<'a> {
    surroundings: &'a dyn Surroundings,
    /// What had passed over the buses when the beginning was over.
    before: Vec<BusTraffic>,
    ticks: u64,
    held: u64,
    oldest_health: Duration,
}

impl Observer for Watch<'_> {
    fn observe(&mut self, record: &TickRecord) {
        if record.index < BEGINNING {
            return;
        }
        if record.index == BEGINNING {
            self.before = self.surroundings.traffic();
        }
        self.ticks += 1;
        self.held += u64::from(record.note.stale || record.note.invalid);
        // A servo has two seconds to say the first time what it feels.
        if record.index >= 2 * BEGINNING {
            let ages = record.health.iter();
            let ages = ages.map(|health| health.stamp.age(record.sends_at));
            self.oldest_health = ages.fold(self.oldest_health, Duration::max);
        }
    }
}

fn session(robot: &str, model: AdapterModel) -> Result<Session, BenchError> {
    let options = RigOptions {
        robot: robot.to_owned(),
        sim: true,
        clock: ClockKind::Virtual,
        seed: bare::SEED,
        rate_hz: RATE,
        adapter: Some(model.to_string()),
        ..RigOptions::default()
    };
    let stop = Stop::new();
    let mut rig = Rig::open(&options, &SessionLink::alone(&stop))?;
    let mut pacer = VirtualClock::new();
    rig.teleoperator
        .connect(&mut pacer)
        .map_err(BenchError::sim)?;
    rig.follower.connect(&mut pacer).map_err(BenchError::sim)?;
    let now = pacer.now();
    let mut arm = ControlledArm::new(
        &mut *rig.follower,
        &rig.robot,
        &rig.calibration,
        PERIOD,
        now,
    );
    let start = now + PERIOD;
    let limits = *arm.gate.limits();
    rig.teleoperator.start(&Start {
        at: Stamp::new(start),
        here: arm.gate.hold(Stamp::new(now)).goals(),
        limits: &limits,
    });
    let mut watch = Watch {
        surroundings: &*rig.surroundings,
        before: Vec::new(),
        ticks: 0,
        held: 0,
        oldest_health: Duration::ZERO,
    };
    let mut after = Vec::new();
    let drive = TickInputs {
        source: &mut *rig.teleoperator,
        observer: &mut watch,
        stop: &stop,
        plan: TickPlan {
            start,
            period: PERIOD,
            end: start + Duration::from_secs_f64(BEGINNING as f64 / RATE) + WATCHED,
        },
    };
    arm.drive(drive, &mut pacer, |_| after = rig.surroundings.traffic());
    let reports = [Some(rig.follower.report()), rig.teleoperator.report().bus];
    let servos = reports.iter().flatten().flat_map(|bus| &bus.servos);
    let (mut replies, mut missed) = (0u64, 0u64);
    for servo in servos {
        replies += u64::from(servo.replies);
        missed += u64::from(servo.missed);
    }
    let allowed = 1.0 / bare::round_trip(robot, model)?.as_secs_f64();
    let packets = if rig.robot.base.is_some() { 2.0 } else { 1.0 };
    Ok(Session {
        packets,
        ..watch.result(&after, allowed.min(RATE), (replies, missed))
    })
}

impl Watch<'_> {
    #[allow(clippy::cast_precision_loss)]
    fn result(self, after: &[BusTraffic], allowed: f64, (replies, missed): (u64, u64)) -> Session {
        let seconds = self.ticks as f64 / RATE;
        let buses = || self.before.iter().zip(after);
        let rates = buses().map(|(before, after)| (after.answered - before.answered) as f64);
        let goals = buses().filter(|(before, _)| before.role.starts_with("follower"));
        let goals = goals.map(|(before, after)| {
            // Those of the last tick have not left when the session is over.
            let goals = (after.unanswered - before.unanswered) as f64;
            (goals / (self.ticks - 1) as f64, after.longest_pause)
        });
        let (per_tick, pause) = goals.fold((f64::INFINITY, Duration::ZERO), |least, bus| {
            (least.0.min(bus.0), least.1.max(bus.1))
        });
        Session {
            exchanges: rates.fold(f64::INFINITY, f64::min) / seconds,
            allowed,
            missed: missed as f64 / (replies + missed).max(1) as f64,
            held: self.held,
            oldest_health: self.oldest_health.as_secs_f64(),
            goals_per_tick: per_tick,
            packets: 1.0,
            longest_pause: pause.as_secs_f64() * 1e3,
            lost_bytes: buses()
                .map(|(before, after)| after.lost_bytes - before.lost_bytes)
                .sum(),
        }
    }
}
