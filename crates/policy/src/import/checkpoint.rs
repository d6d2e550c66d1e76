//! A LeRobot checkpoint on disk: which files are there, and which are refused.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bundle::folder;
use crate::error::PolicyError;

use super::config::Config;
use super::processors::{self, Processors};
use super::weights::Weights;

/// The largest file of weights that is opened, bytes.
const MAX_WEIGHTS: u64 = 16 << 30;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";

/// A checkpoint whose files have been read, but for the weights themselves.
#[derive(Debug)]
pub struct Checkpoint {
    dir: PathBuf,
    pub(super) config: Config,
    pub(super) processors: Processors,
    pub(super) weights: Weights,
}

impl Checkpoint {
    /// Reads the checkpoint in folder `path`, or in its `pretrained_model`, as training leaves it. Fields of `config.json` that
    /// `ignored` names may be unknown.
    ///
    /// # Errors
    /// [`PolicyError`] if files are missing, cannot be read, contradict each other, or are of a policy that is not imported.
    pub fn open(path: &Path, ignored: &[String]) -> Result<Self, PolicyError> {
        let dir = locate(path)?;
        let file = dir.join(CONFIG);
        let text = folder::read(&file, folder::MAX_MANIFEST)?;
        let config = Config::parse(&text, ignored)
            .map_err(|reason| PolicyError::Checkpoint { path: file, reason })?;
        let mut weights = open_weights(&dir)?;
        let processors = processors::read(&dir, &config, &mut weights)?;
        Ok(Self {
            dir,
            config,
            processors,
            weights,
        })
    }

    /// The folder with the files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// LeRobot's name of the policy.
    pub fn policy(&self) -> &'static str {
        self.config.policy.name
    }

    /// How many joints its actions have.
    pub fn joints(&self) -> usize {
        self.config.features.action
    }

    /// What is odd about it, and not wrong.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.processors.notes.clone();
        let unseen = self.config.features.unseen.iter();
        notes.extend(unseen.map(|key| {
            format!("`{key}` is listed in {CONFIG}, and LeRobot's network does not look at it")
        }));
        notes
    }
}

/// The folder with `config.json`.
fn locate(path: &Path) -> Result<PathBuf, PolicyError> {
    let refuse = |reason: String| PolicyError::Checkpoint {
        path: path.to_owned(),
        reason,
    };
    if path.is_file() {
        return Err(refuse(match extension(path).as_deref() {
            Some("pt" | "pth" | "bin" | "ckpt" | "pkl") => PICKLE.to_owned(),
            _ => format!(
                "it is a file; name the checkpoint's folder, which has {CONFIG} and {WEIGHTS}"
            ),
        }));
    }
    if !path.is_dir() {
        return Err(refuse(
            "there is no such folder; `ulna hub pull OWNER/NAME` fetches a checkpoint from the Hub"
                .to_owned(),
        ));
    }
    let places = [
        "",
        "pretrained_model",
        "last/pretrained_model",
        "checkpoints/last/pretrained_model",
    ];
    let mut places = places.iter().map(|inner| match *inner {
        "" => path.to_owned(),
        inner => path.join(inner),
    });
    let found = places.find(|place| place.join(CONFIG).is_file());
    found.ok_or_else(|| {
        refuse(match path.join(crate::bundle::MANIFEST).exists() {
            true => "it is a bundle already; `ulna policy check` looks at it".to_owned(),
            false if path.join("adapter_config.json").exists() => {
                "it holds an adapter (LoRA) and not the whole network; merge it into its base model with PEFT's `merge_and_unload` first"
                    .to_owned()
            }
            false => format!(
                "it has no {CONFIG}; a checkpoint is the folder `pretrained_model` that training writes, or what `ulna hub pull` fetches"
            ),
        })
    })
}

const PICKLE: &str = "it is a pickle, which can run any code when it is read; save the policy with LeRobot's `save_pretrained`, which writes \
                      model.safetensors";

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
}

fn open_weights(dir: &Path) -> Result<Weights, PolicyError> {
    let path = dir.join(WEIGHTS);
    if path.exists() {
        folder::size(&path, MAX_WEIGHTS)?;
        return Weights::open(&path);
    }
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    let names: Vec<PathBuf> = names.map(|entry| entry.path()).collect();
    let of = |wanted: &[&str]| {
        let mut matching = names.iter().filter(|path| {
            let extension = extension(path);
            extension.is_some_and(|extension| wanted.contains(&extension.as_str()))
        });
        matching.next().cloned()
    };
    if let Some(pickle) = of(&["pt", "pth", "bin", "ckpt", "pkl"]) {
        return Err(PolicyError::Checkpoint {
            path: pickle,
            reason: PICKLE.to_owned(),
        });
    }
    let reason = match of(&["safetensors"]) {
        _ if dir.join("adapter_config.json").exists() => {
            "it holds an adapter (LoRA) and not the whole network; merge it into its base model with PEFT's `merge_and_unload` first"
                .to_owned()
        }
        _ if dir.join("model.safetensors.index.json").exists() => format!(
            "its weights are split into several files; LeRobot writes one, {WEIGHTS}"
        ),
        _ => format!("it has no {WEIGHTS}; copy the whole checkpoint folder"),
    };
    Err(PolicyError::Checkpoint {
        path: dir.to_owned(),
        reason,
    })
}
