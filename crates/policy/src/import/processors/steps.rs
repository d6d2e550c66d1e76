//! The file of a processor: its steps.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::bundle::folder;
use crate::error::PolicyError;

/// One step of a processor.
pub(super) struct Step<'a> {
    pub(super) name: &'a str,
    pub(super) config: &'a Map<String, Value>,
    pub(super) state_file: Option<&'a str>,
}

pub(super) fn json(path: &Path) -> Result<Value, PolicyError> {
    let bytes = folder::read(path, folder::MAX_MANIFEST)?;
    serde_json::from_slice(&bytes).map_err(|error| PolicyError::Checkpoint {
        path: path.to_owned(),
        reason: format!("it is no JSON ({error}); take the file as LeRobot wrote it"),
    })
}

pub(super) fn steps(value: &Value) -> Result<Vec<Step<'_>>, String> {
    let list = value.get("steps").and_then(Value::as_array);
    let list = list.ok_or("it has no list of `steps`, so it is no processor of LeRobot's")?;
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    let steps = list.iter().map(|step| {
        let word = |key: &str| step.get(key).and_then(Value::as_str);
        let name = word("registry_name").or_else(|| word("class"));
        Ok(Step {
            name: name.ok_or("it has a step without a `registry_name`")?,
            config: step
                .get("config")
                .and_then(Value::as_object)
                .unwrap_or(&EMPTY),
            state_file: word("state_file"),
        })
    });
    steps.collect()
}

pub(super) fn renaming(
    step: &Step<'_>,
    renamed: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let Some(map) = step.config.get("rename_map").and_then(Value::as_object) else {
        return Ok(());
    };
    for (from, to) in map {
        let to = to.as_str().ok_or("its rename_map is no table of words")?;
        let earlier = renamed.remove(from);
        let from = earlier.unwrap_or_else(|| from.clone());
        if let Some(other) = renamed.insert(to.to_owned(), from.clone()) {
            return Err(format!(
                "its rename_map makes `{to}` of `{other}` and of `{from}`"
            ));
        }
    }
    Ok(())
}
