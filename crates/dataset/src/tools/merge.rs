//! Joining datasets.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::advice;
use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::reader::Dataset;
use crate::tools::build::carry_out;
use crate::tools::plan::{Packing, Plan};
use crate::tools::work::{Edited, Target, Work};

/// The keys of a camera's declaration that say how it was encoded; datasets may differ in them.
const ENCODER_KEYS: [&str; 6] = [
    "g",
    "crf",
    "preset",
    "fast_decode",
    "extra_options",
    "video_backend",
];

/// Joins datasets, in this order, into a new one in `output`. They must have the same rate, robot type, features and,
/// where known, units. Tasks are joined by their text.
pub fn merge(dirs: &[PathBuf], output: &Path, work: &mut Work) -> Result<Edited> {
    let sources: Vec<Dataset> = dirs.iter().map(Dataset::open).collect::<Result<_>>()?;
    let Some((first, others)) = sources.split_first() else {
        return Err(DatasetError::invalid(
            "the merge",
            "name at least one dataset",
        ));
    };
    let mut notes = Vec::new();
    for other in others {
        let differences = differences(first, other, &mut notes)?;
        if !differences.is_empty() {
            return Err(DatasetError::invalid(
                format!(
                    "{} cannot be joined to {}",
                    other.root().display(),
                    first.root().display()
                ),
                differences.join("; "),
            ));
        }
    }
    let cameras: Vec<Feature> = first
        .info()
        .cameras()
        .map(|camera| joined(camera, &sources))
        .collect();
    let mut plan = Plan::of_all(sources)?;
    for column in &mut plan.columns {
        if let Some(camera) = cameras.iter().find(|c| c.key == column.feature.key) {
            column.feature = camera.clone();
        }
    }
    plan.packing = Packing::Fill;
    plan.notes.append(&mut notes);
    carry_out(&plan, &Target::New(output.to_owned()), work)
}

/// One sentence for each way in which two datasets don't fit together.
fn differences(first: &Dataset, other: &Dataset, notes: &mut Vec<String>) -> Result<Vec<String>> {
    let (here, there) = (first.info(), other.info());
    let mut out = Vec::new();
    if here.fps != there.fps {
        out.push(format!("it has {} frames/s, not {}", there.fps, here.fps));
    }
    if here.robot_type != there.robot_type {
        let name = |robot: &Option<String>| robot.clone().unwrap_or("none".to_owned());
        let (one, two) = (name(&there.robot_type), name(&here.robot_type));
        out.push(format!("its robot type is `{one}`, not `{two}`"));
    }
    for feature in &there.features {
        match here.features.iter().find(|f| f.key == feature.key) {
            None => {
                let drop = match feature.key.starts_with("ulna.") {
                    true => "--plain".to_owned(),
                    false => format!("--drop {}", advice::word(&feature.key)),
                };
                let drop = advice::command("features", other.root(), &drop, "alike");
                out.push(format!(
                    "only it has `{}`; a copy without it: `{drop}`",
                    feature.key
                ));
            }
            Some(mine) if !mine.same_data(feature) => {
                out.push(format!(
                    "`{}` has another type, shape or names",
                    feature.key
                ));
            }
            Some(_) => {}
        }
    }
    for feature in &here.features {
        if there.features.iter().all(|f| f.key != feature.key) {
            out.push(format!("it lacks `{}`", feature.key));
        }
    }
    if let (Some(mine), Some(theirs)) = (first.manifest()?, other.manifest()?) {
        if mine.units != theirs.units {
            out.push(format!(
                "its units are {}, not {}",
                theirs.units, mine.units
            ));
        }
        if mine.calibration != theirs.calibration {
            notes.push(format!(
                "{} was recorded with another calibration; the manifest kept is that of {}",
                other.root().display(),
                first.root().display()
            ));
        }
    }
    Ok(out)
}

/// A camera's declaration, with only those encoder settings that all datasets share.
fn joined(camera: &Feature, sources: &[Dataset]) -> Feature {
    let mut camera = camera.clone();
    let key = camera.key.clone();
    let setting = |source: &Dataset, name: &str| {
        let feature = source.info().feature(&key).ok()?;
        feature.raw.get("info")?.get(name).cloned()
    };
    if let Some(Value::Object(info)) = camera.raw.get_mut("info") {
        for name in ENCODER_KEYS.map(|name| format!("video.{name}")) {
            let first = sources.first().and_then(|source| setting(source, &name));
            let same = sources.iter().all(|source| setting(source, &name) == first);
            if !same {
                let unknown = match name.as_str() {
                    "video.extra_options" => Value::Object(serde_json::Map::new()),
                    _ => Value::Null,
                };
                info.insert(name, unknown);
            }
        }
    }
    camera
}
