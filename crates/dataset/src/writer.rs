//! Writing datasets: creating, resuming, and saving episodes so that a cut at any moment loses none.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::commit;
use crate::episode_writer::{EpisodeParts, EpisodeStarter, EpisodeWriter};
use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::format::INFO_PATH;
use crate::fs::{Fs, RealFs, STAGING, make_dirs};
use crate::info::{Info, must_be_v3};
use crate::inside;
use crate::json;
use crate::layout::RowLayout;
use crate::lock::lock;
use crate::manifest::{MANIFEST_PATH, Manifest};
use crate::paths;
use crate::place_file::put;
use crate::reader::Dataset;
use crate::runs::{remove_run, runs};
use crate::setters::setters;
use crate::video::rehearse;
use crate::writer_state::WriterState;

/// What a dataset to be written looks like.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// Frames per second.
    pub fps: u32,
    /// The robot's type as LeRobot names it, such as `so_follower`.
    pub robot_type: Option<String>,
    /// The user's features in column order; time stamp and indexes are added.
    pub features: Vec<Feature>,
    /// What the numbers mean; none leaves `meta/ulna` out.
    pub manifest: Option<Manifest>,
}

setters!(Spec {
    fps: u32,
    robot_type: Option<String>,
    features: Vec<Feature>,
    manifest: Option<Manifest>,
});

impl Spec {
    /// One without features, of no robot and without our manifest.
    pub fn new(fps: u32) -> Self {
        Self {
            fps,
            robot_type: None,
            features: Vec::new(),
            manifest: None,
        }
    }
}

/// Writes a dataset, one episode at a time. While it lives, no other writer can open the folder.
#[derive(Debug)]
pub struct Writer {
    state: WriterState,
    next_run: Arc<AtomicU64>,
    _lock: File,
}

impl Writer {
    /// Creates a dataset in a folder that is absent or empty. A camera whose declaration asks for an encoder of ffmpeg's
    /// ([`Encoding::declared`](crate::tools::Encoding::declared)) has it tried first.
    pub fn create(dir: impl AsRef<Path>, spec: &Spec) -> Result<Writer> {
        Writer::create_on(Arc::new(RealFs), dir, spec)
    }

    /// As [`create`](Self::create), writing through `fs`.
    pub fn create_on(fs: Arc<dyn Fs>, dir: impl AsRef<Path>, spec: &Spec) -> Result<Writer> {
        let root = dir.as_ref().to_owned();
        let info = Info::new(spec.fps, spec.robot_type.as_deref(), spec.features.clone())?;
        let layout = Arc::new(RowLayout::new(&info)?);
        if root.exists() && !is_vacant(&root)? {
            return Err(DatasetError::NotEmpty { path: root });
        }
        rehearse(layout.cameras(), spec.fps)?;
        paths::must_be_distinct(&info, &root)?;
        make_dirs(&*fs, &root)?;
        inside::make_dirs(&*fs, &root, Path::new(STAGING))?;
        let lock = lock(&root)?;
        if let Some(manifest) = &spec.manifest {
            let bytes = json::bytes(&manifest.to_value());
            put(&*fs, &root, Path::new(MANIFEST_PATH), &bytes)?;
        }
        let bytes = json::bytes(&info.to_value());
        put(&*fs, &root, Path::new(INFO_PATH), &bytes)?;
        Ok(Writer::on(WriterState::empty(fs, root, info, layout), lock))
    }

    /// Continues a dataset after its last episode. Refuses settings that don't fit, saying how, and leftovers
    /// that have to be repaired first.
    pub fn resume(dir: impl AsRef<Path>, spec: &Spec) -> Result<Writer> {
        Writer::resume_on(Arc::new(RealFs), dir, spec)
    }

    /// As [`resume`](Self::resume), writing through `fs`.
    pub fn resume_on(fs: Arc<dyn Fs>, dir: impl AsRef<Path>, spec: &Spec) -> Result<Writer> {
        let root = dir.as_ref();
        let dataset = Dataset::open(root)?;
        must_be_v3(dataset.info(), root)?;
        paths::must_be_distinct(dataset.info(), root)?;
        let differences = differences(&dataset, spec)?;
        if !differences.is_empty() {
            return Err(DatasetError::Differs {
                path: root.to_owned(),
                differences,
            });
        }
        inside::make_dirs(&*fs, root, Path::new(STAGING))?;
        let lock = lock(root)?;
        if !runs(root)?.is_empty() || dataset.uncommitted_episodes() > 0 {
            return Err(DatasetError::NeedsRepair {
                path: root.to_owned(),
            });
        }
        let writer = Writer::reopen(fs, &dataset, lock)?;
        rehearse(writer.layout().cameras(), spec.fps)?;
        Ok(writer)
    }

    /// A writer at the end of what `dataset` holds.
    pub(crate) fn reopen(fs: Arc<dyn Fs>, dataset: &Dataset, lock: File) -> Result<Writer> {
        Ok(Writer::on(WriterState::of(fs, dataset)?, lock))
    }

    fn on(state: WriterState, lock: File) -> Writer {
        Writer {
            state,
            next_run: Arc::default(),
            _lock: lock,
        }
    }

    /// The dataset's folder.
    pub fn root(&self) -> &Path {
        &self.state.root
    }

    /// The description as of the last saved episode.
    pub fn info(&self) -> &Info {
        &self.state.info
    }

    /// How many episodes are saved.
    pub fn episodes(&self) -> u64 {
        self.state.info.total_episodes
    }

    /// The layout of rows.
    pub fn layout(&self) -> &RowLayout {
        &self.state.layout
    }

    /// Begins an episode. It takes its number when it is committed.
    pub fn begin_episode(&mut self) -> Result<EpisodeWriter> {
        self.starter().begin()
    }

    /// A handle that begins episodes while this writer saves one on another thread.
    pub fn starter(&self) -> EpisodeStarter {
        EpisodeStarter {
            fs: self.state.fs.clone(),
            layout: self.state.layout.clone(),
            fps: self.state.info.whole_fps(),
            staging: self.state.root.join(STAGING),
            next_run: self.next_run.clone(),
        }
    }

    /// Saves an episode and returns its number. When this returns, the episode is on the disk. After an error
    /// the dataset is as it was before, and the same parts can be committed again.
    pub fn commit(&mut self, parts: &EpisodeParts) -> Result<u64> {
        let episode = commit::commit(&mut self.state, parts)?;
        // The episode is saved; a staging folder that resists removal is for repair to clear.
        let _ = remove_run(&*self.state.fs, &parts.dir);
        Ok(episode)
    }
}

/// Whether a folder is empty, or holds only what a `create` that was cut short leaves. Links among that are an error.
fn is_vacant(root: &Path) -> Result<bool> {
    let only = |dir: &Path, allowed: &[&str]| -> Result<bool> {
        for entry in std::fs::read_dir(dir).at("list", dir)? {
            let name = entry.at("list", dir)?.file_name();
            if !allowed.iter().any(|a| name == *a) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if !only(root, &[STAGING, "meta"])? || !runs(root)?.is_empty() {
        return Ok(false);
    }
    let meta = root.join("meta");
    Ok(!inside::own_folder(&meta)? || only(&meta, &["ulna"])?)
}

/// One sentence for each way in which `spec` doesn't fit the dataset.
fn differences(dataset: &Dataset, spec: &Spec) -> Result<Vec<String>> {
    let info = dataset.info();
    let mut out = Vec::new();
    if info.fps != f64::from(spec.fps) {
        out.push(format!(
            "the dataset has {} frames/s, not {}",
            info.fps, spec.fps
        ));
    }
    let or_none = |name: &Option<String>| name.clone().unwrap_or("none".to_owned());
    if info.robot_type != spec.robot_type {
        out.push(format!(
            "the dataset's robot type is `{}`, not `{}`",
            or_none(&info.robot_type),
            or_none(&spec.robot_type)
        ));
    }
    for feature in &spec.features {
        match info.features.iter().find(|f| f.key == feature.key) {
            None => out.push(format!("the dataset has no feature `{}`", feature.key)),
            Some(there) if !there.same_data(feature) => out.push(format!(
                "feature `{}` is {} in the dataset, not {}",
                feature.key,
                describe(there),
                describe(feature)
            )),
            Some(_) => {}
        }
    }
    for feature in info.features.iter().filter(|f| !f.is_auto()) {
        if spec.features.iter().all(|f| f.key != feature.key) {
            out.push(format!("the dataset also has feature `{}`", feature.key));
        }
    }
    if let (Some(there), Some(here)) = (dataset.manifest()?, &spec.manifest) {
        out.extend(there.differences(here));
    }
    Ok(out)
}

fn describe(feature: &Feature) -> String {
    format!(
        "{} {:?} ({})",
        feature.dtype.name(),
        feature.shape,
        feature.names.join(", ")
    )
}
