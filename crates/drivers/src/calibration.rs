//! LeRobot's calibration files: read and written where LeRobot keeps them, so that both programs share them.
//!
//! A file is a JSON object: motor name → id, drive mode, homing offset and range (LeRobot 0.6, `Robot._save_calibration`).

mod error;

use std::env;
use std::fs;
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Map, Value};
use ulna_bus::models;
use ulna_core::JointCalibration;
use ulna_outside::{Shell, files, name};
use ulna_robot::{ArmRole, Calibration, JointSpec, RobotKind};

pub use error::{CalibrationError, CalibrationFault};

/// Where LeRobot keeps the calibration of arm `id`: `<calibration>/<robots or teleoperators>/<robot_type>/<id>.json`.
///
/// `<calibration>` is `$HF_LEROBOT_CALIBRATION`, else `$HF_LEROBOT_HOME/calibration`, else
/// `$HF_HOME/lerobot/calibration`, else `~/.cache/huggingface/lerobot/calibration`.
///
/// # Errors
/// [`CalibrationError::BadName`] for an id or a type that is no plain file name.
pub fn path(role: ArmRole, robot_type: &str, id: &str) -> Result<PathBuf, CalibrationError> {
    for (what, given) in [("an arm's id", id), ("a robot's type", robot_type)] {
        name::check(given).map_err(|wrong| CalibrationError::BadName { what, wrong })?;
    }
    Ok(root()
        .join(role.lerobot_folder())
        .join(robot_type)
        .join(format!("{id}.json")))
}

/// The calibration of arm `id` of this kind that is there: in the folder of its `role`, or in one that an older LeRobot used. If there is
/// none, the place where it should be.
///
/// # Errors
/// [`CalibrationError::BadName`].
pub fn find(role: ArmRole, kind: &RobotKind, id: &str) -> Result<PathBuf, CalibrationError> {
    let spec = role.spec(kind);
    let home = path(role, &spec.robot_type, id)?;
    if !home.exists() {
        for older in &spec.older_types {
            let there = path(role, older, id)?;
            if there.exists() {
                return Ok(there);
            }
        }
    }
    Ok(home)
}

/// Where the calibration of a simulated arm is kept, so that it is never taken for a real one's:
/// `$HF_LEROBOT_CALIBRATION/ulna-simulated` if that is set, else `$XDG_DATA_HOME/ulna/simulated`, else
/// `~/.local/share/ulna/simulated`, with LeRobot's folders in it.
///
/// # Errors
/// [`CalibrationError::BadName`].
pub fn simulated_path(
    role: ArmRole,
    robot_type: &str,
    id: &str,
) -> Result<PathBuf, CalibrationError> {
    let real = path(role, robot_type, id)?;
    let within = real.strip_prefix(root()).unwrap_or(&real).to_owned();
    Ok(simulated_root().join(within))
}

/// The calibration that a simulated arm `id` has: that of the real arm of this id, which is only read, else its own. If there is
/// neither, the place of its own.
///
/// # Errors
/// [`CalibrationError::BadName`].
pub fn find_for_simulation(
    role: ArmRole,
    kind: &RobotKind,
    id: &str,
) -> Result<PathBuf, CalibrationError> {
    let real = find(role, kind, id)?;
    match real.exists() {
        true => Ok(real),
        false => simulated_path(role, &role.spec(kind).robot_type, id),
    }
}

/// The calibrations of the same id that [`find`] passes over, since it looks into the folder of the `role` first.
///
/// # Errors
/// [`CalibrationError::BadName`].
pub fn passed_over(
    role: ArmRole,
    kind: &RobotKind,
    id: &str,
) -> Result<Vec<PathBuf>, CalibrationError> {
    let used = find(role, kind, id)?;
    let mut others = Vec::new();
    for older in &role.spec(kind).older_types {
        let there = path(role, older, id)?;
        if there != used && there.exists() {
            others.push(there);
        }
    }
    Ok(others)
}

/// All calibration files of both roles, by path, wherever LeRobot's folders are.
pub fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for role in [ArmRole::Follower, ArmRole::Leader] {
        let kinds = fs::read_dir(root().join(role.lerobot_folder()))
            .into_iter()
            .flatten();
        for kind in kinds.flatten() {
            let entries = fs::read_dir(kind.path()).into_iter().flatten();
            files.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    files
}

/// Backups of one moment: more than one calibration in it is a mistake of a clock.
const BACKUPS: u32 = 100;

/// Keeps a copy of the file at `path`, if there is one, next to it as `<id>.json.<stamp>.bak`, or with a number where that is taken.
///
/// # Errors
/// [`CalibrationError::Io`].
pub fn back_up(path: &Path, stamp: &str) -> Result<Option<PathBuf>, CalibrationError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| CalibrationError::Io { path, source }
    };
    let mut old = match files::open(path) {
        Ok(old) => old,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    let mut number = 1;
    loop {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(match number {
            1 => format!(".{stamp}.bak"),
            _ => format!(".{stamp}-{number}.bak"),
        });
        let copy = path.with_file_name(name);
        match files::create(&copy, |new| io::copy(&mut old, new).map(|_| ())) {
            Ok(()) => return Ok(Some(copy)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < BACKUPS => {
                old.rewind().map_err(failed(path))?;
                number += 1;
            }
            Err(error) => return Err(failed(&copy)(error)),
        }
    }
}

/// Replaces the folder of calibrations for this process; the first call counts.
pub fn use_folder(folder: &Path) {
    // A second call finds the first one's folder, which is what its documentation says.
    let _ = FOLDER.set(folder.to_owned());
}

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

fn simulated_root() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let chosen = FOLDER.get().cloned();
    if let Some(folder) = chosen.or_else(|| set("HF_LEROBOT_CALIBRATION").map(PathBuf::from)) {
        return folder.join("ulna-simulated");
    }
    let data = set("XDG_DATA_HOME");
    let data = data.map_or_else(
        || env::home_dir().unwrap_or_default().join(".local/share"),
        PathBuf::from,
    );
    data.join("ulna/simulated")
}

fn root() -> PathBuf {
    if let Some(folder) = FOLDER.get() {
        return folder.clone();
    }
    let var = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(root) = var("HF_LEROBOT_CALIBRATION") {
        return root;
    }
    let home = var("HF_LEROBOT_HOME").or_else(|| var("HF_HOME").map(|home| home.join("lerobot")));
    let fallback = || {
        env::home_dir()
            .unwrap_or_default()
            .join(".cache/huggingface/lerobot")
    };
    home.unwrap_or_else(fallback).join("calibration")
}

/// The command that makes the file which is missing, as its path says for what.
fn making(id: &str, path: &Path) -> String {
    let leaders = ArmRole::Leader.lerobot_folder();
    let of = match path.iter().any(|part| part == leaders) {
        true => "--leader --teleop-id",
        false => "--robot-id",
    };
    let sim = match path.starts_with(simulated_root()) {
        true => " --sim",
        false => "",
    };
    format!("ulna calibrate{sim} {of} {}", Shell(id))
}

/// Far more than the largest calibration needs, bytes.
const LONGEST: u64 = 1 << 20;

/// Reads the calibration of an arm of this kind from `path`.
///
/// # Errors
/// [`CalibrationError::Missing`] if there is no such file, others for one that does not fit the robot.
pub fn load(path: &Path, id: &str, kind: &RobotKind) -> Result<Calibration, CalibrationError> {
    let text = files::read_text(path, LONGEST).map_err(|source| match source.kind() {
        ErrorKind::NotFound => CalibrationError::Missing {
            id: id.to_owned(),
            path: path.to_owned(),
            command: making(id, path),
        },
        _ => CalibrationError::Io {
            path: path.to_owned(),
            source,
        },
    })?;
    parse(&text, kind).map_err(|problem| CalibrationError::Malformed {
        path: path.to_owned(),
        problem,
    })
}

/// The calibration that a file's text holds for an arm of this kind.
///
/// # Errors
/// [`CalibrationFault`], which names the motor and the numbers.
pub fn parse(text: &str, kind: &RobotKind) -> Result<Calibration, CalibrationFault> {
    let entries: Map<String, Value> = serde_json::from_str(text).map_err(CalibrationFault::Json)?;
    if let Some(stranger) = entries
        .keys()
        .find(|name| !kind.names().any(|known| known == *name))
    {
        return Err(CalibrationFault::UnknownMotor {
            motor: stranger.clone(),
            robot: kind.name.clone(),
        });
    }
    let mut joints = Vec::with_capacity(kind.dof());
    for joint in &kind.joints {
        let motor = || joint.name.clone();
        let entry = entries.get(&joint.name);
        let entry = entry.ok_or_else(|| CalibrationFault::MissingMotor { motor: motor() })?;
        let value: JointCalibration =
            serde_json::from_value(entry.clone()).map_err(|source| CalibrationFault::Entry {
                motor: motor(),
                source,
            })?;
        if value.id != joint.id {
            return Err(CalibrationFault::Id {
                motor: motor(),
                id: value.id,
                robot: kind.name.clone(),
                expected: joint.id,
            });
        }
        check_numbers(joint, &value)?;
        joints.push((motor(), value));
    }
    Ok(Calibration { joints })
}

/// Whether a servo can have these numbers.
fn check_numbers(joint: &JointSpec, value: &JointCalibration) -> Result<(), CalibrationFault> {
    let motor = joint.name.clone();
    if value.drive_mode > 1 {
        let mode = value.drive_mode;
        return Err(CalibrationFault::DriveMode { motor, mode });
    }
    let last = i32::try_from(joint.resolution).unwrap_or(i32::MAX) - 1;
    let (low, high) = (value.range_min, value.range_max);
    if !(0..=last).contains(&low) || !(0..=last).contains(&high) {
        return Err(CalibrationFault::RangeOutside {
            motor,
            low,
            high,
            last,
        });
    }
    if low >= high {
        return Err(CalibrationFault::RangeEmpty { motor, low, high });
    }
    let model = models::by_name(&joint.model);
    let most = model.map_or(last / 2, |model| model.family.largest_offset);
    if value.homing_offset.unsigned_abs() > most.unsigned_abs() {
        let offset = value.homing_offset;
        return Err(CalibrationFault::Offset {
            motor,
            offset,
            most,
        });
    }
    Ok(())
}

/// The text of a calibration file, as LeRobot writes it: indented by four.
pub fn to_text(calibration: &Calibration) -> String {
    let motors = calibration.joints.iter().map(|(name, value)| {
        let JointCalibration { id, drive_mode, homing_offset, range_min, range_max } = value;
        format!(
            "    {}: {{\n        \"id\": {id},\n        \"drive_mode\": {drive_mode},\n        \"homing_offset\": {homing_offset},\n        \
             \"range_min\": {range_min},\n        \"range_max\": {range_max}\n    }}",
            Value::from(name.as_str())
        )
    });
    format!("{{\n{}\n}}", motors.collect::<Vec<_>>().join(",\n"))
}

/// Checks that a calibration can be written to `path`, by trying it in the nearest folder that is there; nothing stays behind.
///
/// # Errors
/// [`CalibrationError::Io`].
pub fn check_place(path: &Path) -> Result<(), CalibrationError> {
    let check = || {
        files::writable(path)?;
        let folder = path.ancestors().skip(1).find(|folder| folder.exists());
        files::probe(folder.unwrap_or(Path::new(".")))
    };
    check().map_err(|source| CalibrationError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Writes a calibration file whole or not at all, making its folder if needed; a link that has its name loses it.
///
/// # Errors
/// [`CalibrationError::Io`].
pub fn save(path: &Path, calibration: &Calibration) -> Result<(), CalibrationError> {
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        files::replace(path, |file| file.write_all(to_text(calibration).as_bytes()))
    };
    write().map_err(|source| CalibrationError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn so101() -> RobotKind {
        ulna_robot::files::built_in("so101").unwrap()
    }

    #[test]
    fn files_make_the_round_trip() {
        let calibration = so101().nominal_calibration();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("robots/so_follower/mine.json");
        save(&path, &calibration).unwrap();
        assert_eq!(load(&path, "mine", &so101()).unwrap(), calibration);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with(
                "{\n    \"shoulder_pan\": {\n        \"id\": 1,\n        \"drive_mode\": 0,\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn wrong_files_are_explained() {
        let good = to_text(&so101().nominal_calibration());
        for (from, to, says) in [
            ("\"id\": 2,", "\"id\": 9,", "`shoulder_lift` has id 9"),
            ("\"elbow_flex\"", "\"elbow\"", "motor `elbow`"),
            (
                "\"range_min\": 0,",
                "\"range_min\": 30672,",
                "`wrist_roll`: the range 30672",
            ),
            ("\"range_min\": 0,", "\"range_min\": 4095,", "is empty"),
            (
                "\"homing_offset\": 0,",
                "\"homing_offset\": 2114,",
                "homing_offset 2114 is beyond ±2047",
            ),
            (
                "\"drive_mode\": 0,",
                "\"drive_mode\": 3,",
                "drive_mode is 3",
            ),
            ("\"id\": 1,", "\"id\": 1.5,", "`shoulder_pan`"),
            (
                "\"homing_offset\": 0,",
                "\"homing_offset\": -2147483648,",
                "beyond",
            ),
            (
                "\"homing_offset\": 0,",
                "\"homing_offset\": 9223372036854775807,",
                "invalid value",
            ),
            (
                "\"homing_offset\": 0,",
                "\"homing_offset\": 1e300,",
                "`shoulder_pan`",
            ),
            (
                "\"range_max\": 4095",
                "\"range_max\": 2147483647",
                "leaves the servo's",
            ),
            ("{", "[", "no JSON object"),
        ] {
            assert!(good.contains(from), "{from}");
            let problem = parse(&good.replacen(from, to, 1), &so101());
            let problem = problem.unwrap_err().to_string();
            assert!(problem.contains(says), "{problem}");
        }
    }

    #[test]
    fn older_folders_are_understood_and_what_is_replaced_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        use_folder(folder.path());
        let (kind, calibration) = (so101(), so101().nominal_calibration());
        let home = path(ArmRole::Follower, "so_follower", "old").unwrap();
        assert_eq!(find(ArmRole::Follower, &kind, "old").unwrap(), home);
        assert_eq!(back_up(&home, "now").unwrap(), None);
        let older = path(ArmRole::Follower, "so100_follower", "old").unwrap();
        save(&older, &calibration).unwrap();
        assert_eq!(find(ArmRole::Follower, &kind, "old").unwrap(), older);
        save(&home, &calibration).unwrap();
        assert_eq!(find(ArmRole::Follower, &kind, "old").unwrap(), home);
        let copy = back_up(&home, "20260102T030405Z").unwrap().unwrap();
        assert!(copy.ends_with("so_follower/old.json.20260102T030405Z.bak"));
        assert_eq!(
            fs::read_to_string(copy).unwrap(),
            fs::read_to_string(&home).unwrap()
        );
        assert_eq!(all(), [older, home]);
    }

    #[test]
    fn a_place_is_tried_before_the_work_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("robots/so_follower/mine.json");
        check_place(&place).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(folder.path().join("robots"), "a file").unwrap();
        let error = check_place(&place).unwrap_err().to_string();
        assert!(error.contains("mine.json"), "{error}");
        fs::create_dir_all(folder.path().join("taken.json")).unwrap();
        let error = check_place(&folder.path().join("taken.json")).unwrap_err();
        assert!(error.to_string().contains("a folder"), "{error}");
    }

    #[test]
    fn a_servo_that_counts_turns_may_have_any_offset() {
        let kind: RobotKind = ulna_robot::files::built_in("koch").unwrap();
        let with = |offset: i32| {
            let mut calibration = kind.nominal_calibration();
            calibration.joints[2].1.homing_offset = offset;
            parse(&to_text(&calibration), &kind)
        };
        assert_eq!(with(-6400).unwrap().joints[2].1.homing_offset, -6400);
        assert!(with(1_044_480).unwrap_err().to_string().contains("beyond"));
    }

    #[test]
    fn ids_stay_in_their_folder() {
        for bad in ["../../etc/passwd", "", "..", "-x", "a/b", "a\u{1b}[2J"] {
            assert!(path(ArmRole::Follower, "so_follower", bad).is_err());
            assert!(path(ArmRole::Follower, bad, "mine").is_err());
        }
        path(ArmRole::Follower, "so_follower", "Arm Łódź 1").unwrap();
        let path = path(ArmRole::Leader, "so_leader", "left-2").unwrap();
        assert!(path.ends_with("teleoperators/so_leader/left-2.json"));
    }
}
