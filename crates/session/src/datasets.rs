//! `ulna dataset …`: looking at datasets, checking, repairing and changing them.

mod answer;
mod backup;
mod check;
mod edit;
mod page;

use std::path::Path;

use serde_json::{Value, json};
use ulna_dataset::{Dataset, repair};

use crate::error::SessionError;

pub use answer::DatasetAnswer;
pub use backup::{backed_up, cost};
pub(crate) use check::speeds;
pub use check::{CheckSettings, Pictures, checked};
pub use edit::{
    Edit, Moment, ProgressListener, compared, edit, exported, features, imported, merged, parted,
    tasks,
};
pub use page::{carded, reported};
pub use ulna_dataset::tools::{
    Choice, Cut, Encoding, FeatureChanges, Format, NewFeature, NewValues, Parts, Progress,
    TaskChanges,
};
pub use ulna_dataset::{CardOptions, Number, PageOptions};

/// A number as JSON has it best: without a fraction where there is none.
pub(crate) fn number(value: f64) -> Value {
    match value.fract() == 0.0 && value.abs() < 9.0e15 {
        true => json!(value as i64),
        false => json!(value),
    }
}

/// What the dataset holds.
///
/// # Errors
/// If it cannot be opened.
pub fn info(dir: &Path) -> Result<DatasetAnswer, SessionError> {
    let dataset = Dataset::open(dir)?;
    let (info, manifest) = (dataset.info(), dataset.manifest()?);
    let lengths = dataset.episodes().iter().map(|row| row.length);
    let frames = lengths.fold(0, u64::saturating_add);
    let seconds = frames as f64 / info.fps;
    let features: Vec<Value> = (info.features.iter())
        .map(|feature| json!({ "key": feature.key, "dtype": feature.dtype.name(), "shape": feature.shape }))
        .collect();
    let episodes: Vec<Value> = (dataset.episodes().iter())
        .map(
            |row| json!({ "episode": row.episode_index, "frames": row.length, "tasks": row.tasks }),
        )
        .collect();
    let units = manifest.as_ref().map(|manifest| manifest.units.clone());
    let mut lines = vec![
        format!("{}", dir.display()),
        format!(
            "  {} episodes, {} frames at {} fps ({seconds:.1} s), robot type {}, units {}",
            dataset.len(),
            frames,
            info.fps,
            info.robot_type.as_deref().unwrap_or("unknown"),
            units.as_deref().unwrap_or("not told")
        ),
    ];
    for (index, task) in dataset.tasks().iter().enumerate() {
        lines.push(format!("  task {index}: {task}"));
    }
    for feature in &info.features {
        lines.push(format!(
            "  {:<32} {:<8} {:?}",
            feature.key,
            feature.dtype.name(),
            feature.shape
        ));
    }
    for row in dataset.episodes() {
        let seconds = row.length as f64 / info.fps;
        lines.push(format!(
            "  episode {:<4} {:>6} frames  {seconds:7.1} s  {}",
            row.episode_index,
            row.length,
            row.tasks.join("; ")
        ));
    }
    let remarks: Vec<&str> = dataset.remarks().collect();
    if !remarks.is_empty() {
        lines.extend(
            remarks
                .iter()
                .map(|remark| format!("  not as the format has it: {remark}")),
        );
        lines.push("  a check says what that means, and what to do".to_owned());
    }
    let json = json!({
        "episodes": episodes,
        "remarks": remarks,
        "frames": frames,
        "fps": number(info.fps),
        "robot_type": info.robot_type,
        "units": units,
        "tasks": dataset.tasks(),
        "features": features,
    });
    Ok(DatasetAnswer {
        json,
        text: lines.into_iter().collect(),
        good: true,
    })
}

/// Brings the dataset to the state after its last save, and saves what was being recorded.
///
/// # Errors
/// If it cannot be repaired.
pub fn repaired(dir: &Path) -> Result<DatasetAnswer, SessionError> {
    let report = repair(dir)?;
    let recovered: Vec<Value> = report
        .recovered
        .iter()
        .map(|(episode, frames)| json!({ "episode": episode, "frames": frames }))
        .collect();
    let mut lines = report.actions.clone();
    lines.extend(
        report
            .left
            .iter()
            .map(|left| format!("left as it was: {left}")),
    );
    if lines.is_empty() {
        lines.push("nothing to repair".to_owned());
    }
    let json = json!({ "actions": report.actions, "recovered": recovered, "left": report.left });
    Ok(DatasetAnswer {
        json,
        text: lines.into_iter().collect(),
        good: true,
    })
}
