//! What ulna notes about a recording besides LeRobot's files, in `meta/ulna/`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{DatasetError, Result};
use crate::json;

/// Where the manifest stands.
pub const MANIFEST_PATH: &str = "meta/ulna/manifest.json";

/// Where the report of an episode stands, relative to the dataset.
pub(crate) fn report_path(episode: u64) -> String {
    format!("meta/ulna/episodes/episode-{episode:06}.json")
}

/// What a dataset's numbers mean, which LeRobot's own files leave open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The robot's name in ulna's configuration.
    #[serde(default)]
    pub robot: String,
    /// The units of joints, such as `degrees` or `m100`.
    #[serde(default)]
    pub units: String,
    /// A fingerprint of each arm's calibration, by the arm's id.
    #[serde(default)]
    pub calibration: BTreeMap<String, String>,
    /// Anything else that the recording program wants to keep; not compared on resume.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

impl Manifest {
    pub(crate) fn read(root: &Path) -> Result<Option<Manifest>> {
        let path = root.join(MANIFEST_PATH);
        if !path.is_file() {
            return Ok(None);
        }
        let value = json::read(&path)?;
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| DatasetError::field(&path, "the file", error.to_string()))
    }

    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// One sentence for each way in which recording with `other` would not fit this dataset.
    pub(crate) fn differences(&self, other: &Manifest) -> Vec<String> {
        let mut out = Vec::new();
        let mut compare = |what: &str, here: &str, there: &str| {
            if here != there {
                out.push(format!("the dataset's {what} is `{here}`, not `{there}`"));
            }
        };
        compare("robot", &self.robot, &other.robot);
        compare("unit", &self.units, &other.units);
        let mut arms: Vec<&String> = self
            .calibration
            .keys()
            .chain(other.calibration.keys())
            .collect();
        arms.sort();
        arms.dedup();
        for arm in arms {
            let of = |m: &Manifest| {
                m.calibration
                    .get(arm)
                    .cloned()
                    .unwrap_or("absent".to_owned())
            };
            compare(&format!("calibration of arm {arm}"), &of(self), &of(other));
        }
        out
    }
}
