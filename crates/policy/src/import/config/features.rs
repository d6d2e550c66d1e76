//! What a policy sees and answers: the features in a config.

use serde_json::{Map, Value};
use ulna_core::MAX_JOINTS;

use crate::contract::{ACTION, ENVIRONMENT_STATE, MAX_ENVIRONMENT, STATE};

/// The largest picture side, pixels.
pub(in crate::import) const MAX_SIDE: usize = 4096;
/// The most cameras.
const MAX_CAMERAS: usize = 8;

/// What it sees and answers. Keys are the policy's own, after any renaming.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Features {
    pub(in crate::import) state: Option<Vector>,
    pub(in crate::import) environment: Option<Vector>,
    pub(in crate::import) images: Vec<Image>,
    /// How many joints an action has.
    pub(in crate::import) action: usize,
    /// Features that the config lists and LeRobot's network does not look at.
    pub(in crate::import) unseen: Vec<String>,
}

impl Features {
    /// What the policy looks with: the backbone, if it looks through a camera at all.
    pub(in crate::import) fn eyes(&self, backbone: &str) -> String {
        match self.images.len() {
            0 => "without a camera".to_owned(),
            1 => backbone.to_owned(),
            cameras => format!("{backbone}, {cameras} cameras"),
        }
    }
}

/// A feature of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Vector {
    pub(in crate::import) key: String,
    pub(in crate::import) len: usize,
}

/// A feature of pictures with three channels.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Image {
    pub(in crate::import) key: String,
    pub(in crate::import) height: usize,
    pub(in crate::import) width: usize,
}

/// Reads `input_features` and `output_features`.
pub(super) fn read(map: &Map<String, Value>) -> Result<Features, String> {
    let mut features = Features {
        state: None,
        environment: None,
        images: Vec::new(),
        action: 0,
        unseen: Vec::new(),
    };
    for (key, kind, shape) in listed(map, "input_features")? {
        match (kind, shape.as_slice()) {
            ("STATE", [len]) if key == STATE => {
                features.state = Some(vector(key, *len, MAX_JOINTS)?);
            }
            ("ENV", [len]) if key == ENVIRONMENT_STATE => {
                features.environment = Some(vector(key, *len, MAX_ENVIRONMENT)?);
            }
            ("VISUAL", [3, height, width])
                if (1..=MAX_SIDE).contains(height) && (1..=MAX_SIDE).contains(width) =>
            {
                features.images.push(Image {
                    key: key.to_owned(),
                    height: *height,
                    width: *width,
                });
            }
            ("VISUAL", _) => {
                return Err(format!(
                    "its input `{key}` has the shape {shape:?}, and pictures are [3, height, width] with sides of at most {MAX_SIDE} pixels"
                ));
            }
            ("STATE", [_]) if key != STATE => features.unseen.push(key.to_owned()),
            _ => {
                return Err(format!(
                    "its input `{key}` of type {kind} and shape {shape:?} is none that LeRobot's ACT or Diffusion look at: {STATE}, \
                     {ENVIRONMENT_STATE} (type ENV) and pictures"
                ));
            }
        }
    }
    for (key, kind, shape) in listed(map, "output_features")? {
        match (kind, shape.as_slice()) {
            ("ACTION", [len]) if key == ACTION => {
                features.action = vector(key, *len, MAX_JOINTS)?.len;
            }
            _ => {
                return Err(format!(
                    "its output `{key}` of type {kind} and shape {shape:?} is not {ACTION}, the one that ulna drives an arm with"
                ));
            }
        }
    }
    if features.action == 0 {
        return Err(format!("output_features lacks {ACTION}"));
    }
    if features.images.is_empty() && features.environment.is_none() {
        return Err(format!(
            "it sees neither pictures nor {ENVIRONMENT_STATE}, one of which LeRobot's ACT and Diffusion need"
        ));
    }
    if features.images.len() > MAX_CAMERAS {
        return Err(format!(
            "it looks through {} cameras, and {MAX_CAMERAS} are possible",
            features.images.len()
        ));
    }
    Ok(features)
}

fn vector(key: &str, len: usize, most: usize) -> Result<Vector, String> {
    if (1..=most).contains(&len) {
        return Ok(Vector {
            key: key.to_owned(),
            len,
        });
    }
    Err(format!(
        "`{key}` has {len} numbers, and 1 to {most} are possible"
    ))
}

type Listed<'a> = (&'a str, &'a str, Vec<usize>);

fn listed<'a>(map: &'a Map<String, Value>, name: &str) -> Result<Vec<Listed<'a>>, String> {
    let wrong = || format!("`{name}` is not a table of features with type and shape");
    let features = map.get(name).and_then(Value::as_object).ok_or_else(wrong)?;
    let features = features.iter().map(|(key, feature)| {
        let kind = feature.get("type").and_then(Value::as_str);
        let shape = feature.get("shape").and_then(Value::as_array);
        let (Some(kind), Some(shape)) = (kind, shape) else {
            return Err(format!("`{name}` has `{key}` without a type and a shape"));
        };
        let dims = shape
            .iter()
            .map(|dim| dim.as_u64().and_then(|dim| usize::try_from(dim).ok()));
        let dims = dims.collect::<Option<Vec<usize>>>();
        let dims =
            dims.ok_or_else(|| format!("`{name}` has `{key}` with a shape of no numbers"))?;
        Ok((key.as_str(), kind, dims))
    });
    features.collect()
}

/// Reads `normalization_mapping`.
pub(super) fn modes(map: &Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let Some(mapping) = map.get("normalization_mapping") else {
        return Ok(Vec::new());
    };
    let wrong = || "normalization_mapping is not a table of words".to_owned();
    let mapping = mapping.as_object().ok_or_else(wrong)?;
    let modes = mapping.iter().map(|(kind, mode)| {
        let mode = mode.as_str().ok_or_else(wrong)?;
        Ok((kind.clone(), mode.to_owned()))
    });
    modes.collect()
}
