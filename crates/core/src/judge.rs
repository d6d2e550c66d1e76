//! How well a task was done: what watches a run, and the score that it gives.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::state::State;

/// Watches a run and keeps the score of its task.
pub trait Judge: fmt::Debug + Send {
    /// Takes the measured state of a tick; states come in order of time.
    ///
    /// It is called on the control thread: it must not block or allocate.
    fn observe(&mut self, state: &State);

    /// The score so far.
    fn score(&self) -> TaskScore;
}

/// How well a task was done.
///
/// Serialised it is one flat object: `name`, the two counts and the figures, each under its own name, in this order. `reach`
/// gives `{"name":"reach","targets":10,"reached":9,"mean_distance_m":0.004,"tolerance_m":0.02}`.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskScore {
    /// The task's name.
    pub name: String,
    /// How often the task could be done.
    pub attempts: Count,
    /// How often it was.
    pub successes: Count,
    /// Other figures, such as a mean distance.
    pub figures: Vec<Figure>,
    /// The score as a sentence, without the task's name.
    pub summary: String,
}

/// A count with the name that the task has for it, such as `targets`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// Its name in JSON.
    pub name: String,
    /// How many.
    pub value: u32,
}

/// A figure with its name, which ends in its unit where it has one: `mean_distance_m`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// Its name in JSON.
    pub name: String,
    /// Its value; NaN is `null` in JSON.
    pub value: f64,
}

impl Count {
    /// A count of this name.
    pub fn new(name: &str, value: u32) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

impl Figure {
    /// A figure of this name.
    pub fn new(name: &str, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

impl TaskScore {
    /// The figure of this name, if the task has one.
    pub fn figure(&self, name: &str) -> Option<f64> {
        let figure = self.figures.iter().find(|figure| figure.name == name)?;
        Some(figure.value)
    }

    /// Part of the attempts that succeeded, 0..=1; `None` if there were none.
    pub fn success_rate(&self) -> Option<f64> {
        let (attempts, successes) = (self.attempts.value, self.successes.value);
        (attempts > 0).then(|| f64::from(successes) / f64::from(attempts))
    }
}

impl fmt::Display for TaskScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.summary)
    }
}

impl Serialize for TaskScore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3 + self.figures.len()))?;
        map.serialize_entry("name", self.name.as_str())?;
        for count in [&self.attempts, &self.successes] {
            map.serialize_entry(count.name.as_str(), &count.value)?;
        }
        for figure in &self.figures {
            map.serialize_entry(figure.name.as_str(), &figure.value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_score_is_one_flat_object() {
        let score = TaskScore {
            name: "reach".into(),
            attempts: Count::new("targets", 10),
            successes: Count::new("reached", 9),
            figures: [("mean_distance_m", 0.25), ("tolerance_m", 0.02)]
                .map(|(name, value)| Figure::new(name, value))
                .into(),
            summary: "9 of 10 targets".into(),
        };
        assert_eq!(
            serde_json::to_string(&score).unwrap(),
            r#"{"name":"reach","targets":10,"reached":9,"mean_distance_m":0.25,"tolerance_m":0.02}"#
        );
        assert_eq!(score.figure("tolerance_m"), Some(0.02));
        assert_eq!(score.figure("height_m"), None);
        assert_eq!(score.success_rate(), Some(0.9));
        assert_eq!(score.to_string(), "reach: 9 of 10 targets");
    }
}
