//! Statistics of features: per episode, and over the dataset, as LeRobot computes and stores them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::features::Feature;
use crate::quantile::{Precision, QUANTILES, quantiles};

/// Where the dataset's statistics stand.
pub const STATS_PATH: &str = "meta/stats.json";

/// The statistics of several features, by key.
pub type Stats = BTreeMap<String, FeatureStats>;

/// The statistics of one feature, one number per element (per colour for pictures, in 0..1).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FeatureStats {
    /// Whether this is a camera, whose lists are nested to the shape (3, 1, 1).
    pub picture: bool,
    /// Smallest values.
    pub min: Vec<f64>,
    /// Largest values.
    pub max: Vec<f64>,
    /// Means.
    pub mean: Vec<f64>,
    /// Standard deviations of the population.
    pub std: Vec<f64>,
    /// How many frames (pictures, for cameras) went in.
    pub count: u64,
    /// q01, q10, q50, q90 and q99; datasets converted from older formats lack them.
    pub quantiles: Option<[Vec<f64>; 5]>,
}

impl FeatureStats {
    /// The lists that have one number per element, with their keys, in LeRobot's order.
    pub fn lists(&self) -> Vec<(&'static str, &Vec<f64>)> {
        let mut lists = vec![
            ("min", &self.min),
            ("max", &self.max),
            ("mean", &self.mean),
            ("std", &self.std),
        ];
        if let Some(quantiles) = &self.quantiles {
            lists.extend(QUANTILES.iter().map(|(name, _)| *name).zip(quantiles));
        }
        lists
    }

    /// Statistics of flat rows of `width` numbers. Fewer than two rows have their mean as quantiles.
    pub(crate) fn of_rows(values: &[f64], width: usize, precision: Precision) -> FeatureStats {
        let elements = (0..width).map(|element| {
            let mut column: Vec<(f64, u64)> = values
                .iter()
                .skip(element)
                .step_by(width.max(1))
                // One NaN would make all of them NaN.
                .filter(|v| v.is_finite())
                .map(|v| (*v, 1))
                .collect();
            column.sort_by(|a, b| a.0.total_cmp(&b.0));
            element_stats(&column, precision)
        });
        let count = (values.len() / width.max(1)) as u64;
        FeatureStats::collect(elements, count, false)
    }

    /// Statistics of a feature's frames. Arrays have one number for each element of their last axis, taken over the
    /// frames and all other axes, as LeRobot has them; the count is that of the frames.
    ///
    /// For an episode of a single frame LeRobot keeps all axes, and then cannot put that episode's statistics together
    /// with others'; here the form is always the same.
    pub(crate) fn of_feature(
        feature: &Feature,
        values: &[f64],
        precision: Precision,
    ) -> FeatureStats {
        let (width, elements) = (feature.width().max(1), feature.shape.last());
        let mut stats = FeatureStats::of_rows(values, elements.copied().unwrap_or(1), precision);
        stats.count = (values.len() / width) as u64;
        stats
    }

    /// Statistics of pictures from how often each of the 256 values occurred, per colour.
    pub(crate) fn of_pictures(histograms: &[[u64; 256]], pictures: u64) -> FeatureStats {
        let elements = histograms.iter().map(|histogram| {
            let column: Vec<(f64, u64)> = (0..=255_u8)
                .zip(histogram)
                .filter(|(_, weight)| **weight > 0)
                .map(|(value, weight)| (f64::from(value), *weight))
                .collect();
            let mut stats = element_stats(&column, Precision::Double);
            for value in stats.iter_mut() {
                *value /= 255.0;
            }
            stats
        });
        FeatureStats::collect(elements, pictures, true)
    }

    fn collect(
        elements: impl Iterator<Item = [f64; 9]>,
        count: u64,
        picture: bool,
    ) -> FeatureStats {
        let elements: Vec<[f64; 9]> = elements.collect();
        let list = |at: usize| elements.iter().map(|e| e[at]).collect::<Vec<f64>>();
        FeatureStats {
            picture,
            min: list(0),
            max: list(1),
            mean: list(2),
            std: list(3),
            count,
            quantiles: Some([list(4), list(5), list(6), list(7), list(8)]),
        }
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        for (name, list) in self.lists() {
            map.insert(name.to_owned(), nested(list, self.picture));
            if name == "std" {
                map.insert("count".to_owned(), json!([self.count]));
            }
        }
        Value::Object(map)
    }
}

/// min, max, mean, std and the five quantiles of one element's sorted, weighted values.
fn element_stats(sorted: &[(f64, u64)], precision: Precision) -> [f64; 9] {
    let total: u64 = sorted.iter().map(|(_, weight)| weight).sum();
    let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
        sorted
            .iter()
            .map(|(v, weight)| f(*v) * *weight as f64)
            .sum()
    };
    let mean = sum(&|v| v) / total as f64;
    let variance = sum(&|v| (v - mean) * (v - mean)) / total as f64;
    let q = match total {
        0 | 1 => [mean; 5],
        _ => quantiles(sorted, precision),
    };
    let first = sorted.first().map_or(f64::NAN, |(v, _)| *v);
    let last = sorted.last().map_or(f64::NAN, |(v, _)| *v);
    [
        first,
        last,
        mean,
        variance.max(0.0).sqrt(),
        q[0],
        q[1],
        q[2],
        q[3],
        q[4],
    ]
}

/// Statistics over several episodes (or datasets), by LeRobot's rules: exact for mean, deviation, extremes
/// and count; for quantiles the envelope (lowest of those up to q50, highest of those above).
pub fn aggregate(parts: &[&Stats]) -> Stats {
    let mut keys: Vec<&String> = parts.iter().flat_map(|part| part.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter_map(|key| {
            let parts: Vec<&FeatureStats> = parts.iter().filter_map(|p| p.get(key)).collect();
            Some((key.clone(), aggregate_feature(&parts)?))
        })
        .collect()
}

fn aggregate_feature(parts: &[&FeatureStats]) -> Option<FeatureStats> {
    let first = parts.first()?;
    let width = first.mean.len();
    let fits = |part: &&&FeatureStats| part.lists().iter().all(|(_, list)| list.len() == width);
    let parts: Vec<&FeatureStats> = parts.iter().filter(fits).copied().collect();
    let count: u64 = parts.iter().map(|p| p.count).sum();
    let total = count as f64;
    let over = |f: &dyn Fn(&FeatureStats, usize) -> f64, fold: fn(f64, f64) -> f64| -> Vec<f64> {
        (0..width)
            .map(|i| {
                parts
                    .iter()
                    .map(|p| f(p, i))
                    .reduce(fold)
                    .unwrap_or(f64::NAN)
            })
            .collect()
    };
    let mean: Vec<f64> = over(&|p, i| p.mean[i] * p.count as f64, |a, b| a + b)
        .into_iter()
        .map(|sum| sum / total)
        .collect();
    let spread = |p: &FeatureStats, i: usize| {
        let off = p.mean[i] - mean[i];
        (p.std[i] * p.std[i] + off * off) * p.count as f64
    };
    let std = over(&spread, |a, b| a + b)
        .into_iter()
        .map(|sum| (sum / total).max(0.0).sqrt())
        .collect();
    let quantile = |at: usize| {
        let fold = if QUANTILES[at].1 <= 0.5 {
            f64::min
        } else {
            f64::max
        };
        over(
            &|p, i| p.quantiles.as_ref().map_or(f64::NAN, |q| q[at][i]),
            fold,
        )
    };
    let all_have = parts.iter().all(|p| p.quantiles.is_some());
    Some(FeatureStats {
        picture: first.picture,
        min: over(&|p, i| p.min[i], f64::min),
        max: over(&|p, i| p.max[i], f64::max),
        mean,
        std,
        count,
        quantiles: all_have.then(|| [0, 1, 2, 3, 4].map(quantile)),
    })
}

/// The contents of `stats.json`.
pub(crate) fn to_value(stats: &Stats) -> Value {
    let entries = stats.iter().map(|(key, s)| (key.clone(), s.to_value()));
    Value::Object(entries.collect())
}

/// Puts statistics together from their named lists, as tables and `stats.json` hold them; the error says what
/// doesn't fit.
pub(crate) fn from_lists(
    lists: &BTreeMap<String, Vec<f64>>,
    picture: bool,
) -> Result<FeatureStats, String> {
    let needed = |name: &str| {
        let list = lists.get(name).filter(|list| !list.is_empty());
        list.cloned().ok_or_else(|| format!("{name} is missing"))
    };
    let count = match needed("count")?.as_slice() {
        [count] if *count >= 0.0 => *count as u64,
        _ => return Err("count is not a list of one number".to_owned()),
    };
    let quantiles = QUANTILES.iter().filter_map(|(name, _)| lists.get(*name));
    let one = FeatureStats {
        picture,
        min: needed("min")?,
        max: needed("max")?,
        mean: needed("mean")?,
        std: needed("std")?,
        count,
        quantiles: <[Vec<f64>; 5]>::try_from(quantiles.cloned().collect::<Vec<_>>()).ok(),
    };
    let width = one.mean.len();
    match one.lists().iter().find(|(_, list)| list.len() != width) {
        Some((name, _)) => Err(format!("{name} has another length than mean")),
        None => Ok(one),
    }
}

/// Parses `stats.json`; the error names the feature and says what is wrong.
pub(crate) fn parse(value: &Value) -> Result<Stats, (String, String)> {
    let map = value
        .as_object()
        .ok_or_else(|| ("the file".to_owned(), "is not a JSON object".to_owned()))?;
    let mut stats = Stats::new();
    for (key, entry) in map {
        let fail = |reason: String| (key.clone(), reason);
        let entry = entry
            .as_object()
            .ok_or_else(|| fail("is not an object".to_owned()))?;
        let mut lists = BTreeMap::new();
        for (name, value) in entry {
            let mut list = Vec::new();
            flatten(value, &mut list).map_err(|reason| fail(format!("{name} {reason}")))?;
            lists.insert(name.clone(), list);
        }
        let first = entry.get("mean").and_then(|mean| mean.get(0));
        let picture = first.is_some_and(Value::is_array);
        stats.insert(key.clone(), from_lists(&lists, picture).map_err(fail)?);
    }
    Ok(stats)
}

/// As [`parse`], without the features whose statistics make no sense.
pub(crate) fn parse_some(value: &Value) -> Stats {
    let entries = value.as_object().into_iter().flatten();
    let one = |(key, entry): (&String, &Value)| {
        let only = Value::Object(Map::from_iter([(key.clone(), entry.clone())]));
        parse(&only).ok()?.pop_first()
    };
    entries.filter_map(one).collect()
}

fn flatten(value: &Value, out: &mut Vec<f64>) -> Result<(), &'static str> {
    match value {
        // Python's NaN and Infinity, which JSON has no words for.
        Value::Null => {
            out.push(f64::NAN);
            Ok(())
        }
        Value::Array(list) => list.iter().try_for_each(|entry| flatten(entry, out)),
        Value::Number(number) => {
            out.push(number.as_f64().ok_or("holds a number that isn't finite")?);
            Ok(())
        }
        Value::Bool(value) => {
            out.push(f64::from(u8::from(*value)));
            Ok(())
        }
        _ => Err("holds something that isn't a number"),
    }
}

fn nested(list: &[f64], picture: bool) -> Value {
    let wrap = |v: &f64| if picture { json!([[v]]) } else { json!(v) };
    Value::Array(list.iter().map(wrap).collect())
}

#[cfg(test)]
mod tests;
