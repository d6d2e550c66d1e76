//! The host's end of the link to a board: what comes damaged, twice, late or from another version, and a board that begins again.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ulna_bridge::frame::{self, MAX_FRAME};
use ulna_bridge::message::{
    BoardAnswer, BoardInfo, CycleState, JointGoal, JointRecovery, JointSample, RecoveryStep,
};
use ulna_bridge::setup::{BridgeJoint, BridgeSetup, JointLimits};
use ulna_bridge::{Board, BoardEvent};
use ulna_rt::VirtualClock;

use super::{BridgeAddress, BridgeClient, BridgePort};
use crate::port::{BoardLink, BoardOptions, Port};

/// A board without servos, at the other end of a cable.
struct Bench {
    board: Board,
    to_host: VecDeque<u8>,
    /// The cable carries nothing more.
    cut: bool,
}

impl Bench {
    fn step(&mut self, now: Duration, event: BoardEvent<'_>) {
        let actions = self.board.step(now, event);
        if !self.cut {
            self.to_host.extend(actions.to_host);
        }
    }

    fn say(&mut self, seq: u16, answer: &BoardAnswer) {
        self.to_host.extend(frame_of(seq, answer));
    }
}

fn frame_of(seq: u16, answer: &BoardAnswer) -> Vec<u8> {
    let mut out = [0; MAX_FRAME];
    frame::encode(seq, answer, &mut out).unwrap().to_vec()
}

#[derive(Clone)]
struct Cable(Arc<Mutex<Bench>>);

impl Cable {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Bench {
            board: Board::new("bench"),
            to_host: VecDeque::new(),
            cut: false,
        })))
    }

    fn at_board<T>(&self, what: impl FnOnce(&mut Bench) -> T) -> T {
        what(&mut self.0.lock().unwrap())
    }

    fn greeted(&self, clock: &mut VirtualClock) -> Result<BridgePort, super::BridgeError> {
        let client = BridgeClient::greet(Box::new(self.clone()), "bridge:bench", clock)?;
        let address = BridgeAddress {
            device: "bench".to_owned(),
            options: BoardOptions::default(),
        };
        BridgePort::new(client, &address, 1_000_000, clock)
    }

    /// A port whose board drives an arm.
    fn driving(&self, clock: &mut VirtualClock) -> BridgePort {
        let mut port = self.greeted(clock).unwrap();
        port.begin_cyclic_mode(ms(0), setup()).unwrap();
        port
    }
}

impl Port for Cable {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        self.at_board(|bench| {
            if !bench.cut {
                bench.step(now, BoardEvent::Host(bytes));
            }
        });
        Ok(())
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        self.at_board(|bench| {
            bench.step(now, BoardEvent::Time);
            let count = bench.to_host.len().min(into.len());
            for (place, byte) in into.iter_mut().zip(bench.to_host.drain(..count)) {
                *place = byte;
            }
            Ok(count)
        })
    }

    fn set_baud(&mut self, _now: Duration, _baud: u32) -> io::Result<()> {
        Ok(())
    }

    fn name(&self) -> &str {
        "bench"
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn setup() -> BridgeSetup {
    let joint = |id| BridgeJoint::new(id, 777, JointLimits::new((0, 4095), 100, 4000));
    let mut setup = BridgeSetup::new(1_000_000, (1..=2).map(joint).collect());
    setup.dead_man_ms = 200;
    setup
}

fn state(cycle: u32, counts: i32) -> BoardAnswer {
    let measured = JointSample::Measured {
        counts,
        after_us: 500,
        flags: 0,
    };
    BoardAnswer::State(CycleState {
        board_us: u64::from(cycle) * 4000,
        cycle,
        goals: None,
        trip: None,
        limited: 0,
        joints: [measured; 2].into_iter().collect(),
        feelings: heapless::Vec::new(),
    })
}

fn cycles(port: &mut BridgePort) -> Vec<u32> {
    let states = std::iter::from_fn(|| port.next_state(ms(1)).unwrap());
    states.map(|state| state.cycle).collect()
}

#[test]
fn damaged_frames_are_lost_and_the_next_one_is_taken() {
    let cable = Cable::new();
    let mut port = cable.driving(&mut VirtualClock::new());
    let mut damaged = frame_of(2, &state(2, 2000));
    damaged[4] ^= 1;
    let whole = frame_of(3, &state(3, 2000));
    cable.at_board(|bench| {
        bench.to_host.clear();
        bench.say(1, &state(1, 2000));
        bench.to_host.extend(&damaged);
        // Truncated: the zero that ends it is the next one's.
        bench.to_host.extend(&whole[..whole.len() / 2]);
        bench.say(4, &state(4, 2000));
        bench.to_host.extend([7; 3 * MAX_FRAME]);
        bench.to_host.push_back(0);
        bench.say(5, &state(5, 2000));
    });
    assert_eq!(cycles(&mut port), [1, 5]);
}

#[test]
fn a_state_that_comes_twice_or_late_is_none() {
    let cable = Cable::new();
    let mut port = cable.driving(&mut VirtualClock::new());
    cable.at_board(|bench| {
        bench.to_host.clear();
        for cycle in [7, 7, 9, 8, 6, 10] {
            bench.say(1, &state(cycle, 2000));
        }
    });
    assert_eq!(cycles(&mut port), [7, 9, 10]);
}

#[test]
fn a_board_of_another_version_is_named_with_the_way_out() {
    struct Other(VecDeque<u8>);
    impl Port for Other {
        fn write(&mut self, _: Duration, bytes: &[u8]) -> io::Result<()> {
            if let [first, ..] = bytes
                && *first != 0
            {
                let info = BoardInfo {
                    version: 77,
                    name: heapless::String::new(),
                    firmware: [9, 0, 0],
                    joints: 12,
                    capabilities: 0,
                    board_us: 0,
                };
                self.0.extend(frame_of(1, &BoardAnswer::Hello(info)));
            }
            Ok(())
        }
        fn read(&mut self, _: Duration, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(into.len());
            into.iter_mut()
                .zip(self.0.drain(..count))
                .for_each(|(place, byte)| *place = byte);
            Ok(count)
        }
        fn set_baud(&mut self, _: Duration, _: u32) -> io::Result<()> {
            Ok(())
        }
        fn name(&self) -> &str {
            "other"
        }
    }
    let port = Box::new(Other(VecDeque::new()));
    let mut clock = VirtualClock::new();
    let error = BridgeClient::greet(port, "bridge:other", &mut clock).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("version 77") && said.contains("ulna bridge flash"),
        "{said}"
    );
}

#[test]
fn limits_that_contradict_each_other_are_an_error_with_the_joint() {
    let cable = Cable::new();
    let mut port = cable.greeted(&mut VirtualClock::new()).unwrap();
    let mut setup = setup();
    (setup.joints[1].limits.low, setup.joints[1].limits.high) = (3000, 1000);
    port.begin_cyclic_mode(ms(0), setup).unwrap();
    let said = std::iter::repeat_with(|| port.next_state(ms(1)))
        .find_map(Result::err)
        .unwrap()
        .to_string();
    assert!(said.contains("joint 1"), "{said}");
}

#[test]
fn a_board_that_begins_again_is_an_error_and_no_motion() {
    let cable = Cable::new();
    let mut port = cable.driving(&mut VirtualClock::new());
    cable.at_board(|bench| bench.board = Board::new("bench"));
    let goal = JointGoal {
        joint: 0,
        counts: 2000,
    };
    port.send_goals(ms(10), &[goal]).unwrap();
    let said = port.next_state(ms(11)).unwrap_err().to_string();
    assert!(said.contains("has restarted"), "{said}");
}

#[test]
fn a_board_that_falls_silent_is_an_error_that_names_it() {
    let cable = Cable::new();
    let mut port = cable.driving(&mut VirtualClock::new());
    cable.at_board(|bench| bench.cut = true);
    let silent = (1..1000).find_map(|tick| {
        let now = ms(5 * tick);
        port.send_goals(now, &[]).unwrap();
        Some((now, port.next_state(now).err()?))
    });
    let (at, error) = silent.unwrap();
    assert!(error.to_string().contains("has fallen silent"), "{error}");
    assert!((ms(1000)..ms(1200)).contains(&at), "{at:?}");
}

#[test]
fn a_step_that_is_refused_does_not_end_the_session() {
    let cable = Cable::new();
    let mut port = cable.driving(&mut VirtualClock::new());
    let step = JointRecovery {
        joint: 0,
        step: RecoveryStep::Torque,
    };
    port.recover(ms(1), step).unwrap();
    port.next_state(ms(2)).unwrap();
    assert_eq!(port.recovered(), Some(None));
    assert_eq!(port.recovered(), None);
}
