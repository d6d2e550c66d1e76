//! The bridge board's state machine in front of simulated servos, on the virtual clock: what it lets through, and what stops the arm.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::io;
use std::time::Duration;

use proptest::prelude::*;
use ulna_bridge::frame::{self, FrameReader, MAX_FRAME};
use ulna_bridge::message::{
    BoardAnswer, BoardStatus, Command, CycleState, JointGoal, JointSample, Mode, TripReason,
    VERSION,
};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, ExcessAction, JointLimits, StopAction};
use ulna_bus::engine::wire_time;
use ulna_bus::families::sts3215 as reg;
use ulna_drivers::Port;
use ulna_robot::RobotKind;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::board::SoftBoard;
use ulna_sim::bus::BusOptions;
use ulna_sim::fault::FaultPlan;
use ulna_sim::memory::MemoryPort;
use ulna_sim::workbench::Workbench;

const LIMITS: JointLimits = JointLimits::new((1200, 2900), 60, 3000).with_celsius(70);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn us(us: u64) -> Duration {
    Duration::from_micros(us)
}

fn setup() -> BridgeSetup {
    let joint = |id| BridgeJoint::new(id, 777, LIMITS);
    BridgeSetup::new(1_000_000, (1..=6).map(joint).collect())
}

/// The setup with a change.
fn setup_with(change: impl FnOnce(&mut BridgeSetup)) -> BridgeSetup {
    let mut setup = setup();
    change(&mut setup);
    setup
}

/// The servos' wire, and the goals that were put on it: what a servo makes of damaged bytes is no matter of the board's.
struct Watched {
    bus: MemoryPort<Arm>,
    goals: Vec<i32>,
}

impl Port for Watched {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let [0xFF, 0xFF, id, len, packet @ ..] = rest {
            let (packet, behind) = packet.split_at((*len).into());
            rest = behind;
            if let (0xFE, [0x83, 42, 2, entries @ ..]) = (*id, packet) {
                let (entries, _) = entries.as_chunks::<3>();
                let goals = entries
                    .iter()
                    .map(|entry| reg::GOAL_POSITION.decode(&entry[1..]));
                self.goals.extend(goals.flatten());
            }
        }
        assert!(rest.is_empty(), "whole packets: {bytes:02x?}");
        self.bus.write(now, bytes)
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.bus.read(now, into)
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.bus.set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.bus.next_arrival()
    }

    fn name(&self) -> &str {
        self.bus.name()
    }
}

/// A board with an arm, and a host.
struct Rig {
    board: SoftBoard<Watched>,
    now: Duration,
    seq: u16,
    reader: FrameReader,
    states: Vec<CycleState>,
    answers: Vec<BoardAnswer>,
}

impl Rig {
    fn new(options: BusOptions) -> Self {
        let text = include_str!("../../../configs/so101.toml");
        let kind: RobotKind = toml::from_str(text).unwrap();
        let calibration = kind.nominal_calibration();
        let arm = Arm::new(&kind, &calibration, ArmOptions::default()).unwrap();
        let registers = &kind.follower.registers;
        let servos = Workbench::calibrated(&kind, &calibration, registers, true).unwrap();
        let mut bus = servos.into_bus(arm, options).unwrap();
        for index in 0..6 {
            let servo = bus.servo_mut(index).unwrap();
            servo.set(reg::TORQUE_ENABLE, 1).unwrap();
            servo.set(reg::GOAL_POSITION, 2047).unwrap();
        }
        Self {
            board: SoftBoard::new(Watched {
                bus: MemoryPort(bus),
                goals: Vec::new(),
            }),
            now: Duration::ZERO,
            seq: 0,
            reader: FrameReader::new(),
            states: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn driving(options: BusOptions, setup: BridgeSetup) -> Self {
        let mut rig = Self::new(options);
        rig.send(&Command::Hello { version: VERSION });
        rig.send(&Command::Setup(setup));
        rig.send(&Command::Start);
        assert!(
            !rig.answers
                .iter()
                .any(|it| matches!(it, BoardAnswer::Refused(_))),
            "{:?}",
            rig.answers
        );
        rig.run_to(ms(20));
        rig
    }

    fn frame(&mut self, command: &Command) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        let mut out = [0; MAX_FRAME];
        frame::encode(self.seq, command, &mut out).unwrap().to_vec()
    }

    fn send(&mut self, command: &Command) {
        let frame = self.frame(command);
        self.board.host_writes(self.now, &frame);
        self.listen();
    }

    fn goals(&mut self, counts: i32) {
        let goal = |joint| JointGoal { joint, counts };
        self.send(&Command::Goals((0..6).map(goal).collect()));
    }

    fn run_to(&mut self, now: Duration) {
        self.now = now;
        self.listen();
    }

    fn listen(&mut self) {
        let mut bytes = [0; 4096];
        loop {
            let count = self.board.host_reads(self.now, &mut bytes);
            if count == 0 {
                return;
            }
            let mut rest = &bytes[..count];
            while let Some(answer) = self.reader.next(&mut rest) {
                match answer.unwrap().1 {
                    BoardAnswer::State(state) => self.states.push(state),
                    answer => self.answers.push(answer),
                }
            }
        }
    }

    fn status(&self) -> BoardStatus {
        self.board.board().status()
    }

    /// What stands in the goal registers.
    fn registers(&mut self) -> Vec<i32> {
        let servos = self.board.bus().bus.0.servos().iter();
        servos.map(|servo| servo.get(reg::GOAL_POSITION)).collect()
    }
}

#[test]
fn a_cycle_takes_what_the_wire_takes() {
    for gap in [0, 20, 50] {
        let options = BusOptions {
            turnaround: us(gap),
            ..BusOptions::default()
        };
        let busy = setup_with(|setup| (setup.rate_hz, setup.full_state) = (0, true));
        let mut rig = Rig::driving(options, busy);
        let (from, before) = (rig.now, rig.status().counters);
        while rig.now < from + ms(2000) {
            rig.goals(2047);
            rig.run_to(rig.now + ms(10));
        }
        let counters = rig.status().counters;
        assert_eq!(counters.missed, before.missed);
        let cycles = f64::from(counters.cycles - before.cycles) / 2.0;
        let wire = wire_time(26 + 14 + 6 * (6 + 15), 1_000_000) + us(gap);
        let floor = 1.0 / wire.as_secs_f64();
        println!("gap {gap} µs: {cycles} of {floor:.1} cycles/s");
        assert!(
            cycles >= 0.97 * floor,
            "gap {gap} µs: {cycles} of {floor} cycles/s"
        );
    }
}

#[test]
fn samples_have_the_time_of_the_wire() {
    let mut rig = Rig::driving(BusOptions::default(), setup());
    rig.run_to(ms(100));
    let state = rig.states.last().unwrap();
    let stamps: Vec<u16> = state
        .joints
        .iter()
        .map(|joint| match joint {
            JointSample::Measured { after_us, .. } => *after_us,
            JointSample::Silent => panic!("{state:?}"),
        })
        .collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    // Goals are not sent yet; 14 bytes ask, 8 bytes answer.
    assert!(stamps[0] >= 140 && stamps[5] <= 700, "{stamps:?}");
}

#[test]
fn a_silent_host_is_an_arm_that_holds() {
    let mut rig = Rig::driving(BusOptions::default(), setup());
    let mut last = Duration::ZERO;
    for step in 0..15 {
        rig.run_to(ms(20 + 5 * step));
        rig.goals(2900);
        last = rig.now;
    }
    let moving = rig.registers();
    rig.run_to(last + ms(101));
    let trip = rig.status().trip.unwrap();
    assert_eq!(trip.reason, TripReason::DeadMan);
    assert_eq!(u128::from(trip.at_us), (last + ms(100)).as_micros());
    rig.run_to(rig.now + ms(30));
    let held = rig.registers();
    assert_ne!(moving, held);
    let position = |rig: &mut Rig| -> Vec<i32> {
        let servos = rig.board.bus().bus.0.servos().iter();
        servos
            .map(|servo| servo.get(reg::PRESENT_POSITION))
            .collect()
    };
    rig.run_to(rig.now + ms(2000));
    assert_eq!(rig.registers(), held);
    for (goal, after) in held.iter().zip(position(&mut rig)) {
        assert!((goal - after).abs() < 60, "{goal} {after}");
    }
    // A host that is back is not obeyed before it clears the trip.
    rig.goals(1300);
    rig.run_to(rig.now + ms(20));
    assert_eq!(rig.registers(), held);
    rig.send(&Command::Clear);
    rig.goals(1300);
    rig.run_to(rig.now + ms(20));
    assert_ne!(rig.registers(), held);
}

#[test]
fn relax_and_damp_do_what_they_say() {
    for (action, register, expected) in [
        (StopAction::Relax, reg::TORQUE_ENABLE, 0),
        (StopAction::Damp, reg::TORQUE_LIMIT, 250),
        (StopAction::Hold, reg::TORQUE_ENABLE, 1),
    ] {
        let silenced = setup_with(|setup| setup.on_silence = action);
        let mut rig = Rig::driving(BusOptions::default(), silenced);
        rig.goals(2200);
        rig.run_to(rig.now + ms(150));
        assert_eq!(
            rig.status().trip.map(|it| it.reason),
            Some(TripReason::DeadMan)
        );
        for servo in rig.board.bus().bus.0.servos() {
            assert_eq!(servo.get(register), expected, "{action:?}");
        }
    }
}

#[test]
fn a_joint_beyond_its_limits_is_stopped_at_the_limit() {
    let narrow = setup_with(|setup| {
        setup.on_excess = ExcessAction::Trip;
        for joint in &mut setup.joints {
            joint.limits.high = 2030;
        }
    });
    // The servos stand at 2047. Their goals are well within the limits before they have come that far.
    let mut rig = Rig::driving(BusOptions::default(), narrow);
    rig.goals(2000);
    for _ in 0..30 {
        if rig.board.bus().goals.last() != Some(&2000) {
            rig.run_to(rig.now + ms(1));
        }
    }
    let servos = rig.board.bus().bus.0.servos();
    let beyond = |servo: &ulna_sim::servo::Servo| servo.get(reg::PRESENT_POSITION) > 2034;
    assert!(servos.iter().any(beyond));
    rig.board.bus().goals.clear();
    rig.goals(2901);
    rig.run_to(rig.now + ms(50));
    let reason = rig.status().trip.map(|trip| trip.reason);
    assert_eq!(reason, Some(TripReason::Position));
    let sent = std::mem::take(&mut rig.board.bus().goals);
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|goal| *goal <= 2030), "{sent:?}");
}

#[test]
fn a_joint_far_out_of_its_limits_is_left_alone_until_it_is_near() {
    let elsewhere = setup_with(|setup| setup.joints[2].limits.high = 1900);
    // The servos stand at 2047: that is more than a step outside.
    let mut rig = Rig::driving(BusOptions::default(), elsewhere);
    let before = rig.registers();
    for _ in 0..40 {
        rig.goals(1800);
        rig.run_to(rig.now + ms(5));
    }
    let after = rig.registers();
    assert_eq!(after[2], before[2]);
    assert!(
        (0..6)
            .filter(|joint| *joint != 2)
            .all(|joint| after[joint] == 1800)
    );
}

#[test]
fn a_board_that_starts_again_moves_nothing() {
    let mut rig = Rig::driving(BusOptions::default(), setup());
    for _ in 0..10 {
        rig.goals(2500);
        rig.run_to(rig.now + ms(5));
    }
    let before = rig.registers();
    rig.board.restart(rig.now);
    for _ in 0..10 {
        rig.goals(2900);
        rig.run_to(rig.now + ms(5));
    }
    assert_eq!(rig.registers(), before);
    assert!(matches!(rig.answers.last(), Some(BoardAnswer::Refused(_))));
    assert_eq!(rig.status().mode, Mode::Idle);
}

#[test]
fn too_much_trips_where_that_is_asked_for() {
    let strict = setup_with(|setup| setup.on_excess = ExcessAction::Trip);
    for (goal, reason) in [(2901, TripReason::Position), (2800, TripReason::Step)] {
        let mut rig = Rig::driving(BusOptions::default(), strict.clone());
        let before = rig.registers();
        rig.goals(goal);
        let trip = rig.status().trip.unwrap();
        assert_eq!((trip.reason, trip.joint), (reason, Some(0)));
        rig.run_to(rig.now + ms(50));
        assert_eq!(rig.registers(), before, "a stop goes to no new place");
    }
    let hot = setup_with(|setup| {
        for joint in &mut setup.joints {
            joint.limits.celsius = Some(10);
        }
    });
    let mut rig = Rig::driving(BusOptions::default(), hot);
    for _ in 0..100 {
        rig.goals(2047);
        rig.run_to(rig.now + ms(5));
    }
    let reason = rig.status().trip.map(|it| it.reason);
    assert_eq!(reason, Some(TripReason::Temperature));
}

#[test]
fn a_servo_that_was_away_is_not_moved_by_old_goals() {
    let names = [("elbow_flex", 3)];
    let faults = FaultPlan::parse(["dead:elbow_flex@0.2s+1s"], 0, &names).unwrap();
    let options = BusOptions {
        faults,
        ..BusOptions::default()
    };
    let mut rig = Rig::driving(options, setup());
    while rig.now < ms(1000) {
        rig.goals(2000);
        rig.run_to(rig.now + ms(5));
    }
    let away = rig.registers()[2];
    while rig.now < ms(1600) {
        rig.goals(1300);
        let before = rig.registers()[2];
        rig.run_to(rig.now + ms(5));
        let moved = rig.registers()[2].abs_diff(before);
        assert!(moved <= 2 * LIMITS.step, "{away} {moved}");
    }
    assert!(rig.registers()[2] < 1500);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    // On a bus with turnaround, echo, loss and garbage, whatever the host sends and however its frames arrive: every goal that reaches a servo
    // lies in its limits, and after the dead-man nothing moves any more.
    #[test]
    fn no_goal_leaves_the_limits(
        seed: u64,
        gap in 0u64..400,
        echo: bool,
        faults in proptest::sample::subsequence(
            vec!["drop:2%", "flip:1%", "burst:2%", "late:2ms@5%"], 0..5),
        script in proptest::collection::vec((0u8..12, any::<i32>(), 0u64..30), 1..120),
    ) {
        let faults = FaultPlan::parse(faults.iter().copied(), seed, &[]).unwrap();
        let options = BusOptions { turnaround: us(gap), echo, faults, ..BusOptions::default() };
        let mut rig = Rig::new(options);
        for command in [Command::Hello { version: VERSION }, Command::Setup(setup()), Command::Start] {
            rig.send(&command);
        }
        let mut last_frame = Vec::new();
        for (kind, value, later) in script {
            rig.run_to(rig.now + ms(later));
            match kind {
                0..=5 => rig.goals(value.rem_euclid(6000) - 1000),
                6 => rig.goals(value),
                7 => rig.board.host_writes(rig.now, &value.to_le_bytes()),
                8 => rig.board.host_writes(rig.now, &last_frame),
                9 => {
                    let mut frame = rig.frame(&Command::Ping { token: 0 });
                    let place = value.unsigned_abs() as usize % frame.len();
                    frame[place] ^= 1;
                    rig.board.host_writes(rig.now, &frame);
                }
                10 => rig.send(&Command::Clear),
                _ => last_frame = rig.frame(&Command::Start),
            }
        }
        let status = rig.status();
        rig.run_to(rig.now + ms(200));
        if status.mode == Mode::Cyclic {
            prop_assert!(rig.status().trip.is_some());
        }
        let sent = std::mem::take(&mut rig.board.bus().goals);
        for goal in sent {
            prop_assert!((LIMITS.low..=LIMITS.high).contains(&goal), "{}", goal);
        }
        rig.run_to(rig.now + ms(500));
        prop_assert!(rig.board.bus().goals.is_empty());
    }
}
