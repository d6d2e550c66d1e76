//! `ulna doctor`: is this computer ready for an arm? Found out by using each thing, not by looking whether it is there.

mod arms;
mod boards;
mod check;
mod programs;
mod serial;
mod system;

use serde::Serialize;
use ulna_rt::Stop;

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

/// Makes all checks; each goes to `report` as soon as it is made. With `sim`, ports are left alone. `others` are checks of what this crate
/// does not know, policy engines say; they come before those of programs.
pub fn doctor(
    sim: bool,
    others: &dyn Fn() -> Vec<Check>,
    stop: &Stop,
    report: &mut dyn FnMut(&Check),
) -> Diagnosis {
    let groups: [&dyn Fn() -> Vec<Check>; 5] = [
        &|| {
            if sim { Vec::new() } else { serial::checks() }
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
