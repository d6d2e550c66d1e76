//! Quantiles by histogram, computed as Python LeRobot 0.6.2 does: 5000 bins between the smallest and the
//! largest value, linear within a bin. They are approximations; what matters is that they are the same ones.
//!
//! That is why no library for quantiles of streams (t-digest, HDR histogram) is used: theirs are as good, and others.

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
    let edges = Edges::new(*min, *max, precision);
    let counts = Counts::new(sorted);
    // How many values lie below the upper edge of a bin; the last bin includes its upper edge. Only the bins that a search
    // comes by are looked at: short episodes have far fewer values than there are bins.
    let cumulative = |bin: usize| {
        let top = edges.at(bin + 1);
        counts.until(|value| value < top || (bin == BINS - 1 && value <= top))
    };
    let total = cumulative(BINS - 1);
    QUANTILES.map(|(_, q)| {
        let target = q * total as f64;
        let bin = first_bin(|bin| cumulative(bin) as f64 >= target);
        if bin == 0 {
            return edges.at(0);
        }
        if bin >= BINS {
            return edges.at(BINS);
        }
        let below = cumulative(bin - 1);
        let inside = cumulative(bin) - below;
        let fraction = if inside == 0 {
            0.0
        } else {
            (target - below as f64) / inside as f64
        };
        let (low, high) = (edges.at(bin), edges.at(bin + 1));
        low + fraction * width(low, high, precision)
    })
}

/// The first bin for which something holds that goes on to hold; [`BINS`] if there is none.
fn first_bin(holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, BINS);
    while low < high {
        let middle = usize::midpoint(low, high);
        match holds(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// How many values there are up to each.
struct Counts<'a> {
    sorted: &'a [(f64, u64)],
    sums: Vec<u64>,
}

impl Counts<'_> {
    fn new(sorted: &[(f64, u64)]) -> Counts<'_> {
        let mut sum = 0;
        let sums = sorted.iter().map(|(_, weight)| {
            sum += weight;
            sum
        });
        Counts {
            sums: sums.collect(),
            sorted,
        }
    }

    /// The weight of all values before the first that isn't `inside`.
    fn until(&self, inside: impl Fn(f64) -> bool) -> u64 {
        let count = self.sorted.partition_point(|(value, _)| inside(*value));
        count.checked_sub(1).map_or(0, |last| self.sums[last])
    }
}

fn width(low: f64, high: f64, precision: Precision) -> f64 {
    match precision {
        Precision::Single => f64::from(high as f32 - low as f32),
        Precision::Double => high - low,
    }
}

/// `BINS + 1` edges as numpy's linspace computes them.
enum Edges {
    Double { start: f64, stop: f64, step: f64 },
    Single { start: f32, stop: f32, step: f32 },
}

impl Edges {
    fn new(min: f64, max: f64, precision: Precision) -> Edges {
        match precision {
            Precision::Double => {
                let (start, stop) = (min - MARGIN, max + MARGIN);
                let step = (stop - start) / BINS as f64;
                Edges::Double { start, stop, step }
            }
            Precision::Single => {
                let (start, stop) = (min as f32 - MARGIN as f32, max as f32 + MARGIN as f32);
                let step = (stop - start) / BINS as f32;
                Edges::Single { start, stop, step }
            }
        }
    }

    fn at(&self, edge: usize) -> f64 {
        match self {
            Edges::Double { stop, .. } if edge == BINS => *stop,
            Edges::Single { stop, .. } if edge == BINS => f64::from(*stop),
            Edges::Double { start, step, .. } => edge as f64 * step + start,
            Edges::Single { start, step, .. } => f64::from(edge as f32 * step + start),
        }
    }
}
