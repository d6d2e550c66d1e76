//! Writing datasets: creating, resuming, and saving episodes so that a cut at any moment loses none.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::commit;
use crate::episode_writer::{EpisodeParts, EpisodeStarter, EpisodeWriter};
use crate::error::{DatasetError, IoContext, Result};
use crate::features::Feature;
use crate::fs::{Fs, RealFs, STAGING, make_dirs, put};
use crate::info::{INFO_PATH, Info, must_be_v3};
use crate::inside;
use crate::json;
use crate::layout::RowLayout;
use crate::manifest::{MANIFEST_PATH, Manifest};
use crate::paths;
use crate::reader::Dataset;
use crate::runs::{remove_run, runs};
use crate::stats::Stats;
use crate::template::FileIndex;
use crate::video::rehearse;

/// What a dataset to be written looks like.
#[derive(Clone, Debug)]
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

/// Writes a dataset, one episode at a time. While it lives, no other writer can open the folder.
#[derive(Debug)]
pub struct Writer {
    pub(crate) fs: Arc<dyn Fs>,
    pub(crate) root: PathBuf,
    pub(crate) info: Info,
    pub(crate) tasks: Vec<String>,
    pub(crate) stats: Stats,
    pub(crate) layout: Arc<RowLayout>,
    pub(crate) next: NextFiles,
    /// The columns that the first episode table has; later tables must not have others.
    pub(crate) table_columns: Option<Vec<String>>,
    /// The staging folder of an episode whose `info.json` was put in place without a confirmed sync.
    pub(crate) unsure: Option<PathBuf>,
    /// Files that a failed save put in place and could not take back: the next save may replace them.
    pub(crate) leftovers: Vec<PathBuf>,
    next_run: Arc<AtomicU64>,
    _lock: File,
}

/// Where the next episode's files go.
#[derive(Clone, Debug, Default)]
pub(crate) struct NextFiles {
    pub(crate) data: FileIndex,
    pub(crate) table: FileIndex,
    pub(crate) videos: BTreeMap<String, FileIndex>,
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
        Ok(Writer {
            fs,
            root,
            info,
            tasks: Vec::new(),
            stats: Stats::new(),
            layout,
            next: NextFiles::default(),
            table_columns: None,
            unsure: None,
            leftovers: Vec::new(),
            next_run: Arc::default(),
            _lock: lock,
        })
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
        rehearse(writer.layout.cameras(), spec.fps)?;
        Ok(writer)
    }

    /// A writer at the end of what `dataset` holds.
    pub(crate) fn reopen(fs: Arc<dyn Fs>, dataset: &Dataset, lock: File) -> Result<Writer> {
        dataset.must_be_orderly()?;
        let root = dataset.root().to_owned();
        let info = dataset.info().clone();
        let layout = Arc::new(RowLayout::new(&info)?);
        paths::must_be_distinct(&info, &root)?;
        let next = next_files(dataset)?;
        paths::no_links_to(&root, &next.paths(&info)?)?;
        let stats = match dataset.stats()? {
            // A save of the first episode that was cut short may have left some.
            _ if dataset.is_empty() => Stats::new(),
            Some(stats) => stats,
            None => {
                return Err(DatasetError::MissingFile {
                    what: "extending the dataset".to_owned(),
                    path: root.join(crate::stats::STATS_PATH),
                });
            }
        };
        Ok(Writer {
            fs,
            next,
            tasks: dataset.tasks().to_vec(),
            stats,
            layout,
            table_columns: commit::table_columns(&root)?,
            unsure: None,
            leftovers: Vec::new(),
            next_run: Arc::default(),
            info,
            root,
            _lock: lock,
        })
    }

    /// The dataset's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The description as of the last saved episode.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// How many episodes are saved.
    pub fn episodes(&self) -> u64 {
        self.info.total_episodes
    }

    /// The layout of rows.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// Begins an episode. It takes its number when it is committed.
    pub fn begin_episode(&mut self) -> Result<EpisodeWriter> {
        self.starter().begin()
    }

    /// A handle that begins episodes while this writer saves one on another thread.
    pub fn starter(&self) -> EpisodeStarter {
        EpisodeStarter {
            fs: self.fs.clone(),
            layout: self.layout.clone(),
            fps: self.info.whole_fps(),
            staging: self.root.join(STAGING),
            next_run: self.next_run.clone(),
        }
    }

    /// Saves an episode and returns its number. When this returns, the episode is on the disk. After an error
    /// the dataset is as it was before, and the same parts can be committed again.
    pub fn commit(&mut self, parts: &EpisodeParts) -> Result<u64> {
        let episode = commit::commit(self, parts)?;
        // The episode is saved; a staging folder that resists removal is for repair to clear.
        let _ = remove_run(&*self.fs, &parts.dir);
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

/// Takes the lock that keeps a second writer out; it ends with the process, however that ends.
pub(crate) fn lock(root: &Path) -> Result<File> {
    inside::staging(root)?;
    let path = root.join(STAGING).join("lock");
    let file = inside::open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DatasetError::Locked {
            path: root.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(error).at("lock", &path),
    }
}

/// After the last files that rows refer to, and where no file is.
fn next_files(dataset: &Dataset) -> Result<NextFiles> {
    let (info, root) = (dataset.info(), dataset.root());
    let (size, rows) = (info.chunks_size, dataset.episodes());
    let mut videos = BTreeMap::new();
    for camera in info.cameras() {
        let spans = rows.iter().filter_map(|row| row.videos.get(&camera.key));
        let last = spans.map(|span| span.file).max();
        let path = |at| info.video_file(&camera.key, at);
        let at = paths::vacant(root, last, size, path)?;
        videos.insert(camera.key.clone(), at);
    }
    let last = rows.iter().map(|row| row.data).max();
    Ok(NextFiles {
        data: paths::vacant(root, last, size, |at| info.data_file(at))?,
        table: paths::next_table(root, dataset)?,
        videos,
    })
}

impl NextFiles {
    /// The paths, relative to the dataset's folder.
    pub(crate) fn paths(&self, info: &Info) -> Result<Vec<PathBuf>> {
        let mut out = vec![info.data_file(self.data)?, commit::table_path(self.table)];
        for (camera, at) in &self.videos {
            out.push(info.video_file(camera, *at)?);
        }
        Ok(out)
    }
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
