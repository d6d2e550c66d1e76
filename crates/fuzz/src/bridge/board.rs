//! Everything that can come to a board, in any order and at any time: bytes, frames of any command, bytes of servos. No panic, no endless loop, and a dead-man
//! that acts.

use core::time::Duration;

use ulna_bridge::frame::{self, MAX_FRAME};
use ulna_bridge::message::{Command, JointGoal, JointRecovery, Mode, RecoveryStep, VERSION};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, JointLimits, StopAction};
use ulna_bridge::{Board, BoardEvent};

const LOW: i32 = 1000;
const HIGH: i32 = 3000;

fn setup(damp: u8) -> BridgeSetup {
    let mut limits = JointLimits::new((LOW, HIGH), 100, 5000).with_celsius(70);
    limits.current = Some(400);
    let joint = |id| BridgeJoint::new(id, 777, limits);
    let mut setup = BridgeSetup::new(1_000_000, (1..=3).map(joint).collect());
    setup.full_state = damp & 4 != 0;
    setup.on_silence = match damp % 3 {
        0 => StopAction::Hold,
        1 => StopAction::Damp,
        _ => StopAction::Relax,
    };
    setup
}

/// A board has this many things to do at one moment at most: a cycle's end, a stop, the next cycle, and what each of them writes.
const SAME_MOMENT: usize = 8;

pub(crate) fn run(input: &[u8]) {
    let mut board = Board::new("fuzz");
    let mut rest = input;
    let (mut now, mut seq) = (Duration::ZERO, 0u16);
    let mut take = |count: usize| {
        let (bytes, behind) = rest.split_at(count.min(rest.len()));
        rest = behind;
        bytes
    };
    loop {
        let [kind, value, later] = take(3) else {
            return;
        };
        now += Duration::from_micros(u64::from(*later) * 200);
        let mut out = [0; MAX_FRAME];
        let command = match kind % 16 {
            0 => Some(Command::Hello { version: VERSION }),
            1 => Some(Command::Setup(setup(*value))),
            2 => Some(Command::Start),
            3..=5 => {
                let goal = |joint| JointGoal {
                    joint,
                    counts: i32::from(*value) * 40 - 3000,
                };
                Some(Command::Goals((0..*value % 5).map(goal).collect()))
            }
            6 => Some(Command::Stop),
            7 => Some(Command::Clear),
            8 => Some(Command::Ping { token: 1 }),
            12 => Some(Command::Recover(JointRecovery {
                joint: *value % 4,
                step: match *value / 4 % 4 {
                    0 => RecoveryStep::Hold,
                    1 => RecoveryStep::Torque,
                    2 => RecoveryStep::Read { address: *value },
                    _ => RecoveryStep::Write {
                        address: *value,
                        value: 1,
                    },
                },
            })),
            _ => None,
        };
        let actions = match command {
            Some(command) => {
                seq = seq.wrapping_add(1);
                let frame = frame::encode(seq, &command, &mut out).expect("it fits");
                board.step(now, BoardEvent::Host(frame))
            }
            None => {
                let bytes = take(usize::from(*value));
                board.step(
                    now,
                    match kind % 16 {
                        9 => BoardEvent::Host(bytes),
                        10 => BoardEvent::RawPort(bytes),
                        11 => BoardEvent::Time,
                        _ => BoardEvent::Bus(bytes),
                    },
                )
            }
        };
        // A board that asks for the same moment again and again would hang.
        let mut wake = actions.wake;
        for _ in 0..SAME_MOMENT {
            if wake <= now {
                wake = board.step(now, BoardEvent::Time).wake;
            }
        }
        assert!(wake > now);
        let status = board.status();
        if status.mode == Mode::Cyclic && status.trip.is_none() {
            let mut silent = board.clone();
            silent.step(now + Duration::from_millis(101), BoardEvent::Time);
            assert!(silent.status().trip.is_some());
        }
    }
}
