//! Ten minutes on a bad line, for every family: nothing stops, and nothing wrong is believed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::boxed::Box;

use super::arm::Arm;
use super::*;
use crate::Protocol;
use crate::families::{scs0009, sts3215, xl330};
use crate::health::{Plausibility, PlausibilityConfig, Roster, RosterConfig, Verdict};
use crate::registers::{Register, Role, Table};

const FAMILIES: [&Table; 3] = [&sts3215::TABLE, &scs0009::TABLE, &xl330::TABLE];
const TICK: Duration = Duration::from_millis(5);
/// Counts per second: an STS3215 without load at 12 V.
const MAX_SPEED: u32 = 3400;
/// The furthest that a servo gets in one tick.
const ONE_TICK: i32 = (MAX_SPEED / 200) as i32;

/// Where servo `id` is: it swings through 800 counts, at `MAX_SPEED` in the middle.
fn truth(now: Duration, id: u8) -> i32 {
    let amplitude = 400.0;
    let angle = f64::from(MAX_SPEED) / amplitude * now.as_secs_f64() + f64::from(id);
    500 + (amplitude * angle.sin()) as i32
}

/// One servo of the arm, as a driver would watch it.
struct Watch {
    id: u8,
    plausibility: Plausibility,
    /// Ages at the end of each tick.
    ages: Vec<Duration>,
    fresh: u32,
}

struct Run {
    table: &'static Table,
    engine: Engine,
    arm: Arm,
    roster: Roster,
    watches: Vec<Watch>,
    position: Register,
    now: Duration,
    furthest: i32,
    /// Good packets whose content is not the servo's.
    forged: u32,
}

impl Run {
    fn new(table: &'static Table, harm: impl FnMut(&mut Vec<u8>) -> bool + 'static) -> Self {
        let position = table.find(Role::PresentPosition).unwrap();
        let mut arm = Arm::new(table.protocol, &ARM);
        arm.memory = Box::new(move |now, id, address| {
            let bytes = position.encode(truth(now, id)).unwrap();
            let offset = usize::from(address - position.address);
            bytes.as_slice().get(offset).copied().unwrap_or(0)
        });
        arm.harm = Box::new(harm);
        let config = PlausibilityConfig {
            max_speed: MAX_SPEED,
            slack: 2,
            turn: None,
        };
        let watch = |id| Watch {
            id,
            plausibility: Plausibility::new(config),
            ages: Vec::new(),
            fresh: 0,
        };
        Self {
            table,
            engine: Engine::new(EngineConfig {
                link: LinkTiming {
                    turnaround: Duration::from_micros(500),
                    ..LinkTiming::UNKNOWN
                },
                quiet: Duration::from_micros(200),
                fast_reads: true,
                ..EngineConfig::with_protocol(table.protocol, BAUD)
            }),
            arm,
            roster: Roster::new(&ARM, RosterConfig::default()).unwrap(),
            watches: ARM.map(watch).into(),
            position,
            now: Duration::ZERO,
            furthest: 0,
            forged: 0,
        }
    }

    fn tick(&mut self) {
        let (now, deadline) = (self.now, self.now + TICK - Duration::from_micros(200));
        let ids = self.roster.ids_to_read(now).to_vec();
        let (address, len) = (self.position.address, self.position.width);
        let entries = goals(&ARM);
        let goal = self.table.find(Role::GoalPosition).unwrap();
        let request = Request::Cycle {
            write: Some(GroupWrite {
                address: goal.address,
                width: goal.width,
                entries: &entries,
            }),
            read: (!ids.is_empty()).then_some(GroupRead {
                address,
                len,
                ids: &ids,
            }),
        };
        let done = self.arm.run(&mut self.engine, now, &request, deadline);
        assert!(done <= deadline);
        for reply in self.engine.replies() {
            self.roster.record_reply(reply);
            let Ok(data) = reply.result else { continue };
            let read = self.position.decode(data.bytes()).unwrap();
            let error = (read - truth(reply.at, reply.id)).abs();
            self.forged += u32::from(error > ONE_TICK);
            let watch = self
                .watches
                .iter_mut()
                .find(|watch| watch.id == reply.id)
                .unwrap();
            if watch.plausibility.check(reply.at, read) == Verdict::Accepted {
                watch.fresh += 1;
                self.furthest = self.furthest.max(error);
            }
        }
        self.now += TICK;
        for watch in &mut self.watches {
            watch
                .ages
                .push(watch.plausibility.age(self.now).unwrap_or(TICK));
        }
    }

    fn run(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / TICK.as_millis() {
            self.tick();
        }
    }
}

/// Each answer is lost with 1 %, and hit by 1 to 6 random bytes with 1 %.
fn bad_line(seed: u64) -> impl FnMut(&mut Vec<u8>) -> bool {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    move |bytes| {
        if random.random_bool(0.01) {
            return false;
        }
        if random.random_bool(0.01) {
            let first = random.random_range(0..bytes.len());
            let count = random.random_range(1..=6);
            for byte in bytes.iter_mut().skip(first).take(count) {
                *byte = random.random();
            }
        }
        true
    }
}

#[test]
fn ten_minutes_of_losses_and_bursts() {
    for table in FAMILIES {
        let mut run = Run::new(table, bad_line(7));
        run.run(Duration::from_secs(600));
        let family = table.name;
        assert!(
            run.furthest <= ONE_TICK,
            "{family}: {} counts off",
            run.furthest
        );
        let mut ages: Vec<Duration> = run
            .watches
            .iter()
            .flat_map(|watch| watch.ages.clone())
            .collect();
        ages.sort_unstable();
        let worst = ages[ages.len() * 999 / 1000];
        assert!(worst < 3 * TICK, "{family}: {worst:?}");
        let counters = run.engine.bus_counters();
        assert_eq!(counters.transactions, 120_000, "{family}");
        let knows_fast = table.protocol == Protocol::Dynamixel2;
        assert_eq!(run.engine.reads_fast(), knows_fast, "{family}");
        for watch in &run.watches {
            assert!(run.roster.member(watch.id).unwrap().dead_since.is_none());
            assert!(
                watch.fresh > 119_000,
                "{family}: {} of 120,000",
                watch.fresh
            );
        }
    }
}

#[test]
fn no_flipped_bit_is_believed() {
    for table in FAMILIES {
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let mut run = Run::new(table, move |bytes| {
            if random.random_bool(0.1) {
                let bit = random.random_range(0..bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            true
        });
        run.run(Duration::from_secs(60));
        assert_eq!(run.forged, 0, "{}", table.name);
        assert!(run.engine.bus_counters().checksum_errors > 2_000);
    }
}

#[test]
fn one_dead_servo_costs_the_others_little() {
    for table in FAMILIES {
        // A dead servo is missing from the arm; the others' answers are all there.
        let mut run = Run::new(table, |_| true);
        run.run(Duration::from_secs(1));
        let before: Vec<u32> = run.watches.iter().map(|watch| watch.fresh).collect();
        run.arm.servos.retain(|&id| id != 3);
        run.run(Duration::from_secs(2));
        run.arm.servos.push(3);
        for (watch, before) in run
            .watches
            .iter()
            .zip(before)
            .filter(|(watch, _)| watch.id != 3)
        {
            let share = f64::from(watch.fresh - before) / 400.0;
            assert!(
                share >= 0.9,
                "{}: {share} of servo {}",
                table.name,
                watch.id
            );
        }
        let dead = run.roster.member(3).unwrap();
        assert!(
            dead.dead_since.is_some() && dead.misses <= 51 + 10,
            "{dead:?}"
        );
        run.run(Duration::from_millis(400));
        assert!(run.roster.member(3).unwrap().dead_since.is_none());
    }
}

/// What the plausibility is for: the 8-bit checksum alone would let wrong positions through.
#[test]
fn the_checksum_alone_would_not_do() {
    let mut run = Run::new(&sts3215::TABLE, bad_line(7));
    run.run(Duration::from_secs(600));
    assert!(run.forged > 0);
    assert!(run.furthest <= ONE_TICK);
    let suspects: u32 = run
        .watches
        .iter()
        .map(|watch| watch.plausibility.suspects())
        .sum();
    assert!(suspects > 0);
}
