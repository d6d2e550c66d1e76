//! Time stamps: nanoseconds since the epoch of a run.

use core::fmt;
use core::ops::{Add, Sub};
use core::time::Duration;

use serde::{Serialize, Serializer};

/// A moment, as time since the epoch of the run's clock, real or virtual.
///
/// Stamps of one run are comparable with each other and with nothing else: there is no wall-clock time in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Stamp(Duration);

/// As seconds since the epoch.
impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.seconds())
    }
}

impl Stamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(Duration::ZERO);
    /// Later than any moment of any run: "never".
    pub const NEVER: Self = Self(Duration::MAX);

    /// The moment `since_epoch` after the epoch.
    pub const fn new(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }

    /// Time since the epoch.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// How long before `now` this moment was; zero if it lies ahead.
    pub const fn age(self, now: Self) -> Duration {
        now.0.saturating_sub(self.0)
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> f64 {
        self.0.as_secs_f64()
    }
}

impl Add<Duration> for Stamp {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl Sub for Stamp {
    type Output = Duration;
    /// The span between two moments; zero if `earlier` is the later one.
    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6} s", self.seconds())
    }
}
