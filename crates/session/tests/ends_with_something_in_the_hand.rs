//! A session that ends while the hand holds a thing: the arm goes to its rest with it and lets the torque go, which is no failure, and the score stays.

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use ulna_session::report::ClockKind;
use ulna_session::run::{SessionPlan, run};
use ulna_session::{Rig, RigOptions, SessionLink, Stop};

#[test]
fn it_is_taken_to_rest_and_nothing_is_wrong() {
    let mut held = 0;
    for tenths in [30, 35, 40, 45, 50] {
        let options = RigOptions {
            sim: true,
            clock: ClockKind::Virtual,
            scene: Some("lift".to_owned()),
            expert: true,
            ..RigOptions::default()
        };
        let link = SessionLink::alone(&Stop::new());
        let rig = Rig::open(&options, &link).unwrap();
        let things = rig.surroundings.moving_things().unwrap();
        let lay = things.things()[0].1.frame.xyz;
        let plan = SessionPlan {
            command: "teleop",
            duration: Some(Duration::from_millis(100 * tenths)),
            ..SessionPlan::default()
        };
        let outcome = run(rig, plan, &link).unwrap();
        let exit = &outcome.report.exit;
        let lies = things.things()[0].1.frame.xyz;
        println!(
            "{tenths}: {exit:?}; from {lay:?} to {lies:?}; {:?}",
            outcome.report.task
        );
        assert!(exit.as_asked, "{exit:?}");
        // Wherever it is taken, it is over the table, and in reach.
        assert!(
            lies[0].hypot(lies[1]) < 0.45 && (0.0..0.25).contains(&lies[2]),
            "{lies:?}"
        );
        held += u32::from(exit.happened.contains("with something in `gripper`"));
    }
    assert!(held > 1, "{held}");
}
