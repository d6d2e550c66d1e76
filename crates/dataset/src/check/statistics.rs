//! `meta/stats.json` against the data.

use crate::check::Report;
use crate::features::{Dtype, Feature};
use crate::reader::Dataset;
use crate::stats::{FeatureStats, STATS_PATH, Stats, aggregate};

/// How far statistics may be off, as a share of the values' range: LeRobot sums in single precision.
const TOLERANCE: f64 = 1e-3;

pub(super) fn check(dataset: &Dataset, episodes: &[Stats], report: &mut Report) {
    if dataset.is_empty() {
        return;
    }
    let stored = match dataset.stats() {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            let message = format!("{STATS_PATH} is missing; training needs it");
            return report.warning("statistics", message);
        }
        Err(error) => return report.error("statistics", error.to_string()),
    };
    let complete = episodes.len() == dataset.len();
    let parts: Vec<&Stats> = episodes.iter().collect();
    let found = aggregate(&parts);
    for feature in &dataset.info().features {
        let key = &feature.key;
        match (stored.get(key), found.get(key)) {
            (None, _) if matches!(feature.dtype, Dtype::String | Dtype::Other(_)) => {}
            (None, _) => {
                let message = format!("{STATS_PATH} has nothing about `{key}`");
                report.warning("statistics", message);
            }
            (Some(stored), Some(found)) if complete => numbers(feature, stored, found, report),
            (Some(stored), _) => shape(feature, stored, report),
        }
    }
}

/// Pictures aren't decoded, but their statistics have a fixed form.
fn shape(feature: &Feature, stored: &FeatureStats, report: &mut Report) {
    if feature.dtype != Dtype::Video {
        return;
    }
    let colours = feature.shape.last().copied().unwrap_or(3);
    let in_range = |list: &Vec<f64>| list.iter().all(|v| (-1e-6..=1.0 + 1e-6).contains(v));
    let depth = colours == 1;
    if stored.mean.len() != colours || !(depth || in_range(&stored.min) && in_range(&stored.max)) {
        let message = format!(
            "{STATS_PATH}: those of `{}` are not one number in 0..1 for each of {colours} colours",
            feature.key
        );
        report.error("statistics", message);
    }
}

fn numbers(feature: &Feature, stored: &FeatureStats, found: &FeatureStats, report: &mut Report) {
    let key = &feature.key;
    if stored.mean.len() != found.mean.len() {
        let message = format!(
            "{STATS_PATH} has {} numbers for `{key}`, the data {}",
            stored.mean.len(),
            found.mean.len()
        );
        return report.error("statistics", message);
    }
    if stored.count != found.count {
        let message = format!(
            "{STATS_PATH} counts {} frames of `{key}`, the data has {}",
            stored.count, found.count
        );
        report.error("statistics", message);
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
            let fits = (stored - data).abs() <= allowed;
            if !fits {
                let message = format!(
                    "{STATS_PATH} says {name} {stored} for `{key}` element {at}, the data has {data}"
                );
                report.error("statistics", message);
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::check::data;
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
        let ours = data::episodes(&dataset, &mut Report::default(), &mut |_, _, _| Ok(())).unwrap();
        let theirs = episodes::read_stats(&root).unwrap();
        assert_eq!((ours.len(), theirs.len()), (3, 3));
        for (ours, theirs) in ours.iter().zip(&theirs) {
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
