//! The dataset of a recording: new or resumed, and taken back if nothing comes into it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, json};
use ulna_core::Unit;
use ulna_dataset::{Dataset, DatasetError, INFO_PATH, MANIFEST_PATH, Manifest, Spec, Writer};
use ulna_recorder::Columns;
use ulna_robot::{Calibration, RobotKind};

use super::cameras::RecordedCameras;
use super::{RecordOptions, codec, known_cameras};
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::rig::Rig;
use crate::usage::{RecordUsage, UsageError};

/// Opens the dataset that the options name; gives what the user should know of it, too.
pub(super) fn open(
    rig: &Rig,
    rig_options: &RigOptions,
    options: &RecordOptions,
    columns: &Columns,
    cameras: &RecordedCameras,
) -> Result<(Writer, Created, Vec<String>), SessionError> {
    let kind = &rig.robot;
    let mut spec = Spec::new(options.fps)
        .robot_type(Some(kind.follower.robot_type.clone()))
        .features(columns.features(options.fps))
        .manifest((!options.plain).then(|| manifest(rig, rig_options, cameras)));
    if options.resume {
        if !options.dataset.exists() {
            let nothing = RecordUsage::NothingToResume(options.dataset.clone());
            return Err(UsageError::from(nothing).into());
        }
        let there = Dataset::open(&options.dataset)?;
        own_columns_agree(&there, options)?;
        let compared = known_cameras::compare(&there, &options.dataset, cameras);
        let mut differences = options.codec.differences(&there);
        differences.extend(compared.differences);
        if !differences.is_empty() {
            let path = options.dataset.clone();
            return Err(DatasetError::Differs { path, differences }.into());
        }
        let writer = Writer::resume(&options.dataset, &spec)?;
        if !options.plain {
            known_cameras::keep(&options.dataset, cameras)?;
        }
        return Ok((writer, Created::default(), compared.warnings));
    }
    let encoding = options.codec.encoding()?;
    spec.features = codec::declared(spec.features, &encoding, options.fps);
    let was_there = options.dataset.exists();
    let writer = Writer::create(&options.dataset, &spec)?;
    let created = Created {
        root: Some(options.dataset.clone()),
        was_there,
    };
    Ok((writer, created, Vec::new()))
}

/// Names the option when a dataset with ulna's own columns is to go on without them, or the other way round.
fn own_columns_agree(there: &Dataset, options: &RecordOptions) -> Result<(), SessionError> {
    let mut features = there.info().features.iter();
    let has = features.any(|feature| feature.key.starts_with("ulna."));
    let dataset = options.dataset.clone();
    let wrong = match (has, options.plain) {
        (false, false) => RecordUsage::IsPlain(dataset),
        (true, true) => RecordUsage::IsNotPlain(dataset),
        _ => return Ok(()),
    };
    Err(UsageError::from(wrong).into())
}

fn manifest(rig: &Rig, options: &RigOptions, cameras: &RecordedCameras) -> Manifest {
    let kind = &rig.robot;
    let simulated = rig.surroundings.simulated();
    let arm = options.robot_id.as_deref().unwrap_or("simulated");
    let fingerprint = fingerprint(&rig.calibration);
    let mut extra = Map::new();
    extra.insert("ulna".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    extra.insert("simulated".to_owned(), json!(simulated));
    if simulated {
        extra.insert("seed".to_owned(), json!(options.seed));
    }
    extra.insert("control_rate_hz".to_owned(), json!(rig.rate_hz));
    if let Some(cameras) = known_cameras::stored(cameras) {
        extra.insert("cameras".to_owned(), cameras);
    }
    Manifest {
        robot: kind.name.clone(),
        units: units(kind),
        calibration: [(arm.to_owned(), fingerprint)].into(),
        extra,
    }
}

/// The unit of the joints that are no gripper.
fn units(kind: &RobotKind) -> String {
    let mut units = kind.joints.iter().map(|joint| joint.unit);
    let unit = units.find(|unit| *unit != Unit::Percent);
    unit.unwrap_or(Unit::Percent).to_string()
}

/// Eight digits that differ when the calibration does.
fn fingerprint(calibration: &Calibration) -> String {
    let text = format!("{:?}", calibration.joints);
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

/// A dataset that this session made, if it did.
#[derive(Debug, Default)]
pub(super) struct Created {
    root: Option<PathBuf>,
    was_there: bool,
}

impl Created {
    /// Takes an empty dataset back, so that the next attempt finds the folder as this one did. Anything unexpected in it
    /// makes it stay.
    pub(super) fn withdraw(&self) {
        let Some(root) = &self.root else { return };
        let staging = root.join(".ulna");
        // What holds an episode is never taken back, whatever else was counted.
        if Dataset::open(root).is_ok_and(|dataset| dataset.info().total_episodes > 0) {
            return;
        }
        // An episode that could not be saved waits for repair, which needs the rest.
        let runs =
            fs::read_dir(&staging).map(|entries| entries.flatten().any(|e| e.path().is_dir()));
        if runs.unwrap_or(true) {
            return;
        }
        let files = [INFO_PATH, MANIFEST_PATH, known_cameras::PATH, ".ulna/lock"];
        let folders = ["meta/ulna", "meta", ".ulna"];
        for file in files {
            let _ = fs::remove_file(root.join(file));
        }
        // A folder that is not empty refuses to go, which is what it should do.
        for folder in folders {
            let _ = fs::remove_dir(root.join(folder));
        }
        if !self.was_there {
            let _ = fs::remove_dir(Path::new(root));
        }
    }
}
