//! A Dynamixel says with its answers only that something is wrong; while the session goes on it is asked what.

#![allow(missing_docs, clippy::unwrap_used)]

mod lockstep;

use std::time::Duration;

use lockstep::{drive, open};
use ulna_control::Observer;
use ulna_core::{Stamp, TickRecord};
use ulna_rt::VirtualClock;
use ulna_session::ErrorFlags;

/// When a joint first had an alert, and when it was known by name.
#[derive(Default)]
struct Watch {
    joint: usize,
    alert: Option<Stamp>,
    named: Option<(Stamp, ErrorFlags)>,
}

impl Observer for Watch {
    fn observe(&mut self, record: &TickRecord) {
        let alarms = ErrorFlags(record.health[self.joint].alarms);
        if !alarms.is_empty() {
            self.alert.get_or_insert(record.sends_at);
        }
        if alarms.named() != ErrorFlags::ALERT && !alarms.is_empty() {
            self.named.get_or_insert((record.sends_at, alarms.named()));
        }
    }
}

#[test]
fn the_register_says_what_a_dynamixels_alert_is_about() {
    for (fault, joint, expected) in [
        ("overload:shoulder_lift@1s+60s", 1, ErrorFlags::OVERLOAD),
        ("overheat:wrist_flex@1s+60s", 3, ErrorFlags::OVERHEAT),
    ] {
        let mut rig = open("koch", 4, &[fault]);
        let mut watch = Watch {
            joint,
            ..Watch::default()
        };
        let lasting = Duration::from_secs(8);
        drive(&mut rig, &mut VirtualClock::new(), &mut watch, lasting);
        let alert = watch.alert.unwrap();
        let (named, what) = watch.named.unwrap();
        assert!(what.contains(expected), "{fault}: {what}");
        let after = named.since_epoch() - alert.since_epoch();
        assert!(after < Duration::from_secs(1), "{fault}: {after:?}");
        let report = rig.follower.report();
        let servo = &report.servos[joint];
        assert_eq!(servo.complaints, expected.to_string(), "{fault}");
    }
}
