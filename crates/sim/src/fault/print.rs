//! Faults as text again.

use core::fmt;
use core::time::Duration;

use crate::fault::kinds::{Fault, Firmware};

/// As it is parsed, with servos by their ids.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Drop { probability } => write!(f, "drop:{probability}"),
            Self::Flip { probability } => write!(f, "flip:{probability}"),
            Self::Burst { probability } => write!(f, "burst:{probability}"),
            Self::Late { by, probability } => write!(f, "late:{}@{probability}", Time(by)),
            Self::Stuck { id, from, lasting } => write!(f, "stuck:{id}@{}", Window(from, lasting)),
            Self::WrongId {
                id,
                signs,
                from,
                lasting,
            } => write!(f, "wrong-id:{id}={signs}@{}", Window(from, lasting)),
            Self::Dead { id, from, lasting } => write!(f, "dead:{id}@{}", Window(from, lasting)),
            Self::Reset { id, at } => write!(f, "reset:{id}@{}", Time(at)),
            Self::Firmware { id, version } => write!(f, "firmware:{}={version}", Reach(id)),
            Self::Unplug {
                first,
                from,
                lasting,
            } => write!(f, "unplug:{}@{}", Reach(first), Window(from, lasting)),
            Self::LowVoltage {
                volts,
                from,
                lasting,
            } => write!(f, "low-voltage:{volts}V@{}", Window(from, lasting)),
            Self::Overload { id, from, lasting } => {
                write!(f, "overload:{id}@{}", Window(from, lasting))
            }
            Self::Overheat {
                id,
                celsius,
                from,
                lasting,
            } => write!(f, "overheat:{id}={celsius}C@{}", Window(from, lasting)),
        }
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

/// One servo, or all.
struct Reach(Option<u8>);

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => write!(f, "{id}"),
            None => f.write_str("bus"),
        }
    }
}

struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos.is_multiple_of(1_000_000) {
            write!(f, "{}ms", nanos / 1_000_000)
        } else {
            write!(f, "{}.{:03}us", nanos / 1000, nanos % 1000)
        }
    }
}

struct Window(Duration, Duration);

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(from, lasting) = *self;
        if lasting == Duration::MAX {
            write!(f, "{}", Time(from))
        } else {
            write!(f, "{}+{}", Time(from), Time(lasting))
        }
    }
}
