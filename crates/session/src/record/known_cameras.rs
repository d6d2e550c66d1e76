//! The cameras of a dataset: who they were and what they saw, so that another one, or one that was moved, is noticed when it goes on.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ulna_cameras::{CameraFacts, CameraIdentity, Thumbnail};
use ulna_dataset::Dataset;
use ulna_outside::files;

use super::cameras::RecordedCameras;
use crate::error::SessionError;

/// Where the cameras of the last session stand; those of the first are in the manifest.
pub(super) const PATH: &str = "meta/ulna/cameras.json";
/// Far more than it needs, bytes.
const LONGEST: u64 = 1 << 20;
/// Views that are less similar than this are of different things, or from elsewhere. An arm that stands differently changes a view less.
const RELATED: f64 = 0.3;
/// Views that are this similar are the same.
const SAME: f64 = 0.7;

/// A camera of a session that is over.
#[derive(Debug, Clone, Deserialize)]
struct Known {
    identity: CameraIdentity,
    #[serde(default)]
    rotation: i32,
    #[serde(default)]
    thumbnail: Thumbnail,
}

/// A camera as it is stored: what is known of it, and what it sees.
#[derive(Debug, Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    facts: &'a CameraFacts,
    thumbnail: &'a Thumbnail,
}

/// The real cameras of a recording, as a dataset keeps them; nothing if there are none.
pub(super) fn stored(cameras: &RecordedCameras) -> Option<Value> {
    let named = cameras.specs.iter().zip(&cameras.facts);
    let stored: BTreeMap<&str, Stored<'_>> = named
        .map(|(spec, facts)| {
            let thumbnail = &facts.thumbnail;
            (spec.name.as_str(), Stored { facts, thumbnail })
        })
        .collect();
    (!stored.is_empty()).then(|| serde_json::to_value(stored).unwrap_or_default())
}

/// The cameras of a dataset's last session; empty if it says nothing of them.
fn known(dataset: &Dataset, root: &Path) -> BTreeMap<String, Known> {
    let last = files::read_text(&root.join(PATH), LONGEST);
    let last = last.ok().and_then(|text| serde_json::from_str(&text).ok());
    let first = || {
        let manifest = dataset.manifest().ok()??;
        serde_json::from_value(manifest.extra.get("cameras")?.clone()).ok()
    };
    last.or_else(first).unwrap_or_default()
}

/// What is known of the cameras with which a dataset is to go on.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// In which ways they are others: a sentence each.
    pub(super) differences: Vec<String>,
    /// What they see that they did not see then.
    pub(super) warnings: Vec<String>,
}

/// Compares the cameras of a recording with those of the dataset that it goes on with.
pub(super) fn compare(dataset: &Dataset, root: &Path, cameras: &RecordedCameras) -> Compared {
    let known = known(dataset, root);
    let mut compared = Compared::default();
    for (spec, facts) in cameras.specs.iter().zip(&cameras.facts) {
        let name = &spec.name;
        let Some(then) = known.get(name) else {
            continue;
        };
        if let Some(how) = then.identity.difference(&facts.identity) {
            compared
                .differences
                .push(format!("camera `{name}` is another one: {how}"));
            continue;
        }
        if then.rotation != facts.rotation {
            let (was, is) = (then.rotation, facts.rotation);
            compared.differences.push(format!(
                "camera `{name}` was turned by {was} degrees, not {is}"
            ));
        }
        compared
            .warnings
            .extend(other_view(name, &facts.thumbnail, &known));
    }
    compared
}

/// A sentence if the camera does not see what it saw then.
fn other_view(name: &str, now: &Thumbnail, known: &BTreeMap<String, Known>) -> Option<String> {
    let likeness = known.get(name)?.thumbnail.likeness(now)?;
    if likeness >= RELATED {
        return None;
    }
    let others = known.iter().filter(|(other, _)| *other != name);
    let mut exchanged = others.filter(|(_, then)| {
        then.thumbnail
            .likeness(now)
            .is_some_and(|likeness| likeness > SAME)
    });
    Some(match exchanged.next() {
        Some((other, _)) => format!(
            "camera `{name}` sees what `{other}` saw in the last session: are the two exchanged?"
        ),
        None => format!(
            "camera `{name}` sees something else than in the last session (likeness {likeness:.2} of 1): was it moved, turned or covered?"
        ),
    })
}

/// Keeps what the cameras are and see, for the next session. Whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub(super) fn keep(root: &Path, cameras: &RecordedCameras) -> Result<(), SessionError> {
    let Some(value) = stored(cameras) else {
        return Ok(());
    };
    let path = root.join(PATH);
    let failed = |source| SessionError::System {
        what: format!("writing {}", path.display()),
        source,
    };
    let folder = path.parent().unwrap_or(root);
    // A link would lead out of the dataset.
    let linked = [folder, &path].into_iter().any(Path::is_symlink);
    if linked || !folder.is_dir() {
        return Ok(());
    }
    files::replace(&path, |file| writeln!(file, "{value:#}")).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(digits: &str) -> Known {
        let json = format!("{{\"identity\":{{}},\"thumbnail\":\"{digits}\"}}");
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn exchanged_and_moved_cameras_are_noticed() {
        let [up, down, flat] = ["0020406080", "8060402000", "2020202020"];
        let there: BTreeMap<String, Known> = [
            ("front".to_owned(), known(up)),
            ("wrist".to_owned(), known(down)),
        ]
        .into();
        let sees = |name: &str, digits: &str| other_view(name, &known(digits).thumbnail, &there);
        assert_eq!(sees("front", "1030507090"), None);
        assert!(sees("front", down).unwrap().contains("what `wrist` saw"));
        assert!(sees("front", "0080008000").unwrap().contains("moved"));
        assert_eq!(sees("front", flat), None, "nothing to be compared");
    }
}
