//! Quantiles by histogram, computed as Python LeRobot 0.6.2 does: 5000 bins between the smallest and the
//! largest value, linear within a bin. They are approximations; what matters is that they are the same ones.

use crate::features::Number;

/// The quantiles that LeRobot keeps.
pub const QUANTILES: [(&str, f64); 5] = [
    ("q01", 0.01),
    ("q10", 0.10),
    ("q50", 0.50),
    ("q90", 0.90),
    ("q99", 0.99),
];
const BINS: usize = 5000;
/// How far the outer edges stand off the extreme values.
const MARGIN: f64 = 1e-10;

/// Whether edges are computed in single precision, which LeRobot does for float32 data and for all types that fit
/// into it: near large values the margin vanishes then, and neighbouring edges may coincide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    Single,
    Double,
}

impl Precision {
    pub(crate) fn of(number: Number) -> Precision {
        match number {
            Number::Bool
            | Number::Int8
            | Number::Int16
            | Number::UInt8
            | Number::UInt16
            | Number::Float16
            | Number::Float32 => Precision::Single,
            Number::Int32 | Number::Int64 | Number::UInt32 | Number::UInt64 | Number::Float64 => {
                Precision::Double
            }
        }
    }
}

/// The quantiles of `sorted` values with their weights (how often each occurs). Empty input gives NaN.
pub(crate) fn quantiles(sorted: &[(f64, u64)], precision: Precision) -> [f64; 5] {
    let (Some((min, _)), Some((max, _))) = (sorted.first(), sorted.last()) else {
        return [f64::NAN; 5];
    };
    let edges = edges(*min, *max, precision);
    let cumulative = cumulative(sorted, &edges);
    let total = cumulative[BINS - 1];
    QUANTILES.map(|(_, q)| {
        let target = q * total as f64;
        let bin = cumulative.partition_point(|count| (*count as f64) < target);
        if bin == 0 {
            return edges[0];
        }
        if bin >= BINS {
            return edges[BINS];
        }
        let below = cumulative[bin - 1];
        let inside = cumulative[bin] - below;
        let fraction = if inside == 0 {
            0.0
        } else {
            (target - below as f64) / inside as f64
        };
        edges[bin] + fraction * width(edges[bin], edges[bin + 1], precision)
    })
}

fn width(low: f64, high: f64, precision: Precision) -> f64 {
    match precision {
        Precision::Single => f64::from(high as f32 - low as f32),
        Precision::Double => high - low,
    }
}

/// `BINS + 1` edges as numpy's linspace computes them.
fn edges(min: f64, max: f64, precision: Precision) -> Vec<f64> {
    match precision {
        Precision::Double => {
            let (start, stop) = (min - MARGIN, max + MARGIN);
            let step = (stop - start) / BINS as f64;
            let mut edges: Vec<f64> = (0..=BINS).map(|i| i as f64 * step + start).collect();
            edges[BINS] = stop;
            edges
        }
        Precision::Single => {
            let (start, stop) = (min as f32 - MARGIN as f32, max as f32 + MARGIN as f32);
            let step = (stop - start) / BINS as f32;
            let mut edges: Vec<f64> = (0..=BINS)
                .map(|i| f64::from(i as f32 * step + start))
                .collect();
            edges[BINS] = f64::from(stop);
            edges
        }
    }
}

/// How many values lie below the upper edge of each bin; the last bin includes its upper edge.
fn cumulative(sorted: &[(f64, u64)], edges: &[f64]) -> Vec<u64> {
    let mut out = Vec::with_capacity(BINS);
    let mut values = sorted.iter().peekable();
    let mut count = 0;
    for bin in 0..BINS {
        let top = edges[bin + 1];
        let inside = |value: f64| value < top || (bin == BINS - 1 && value <= top);
        while let Some((_, weight)) = values.next_if(|(value, _)| inside(*value)) {
            count += weight;
        }
        out.push(count);
    }
    out
}
