//! Sound datasets to damage, and everything that reads one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use ulna_dataset::{Dataset, Feature, ItemOptions, Number, Spec, Writer, check};

pub(super) const CAMERA: &str = "observation.images.front";
pub(super) const SIZE: (usize, usize) = (32, 32);

/// The files of a folder by their paths in it.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A dataset in a folder among the temporary ones.
pub(super) struct Sound {
    dir: TempDir,
}

impl Sound {
    /// Two episodes with numbers and a camera.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder for the dataset");
        let mut writer = Writer::create(dir.path(), &spec()).expect("a new dataset");
        for episode in 0..2 {
            record(&mut writer, episode);
        }
        Self { dir }
    }

    /// Reads all there is, with `bytes` in place of one of the files.
    pub(super) fn read_with(&self, file: &str, bytes: &[u8]) {
        self.with(file, bytes, read_all);
    }

    /// Uses the folder with `bytes` in place of one of the files.
    pub(super) fn with(&self, file: &str, bytes: &[u8], used: impl FnOnce(&Path)) {
        let path = self.dir.path().join(file);
        let original = fs::read(&path).ok();
        fs::write(&path, bytes).expect("the file can be replaced");
        used(self.dir.path());
        match original {
            Some(original) => fs::write(&path, original),
            None => fs::remove_file(&path),
        }
        .expect("the file can be put back");
    }

    /// A file as it is.
    pub(super) fn file(&self, file: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(file)).expect("the file is part of the dataset")
    }
}

/// Everything that reads; errors are fine, panics and endless memory are not.
pub(super) fn read_all(root: &Path) {
    let _ = check(root);
    let Ok(dataset) = Dataset::open(root) else {
        return;
    };
    let _ = (dataset.stats(), dataset.episode_stats(), dataset.manifest());
    for episode in 0..dataset.len().min(2) {
        let _ = dataset.episode(episode);
    }
    if let Ok(mut items) = dataset.items(&ItemOptions::default()) {
        for position in [0, 2, 1, 4] {
            let _ = items.get(position);
        }
    }
}

pub(super) fn spec() -> Spec {
    Spec::new(30)
        .robot_type(Some("so_follower".to_owned()))
        .features(vec![
            Feature::vector("action", Number::Float32, ["a", "b"]),
            Feature::array("map", Number::Int16, &[2, 3]),
            Feature::camera(CAMERA, SIZE.0, SIZE.1, 30),
        ])
}

/// Four rows of an episode.
fn record(writer: &mut Writer, episode: u8) {
    let mut rows = writer.begin_episode().expect("an episode");
    let mut camera = rows.video_encoder(CAMERA).expect("its camera");
    for frame in 0..4 {
        rows.push_row("fuzz", &row(frame)).expect("a row");
        camera
            .push(&picture(60 * episode + 20 * frame))
            .expect("a picture");
    }
    let video = camera.finish().expect("its video");
    let parts = rows.finish(vec![video], None).expect("its parts");
    writer.commit(&parts).expect("a saved episode");
}

pub(super) fn row(frame: u8) -> [f64; 8] {
    [0.5, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, f64::from(frame)]
}

pub(super) fn picture(shade: u8) -> Vec<u8> {
    vec![shade; SIZE.0 * SIZE.1 * 3]
}

/// All files of a folder.
pub(super) fn files_of(root: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))
            .expect("a folder")
            .flatten()
        {
            let path = folder.join(entry.file_name());
            match entry.path().is_dir() {
                true => folders.push(path),
                false => {
                    let bytes = fs::read(root.join(&path)).expect("a file");
                    files.insert(path, bytes);
                }
            }
        }
    }
    files
}

/// These files in a folder of their own.
pub(super) fn folder_of(files: &Files) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, bytes) in files {
        let path = dir.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(path, bytes).expect("a file");
    }
    dir
}
