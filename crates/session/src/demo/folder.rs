//! The folder in which the tour leaves its files: what an earlier tour left there is replaced, and nothing else.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use ulna_dataset::Dataset;
use ulna_outside::files;

use crate::error::SessionError;
use crate::shipped;
use crate::usage::UsageError;

/// Episodes that the tour records, and their task.
pub(super) const EPISODES: u64 = 2;
pub(super) const TASK: &str = "Move the arm about";
/// The names that a dataset of the tour has in its folder.
const IN_A_DATASET: [&str; 5] = ["data", "meta", "videos", ".ulna", "README.md"];
/// What Rerun's recordings begin with.
const RERUN: &[u8] = b"RRF";
/// More than the head of anything that is looked at, bytes.
const HEAD: usize = 16;

/// `$XDG_DATA_HOME/ulna/demo`, else `~/.local/share/ulna/demo`, in the current folder where there is no home.
pub(super) fn default_folder() -> PathBuf {
    let data = env::var_os("XDG_DATA_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    data.unwrap_or_else(|| {
        env::home_dir()
            .unwrap_or_else(|| PathBuf::from("."))
            .join(".local/share")
    })
    .join("ulna/demo")
}

/// Where things lie in the folder.
pub(super) struct Places {
    pub(super) dataset: PathBuf,
    pub(super) page: PathBuf,
    pub(super) policy: PathBuf,
    pub(super) film: PathBuf,
}

impl Places {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            dataset: folder.join("dataset"),
            page: folder.join("report.html"),
            policy: folder.join("policy"),
            film: folder.join("policy.rrd"),
        }
    }

    /// Removes the dataset of an earlier tour.
    ///
    /// # Errors
    /// If one of the places holds what no tour left there; nothing has been removed then.
    pub(super) fn clear(&self) -> Result<(), SessionError> {
        let there = |path: &Path| path.symlink_metadata().is_ok();
        let foreign = [
            (&self.dataset, is_a_tour as fn(&Path) -> bool),
            (&self.policy, shipped::is_reach),
            (&self.film, is_a_film),
        ];
        for (path, is_ours) in foreign {
            if there(path) && (path.is_symlink() || !is_ours(path)) {
                return Err(UsageError::DemoFolder(path.clone()).into());
            }
        }
        if !there(&self.dataset) {
            return Ok(());
        }
        fs::remove_dir_all(&self.dataset).map_err(|source| SessionError::System {
            what: format!("removing the last demo's {}", self.dataset.display()),
            source,
        })
    }
}

/// Whether a dataset is all that the tour recorded, and no more.
fn is_a_tour(dir: &Path) -> bool {
    let Ok(dataset) = Dataset::open(dir) else {
        return false;
    };
    let simulated = dataset.manifest().ok().flatten();
    let simulated = simulated.and_then(|manifest| manifest.extra.get("simulated")?.as_bool());
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    simulated == Some(true)
        && dataset.len() as u64 <= EPISODES
        && dataset.episodes().iter().all(|row| row.tasks == [TASK])
        && names.all(|name| IN_A_DATASET.iter().any(|known| name == *known))
}

/// Whether a file is a recording of Rerun's.
fn is_a_film(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = files::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && (head.is_empty() || head.starts_with(RERUN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::symlink;
    use ulna_dataset::{Manifest, Spec, Writer};

    fn dataset(dir: &Path, simulated: bool) {
        let manifest: Manifest =
            serde_json::from_value(json!({ "extra": { "simulated": simulated } })).unwrap();
        Writer::create(dir, &Spec::new(30).manifest(Some(manifest))).unwrap();
    }

    #[test]
    fn what_a_user_has_in_the_folder_stays() {
        type Plant = fn(&Places);
        let plants: [(&str, Plant); 9] = [
            ("dataset", |places| dataset(&places.dataset, false)),
            ("dataset", |places| {
                dataset(&places.dataset, true);
                fs::write(places.dataset.join("notes.txt"), "mine").unwrap();
            }),
            ("dataset", |places| fs::create_dir(&places.dataset).unwrap()),
            ("dataset", |places| {
                let elsewhere = places.dataset.with_file_name("elsewhere");
                dataset(&elsewhere, true);
                symlink(elsewhere, &places.dataset).unwrap();
            }),
            ("policy", |places| {
                fs::create_dir(&places.policy).unwrap();
                fs::write(places.policy.join("policy.toml"), "name = \"mine\"").unwrap();
            }),
            ("policy", |places| {
                fs::create_dir(&places.policy).unwrap();
                fs::write(places.policy.join("policy.onnx"), "mine").unwrap();
            }),
            ("policy", |places| {
                symlink("elsewhere", &places.policy).unwrap()
            }),
            ("policy.rrd", |places| {
                fs::write(&places.film, "mine").unwrap()
            }),
            ("policy.rrd", |places| {
                symlink("elsewhere", &places.film).unwrap()
            }),
        ];
        for (number, (what, plant)) in plants.into_iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            let places = Places::of(folder.path());
            plant(&places);
            if number != 0 && what != "dataset" {
                dataset(&places.dataset, true);
            }
            let error = places.clear().unwrap_err().to_string();
            assert!(
                error.contains(&format!("{what} is there")),
                "{number}: {error}"
            );
            assert!(places.dataset.symlink_metadata().is_ok(), "{number}");
        }
    }

    #[test]
    fn what_an_earlier_tour_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::of(folder.path());
        places.clear().unwrap();
        dataset(&places.dataset, true);
        shipped::unpack_reach(&places.policy).unwrap();
        fs::write(&places.film, b"RRF2...").unwrap();
        places.clear().unwrap();
        assert!(!places.dataset.exists());
    }
}
