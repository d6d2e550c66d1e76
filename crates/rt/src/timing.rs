//! Distributions of times, recorded without allocating.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// How often which time was seen; three significant digits, 1 ns to 60 s. Recording never allocates.
#[derive(Debug, Clone)]
pub struct Distribution(Option<Histogram<u64>>);

/// A distribution in a few numbers, µs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many times were recorded.
    pub count: u64,
    /// Mean, µs.
    pub mean_us: f64,
    /// Median, µs.
    pub p50_us: f64,
    /// 99th percentile, µs.
    pub p99_us: f64,
    /// Longest, µs.
    pub max_us: f64,
}

const LONGEST: Duration = Duration::from_secs(60);

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

impl Distribution {
    /// An empty distribution with all its memory.
    pub fn new() -> Self {
        // The bounds are constants that hdrhistogram accepts, so there always is a histogram.
        Self(Histogram::new_with_bounds(1, nanos(LONGEST), 3).ok())
    }

    /// Counts one time.
    pub fn record(&mut self, time: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(nanos(time).max(1));
        }
    }

    /// The distribution in a few numbers.
    pub fn summary(&self) -> Summary {
        let Some(histogram) = self.0.as_ref().filter(|histogram| !histogram.is_empty()) else {
            return Summary::default();
        };
        let micros = |nanos: u64| Duration::from_nanos(nanos).as_secs_f64() * 1e6;
        Summary {
            count: histogram.len(),
            mean_us: histogram.mean() / 1e3,
            p50_us: micros(histogram.value_at_quantile(0.5)),
            p99_us: micros(histogram.value_at_quantile(0.99)),
            max_us: micros(histogram.max()),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_recorded() {
        let mut times = Distribution::new();
        for micros in 1..=1000 {
            times.record(Duration::from_micros(micros));
        }
        let summary = times.summary();
        assert_eq!(summary.count, 1000);
        assert!((summary.p50_us - 500.0).abs() < 1.0 && (summary.p99_us - 990.0).abs() < 2.0);
        assert!((summary.max_us - 1000.0).abs() < 1.0);
    }

    #[test]
    fn nothing_recorded_is_all_zero_and_too_long_is_cut() {
        let mut times = Distribution::new();
        assert_eq!(times.summary(), Summary::default());
        times.record(Duration::MAX);
        assert!(times.summary().max_us >= 60e6);
    }
}
