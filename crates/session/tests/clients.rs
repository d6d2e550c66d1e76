//! A session and its clients: typed commands in, one stream of typed events out, and nothing else.

#![allow(missing_docs, clippy::unwrap_used)]

use std::time::Duration;

use ulna_robot::{ArmRole, files};
use ulna_rt::Stop;
use ulna_session::client::{SessionEvent, SessionPhase, spawn};
use ulna_session::record::{CameraChoice, Episodes, RecordOptions, record};
use ulna_session::report::ClockKind;
use ulna_session::supply::serve;
use ulna_session::teleop::teleop;
use ulna_session::{RigOptions, SessionCommand};

fn simulated() -> RigOptions {
    RigOptions {
        sim: true,
        ..RigOptions::default()
    }
}

fn phase(event: &SessionEvent) -> Option<SessionPhase> {
    match event {
        SessionEvent::Phase { phase } => Some(*phase),
        _ => None,
    }
}

#[test]
fn a_client_stops_a_session_and_sees_its_phases_its_ticks_and_its_report() {
    let session = spawn(&Stop::new(), |link| teleop(&simulated(), None, None, link)).unwrap();
    let commands = session.commands.clone();
    let (mut phases, mut ticks, mut reports) = (Vec::new(), 0, 0);
    let outcome = session.follow(|event| {
        phases.extend(phase(event));
        if let SessionEvent::Tick(tick) = event {
            assert_eq!(tick.state.position.len(), 6);
            ticks += 1;
            if ticks == 3 {
                commands.send(SessionCommand::Stop);
            }
        }
        reports += usize::from(matches!(event, SessionEvent::Report(_)));
        // Whatever a session says can be sent to another program.
        assert!(serde_json::to_value(event).unwrap()["event"].is_string());
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.report.ended, "stopped");
    assert!(outcome.report.exit.as_asked && !outcome.interrupted);
    let expected = [
        SessionPhase::Connecting,
        SessionPhase::Running,
        SessionPhase::Ending,
    ];
    assert_eq!(phases, expected);
    assert_eq!(reports, 1);
}

#[test]
fn a_pause_holds_the_arm() {
    let session = spawn(&Stop::new(), |link| teleop(&simulated(), None, None, link)).unwrap();
    let commands = session.commands.clone();
    let (mut held, mut resumed) = (0, false);
    let outcome = session.follow(|event| {
        let SessionEvent::Tick(tick) = event else {
            return;
        };
        match tick.note.stale {
            // The simulated hand is at rest at first, and follows without a pause.
            false if tick.index > 100 && held == 0 => commands.send(SessionCommand::Pause),
            false if resumed => commands.send(SessionCommand::Stop),
            false => {}
            true => {
                held += 1;
                if held == 3 {
                    commands.send(SessionCommand::Resume);
                    resumed = true;
                }
            }
        }
    });
    let report = outcome.unwrap().report;
    assert!(report.gate.held >= 20, "{:?}", report.gate);
    assert_eq!(report.ended, "stopped");
}

#[test]
fn a_recording_is_led_by_commands_and_reported_as_events() {
    let folder = tempfile::tempdir().unwrap();
    let options = RecordOptions {
        episodes: Episodes::More(2),
        episode_time: Duration::from_secs(600),
        reset_time: Duration::from_secs(600),
        cameras: CameraChoice::Only(Vec::new()),
        ..RecordOptions::new(folder.path().join("data"), "wave")
    };
    let session = spawn(&Stop::new(), move |link| {
        record(&simulated(), &options, None, None, link)
    });
    let session = session.unwrap();
    let commands = session.commands.clone();
    let mut last = None;
    let recorded = session.follow(|event| {
        if let SessionEvent::Recording(progress) = event {
            let enough = progress.row >= 20 && last != Some((progress.phase, progress.episode));
            if enough {
                last = Some((progress.phase, progress.episode));
                commands.send(SessionCommand::Next);
            }
        }
    });
    let recorded = recorded.unwrap();
    assert_eq!((recorded.episodes, recorded.discarded), (2, 0));
    assert!(recorded.frames >= 20 && recorded.frames < 2000);
}

/// The base of a real LeKiwi is driven by commands; here its servos are simulated ones behind the ports.
#[test]
fn a_base_on_hardware_is_driven_by_commands() {
    let home = tempfile::tempdir().unwrap();
    ulna_drivers::calibration::use_folder(home.path());
    let kind = files::find("lekiwi").unwrap();
    let leader_of = kind
        .driven_by
        .as_deref()
        .map(|name| files::find(name).unwrap());
    let leader = leader_of.as_ref().unwrap_or(&kind).as_leader();
    let options = RigOptions {
        robot: "lekiwi".to_owned(),
        robot_id: Some("mine".to_owned()),
        teleop_id: Some("mine".to_owned()),
        clock: ClockKind::Real,
        ..RigOptions::default()
    };
    let buses = serve(&options, &kind, Some(&leader)).unwrap();
    let device = |role: ArmRole| {
        let devices = buses.devices();
        let found = devices.iter().find(|(name, _)| *name == role.to_string());
        Some(found.unwrap().1.to_str().unwrap().to_owned())
    };
    let options = RigOptions {
        robot_port: device(ArmRole::Follower),
        teleop_port: device(ArmRole::Leader),
        ..options
    };
    let session = spawn(&Stop::new(), move |link| teleop(&options, None, None, link)).unwrap();
    let commands = session.commands.clone();
    let (mut fastest, mut ticks) = (0.0f64, 0);
    let outcome = session.follow(|event| {
        let SessionEvent::Tick(tick) = event else {
            return;
        };
        ticks += 1;
        fastest = fastest.max(tick.state.position[6]);
        commands.send(SessionCommand::Drive([0.5, 0.0, 0.0]));
        if fastest > 0.02 || ticks > 100 {
            commands.send(SessionCommand::Stop);
        }
    });
    let report = outcome.unwrap().report;
    assert!(
        !report.simulated && report.exit.as_asked,
        "{:?}",
        report.exit
    );
    assert!(fastest > 0.02, "the base went {fastest} m/s at most");
}
