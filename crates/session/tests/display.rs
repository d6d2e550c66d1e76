//! A display never holds up a session, whatever it does.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use ulna_core::{Frame, TickRecord};
use ulna_robot::display::SessionInfo;
use ulna_rt::Stop;
use ulna_session::display::{Display, DisplayFault, DisplaySetup};
use ulna_session::report::ClockKind;
use ulna_session::run::{SessionOutcome, SessionPlan, run};
use ulna_session::{Rig, RigOptions, SessionLink};

/// What a display does when a tick comes.
#[derive(Debug)]
enum Misbehaves {
    /// Never comes back.
    Hangs(Mutex<Receiver<()>>),
    /// Fails.
    Panics,
}

impl Display for Misbehaves {
    fn begin(&mut self, _: &SessionInfo) {}

    fn tick(&mut self, _: &TickRecord) {
        match self {
            Self::Hangs(forever) => {
                let _ = forever.get_mut().unwrap().recv();
            }
            Self::Panics => panic!("as the test wants it"),
        }
    }

    fn picture(&mut self, _: &str, _: &Frame) {}

    fn finish(&mut self) -> Result<(), DisplayFault> {
        Ok(())
    }
}

/// A quarter of a second of teleoperation in real time.
fn session(display: Misbehaves) -> SessionOutcome {
    let options = RigOptions {
        sim: true,
        clock: ClockKind::Real,
        ..RigOptions::default()
    };
    let link = SessionLink::alone(&Stop::new());
    let plan = SessionPlan {
        command: "teleop",
        duration: Some(Duration::from_millis(250)),
        display: Some(DisplaySetup::new(Box::new(display)).with_patience(Duration::ZERO)),
        recording: None,
        watch: None,
    };
    run(Rig::open(&options, &link).unwrap(), plan, &link).unwrap()
}

#[test]
fn a_display_that_hangs_or_fails_costs_the_session_nothing() {
    let (_open, forever) = channel();
    for display in [Misbehaves::Hangs(Mutex::new(forever)), Misbehaves::Panics] {
        let done = session(display);
        let report = done.report;
        assert_eq!(report.ended, "time is over");
        assert!(report.exit.as_asked, "{:?}", report.exit);
        let display = report.display.unwrap();
        assert!(report.timing.ticks > 1);
        assert_eq!(
            (display.ticks, display.dropped_ticks),
            (0, report.timing.ticks)
        );
        assert!(display.fault.is_some());
    }
}
