//! Whatever numbers a robot file holds: it is refused, or its robot moves in simulation, and every number of its state stays finite.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use toml::{Table, Value};
use ulna_robot::files;
use ulna_session::report::ClockKind;
use ulna_session::teleop::teleop;
use ulna_session::{RigOptions, SessionError, SessionLink, Stop};

/// Fifty ticks at 200 Hz.
const SESSION: Duration = Duration::from_millis(250);

const ROBOTS: [&str; 4] = ["so101", "koch", "omx", "lekiwi"];

/// The place of every number in a file.
fn numbers(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Integer(_) | Value::Float(_) => found.push(at.clone()),
        Value::Array(list) => {
            for (index, entry) in list.iter().enumerate() {
                at.push(Step::Index(index));
                numbers(entry, at, found);
                at.pop();
            }
        }
        Value::Table(table) => {
            for (key, entry) in table {
                at.push(Step::Key(key.clone()));
                numbers(entry, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key).unwrap(),
        Step::Index(index) => value.get_mut(index).unwrap(),
    })
}

fn extreme() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            1e-308,
            -1e-308,
            5e-324,
            1e-12,
            1e-6,
            1e3,
            1e4,
            1e6,
            65_535.0,
            2_147_483_647.0,
            -2_147_483_648.0,
            4_294_967_295.0,
            1e15,
            9.3e18,
            1e100,
            1e308,
            -1e308,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
        ]),
        // Numbers that pass the checks are the ones that a session sees.
        -10.0..10.0f64,
        (-9.0..4.0f64, any::<bool>()).prop_map(|(power, minus)| {
            let size = 10f64.powf(power);
            if minus { -size } else { size }
        }),
    ]
}

/// As it suits the place: whole numbers stay whole.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a float beyond them becomes the nearest integer"
)]
fn put(value: &mut Value, number: f64) {
    *value = match value {
        Value::Integer(_) => Value::Integer(number as i64),
        _ => Value::Float(number),
    };
}

fn to_text(file: &Value) -> String {
    let keys = file.as_table().unwrap().iter();
    keys.map(|(key, value)| format!("{key} = {}\n", inline(value)))
        .collect()
}

/// The value as TOML has it on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Float(number) if number.is_nan() => "nan".to_owned(),
        Value::Float(number) => format!("{number:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(list) => {
            let entries: Vec<String> = list.iter().map(inline).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Table(table) => {
            let entries = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Datetime(_) => unreachable!("no robot file has dates"),
    }
}

fn session(file: &Path) -> Result<(), SessionError> {
    let options = RigOptions {
        robot: file.to_str().unwrap().to_owned(),
        sim: true,
        clock: ClockKind::Virtual,
        ..RigOptions::default()
    };
    let done = teleop(
        &options,
        Some(SESSION),
        None,
        &mut SessionLink::alone(&Stop::new()),
    )?;
    for (joint, error) in &done.report.tracking {
        let error = error.as_f64();
        assert!(error.is_some_and(f64::is_finite), "{joint}: {error:?}");
    }
    Ok(())
}

#[test]
fn the_files_as_they_are_make_a_session() {
    let folder = tempfile::tempdir().unwrap();
    for robot in ROBOTS {
        let path = folder.path().join("robot.toml");
        let (text, _) = files::read(robot).unwrap();
        let file = Value::Table(text.parse::<Table>().unwrap());
        std::fs::write(&path, to_text(&file)).unwrap();
        session(&path).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_is_refused_or_its_robot_moves(
        robot in prop::sample::select(ROBOTS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), extreme()), 1..4),
    ) {
        let (text, _) = files::read(robot).unwrap();
        let mut file: Value = Value::Table(text.parse::<Table>().unwrap());
        let mut places = Vec::new();
        numbers(&file, &mut Vec::new(), &mut places);
        for (place, number) in &changes {
            put(at(&mut file, place.get::<Vec<Step>>(&places)), *number);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("robot.toml");
        let text = to_text(&file);
        std::fs::write(&path, &text).unwrap();
        if files::parse(&text, "test").is_ok() {
            // A register that takes no such value, or a servo that does not answer at this id, is reported by the session.
            let _outcome = session(&path);
        }
    }
}

#[test]
fn numbers_that_overflow_are_refused_by_name() {
    let (text, _) = files::read("so101").unwrap();
    for (from, to, key) in [
        (
            "inertia = [8.3759e-5, 8.10403e-5,",
            "inertia = [1e308, 1e308,", // of a body, so that nothing but its size is wrong
            "link.inertia",
        ),
        ("mass = 0.104", "mass = 1e300", "link.mass"),
        (
            "max_velocity = 6.0",
            "max_velocity = 1e300",
            "gate.max_velocity",
        ),
        ("stale_ms = 200", "stale_ms = 4294967295", "gate.stale_ms"),
        (
            "robot_type = \"so_follower\"",
            "robot_type = \"../../../x\"",
            "follower.robot_type",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let error = files::parse(&text.replacen(from, to, 1), "mine.toml").unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
}
