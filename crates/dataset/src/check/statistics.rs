//! The statistics of the dataset and of its episodes against the rows.

use crate::check::data_files::Columns;
use crate::check::rows::Seen;
use crate::check::{CheckReport, Finding, Severity};
use crate::features::{Dtype, Feature};
use crate::format::Format;
use crate::reader::Dataset;
use crate::stats::{FeatureStats, STATS_PATH, Stats, aggregate};

/// How far statistics may be off, as a share of the values' range: LeRobot sums in single precision.
const TOLERANCE: f64 = 1e-3;

pub(super) fn check(dataset: &Dataset, columns: &Columns, seen: &Seen, report: &mut CheckReport) {
    if dataset.is_empty() {
        return;
    }
    match dataset.stats() {
        Ok(Some(stored)) => of_dataset(dataset, columns, seen, &stored, report),
        Ok(None) => {
            let message = format!("{STATS_PATH} is missing; training needs it");
            report.warning("statistics", message);
        }
        Err(error) => report.error("statistics", error.to_string()),
    }
    of_episodes(dataset, seen, report);
}

fn of_dataset(
    dataset: &Dataset,
    columns: &Columns,
    seen: &Seen,
    stored: &Stats,
    report: &mut CheckReport,
) {
    let complete = seen.stats.len() == dataset.len();
    let parts: Vec<&Stats> = seen.stats.values().collect();
    let found = aggregate(&parts);
    for feature in &dataset.info().features {
        let key = &feature.key;
        match (stored.get(key), found.get(key)) {
            (None, _) if matches!(feature.dtype, Dtype::String | Dtype::Other(_)) => {}
            (None, _) if columns.missing.contains(key) => {}
            (None, _) => {
                let message = format!("{STATS_PATH} has nothing about `{key}` that makes sense");
                let finding = Finding::new(Severity::Warning, "statistics", message);
                report.findings.push(match feature.is_camera() {
                    true => finding.camera(key),
                    false => finding,
                });
            }
            (Some(stored), Some(found)) if complete => {
                if let Some(reason) = misfit(stored, found) {
                    report.error("statistics", format!("{STATS_PATH}: `{key}` {reason}"));
                }
            }
            (Some(stored), _) => shape(feature, stored, report),
        }
    }
}

/// Pictures aren't decoded, but their statistics have a fixed form.
fn shape(feature: &Feature, stored: &FeatureStats, report: &mut CheckReport) {
    if feature.dtype != Dtype::Video {
        return;
    }
    let colours = feature.picture_shape().map_or(3, |[_, _, colours]| colours);
    let in_range = |list: &Vec<f64>| list.iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(v));
    let depth = colours == 1;
    if stored.mean.len() != colours || !(depth || in_range(&stored.min) && in_range(&stored.max)) {
        let message = format!(
            "{STATS_PATH}: those of `{}` are not one number in 0..1 for each of {colours} colours",
            feature.key
        );
        let finding = Finding::new(Severity::Error, "statistics", message);
        report.findings.push(finding.camera(&feature.key));
    }
}

/// Each episode's own statistics; the first that do not fit say enough of an episode.
fn of_episodes(dataset: &Dataset, seen: &Seen, report: &mut CheckReport) {
    let format = dataset.info().format;
    if format == Format::V2_0 {
        return;
    }
    let stored = match dataset.episode_stats() {
        Ok(stored) => stored,
        Err(error) => return report.error("episode-statistics", error.to_string()),
    };
    if stored.iter().all(Stats::is_empty) {
        let (severity, whence) = match format {
            Format::V3 => (Severity::Warning, "meta/episodes has no statistics"),
            _ => (
                Severity::Error,
                "meta/episodes_stats.jsonl is missing, which LeRobot's converter needs",
            ),
        };
        return report.add(severity, "episode-statistics", whence);
    }
    for (at, found) in &seen.stats {
        let (Some(stored), Some(row)) = (stored.get(*at), dataset.episodes().get(*at)) else {
            continue;
        };
        let misfits = found.iter().find_map(|(key, found)| match stored.get(key) {
            Some(stored) => misfit(stored, found).map(|reason| format!("`{key}` {reason}")),
            None => None,
        });
        if let Some(reason) = misfits {
            report.warning(
                "episode-statistics",
                format!("of its statistics, those of {reason}"),
            );
            report.at(row.episode_index, None);
        }
    }
}

/// In what statistics of numbers differ from those of the rows.
fn misfit(stored: &FeatureStats, found: &FeatureStats) -> Option<String> {
    if stored.mean.len() != found.mean.len() {
        let (stored, found) = (stored.mean.len(), found.mean.len());
        return Some(format!("have {stored} numbers, the rows {found}"));
    }
    if stored.count != found.count {
        return Some(format!(
            "count {} frames, there are {}",
            stored.count, found.count
        ));
    }
    let pairs = [
        ("min", &stored.min, &found.min),
        ("max", &stored.max, &found.max),
        ("mean", &stored.mean, &found.mean),
        ("std", &stored.std, &found.std),
    ];
    for (name, stored, data) in pairs {
        for (at, (stored, data)) in stored.iter().zip(data).enumerate() {
            let range = (found.max[at] - found.min[at]).abs();
            let largest = found.max[at].abs().max(found.min[at].abs());
            let allowed = TOLERANCE * range + 1e-6 * largest + 1e-9;
            // Of a column without any number there is none either.
            let fits = (stored - data).abs() <= allowed || data.is_nan();
            if !fits {
                return Some(format!(
                    "say {name} {stored} of element {at}, the rows {data}"
                ));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::check::rows;
    use crate::check::stand_ins::StandIns;
    use crate::episodes;

    /// Our statistics of each episode of LeRobot's fixtures, against those in its episode table.
    #[test]
    fn they_are_those_that_lerobot_computes() {
        let root = std::env::var_os("ULNA_FIXTURES").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
            Into::into,
        );
        let root = root.join("lerobot-so101_av1");
        if !root.is_dir() {
            assert!(
                std::env::var_os("ULNA_REQUIRE_FIXTURES").is_none_or(|v| v != "1"),
                "{} is absent",
                root.display()
            );
            println!("SKIPPED: {} is absent", root.display());
            return;
        }
        let dataset = Dataset::open(&root).unwrap();
        let (columns, none) = (Columns::default(), StandIns::default());
        let report = &mut CheckReport::default();
        let ours = rows::check(&dataset, &columns, &none, report, &mut |_, _, _| Ok(()));
        let ours = ours.unwrap().stats;
        let theirs = episodes::read_stats(&root).unwrap();
        assert_eq!((ours.len(), theirs.len()), (3, 3));
        for (ours, theirs) in ours.values().zip(&theirs) {
            for (key, ours) in ours {
                let theirs = &theirs[key];
                assert_eq!(ours.count, theirs.count);
                for ((name, a), (_, b)) in ours.lists().iter().zip(theirs.lists()) {
                    for (a, b) in a.iter().zip(b) {
                        // LeRobot sums squares in single precision, which costs deviations digits, and takes
                        // time stamps before they are rounded.
                        let share = if *name == "std" { 2e-5 } else { 2e-6 };
                        let close = (a - b).abs() <= share * a.abs().max(b.abs()).max(1.0);
                        assert!(close, "{key} {name}: {a} is not {b}");
                    }
                }
            }
        }
    }
}
