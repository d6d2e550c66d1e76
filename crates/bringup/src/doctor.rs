//! `ulna doctor`: is this computer ready for an arm? Found out by using each thing, not by looking whether it is there.

mod arms;
mod boards;
mod check;
mod programs;
mod serial;
mod system;

use serde::Serialize;
use ulna_rt::Stop;

use crate::ports::ListedPort;

pub use check::{Check, CheckVerdict};
pub use serial::udev_rules;

/// All checks.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// In the order in which they were made.
    pub checks: Vec<Check>,
    /// None failed.
    pub good: bool,
}

/// Which serial ports are looked at.
#[derive(Debug, Clone)]
pub enum SerialPorts {
    /// Those of this computer.
    Real,
    /// None; those that were made up are judged all the same.
    Simulated(Vec<ListedPort>),
}

/// Makes all checks; each goes to `report` as soon as it is made. `others` are checks of what this crate does not know, policy engines
/// say; they come before those of programs.
pub fn doctor(
    ports: &SerialPorts,
    others: &dyn Fn() -> Vec<Check>,
    stop: &Stop,
    report: &mut dyn FnMut(&Check),
) -> Diagnosis {
    let groups: [&dyn Fn() -> Vec<Check>; 5] = [
        &|| match ports {
            SerialPorts::Real => serial::checks(),
            SerialPorts::Simulated(ports) => serial::simulated(ports),
        },
        &|| arms::checks(stop),
        &system::checks,
        others,
        &programs::checks,
    ];
    let mut checks = Vec::new();
    for group in groups {
        if stop.requested().is_some() {
            break;
        }
        for check in group() {
            report(&check);
            checks.push(check);
        }
    }
    Diagnosis {
        good: checks
            .iter()
            .all(|check| check.verdict != CheckVerdict::Fail),
        checks,
    }
}
