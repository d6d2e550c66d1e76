use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::message::{BoardStatus, JointGoal, JointRecovery, RecoveryStep};
use crate::setup::{BridgeJoint, BridgeSetup, JointLimits, SetupFault};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn setup() -> BridgeSetup {
    let limits = JointLimits::new((0, 4095), 100, 4000).with_celsius(70);
    let joint = |id| BridgeJoint::new(id, 777, limits);
    BridgeSetup::new(1_000_000, (1..=6).map(joint).collect())
}

/// A board without servos, and a host that numbers its frames.
struct Link {
    board: Board,
    seq: u16,
    /// What the board has sent to the servos.
    bus: Vec<u8>,
    answers: Vec<(u16, BoardAnswer)>,
}

impl Link {
    fn new() -> Self {
        Self {
            board: Board::new("test"),
            seq: 0,
            bus: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn greeted() -> Self {
        let mut link = Self::new();
        link.send(0, &Command::Hello { version: VERSION });
        link
    }

    fn driving() -> Self {
        let mut link = Self::greeted();
        assert_eq!(link.send(0, &Command::Setup(setup())), [BoardAnswer::Done]);
        assert_eq!(link.send(0, &Command::Start)[0], BoardAnswer::Done);
        link
    }

    fn frame(&mut self, command: &Command) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        let mut out = [0; MAX_FRAME];
        frame::encode(self.seq, command, &mut out).unwrap().to_vec()
    }

    fn step(&mut self, at: Duration, event: BoardEvent<'_>) -> Vec<BoardAnswer> {
        let actions = self.board.step(at, event);
        self.bus.extend(actions.to_bus);
        let (mut reader, mut rest, mut out) = (FrameReader::new(), actions.to_host, Vec::new());
        while let Some(message) = reader.next::<BoardAnswer>(&mut rest) {
            let (seq, answer) = message.unwrap();
            self.answers.push((seq, answer.clone()));
            out.push(answer);
        }
        out
    }

    fn send(&mut self, at_ms: u64, command: &Command) -> Vec<BoardAnswer> {
        let frame = self.frame(command);
        self.step(ms(at_ms), BoardEvent::Host(&frame))
    }

    fn status(&self) -> BoardStatus {
        self.board.status()
    }
}

fn goals(counts: i32) -> Command {
    let goal = |joint| JointGoal { joint, counts };
    Command::Goals((0..6).map(goal).collect())
}

#[test]
fn a_board_fits_into_a_microcontroller() {
    let size = size_of::<Board>();
    assert!(size < 16_000, "{size}");
}

#[test]
fn nothing_is_done_before_a_hello_of_the_same_version() {
    let mut link = Link::new();
    let refused = [BoardAnswer::Refused(BoardRefusal::NoHello)];
    assert_eq!(link.send(0, &Command::Setup(setup())), refused);
    let other = link.send(0, &Command::Hello { version: 7 });
    assert!(matches!(&other[..], [BoardAnswer::Hello(info)] if info.version == VERSION));
    assert_eq!(link.send(0, &Command::Start), refused);
    assert!(link.bus.is_empty());
}

#[test]
fn goals_are_taken_in_cyclic_mode_alone() {
    let mut link = Link::greeted();
    let refused = [BoardAnswer::Refused(BoardRefusal::NotCyclic)];
    assert_eq!(link.send(1, &goals(2000)), refused);
    assert_eq!(
        link.send(1, &Command::Start),
        [BoardAnswer::Refused(BoardRefusal::NoSetup)]
    );
    link.send(1, &Command::Setup(setup()));
    assert_eq!(link.send(1, &goals(2000)), refused);
    assert!(link.bus.is_empty());
}

#[test]
fn a_joint_that_was_never_measured_gets_no_goal() {
    let mut link = Link::driving();
    for at in 0..50 {
        link.send(2 * at, &goals(3000));
    }
    // Questions go out, and no write: no packet with the instruction 0x83.
    let writes = link
        .bus
        .windows(5)
        .filter(|packet| packet[..3] == [0xFF, 0xFF, 0xFE] && packet[4] == 0x83);
    assert_eq!(writes.count(), 0);
    assert!(link.bus.len() > 100);
}

#[test]
fn the_dead_man_acts_when_its_time_is_up() {
    let mut link = Link::driving();
    link.send(40, &Command::Ping { token: 1 });
    link.step(ms(139), BoardEvent::Time);
    assert_eq!(link.status().trip, None);
    link.step(ms(140), BoardEvent::Time);
    let trip = link.status().trip.unwrap();
    let expected = (TripReason::DeadMan, 140_000, 40_000);
    assert_eq!((trip.reason, trip.at_us, trip.last_frame_us), expected);
    // It latches, and a new start does not get around it.
    let tripped = BoardRefusal::Tripped(TripReason::DeadMan);
    assert_eq!(
        link.send(141, &goals(2000)),
        [BoardAnswer::Refused(tripped)]
    );
    link.send(142, &Command::Stop);
    for at in 143..160 {
        link.step(ms(at), BoardEvent::Time);
    }
    assert_eq!(link.status().mode, Mode::Idle);
    assert_eq!(
        link.send(160, &Command::Start),
        [BoardAnswer::Refused(tripped)]
    );
    assert_eq!(link.send(161, &Command::Clear), [BoardAnswer::Done]);
    assert_eq!(link.send(162, &Command::Start)[0], BoardAnswer::Done);
}

#[test]
fn a_frame_that_comes_too_late_saves_nothing() {
    let mut link = Link::driving();
    link.send(100, &Command::Ping { token: 1 });
    assert_eq!(
        link.status().trip.map(|it| it.reason),
        Some(TripReason::DeadMan)
    );
}

#[test]
fn what_is_repeated_damaged_or_out_of_order_feeds_no_dead_man() {
    let mut link = Link::driving();
    let old = link.frame(&Command::Ping { token: 1 });
    let newer = link.frame(&Command::Ping { token: 2 });
    link.step(ms(10), BoardEvent::Host(&newer));
    let mut damaged = link.frame(&Command::Ping { token: 3 });
    damaged[3] ^= 0x10;
    for at in 11..110 {
        for frame in [&old, &newer, &damaged] {
            link.step(ms(at), BoardEvent::Host(frame));
        }
    }
    assert_eq!(link.status().trip, None);
    link.step(ms(110), BoardEvent::Time);
    let status = link.status();
    assert_eq!(status.trip.map(|it| it.last_frame_us), Some(10_000));
    assert_eq!(status.counters.repeated, 198);
    assert_eq!(status.counters.bad_frames, 99);
}

#[test]
fn what_is_cut_short_or_longer_than_any_frame_feeds_no_dead_man() {
    let mut link = Link::driving();
    let whole = link.frame(&Command::Ping { token: 1 });
    let mut short = whole[..whole.len() - 4].to_vec();
    short.push(0);
    let mut long = std::vec![7; 2 * MAX_FRAME];
    long.push(0);
    for at in 1..100 {
        link.step(ms(at), BoardEvent::Host(&short));
        link.step(ms(at), BoardEvent::Host(&long));
    }
    link.step(ms(100), BoardEvent::Time);
    let status = link.status();
    assert_eq!(status.trip.map(|it| it.last_frame_us), Some(0));
    assert_eq!(status.counters.bad_frames, 198);
}

#[test]
fn a_servo_with_torque_is_only_read() {
    let mut link = Link::driving();
    let steps = [
        RecoveryStep::Hold,
        RecoveryStep::Torque,
        // Acceleration, which any servo forgets.
        RecoveryStep::Write {
            address: 41,
            value: 254,
        },
    ];
    let refused = [BoardAnswer::Refused(BoardRefusal::Recovery)];
    for step in steps {
        let asked = Command::Recover(JointRecovery { joint: 0, step });
        assert_eq!(link.send(1, &asked), refused, "{step:?}");
    }
    let reads = |joint, address| {
        let step = RecoveryStep::Read { address };
        Command::Recover(JointRecovery { joint, step })
    };
    assert_eq!(link.send(1, &reads(0, 40)), []);
    assert_eq!(link.send(1, &reads(6, 40)), refused, "no such joint");
    assert_eq!(link.send(1, &reads(0, 255)), refused, "no such register");
}

#[test]
fn a_limp_servo_gets_its_torque_behind_its_goal_alone() {
    let mut link = Link::driving();
    link.board.cyclic.joints[0].limp = true;
    let mut allowed = |address, value| {
        let step = RecoveryStep::Write { address, value };
        let asked = Command::Recover(JointRecovery { joint: 0, step });
        link.send(1, &asked).is_empty()
    };
    // Acceleration; torque, goal position and id; an acceleration that the register does not hold.
    assert!(allowed(41, 254));
    for (address, value) in [(40, 1), (42, 2000), (5, 9), (41, 256)] {
        assert!(!allowed(address, value), "{address} {value}");
    }
    let torque = Command::Recover(JointRecovery {
        joint: 0,
        step: RecoveryStep::Torque,
    });
    let refused = [BoardAnswer::Refused(BoardRefusal::Recovery)];
    assert_eq!(link.send(1, &torque), refused);
    link.board.cyclic.joints[0].settled = true;
    assert_eq!(link.send(1, &torque), []);
}

#[test]
fn a_host_that_begins_again_in_the_middle_stops_the_arm() {
    let mut link = Link::driving();
    link.send(5, &Command::Hello { version: VERSION });
    let reason = link.status().trip.map(|it| it.reason);
    assert_eq!(reason, Some(TripReason::HostRestarted));
}

#[test]
fn raw_bytes_pass_while_idle_and_unlocked() {
    let mut link = Link::greeted();
    let raw = Command::Raw(RawBytes::from_slice(&[1, 2, 3]).unwrap());
    assert_eq!(link.send(0, &raw), []);
    assert_eq!(link.bus, [1, 2, 3]);
    let back = link.step(ms(1), BoardEvent::Bus(&[4, 5]));
    assert_eq!(
        back,
        [BoardAnswer::Raw(RawBytes::from_slice(&[4, 5]).unwrap())]
    );

    link.step(ms(2), BoardEvent::RawPort(&[6]));
    assert_eq!(link.bus, [1, 2, 3, 6]);
    let actions = link.board.step(ms(3), BoardEvent::Bus(&[7]));
    assert_eq!((actions.to_raw, actions.to_host), (&[7][..], &[][..]));

    assert_eq!(link.send(4, &Command::Lock(true)), [BoardAnswer::Done]);
    assert_eq!(
        link.send(4, &raw),
        [BoardAnswer::Refused(BoardRefusal::Locked)]
    );
    link.step(ms(4), BoardEvent::RawPort(&[6; 8]));
    assert_eq!(link.bus.len(), 4);
    link.send(5, &Command::Lock(false));
    link.send(5, &Command::Setup(setup()));
    link.send(5, &Command::Start);
    let questions = link.bus.len();
    assert_eq!(
        link.send(5, &raw),
        [BoardAnswer::Refused(BoardRefusal::NotIdle)]
    );
    link.step(ms(5), BoardEvent::RawPort(&[6; 5]));
    assert_eq!(link.bus.len(), questions);
    assert_eq!(link.status().counters.raw_dropped, 13);
}

#[test]
fn a_setup_that_is_not_sound_is_refused_by_name() {
    let broken = |change: &dyn Fn(&mut BridgeSetup)| {
        let mut broken = setup();
        change(&mut broken);
        match &Link::greeted().send(0, &Command::Setup(broken))[..] {
            [BoardAnswer::Refused(BoardRefusal::Setup(fault))] => *fault,
            other => panic!("{other:?}"),
        }
    };
    let limits = SetupFault::Limits { joint: 2 };
    let of = |change: &dyn Fn(&mut JointLimits)| broken(&|it| change(&mut it.joints[2].limits));
    assert_eq!(of(&|it| (it.low, it.high) = (3000, 1000)), limits);
    assert_eq!(of(&|it| it.step = 0), limits);
    assert_eq!(of(&|it| it.velocity = 0), limits);
    assert_eq!(of(&|it| it.high = i32::MAX), limits);
    assert_eq!(of(&|it| it.current = Some(0)), limits);
    // A wheel whose speeds do not include zero could never stand.
    let wheel = broken(&|it| {
        it.joints[2].wheel = true;
        it.joints[2].limits.low = 10;
    });
    assert_eq!(wheel, limits);
    assert_eq!(broken(&|it| it.joints[1].id = 1), SetupFault::Id { id: 1 });
    assert_eq!(
        broken(&|it| it.joints[1].id = 254),
        SetupFault::Id { id: 254 }
    );
    let number = SetupFault::Model {
        joint: 0,
        number: 5,
    };
    assert_eq!(broken(&|it| it.joints[0].model = 5), number);
    assert_eq!(
        broken(&|it| it.joints[3].model = 1200),
        SetupFault::Mixed { joint: 3 }
    );
    assert_eq!(broken(&|it| it.joints.clear()), SetupFault::NoJoints);
    assert_eq!(
        broken(&|it| it.dead_man_ms = 0),
        SetupFault::DeadMan { ms: 0 }
    );
    assert_eq!(
        broken(&|it| it.rate_hz = 1500),
        SetupFault::Rate { hz: 1500 }
    );
    assert_eq!(broken(&|it| it.baud = 123_456), SetupFault::Baud);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    // Whatever comes in, in whatever order: no panic, no goal without a measured position, and idle boards send nothing by themselves.
    #[test]
    fn nothing_that_comes_in_moves_a_servo(
        events in proptest::collection::vec((0u8..9, any::<[u8; 4]>(), 0u64..40), 1..200)
    ) {
        let mut link = Link::greeted();
        let mut at = 0;
        for (kind, [a, b, c, d], later) in events {
            at += later;
            let raw = [a, b, c, d];
            match kind {
                0 => { link.step(ms(at), BoardEvent::Host(&raw)); }
                1 => { link.step(ms(at), BoardEvent::Bus(&[0xFF, 0xFF, a, b, c, d])); }
                2 => { link.send(at, &Command::Setup(setup())); }
                3 => { link.send(at, &Command::Start); }
                4 => { link.send(at, &goals(i32::from_le_bytes(raw))); }
                5 => { link.send(at, &Command::Stop); }
                6 => { link.send(at, &Command::Clear); }
                7 => { link.send(at, &Command::Lock(a & 1 == 0)); }
                _ => { link.step(ms(at), BoardEvent::Time); }
            }
            let writes = link.bus.windows(5).any(|packet| {
                packet[..3] == [0xFF, 0xFF, 0xFE] && matches!(packet[4], 0x03 | 0x83)
            });
            prop_assert!(!writes);
        }
    }
}
