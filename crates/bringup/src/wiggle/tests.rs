//! However a wiggle ends, the servo is limp afterwards and has its torque limit back.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ulna_bus::families::sts3215::{self, FAMILY as FEETECH};
use ulna_bus::registers::Register;
use ulna_drivers::Port;
use ulna_robot::files;
use ulna_rt::{Stop, VirtualClock};
use ulna_sim::arm::{Arm, ArmOptions, resting_angles};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::memory::MemoryPort;
use ulna_sim::workbench::Workbench;

use super::*;

/// What happens when the host writes its n-th packet.
#[derive(Clone, Copy)]
enum Event {
    Panic,
    Unplug,
    Stop,
}

/// The bus in memory, to which something happens.
struct Eventful {
    bus: Arc<Mutex<MemoryPort<Arm>>>,
    event: Option<Event>,
    at: usize,
    writes: Arc<AtomicUsize>,
    stop: Stop,
    gone: bool,
}

impl Port for Eventful {
    fn write(&mut self, now: Duration, bytes: &[u8]) -> io::Result<()> {
        if self.writes.fetch_add(1, Ordering::Relaxed) == self.at {
            match self.event {
                Some(Event::Panic) => panic!("injected"),
                Some(Event::Unplug) => self.gone = true,
                Some(Event::Stop) => self.stop.end(),
                None => {}
            }
        }
        if self.gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bus.lock().unwrap().write(now, bytes)
    }

    fn read(&mut self, now: Duration, into: &mut [u8]) -> io::Result<usize> {
        if self.gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.bus.lock().unwrap().read(now, into)
    }

    fn set_baud(&mut self, now: Duration, baud: u32) -> io::Result<()> {
        self.bus.lock().unwrap().set_baud(now, baud)
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.bus.lock().unwrap().next_arrival()
    }

    fn name(&self) -> &str {
        "eventful wire"
    }
}

const INDEX: usize = 4;
const ID: u8 = 5;
/// Longer than a wiggle with its way out may ever take, waiting for a servo that does not answer included.
const LONG: Duration = Duration::from_secs(10);

struct Ended {
    result: Result<Wiggled, BringupError>,
    /// Packets that the host wrote.
    writes: usize,
    took: Duration,
    torque: Vec<i32>,
    limit: i32,
}

/// Wiggles the fifth joint of an SO-101; `event` happens at packet `at`.
fn wiggled(event: Option<Event>, at: usize) -> Ended {
    let kind = files::find("so101").unwrap();
    let calibration = kind.nominal_calibration();
    let at_rest = ArmOptions {
        start: Some(resting_angles(&kind)),
        ..ArmOptions::default()
    };
    let arm = Arm::new(&kind, &calibration, at_rest).unwrap();
    let servos = Workbench::follower(&kind, &calibration).unwrap();
    let bus: ServoBus<Arm> = servos.into_bus(arm, BusOptions::default()).unwrap();
    let bus = Arc::new(Mutex::new(MemoryPort(bus)));
    let (writes, stop) = (Arc::new(AtomicUsize::new(0)), Stop::new());
    let port = Eventful {
        bus: Arc::clone(&bus),
        event,
        at,
        writes: Arc::clone(&writes),
        stop: stop.clone(),
        gone: false,
    };
    let pacer = Box::new(VirtualClock::new());
    let mut work = ServiceSession::new(Box::new(port), pacer, kind, &FEETECH, &stop);
    let result = wiggle(&mut work, ID, INDEX);
    let mut bus = bus.lock().unwrap();
    let mut held = |index: usize, register: Register| bus.0.servo_mut(index).unwrap().get(register);
    Ended {
        result,
        writes: writes.load(Ordering::Relaxed),
        took: work.pacer.now(),
        torque: (0..6)
            .map(|index| held(index, sts3215::TORQUE_ENABLE))
            .collect(),
        limit: held(INDEX, sts3215::TORQUE_LIMIT),
    }
}

#[test]
fn it_moves_a_few_degrees_and_is_limp_afterwards() {
    let ended = wiggled(None, 0);
    let degrees = ended.result.unwrap().degrees;
    assert!((2.0..9.0).contains(&degrees), "{degrees}");
    assert_eq!((ended.torque, ended.limit), (vec![0; 6], 1000));
}

#[test]
fn a_panic_at_any_packet_leaves_it_limp() {
    let writes = wiggled(None, 0).writes;
    // From the first packet that changes anything; those before read how the servo is.
    let first = (0..writes)
        .find(|&at| catch_unwind(|| wiggled(Some(Event::Panic), at)).is_ok())
        .unwrap();
    assert!(first < 20, "{first}");
    for at in (first..first + 12)
        .chain((first + 12..writes - 6).step_by(9))
        .chain(writes - 6..writes)
    {
        let ended = wiggled(Some(Event::Panic), at);
        assert_eq!((ended.torque, ended.limit), (vec![0; 6], 1000), "{at}");
        assert!(ended.took < LONG, "{at}: {:?}", ended.took);
        match ended.result {
            Err(BringupError::Wiggle(WiggleError::Panicked { id: ID, left })) => {
                assert!(left.contains("limp"), "{left}");
            }
            // On the way out a panic costs nothing but a second try.
            Ok(_) => assert!(at >= writes - 6, "{at} of {writes}"),
            Err(error) => panic!("{at}: {error}"),
        }
    }
}

#[test]
fn ctrl_c_leaves_it_limp() {
    for at in [20, 40, 60] {
        let ended = wiggled(Some(Event::Stop), at);
        assert_eq!((ended.torque, ended.limit), (vec![0; 6], 1000), "{at}");
        let error = ended.result.unwrap_err();
        assert!(error.is_interruption(), "{error}");
        assert!(error.to_string().contains("servo 5 is limp"), "{error}");
    }
}

#[test]
fn a_lost_port_says_that_the_servo_may_still_hold() {
    let ended = wiggled(Some(Event::Unplug), 40);
    let error = ended.result.unwrap_err();
    let lost = matches!(
        error,
        BringupError::Wiggle(WiggleError::Lost { id: ID, .. })
    );
    assert!(lost, "{error}");
    assert!(error.to_string().contains("may still hold"), "{error}");
    assert!(ended.took < LONG, "{:?}", ended.took);
}
