//! A sound dataset to damage, and everything that reads one.

use std::path::{Path, PathBuf};

use ulna_dataset::{Dataset, Feature, ItemOptions, Number, Spec, Writer, check};

const CAMERA: &str = "observation.images.front";
const SIZE: (usize, usize) = (32, 32);

/// A dataset in a folder among the temporary ones.
pub struct Sound {
    dir: tempfile::TempDir,
}

impl Sound {
    /// Two episodes with numbers, texts and a camera.
    pub fn new() -> Sound {
        // The parquet and mp4 libraries panic on some damage, which the crate catches; the fuzzer's own hook would end the run
        // there. A panic that gets out of the crate still does.
        std::panic::set_hook(Box::new(|_| ()));
        let dir = tempfile::tempdir().expect("a folder for the dataset");
        write(dir.path()).expect("a sound dataset");
        Sound { dir }
    }

    /// Reads all there is, with `bytes` in place of one of the files.
    pub fn read_with(&self, file: &str, bytes: &[u8]) {
        let path: PathBuf = self.dir.path().join(file);
        let original = std::fs::read(&path).expect("the file is part of the dataset");
        std::fs::write(&path, bytes).expect("the file can be replaced");
        read_all(self.dir.path());
        std::fs::write(&path, original).expect("the file can be put back");
    }

    /// A file as it is.
    pub fn file(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.dir.path().join(file)).expect("the file is part of the dataset")
    }
}

impl Default for Sound {
    fn default() -> Sound {
        Sound::new()
    }
}

/// Everything that reads; errors are fine, panics and endless memory are not.
pub fn read_all(root: &Path) {
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

fn write(root: &Path) -> ulna_dataset::Result<()> {
    let spec = Spec {
        fps: 30,
        robot_type: Some("so_follower".to_owned()),
        features: vec![
            Feature::vector("action", Number::Float32, ["a", "b"]),
            Feature::array("map", Number::Int16, &[2, 3]),
            Feature::camera(CAMERA, SIZE.0, SIZE.1, 30),
        ],
        manifest: None,
    };
    let mut writer = Writer::create(root, &spec)?;
    for episode in 0..2 {
        let mut rows = writer.begin_episode()?;
        let mut camera = rows.video_encoder(CAMERA)?;
        for frame in 0..4 {
            let shade = 60 * episode + 20 * frame;
            rows.push_row("fuzz", &[0.5, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, f64::from(frame)])?;
            camera.push(&vec![shade; SIZE.0 * SIZE.1 * 3])?;
        }
        let video = camera.finish()?;
        writer.commit(&rows.finish(vec![video], None)?)?;
    }
    Ok(())
}
