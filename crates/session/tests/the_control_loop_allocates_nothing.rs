//! Once it runs, the control loop takes no memory from the heap: whichever the robot: all arms' drivers and engines, the gate, the tap that
//! publishes each tick and offers it to a display that never takes it, and, as this runs on the virtual clock, the simulated servos as well.

#![allow(unsafe_code, missing_docs, clippy::unwrap_used)] // an allocator that counts cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use ulna_control::{Observer, Plan, TickRecord};
use ulna_core::tick::Telemetry;
use ulna_core::{Frame, Gate, Joints, Robot, Stamp};
use ulna_robot::ArmRole;
use ulna_robot::display::Stage;
use ulna_rt::{Pacer, Stop, VirtualClock, latest};
use ulna_session::display::{Display, DisplayFault, Show};
use ulna_session::report::ClockKind;
use ulna_session::rig::{Rig, RigOptions};
use ulna_session::session::drive;
use ulna_session::tap::{Snapshot, Tap};

thread_local! {
    /// Of this thread only: the test harness has threads of its own.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Passes ticks on, and notes the allocations so far at the 100th and at the last.
struct Watch {
    tap: Tap,
    ticks: u32,
    settled: usize,
    last: usize,
}

impl Observer for Watch {
    fn observe(&mut self, record: &TickRecord<'_>) {
        self.tap.observe(record);
        self.ticks += 1;
        self.last = ALLOCATIONS.get();
        if self.ticks == 100 {
            self.settled = self.last;
        }
    }
}

/// Shows nothing.
#[derive(Debug)]
struct Blind;

impl Display for Blind {
    fn begin(&mut self, _: &Stage) {}

    fn tick(&mut self, _: &Telemetry) {}

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
    let Rig {
        mut follower,
        leader,
        ..
    } = Rig::open(&options, true).unwrap();
    let mut leader = leader.unwrap();
    let mut pacer = VirtualClock::new();
    leader
        .source
        .0
        .connect(
            &mut pacer,
            &leader.kind,
            &leader.calibration,
            ArmRole::Leader,
        )
        .unwrap();
    follower
        .arm
        .connect(
            &mut pacer,
            &follower.kind,
            &follower.calibration,
            ArmRole::Follower,
        )
        .unwrap();
    let limits = follower.kind.gate_limits(&follower.calibration);
    let mut gate = Gate::new(
        limits,
        &follower.arm.state().position,
        Stamp::new(pacer.now()),
    );
    let (publisher, _watcher) = latest::slot(&Snapshot::default());
    let mut tap = Tap::publishing(publisher);
    let stage = Stage {
        title: String::new(),
        robot: follower.kind.clone(),
        angles: Joints::default(),
        things: Vec::new(),
        cameras: Vec::new(),
        environment: None,
    };
    let mut presented = Show::new(Box::new(Blind)).prepare(stage, 200.0);
    tap.display = presented.take_feed();
    let mut watch = Watch {
        tap,
        ticks: 0,
        settled: 0,
        last: 0,
    };
    let start = pacer.now();
    let plan = Plan {
        start,
        period: Duration::from_millis(5),
        end: start + Duration::from_secs(10),
    };
    let mut source = leader.source(&follower.kind.clone());
    drive(
        &mut follower,
        &mut *source,
        &mut gate,
        &mut watch,
        &Stop::new(),
        plan,
        &mut pacer,
    );
    assert_eq!(watch.ticks, 2000);
    assert_eq!(watch.last - watch.settled, 0, "{robot}");
    // Room for five seconds; the rest was dropped, on the way above.
    let report = presented.finish();
    assert_eq!((report.ticks, report.dropped_ticks), (1000, 1000));
}
