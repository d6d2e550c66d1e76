//! The software side of arms: the driver, robot files and calibration files.

use ulna_drivers::calibration;
use ulna_robot::files;
use ulna_rt::Stop;

use crate::doctor::check::Check;
use crate::service::{ServiceSession, SimScenario, WorkOptions};
use crate::servos::setup::check_chain;

pub(super) fn checks(stop: &Stop) -> Vec<Check> {
    let mut checks = vec![driver(stop)];
    checks.extend(robot_files());
    checks.push(calibrations());
    checks
}

/// The driver talks to simulated servos.
fn driver(stop: &Stop) -> Check {
    const NAME: &str = "driver";
    let options = WorkOptions {
        sim: true,
        ..WorkOptions::default()
    };
    let talked =
        ServiceSession::open(&options, SimScenario::Assembled, stop).and_then(|mut work| {
            let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
            Ok((work.kind.dof(), faults.len()))
        });
    match talked {
        Ok((count, 0)) => Check::ok(NAME, format!("{count} simulated servos answer")),
        Ok((count, silent)) => Check::fail(
            NAME,
            format!("{silent} of {count} simulated servos do not answer"),
            "this is a fault of ulna: please report it",
        ),
        Err(error) => Check::fail(
            NAME,
            error.to_string(),
            "this is a fault of ulna: please report it",
        ),
    }
}

/// Robot files of the user's own that cannot be used.
fn robot_files() -> Vec<Check> {
    let unusable = files::list()
        .into_iter()
        .filter(|listed| listed.summary.starts_with("unusable: "));
    unusable
        .map(|listed| {
            Check::warn(
                &format!("robot file {}", listed.origin),
                listed.summary,
                "correct the file, or take it out of the folder",
            )
        })
        .collect()
}

/// LeRobot's calibration files: those of robots that are known must be sound.
fn calibrations() -> Check {
    const NAME: &str = "calibrations";
    let kinds: Vec<_> = files::list()
        .iter()
        .filter_map(|listed| files::find(&listed.name).ok())
        .collect();
    let (mut sound, mut others, mut problems) = (Vec::new(), 0, Vec::new());
    for file in calibration::all() {
        let folder = file
            .parent()
            .and_then(|folder| folder.file_name())
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let id = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let fits = kinds
            .iter()
            .flat_map(|kind| [(kind, &kind.follower), (kind, &kind.leader)])
            .filter(|(_, role)| role.robot_type == folder || role.older_types.contains(&folder));
        let loaded: Vec<_> = fits
            .map(|(kind, _)| calibration::load(&file, &id, kind))
            .collect();
        match loaded.into_iter().reduce(|one, other| one.or(other)) {
            Some(Ok(_)) => sound.push(format!("{folder}/{id}")),
            Some(Err(error)) => problems.push(error.to_string()),
            None => others += 1,
        }
    }
    if !problems.is_empty() {
        return Check::warn(
            NAME,
            problems.join("; "),
            "calibrate that arm again with `ulna calibrate`",
        );
    }
    if sound.is_empty() {
        return Check::warn(
            NAME,
            "none found",
            "an arm needs one before it moves: `ulna calibrate` makes it, and so does LeRobot's `lerobot-calibrate`",
        );
    }
    let others = match others {
        0 => String::new(),
        count => format!("; {count} of robots that ulna has no file for"),
    };
    Check::ok(NAME, format!("{}{others}", sound.join(", ")))
}
