//! Bundles: a policy as a folder that anyone can read.
//!
//! A bundle holds `policy.toml`, one ONNX network or an encoder and a denoiser, statistics, and a golden pair of input and output. Opening one checks
//! everything that can be checked without an engine; nothing in it can carry code or reach outside its folder. `crates/policy/policy-toml.md` has every field.
//!
//! ```toml
//! schema = 1
//! name = "pick the cube"
//! robot_type = "so_follower"             # or a list: LeRobot's names of robot classes
//! joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
//! units = "degrees"                      # or "m100"; grippers are 0..100 always
//! fps = 30.0
//! graphs = { policy = "act.onnx" }
//!
//! [[inputs]]
//! key = "observation.state"              # also observation.environment_state, observation.images.NAME
//! tensor = "observation_state"           # the network's name for it; the key if absent
//! shape = [6]                            # without the batch, as in LeRobot
//! normalisation = "MEAN_STD"             # MIN_MAX, QUANTILES, QUANTILE10, IDENTITY; BAKED: the network does it
//! statistics = "statistics.safetensors"  # LeRobot's processor file, or { mean = [...], std = [...] }
//!
//! [[inputs]]
//! key = "observation.images.front"
//! shape = [3, 96, 96]
//! resize = "bilinear"                    # pictures of other sizes are brought to this one; refused if absent
//! normalisation = "BAKED"
//!
//! [action]
//! tensor = "action"
//! shape = [6]
//! normalisation = "MEAN_STD"
//! statistics = "statistics.safetensors"
//!
//! [chunk]
//! chunk_size = 20
//! n_action_steps = 10
//! # temporal_ensemble_coeff = 0.01       # needs n_action_steps = 1, as in LeRobot
//!
//! [golden]
//! file = "golden.safetensors"            # a tensor for each input key (robot units; pictures 0..1 in C, H, W or uint8 in H, W, C)
//! tolerance = 1e-4                       # and `action`: [chunk_size, joints] in robot units
//! ```

use std::path::{Path, PathBuf};

use ulna_outside::text::in_line;

use crate::contract::Contract;
use crate::error::PolicyError;

pub(crate) mod bind;
mod bounds;
mod chunks;
pub(crate) mod folder;
pub(crate) mod golden;
pub(crate) mod graph;
mod graphs;
pub(crate) mod inline;
mod manifest;
pub(crate) mod onnx;
mod other;
mod rewrite;
mod statistics;
pub(crate) mod tensors;
mod validate;

pub use chunks::ChunkSettings;
pub use golden::{Golden, GoldenImage, Seen};
pub(crate) use graphs::Graphs;
pub use manifest::MANIFEST;
use manifest::Manifest;
use tensors::TensorFile;
pub use validate::FPS;

/// A policy on disk, checked as far as that is possible without running it.
#[derive(Debug, Clone)]
pub struct Bundle {
    dir: PathBuf,
    name: String,
    summary: String,
    contract: Contract,
    chunks: ChunkSettings,
    graphs: Graphs,
    golden: Golden,
    tolerance: f64,
}

impl Bundle {
    /// Opens the bundle in folder `dir`.
    ///
    /// # Errors
    /// [`PolicyError`] if a file is missing, too large or outside the folder, if `policy.toml` is wrong or contradicts itself, or
    /// if the network takes or gives something else than it says.
    pub fn open(dir: &Path) -> Result<Self, PolicyError> {
        Self::read(dir, true)
    }

    /// The same, with an empty golden pair unless `whole`: it may not have been made yet.
    pub(crate) fn read(dir: &Path, whole: bool) -> Result<Self, PolicyError> {
        if let Some(what) = other::what_it_is(dir) {
            return Err(what);
        }
        let path = dir.join(MANIFEST);
        let text = folder::read(&path, folder::MAX_MANIFEST)?;
        let wrong = |reason: String| PolicyError::Manifest {
            path: path.clone(),
            reason,
        };
        let text = String::from_utf8(text).map_err(|_| wrong("it is not text".to_owned()))?;
        let manifest: Manifest = toml::from_str(&text)
            .map_err(|error| wrong(in_line(&text, error.span(), error.message())))?;
        let chunks = ChunkSettings::read(&manifest.chunk).map_err(wrong)?;
        validate::check_head(&manifest).map_err(wrong)?;
        let contract = validate::contract(dir, &manifest, &wrong)?;
        let graphs = Graphs::open(dir, &manifest, &contract, &chunks, &wrong)?;
        let golden = match whole {
            true => {
                let file = TensorFile::read(&folder::inside(dir, &manifest.golden.file)?)?;
                Golden::read(&file, &contract, &chunks)?
            }
            false => Golden::default(),
        };
        Ok(Self {
            dir: dir.to_owned(),
            name: manifest.name,
            summary: manifest.summary,
            contract,
            chunks,
            graphs,
            golden,
            tolerance: manifest.golden.tolerance,
        })
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line for people; may be empty.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What it sees, what it answers, and for which robot.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How its chunks are used.
    pub fn chunks(&self) -> &ChunkSettings {
        &self.chunks
    }

    /// What it is known to answer.
    pub fn golden(&self) -> &Golden {
        &self.golden
    }

    /// How far an engine may miss the golden output, robot units.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    pub(crate) fn graphs(&self) -> &Graphs {
        &self.graphs
    }

    /// Puts a golden pair in place of the one that was read.
    pub(crate) fn with_golden(mut self, golden: Golden) -> Self {
        self.golden = golden;
        self
    }
}
