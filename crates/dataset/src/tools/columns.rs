//! Dropping and adding features.

use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::features::{AUTO_FEATURES, Number};
use crate::reader::Dataset;
use crate::tools::build::carry_out;
use crate::tools::plan::{Column, Plan};
use crate::tools::values::{NewValues, Values};
use crate::tools::work::{Edited, Target, Work};

/// A feature to add.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFeature {
    /// Its key.
    pub key: String,
    /// Where its values come from.
    pub values: NewValues,
    /// Its type, if not the one found.
    pub number: Option<Number>,
}

/// What becomes of features.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureChanges {
    /// The keys of those that go, cameras included.
    pub dropped: Vec<String>,
    /// Whether ulna's own columns, `ulna.*`, go.
    pub plain: bool,
    /// Those that come.
    pub added: Vec<NewFeature>,
}

/// Drops and adds features.
pub fn change_features(
    dir: impl AsRef<Path>,
    changes: &FeatureChanges,
    target: &Target,
    work: &mut Work,
) -> Result<Edited> {
    let dataset = Dataset::open(dir)?;
    for key in &changes.dropped {
        let feature = dataset.info().feature(key)?;
        if feature.is_auto() {
            let keys: Vec<&str> = AUTO_FEATURES.iter().map(|(key, _)| *key).collect();
            return Err(DatasetError::invalid(
                format!("feature `{key}`"),
                format!("every dataset needs it; {} stay", keys.join(", ")),
            ));
        }
    }
    let mut plan = Plan::of(dataset)?;
    let frames = plan.frames();
    let own = |key: &str| changes.plain && key.starts_with("ulna.");
    plan.columns.retain(|column| {
        let key = &column.feature.key;
        !changes.dropped.contains(key) && !own(key)
    });
    for new in &changes.added {
        let key = &new.key;
        if plan.columns.iter().any(|column| column.feature.key == *key) {
            let reason = "the dataset has it already; drop it first, or choose another name";
            return Err(DatasetError::invalid(format!("feature `{key}`"), reason));
        }
        let (feature, values) = Values::load(key, &new.values, new.number, frames)?;
        // The features that LeRobot fills by itself stay last.
        let at = plan
            .columns
            .iter()
            .position(|column| column.feature.is_auto());
        let column = Column {
            from: key.clone(),
            feature,
            values: Some(values),
        };
        plan.columns
            .insert(at.unwrap_or(plan.columns.len()), column);
    }
    carry_out(&plan, target, work)
}
