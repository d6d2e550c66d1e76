//! Dropping and adding features.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{DatasetError, Result};
use crate::features::{AUTO_FEATURES, Feature, Number};
use crate::reader::Dataset;
use crate::setters::setters;
use crate::tools::build::carry_out;
use crate::tools::plan::{Column, Plan};
use crate::tools::values::{NewValues, Values};
use crate::tools::work::{Edited, Target, Work};

/// A feature to add.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct FeatureChanges {
    /// The keys of those that go, cameras included.
    pub dropped: Vec<String>,
    /// Whether ulna's own columns, `ulna.*`, go.
    pub plain: bool,
    /// New keys by the old ones, cameras included.
    pub renamed: BTreeMap<String, String>,
    /// Those that come.
    pub added: Vec<NewFeature>,
}

impl NewFeature {
    /// A feature of the type that its values have.
    pub fn new(key: impl Into<String>, values: NewValues) -> NewFeature {
        NewFeature {
            key: key.into(),
            values,
            number: None,
        }
    }
}

setters!(NewFeature {
    number: Option<Number>
});
setters!(FeatureChanges {
    dropped: Vec<String>,
    plain: bool,
    renamed: BTreeMap<String, String>,
    added: Vec<NewFeature>,
});

/// Drops, renames and adds features.
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
    rename(&mut plan, &changes.renamed)?;
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

/// Gives features other keys. With a camera go ulna's own notes about it.
fn rename(plan: &mut Plan, renamed: &BTreeMap<String, String>) -> Result<()> {
    for (old, new) in renamed {
        let refuse =
            |reason: String| Err(DatasetError::invalid(format!("feature `{old}`"), reason));
        let there = |key: &str| plan.columns.iter().any(|column| column.feature.key == *key);
        if there(new) {
            return refuse(format!(
                "the dataset has `{new}` already; choose another name"
            ));
        }
        let Some(column) = plan.columns.iter().position(|column| column.from == *old) else {
            let keys: Vec<&str> = plan
                .columns
                .iter()
                .map(|c| c.feature.key.as_str())
                .collect();
            return Err(DatasetError::MissingFeature {
                feature: old.clone(),
                available: keys.join(", "),
            });
        };
        let feature = &plan.columns[column].feature;
        if feature.is_auto() {
            return refuse("LeRobot knows it by this name".to_owned());
        }
        let declared = Feature::parse(new, &feature.declaration());
        declared.map_err(|(field, reason)| DatasetError::invalid(field, reason))?;
        let is_camera = feature.is_camera();
        plan.columns[column].feature.key.clone_from(new);
        let short = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
        let (old, new) = (short(old), short(new));
        let age = format!("{}{old}", crate::own_columns::PICTURE_AGE);
        for column in plan
            .columns
            .iter_mut()
            .filter(|c| is_camera && c.feature.key == age)
        {
            column.feature.key = format!("{}{new}", crate::own_columns::PICTURE_AGE);
        }
    }
    Ok(())
}
