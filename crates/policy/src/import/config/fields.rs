//! The fields of a config, each with LeRobot's default and a bound.

use serde_json::{Map, Value};
use ulna_outside::Shell;

/// The widest layer, and the most layers of a kind.
pub(in crate::import) const MAX_WIDTH: usize = 1 << 16;
pub(in crate::import) const MAX_LAYERS: usize = 64;

/// The fields of one object.
#[derive(Debug)]
pub(in crate::import) struct Fields<'a> {
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    pub(in crate::import) fn new(map: &'a Map<String, Value>) -> Self {
        Self { map }
    }

    /// A field that is there and not null.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(in crate::import) fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            // LeRobot declares `replace_final_stride_with_dilation` as a number.
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(other) => Err(format!("{name} is {other}, and true or false is meant")),
        }
    }

    /// A number from 1 to `most`.
    pub(in crate::import) fn count(
        &self,
        name: &str,
        default: usize,
        most: usize,
    ) -> Result<usize, String> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => count(name, value, most),
        }
    }

    pub(in crate::import) fn counts(
        &self,
        name: &str,
        default: &[usize],
        most: usize,
    ) -> Result<Vec<usize>, String> {
        match self.get(name) {
            None => Ok(default.to_vec()),
            Some(Value::Array(values)) if !values.is_empty() => values
                .iter()
                .map(|value| count(name, value, most))
                .collect(),
            Some(other) => Err(format!("{name} is {other}, and a list of numbers is meant")),
        }
    }

    pub(in crate::import) fn pair(
        &self,
        name: &str,
        most: usize,
    ) -> Result<Option<[usize; 2]>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_array().map(Vec::as_slice) {
            Some([first, second]) => Ok(Some([
                count(name, first, most)?,
                count(name, second, most)?,
            ])),
            _ => Err(format!("{name} is {value}, and [height, width] is meant")),
        }
    }

    pub(in crate::import) fn number(&self, name: &str, default: f64) -> Result<f64, String> {
        Ok(self.maybe_number(name)?.unwrap_or(default))
    }

    pub(in crate::import) fn maybe_number(&self, name: &str) -> Result<Option<f64>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(format!("{name} is {value}, and a number is meant")),
            },
        }
    }

    pub(in crate::import) fn word(
        &self,
        name: &str,
        default: &'static str,
    ) -> Result<&'a str, String> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::String(word)) => Ok(word),
            Some(other) => Err(format!("{name} is {other}, and a word is meant")),
        }
    }

    /// `vision_backbone`, a ResNet.
    pub(in crate::import) fn backbone(&self) -> Result<String, String> {
        let name = self.word("vision_backbone", "resnet18")?;
        match name.starts_with("resnet") {
            true => Ok(name.to_owned()),
            false => Err(format!(
                "vision_backbone is {name}, and LeRobot's ACT and Diffusion have ResNets only"
            )),
        }
    }

    /// Refuses keys that are not known: what they mean could change what the network does. Those that are off mean nothing.
    pub(in crate::import) fn only(
        &self,
        known: [&[&str]; 2],
        ignored: &[String],
    ) -> Result<(), String> {
        let off = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        let strangers: Vec<&str> = self
            .map
            .iter()
            .filter(|(key, value)| {
                !known.iter().any(|known| known.contains(&key.as_str()))
                    && !ignored.contains(key)
                    && !off(value)
            })
            .map(|(key, _)| key.as_str())
            .collect();
        match strangers.as_slice() {
            [] => Ok(()),
            [first, ..] => Err(format!(
                "it has {} that this ulna does not know and that may change what the network does: {}; a newer ulna may know more, and \
                 `--ignore {}` imports it without",
                if strangers.len() == 1 {
                    "a field"
                } else {
                    "fields"
                },
                strangers.join(", "),
                Shell(first)
            )),
        }
    }
}

fn count(name: &str, value: &Value, most: usize) -> Result<usize, String> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    match number {
        Some(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(format!("{name} is {value}, and 1 to {most} is possible")),
    }
}
