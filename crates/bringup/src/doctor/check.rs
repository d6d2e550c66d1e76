//! One check and what came of it.

use serde::Serialize;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
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
    pub verdict: CheckVerdict,
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
            verdict: CheckVerdict::Ok,
            found: found.into(),
            next: None,
        }
    }

    /// A check that found a shortcoming, and what to do about it.
    pub fn warn(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: CheckVerdict::Warn,
            next: Some(next.into()),
            ..Self::ok(name, found)
        }
    }

    /// A check that failed, and what to do about it.
    pub fn fail(name: &str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: CheckVerdict::Fail,
            next: Some(next.into()),
            ..Self::ok(name, found)
        }
    }
}
