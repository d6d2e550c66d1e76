//! A gripper that a hand snaps shut, as people do: the rest of the arm follows as if nothing had happened.

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use ulna_control::{Observer, TickPlan};
use ulna_core::{Action, ActionSource, Joints, Stamp, TickRecord};
use ulna_rt::{Pacer, Stop, VirtualClock};
use ulna_session::controlled::{ControlledArm, TickInputs};
use ulna_session::report::ClockKind;
use ulna_session::{Rig, RigOptions, SessionLink};

const PERIOD: Duration = Duration::from_millis(5);
/// Ticks before this are the way to the first pose.
const SETTLED: u64 = 400;

/// Moves the shoulder slowly, and the gripper through its whole travel in `close`, every two seconds.
struct Squeezes {
    start: Option<Stamp>,
    rest: Joints<f64>,
    close: f64,
}

impl ActionSource for Squeezes {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let start = *self.start.get_or_insert(now);
        let time = now.seconds() - start.seconds();
        let mut target = self.rest;
        target[0] = 20.0 * (time * 1.5).sin();
        let (round, within) = ((time / 2.0).floor(), (time % 2.0) / self.close);
        let shut = within.min(1.0) * 100.0;
        let opens = round % 2.0 == 0.0;
        target[5] = if opens { shut } else { 100.0 - shut };
        Some(Action { stamp: now, target })
    }
}

#[derive(Default)]
struct Ramps {
    others: u64,
    behind: f64,
}

impl Observer for Ramps {
    fn observe(&mut self, record: &TickRecord) {
        if record.index > SETTLED {
            self.others += u64::from(record.note.ramps & 0b1_1111 != 0);
            let wanted = record.action.unwrap().target[0];
            self.behind = self.behind.max((wanted - record.sent[0]).abs());
        }
    }
}

#[test]
fn closing_the_jaw_in_no_time_leaves_the_other_joints_alone() {
    for close in [0.3, 0.2, 0.15, 0.05] {
        let options = RigOptions {
            sim: true,
            clock: ClockKind::Virtual,
            ..RigOptions::default()
        };
        let mut rig = Rig::open(&options, &SessionLink::alone(&Stop::new())).unwrap();
        let mut pacer = VirtualClock::new();
        rig.follower.connect(&mut pacer).unwrap();
        let rest = rig.follower.state().position;
        let now = pacer.now();
        let mut arm = ControlledArm::new(
            &mut *rig.follower,
            &rig.robot,
            &rig.calibration,
            PERIOD,
            now,
        );
        let mut ramps = Ramps::default();
        let start = now + PERIOD;
        let drive = TickInputs {
            source: &mut Squeezes {
                start: None,
                rest,
                close,
            },
            observer: &mut ramps,
            stop: &Stop::new(),
            plan: TickPlan {
                start,
                period: PERIOD,
                end: start + Duration::from_secs(20),
            },
        };
        arm.drive(drive, &mut pacer, |_| ());
        assert_eq!(ramps.others, 0, "closing in {close} s");
        assert!(
            ramps.behind < 0.5,
            "closing in {close} s: {}° behind",
            ramps.behind
        );
    }
}
