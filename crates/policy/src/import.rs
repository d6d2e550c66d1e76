//! From a LeRobot checkpoint to a bundle, without Python: the ONNX graph is written from the weights.
//!
//! [`Checkpoint::open`] reads `config.json`, the processor files and the header of `model.safetensors`; [`Checkpoint::import`] builds the
//! network, writes the bundle under a hidden name next to its final place, makes the golden pair, and only then gives the bundle its name.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::bundle::Bundle;
use crate::engine::Engine;
use crate::error::PolicyError;

mod checkpoint;
mod config;
mod golden;
mod graph;
mod identity;
mod manifest;
mod nets;
mod onnx;
mod other;
mod processors;
mod quoted;
mod refusals;
mod types;
pub(crate) mod weights;

pub use checkpoint::Checkpoint;
pub use golden::GoldenReport;
pub use identity::Identity;

use types::Built;

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// The bundle.
    pub bundle: PathBuf,
    /// LeRobot's name of the policy.
    pub policy: &'static str,
    /// What it sees, by the robot's keys.
    pub inputs: Vec<String>,
    /// Numbers in the networks: those of training alone are left out.
    pub parameters: usize,
    /// Operations in the networks.
    pub operations: usize,
    /// Bytes of the networks.
    pub bytes: u64,
    /// Seconds to read the weights and build the networks.
    pub reading_s: f64,
    /// Seconds to write them.
    pub writing_s: f64,
    /// The most memory that the process had taken until then, bytes, the engine's library included; `None` where the system does not tell.
    pub peak_bytes: Option<u64>,
    /// How the golden pair was made and checked.
    pub golden: GoldenReport,
    /// What is odd, and not wrong.
    pub notes: Vec<String>,
}

impl Checkpoint {
    /// Writes the bundle `output`, a folder that is not there yet.
    ///
    /// # Errors
    /// [`PolicyError`] if the weights are not those that the config implies, the folder is there or cannot be written, or the engines do
    /// not run the network or do not agree on it. Nothing is left then.
    pub fn import(
        mut self,
        output: &Path,
        identity: &Identity,
        engine: &Engine,
        threads: NonZeroUsize,
    ) -> Result<ImportReport, PolicyError> {
        let start = Instant::now();
        let built = self.build()?;
        let reading_s = start.elapsed().as_secs_f64();
        let unfinished = Unfinished::create(output)?;
        let dir = &unfinished.partial;
        let start = Instant::now();
        let mut bytes = 0;
        let (mut parameters, mut operations) = (0, 0);
        for (role, graph) in &built.networks {
            let path = dir.join(manifest::file_of(role));
            graph.write(&path)?;
            bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
            parameters += graph.parameters();
            operations += graph.operations();
        }
        let networks = manifest::Networks {
            roles: built.networks.iter().map(|(role, _)| *role).collect(),
            sections: built.sections,
        };
        // The weights are on disk by now.
        drop(built.networks);
        let tolerance = manifest::tolerance(&self);
        manifest::write(dir, &self, identity, &networks, tolerance)?;
        manifest::write_statistics(dir, &self)?;
        let writing_s = start.elapsed().as_secs_f64();
        let peak_bytes = peak_memory();
        // What is wrong with a bundle that was written just now is wrong with the checkpoint.
        let bundle = Bundle::read(dir, false).map_err(|error| match error {
            PolicyError::Manifest { reason, .. } => PolicyError::Checkpoint {
                path: self.dir().to_owned(),
                reason,
            },
            other => other,
        })?;
        let golden = golden::make(bundle, engine, threads)?;
        let mut notes = self.notes();
        if golden.tolerance > tolerance {
            manifest::write(dir, &self, identity, &networks, golden.tolerance)?;
            notes.push(golden.in_words(tolerance));
        }
        let inputs = Bundle::open(dir)?;
        let inputs = inputs.contract().inputs.iter();
        let inputs = inputs.map(|input| input.key.clone()).collect();
        unfinished.finish(output)?;
        Ok(ImportReport {
            bundle: output.to_owned(),
            policy: self.policy(),
            inputs,
            parameters,
            operations,
            bytes,
            reading_s,
            writing_s,
            peak_bytes,
            golden,
            notes,
        })
    }

    fn build(&mut self) -> Result<Built, PolicyError> {
        let (config, weights) = (&self.config, &mut self.weights);
        let built = config.architecture.build(&config.features, weights);
        let built = built.and_then(|graphs| match self.weights.strangers().as_slice() {
            [] => Ok(graphs),
            strangers => {
                let shown: Vec<&str> = strangers.iter().take(5).copied().collect();
                let more = strangers.len() - shown.len();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                Err(format!(
                    "it has weights that config.json does not account for: {}{more}; config and weights are not of the same policy",
                    shown.join(", ")
                ))
            }
        });
        built.map_err(|reason| PolicyError::Checkpoint {
            path: self.weights.path().to_owned(),
            reason,
        })
    }
}

/// The most memory that this process has taken so far, bytes, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A folder that goes again unless it is finished.
struct Unfinished {
    partial: PathBuf,
}

impl Unfinished {
    fn create(output: &Path) -> Result<Self, PolicyError> {
        let write = |path: &Path| {
            let path = path.to_owned();
            move |source| PolicyError::Write { path, source }
        };
        if output.exists() {
            return Err(PolicyError::Exists {
                path: output.to_owned(),
            });
        }
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let partial = output.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        if let Some(parent) = partial
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            fs::create_dir_all(parent).map_err(write(parent))?;
        }
        fs::create_dir(&partial).map_err(write(&partial))?;
        Ok(Self { partial })
    }

    fn finish(self, output: &Path) -> Result<(), PolicyError> {
        fs::rename(&self.partial, output).map_err(|source| PolicyError::Write {
            path: output.to_owned(),
            source,
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After finishing there is nothing of this name.
        let _ = fs::remove_dir_all(&self.partial);
    }
}
