//! What people hand over in a bundle's place, and which command helps.

use std::path::Path;

use serde_json::Value;
use ulna_outside::files;

use crate::error::PolicyError;

use super::folder;
use super::manifest::MANIFEST;

/// The error for what is recognised as something else than a bundle; `None` for a bundle, and for what is not recognised.
pub(super) fn what_it_is(path: &Path) -> Option<PolicyError> {
    let not = |what: String, next: String| {
        Some(PolicyError::NotABundle {
            path: path.to_owned(),
            what,
            next,
        })
    };
    if path.is_file() {
        let extension = path.extension().and_then(|extension| extension.to_str());
        return match (extension, path.file_name().and_then(|name| name.to_str())) {
            (_, Some(MANIFEST)) => not(
                "the main file of a bundle".to_owned(),
                "name its folder".to_owned(),
            ),
            (Some("onnx"), _) => not(
                "a network alone, without a word on what it sees and drives".to_owned(),
                "a LeRobot checkpoint becomes a bundle with `ulna policy import CHECKPOINT`; for a network from elsewhere write a policy.toml \
                 into its folder (crates/policy/policy-toml.md has every field)"
                    .to_owned(),
            ),
            (Some("safetensors" | "pt" | "pth" | "bin" | "ckpt"), _) => not(
                "weights alone".to_owned(),
                "name the folder of the LeRobot checkpoint that they belong to: `ulna policy import CHECKPOINT`"
                    .to_owned(),
            ),
            _ => not("a file".to_owned(), "name a bundle's folder".to_owned()),
        };
    }
    if path.join(MANIFEST).exists() {
        return None;
    }
    let nested = ["pretrained_model", "last/pretrained_model"];
    let nested = nested.iter().map(|inner| path.join(inner));
    let mut places = std::iter::once(path.to_owned()).chain(nested);
    let checkpoint = places.find(|place| place.join("config.json").is_file())?;
    let config = folder::read(&checkpoint.join("config.json"), folder::MAX_MANIFEST).ok()?;
    let config: Value = serde_json::from_slice(&config).ok()?;
    let kind = config.get("type").and_then(Value::as_str)?;
    not(
        format!("a LeRobot checkpoint of the policy `{kind}`"),
        format!(
            "`ulna policy import {} --output BUNDLE` makes a bundle of it",
            files::shell(&checkpoint)
        ),
    )
}
