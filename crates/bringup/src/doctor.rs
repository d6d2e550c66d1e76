//! `ulna doctor`: is this computer ready for an arm? Found out by using each thing, not by looking whether it is there.

mod arms;
mod programs;
mod serial;
mod system;

use serde::Serialize;
use ulna_rt::Stop;

pub use serial::udev_rules;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Good.
    Ok,
    /// Something will be missing, slower or less sure.
    Warn,
    /// Something will not work.
    Fail,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Check {
    /// A check that is good.
    pub fn ok(name: &str, found: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Ok,
            found: found.into(),
            next: None,
        }
    }

    /// A check that found a shortcoming, and what to do about it.
    pub fn warn(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            next: Some(next.into()),
            ..Self::ok(name, found)
        }
    }

    /// A check that failed, and what to do about it.
    pub fn fail(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            next: Some(next.into()),
            ..Self::ok(name, found)
        }
    }
}

/// All checks.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// In the order in which they were made.
    pub checks: Vec<Check>,
    /// None failed.
    pub good: bool,
}

/// Makes all checks; each goes to `tell` as soon as it is made. With `sim`, ports are left alone. `others` are checks of what this crate
/// does not know, policy engines say; they come before those of programs.
pub fn doctor(
    sim: bool,
    others: &dyn Fn() -> Vec<Check>,
    stop: &Stop,
    tell: &mut dyn FnMut(&Check),
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
            tell(&check);
            checks.push(check);
        }
    }
    Diagnosis {
        good: checks.iter().all(|check| check.verdict != Verdict::Fail),
        checks,
    }
}
