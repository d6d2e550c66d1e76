//! Once it runs, the control loop takes no memory from the heap: whichever the robot: all arms' drivers and engines, the gate, the fan-out that
//! publishes each tick and offers it to a display that never takes it, and, as this runs on the virtual clock, the simulated servos as well.

#![allow(unsafe_code, missing_docs, clippy::unwrap_used)] // an allocator that counts cannot be written without

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ulna_control::{Observer, TickPlan};
use ulna_core::{Action, ActionSource, Frame, LinkLost, Progress, Stamp, TickRecord};
use ulna_robot::display::SessionInfo;
use ulna_rt::{Pacer, Stop, VirtualClock, latest};
use ulna_session::cameras::CameraHub;
use ulna_session::controlled::{ControlledArm, TickInputs};
use ulna_session::device::{BoxedObserver, DeviceError, Helpers, Start, Teleoperator};
use ulna_session::display::{Display, DisplayFault, DisplaySetup};
use ulna_session::fanout::FanOut;
use ulna_session::report::ClockKind;
use ulna_session::run::{SessionPlan, run};
use ulna_session::{Rig, RigOptions, SessionLink};

#[path = "../../../tests/harness/counting.rs"]
#[allow(dead_code)] // a part of it is used here
mod counting;

/// Passes ticks on, and notes the allocations so far at the 100th and at the last.
struct Watch {
    fanout: FanOut,
    ticks: u32,
    settled: usize,
    last: usize,
}

impl Observer for Watch {
    fn observe(&mut self, record: &TickRecord) {
        self.fanout.observe(record);
        self.ticks += 1;
        self.last = counting::allocations();
        if self.ticks == 100 {
            self.settled = self.last;
        }
    }
}

/// Shows nothing.
#[derive(Debug)]
struct Blind;

impl Display for Blind {
    fn begin(&mut self, _: &SessionInfo) {}

    fn tick(&mut self, _: &TickRecord) {}

    fn picture(&mut self, _: &str, _: &Frame) {}

    fn finish(&mut self) -> Result<(), DisplayFault> {
        Ok(())
    }
}

#[test]
fn two_thousand_ticks_with_faults_allocate_nothing() {
    for (robot, joint) in [
        ("so101", "wrist_flex"),
        ("koch", "wrist_flex"),
        ("lekiwi", "base_back_wheel"),
        ("bi_koch", "right_wrist_flex"),
    ] {
        allocates_nothing(robot, joint);
    }
}

fn allocates_nothing(robot: &str, dead: &str) {
    let faults = vec![format!("drop:0.1%,flip:0.1%,dead:{dead}@3s+2s")];
    let options = RigOptions {
        robot: robot.to_owned(),
        sim: true,
        clock: ClockKind::Virtual,
        faults,
        ..RigOptions::default()
    };
    let mut rig = Rig::open(&options, &SessionLink::alone(&Stop::new())).unwrap();
    let mut pacer = VirtualClock::new();
    rig.teleoperator.connect(&mut pacer).unwrap();
    rig.follower.connect(&mut pacer).unwrap();
    let period = rig.period();
    let mut arm = ControlledArm::new(
        &mut *rig.follower,
        &rig.robot,
        &rig.calibration,
        period,
        pacer.now(),
    );
    let (mut publisher, _watcher) = latest::slot(&TickRecord::default());
    let mut fanout = FanOut::new(false);
    fanout.add(BoxedObserver::new(move |tick| publisher.publish(*tick)));
    let info = SessionInfo {
        title: String::new(),
        robot: rig.robot.clone(),
        angles: rig.robot.angle_maps(&rig.calibration),
        objects: Vec::new(),
        cameras: Vec::new(),
        environment: None,
        moving_things: None,
    };
    let setup = DisplaySetup::new(Box::new(Blind));
    let mut display = setup.prepare(info, 200.0, &mut CameraHub::default());
    let mut feed = display.take_feed().unwrap();
    fanout.add(BoxedObserver::new(move |tick| feed.push(tick)));
    let mut watch = Watch {
        fanout,
        ticks: 0,
        settled: 0,
        last: 0,
    };
    let start = pacer.now();
    rig.teleoperator.start(&Start {
        at: Stamp::new(start),
        here: arm.gate.hold(Stamp::ZERO).goals(),
        limits: arm.gate.limits(),
    });
    let drive = TickInputs {
        source: &mut *rig.teleoperator,
        observer: &mut watch,
        stop: &Stop::new(),
        plan: TickPlan {
            start,
            period,
            end: start + Duration::from_secs(10),
        },
    };
    arm.drive(drive, &mut pacer, |_| ());
    assert_eq!(watch.ticks, 2000);
    assert_eq!(watch.last - watch.settled, 0, "{robot}");
    // Room for five seconds; the rest was dropped, on the way above.
    let report = display.finish(&Stop::new(), drop);
    assert_eq!((report.ticks, report.dropped_ticks), (1000, 1000));
}

/// A leader that counts, on the control thread, what the loop around it takes from the heap.
#[derive(Debug)]
struct Counted {
    leader: Box<dyn Teleoperator>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    ticks: AtomicUsize,
    /// Allocations of the control thread at the 100th tick, and at the newest.
    settled: AtomicUsize,
    last: AtomicUsize,
}

impl Counts {
    fn take(&self) {
        let (tick, now) = (
            self.ticks.fetch_add(1, Relaxed) + 1,
            counting::allocations(),
        );
        self.last.store(now, Relaxed);
        if tick == 100 {
            self.settled.store(now, Relaxed);
        }
    }
}

impl ActionSource for Counted {
    fn begin(&mut self, now: Stamp, next: Stamp) -> Result<(), LinkLost> {
        self.leader.begin(now, next)
    }

    fn step(&mut self, now: Stamp) -> Result<Progress, LinkLost> {
        self.leader.step(now)
    }

    fn action(&mut self, now: Stamp) -> Option<Action> {
        self.leader.action(now)
    }
}

impl Teleoperator for Counted {
    fn connect(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.leader.connect(pacer)
    }

    fn release(&mut self, pacer: &mut dyn Pacer) -> Result<(), DeviceError> {
        self.leader.release(pacer)
    }

    fn helpers(&mut self) -> Helpers {
        let mut helpers = self.leader.helpers();
        let counts = Arc::clone(&self.counts);
        let count = BoxedObserver::new(move |_| counts.take());
        helpers.observers.push(count);
        helpers
    }

    fn wait_handles(&self) -> Vec<OwnedFd> {
        self.leader.wait_handles()
    }
}

/// The session that `ulna teleop --sim` runs: its control thread, its serial ports (to ptys), its pacer. The simulated servos have
/// threads of their own, which do not count.
#[test]
fn a_whole_session_in_real_time_allocates_nothing_either() {
    let options = RigOptions {
        robot: "so101".to_owned(),
        sim: true,
        clock: ClockKind::Real,
        faults: vec!["drop:0.1%,flip:0.1%".to_owned()],
        ..RigOptions::default()
    };
    let link = SessionLink::alone(&Stop::new());
    let mut rig = Rig::open(&options, &link).unwrap();
    let counts = Arc::new(Counts::default());
    rig.teleoperator = Box::new(Counted {
        leader: rig.teleoperator,
        counts: Arc::clone(&counts),
    });
    let plan = SessionPlan {
        command: "teleop",
        duration: Some(Duration::from_secs(3)),
        ..SessionPlan::default()
    };
    let outcome = run(rig, plan, &link).unwrap();
    assert_eq!(outcome.report.ended, "time is over");
    assert!(counts.ticks.load(Relaxed) > 200, "{counts:?}");
    let (settled, last) = (counts.settled.load(Relaxed), counts.last.load(Relaxed));
    assert!(
        settled > 0,
        "it was not the control thread that was watched"
    );
    assert_eq!(last - settled, 0, "{counts:?}");
}
