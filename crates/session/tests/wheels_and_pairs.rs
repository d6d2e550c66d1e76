//! Robots of more than one arm: a base on wheels drives as commanded and stands still at the end; a pair whose one bus dies names
//! it, and brings the other arm to rest.

#![allow(missing_docs, clippy::unwrap_used)]

mod lockstep;

use std::io;
use std::time::Duration;

use lockstep::{PERIOD, drive, open};
use ulna_bus::engine::{EchoMode, Engine};
use ulna_control::{End, Observer, TickPlan};
use ulna_core::{Action, ActionSource, Stamp, TickRecord};
use ulna_drivers::arm::engine_config;
use ulna_drivers::{Arms, Port, ServoArm};
use ulna_robot::ExitAction;
use ulna_robot::files as robots;
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::controlled::{ControlledArm, TickInputs, TicksEnded};
use ulna_session::device::Follower;
use ulna_session::servo_follower::ServoFollower;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::BusOptions;
use ulna_sim::memory::MemoryPort;
use ulna_sim::workbench::Workbench;

/// How far the base went, by its goals and by its measured speeds: m, m, degrees; and how fast it ever was.
#[derive(Default)]
struct Odometer {
    asked: [f64; 3],
    went: [f64; 3],
    fastest: [f64; 3],
}

impl Observer for Odometer {
    fn observe(&mut self, record: &TickRecord) {
        let (goals, state) = (&record.sent, &record.state.position);
        for value in 0..3 {
            self.asked[value] += goals[6 + value].abs() * PERIOD.as_secs_f64();
            self.went[value] += state[6 + value].abs() * PERIOD.as_secs_f64();
            self.fastest[value] = self.fastest[value].max(state[6 + value].abs());
        }
    }
}

#[test]
fn a_base_drives_as_commanded_and_stands_still_at_the_end() {
    for (then, seconds) in [(ExitAction::Hold, 8.3), (ExitAction::Park, 2.0)] {
        let mut rig = open("lekiwi", 5, &[]);
        rig.robot.exit.then = then;
        let limits = rig.robot.gate_limits(&rig.calibration);
        let mut pacer = VirtualClock::new();
        let mut odometer = Odometer::default();
        let lasting = Duration::from_secs_f64(seconds);
        let finished = drive(&mut rig, &mut pacer, &mut odometer, lasting);
        assert!(finished.exit.as_asked, "{:?}", finished.exit);
        let Odometer {
            asked,
            went,
            fastest,
        } = odometer;
        assert!(asked.iter().any(|&way| way > 0.05), "{asked:?}");
        for value in 0..3 {
            let near = (asked[value] - went[value]).abs()
                < 0.1 * asked[value] + 0.01 * limits.range[6 + value].1;
            assert!(near, "{asked:?} {went:?}");
            assert!(
                fastest[value] < 1.1 * limits.range[6 + value].1,
                "{fastest:?}"
            );
        }
        pacer.wait(pacer.now() + Duration::from_millis(300));
        rig.follower.read_again(&mut pacer).unwrap();
        let speeds = &rig.follower.state().position[6..];
        assert!(
            speeds.iter().all(|speed| speed.abs() < 0.6),
            "{then:?}: {speeds:?}"
        );
    }
}

/// A cable that is pulled at some moment.
struct Pulled<P>(P, Duration);

impl<P: Port> Port for Pulled<P> {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        match now < self.1 {
            true => self.0.write(now, bytes),
            false => Err(io::Error::other("pulled")),
        }
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        match now < self.1 {
            true => self.0.read(now, into),
            false => Err(io::Error::other("pulled")),
        }
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.0.set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.0.next_arrival()
    }

    fn name(&self) -> &str {
        "a cable"
    }
}

struct Still;

impl ActionSource for Still {
    fn action(&mut self, _: Stamp) -> Option<Action> {
        None
    }
}

#[test]
fn a_pair_that_loses_one_bus_names_it_and_parks_the_other_arm() {
    for (lost, other) in [("left", "right"), ("right", "left")] {
        let pair = robots::find("bi_koch").unwrap();
        let arms = pair.sides.iter().map(|side| {
            let (kind, calibration) = (&side.kind, side.kind.nominal_calibration());
            let plant = Arm::new(kind, &calibration, ArmOptions::default()).unwrap();
            let registers = &kind.follower.registers;
            let servos = Workbench::calibrated(kind, &calibration, registers, true).unwrap();
            let bus = servos.into_bus(plant, BusOptions::default()).unwrap();
            let end = match side.name == lost {
                true => Duration::from_secs(2),
                false => Duration::MAX,
            };
            let port = Pulled(MemoryPort(bus), end);
            let engine = Engine::new(engine_config(kind).with_echo(EchoMode::Never));
            let arm = ServoArm::new(Box::new(port), engine, kind, &calibration).unwrap();
            (side.name.clone(), arm)
        });
        let (arms, calibration) = (Arms::new(arms.collect()), pair.nominal_calibration());
        let mut follower = ServoFollower::new(arms, pair.clone(), calibration.clone());
        let mut pacer = VirtualClock::new();
        follower.connect(&mut pacer).unwrap();
        let now = pacer.now();
        let mut arm = ControlledArm::new(&mut follower, &pair, &calibration, PERIOD, now);
        let start = now + PERIOD;
        let drive = TickInputs {
            source: &mut Still,
            observer: &mut (),
            stop: &Stop::new(),
            plan: TickPlan {
                start,
                period: PERIOD,
                end: start + Duration::from_secs(5),
            },
        };
        let finished = arm.drive(drive, &mut pacer, |_| ());
        assert_eq!(finished.ended, TicksEnded::Regularly(End::RobotLost));
        let gone: Vec<String> = follower.lost().into_iter().map(|lost| lost.port).collect();
        assert_eq!(gone, [format!("a cable ({lost})")]);
        let happened = &finished.exit.happened;
        assert!(
            !finished.exit.as_asked && happened.contains("parked, torque off"),
            "{happened}"
        );
        assert!(
            happened.contains(&format!("a cable ({lost}) is gone")),
            "{happened}"
        );
        let state = *ulna_core::Robot::state(&follower);
        let rest = pair.park_pose(&calibration, &state.position);
        let names = pair.names().enumerate();
        for (joint, name) in names.filter(|(_, name)| name.starts_with(other)) {
            let gap = (rest[joint] - state.position[joint]).abs();
            assert!(gap < 12.0, "{name} is {gap} from its resting place");
        }
    }
}
