//! Shared by the tests: where fixtures are, and small datasets to write.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part, as a module of its own"
)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::path::Path;

#[path = "../../../../tests/harness/fixtures.rs"]
mod fixtures;

#[allow(unused_imports, reason = "each test file uses a part")]
pub use fixtures::{ffmpeg_has, fixture, skip};
use ulna_dataset::{Dataset, EpisodeParts, Feature, Manifest, Number, Spec, Writer};

pub const JOINTS: [&str; 3] = ["shoulder.pos", "elbow.pos", "gripper.pos"];

/// A small robot without cameras.
pub fn spec() -> Spec {
    Spec::new(30)
        .robot_type(Some("so_follower".to_owned()))
        .features(vec![
            Feature::vector("action", Number::Float32, JOINTS),
            Feature::vector("observation.state", Number::Float32, JOINTS),
            Feature::vector("ulna.action_sent", Number::Float32, JOINTS),
            Feature::scalar("ulna.stale", Number::Bool),
        ])
        .manifest(Some(Manifest {
            robot: "so101".to_owned(),
            units: "degrees".to_owned(),
            calibration: [("follower".to_owned(), "c0ffee".to_owned())].into(),
            ..Manifest::default()
        }))
}

/// A deterministic row for [`spec`].
pub fn row(episode: usize, frame: usize) -> Vec<f64> {
    let wave = |n: usize| (((episode * 31 + frame * 7 + n * 13) % 100) as f32 * 0.37 - 18.0) as f64;
    let mut row: Vec<f64> = (0..9).map(wave).collect();
    row.push(f64::from(u8::from(frame.is_multiple_of(5))));
    row
}

/// Copies a folder, for tests that damage it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Fixtures are read-only; the copies must not be.
            std::fs::write(&target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

pub const CAMERA: &str = "observation.images.front";
pub const WIDTH: usize = 64;
/// SVT-AV1 takes nothing smaller.
pub const HEIGHT: usize = 64;

/// [`spec`] with a camera.
pub fn camera_spec() -> Spec {
    let mut spec = spec();
    let camera = Feature::camera(CAMERA, WIDTH, HEIGHT, spec.fps);
    spec.features.push(camera);
    spec
}

/// A deterministic picture that tells episode and frame apart: one flat colour over the other.
pub fn picture(episode: usize, frame: usize) -> Vec<u8> {
    let above = [(40 + frame * 5 % 180) as u8, 60, 200];
    let below = [30, (50 + episode * 40 % 180) as u8, 90];
    let half = WIDTH * HEIGHT / 2;
    [above.repeat(half), below.repeat(half)].concat()
}

/// A deterministic picture that is far from its neighbours', so that one taken for another shows.
pub fn clear_picture(episode: usize, frame: usize) -> Vec<u8> {
    let light = 20 + (frame * 37 + episode * 61) % 200;
    let row: Vec<u8> = (0..WIDTH)
        .flat_map(|x| [light as u8, (x * 2) as u8, (220 - light) as u8])
        .collect();
    row.repeat(HEIGHT)
}

/// Whether a picture is that of this frame, and not that of the frame before or after.
pub fn is_clear_picture(found: &[u8], episode: usize, frame: usize) -> bool {
    let mean = |frame: usize| {
        let expected = clear_picture(episode, frame);
        let off = found
            .iter()
            .zip(&expected)
            .map(|(a, b)| u64::from(a.abs_diff(*b)));
        off.sum::<u64>() as f64 / found.len() as f64
    };
    let before = frame.checked_sub(1).map_or(f64::INFINITY, mean);
    mean(frame) < 6.0 && mean(frame) < before.min(mean(frame + 1))
}

/// Records an episode without committing it.
pub fn record(writer: &mut Writer, episode: usize, frames: usize) -> EpisodeParts {
    record_pictures(writer, episode, frames, picture)
}

/// As [`record`], with pictures of another kind.
pub fn record_pictures(
    writer: &mut Writer,
    episode: usize,
    frames: usize,
    picture: fn(usize, usize) -> Vec<u8>,
) -> EpisodeParts {
    let mut rows = writer.begin_episode().unwrap();
    let mut videos = Vec::new();
    for camera in writer.layout().cameras() {
        let mut encoder = rows.video_encoder(&camera.key).unwrap();
        for frame in 0..frames {
            encoder.push(&picture(episode, frame)).unwrap();
        }
        videos.push(encoder.finish().unwrap());
    }
    for frame in 0..frames {
        rows.push_row("pick", &row(episode, frame)).unwrap();
    }
    rows.finish(videos, None).unwrap()
}

/// Opens a dataset and reads every value and picture of its episodes, which [`record`] must have made.
pub fn verify(root: &Path, lengths: &[usize]) {
    let dataset = Dataset::open(root).unwrap();
    assert_eq!(dataset.len(), lengths.len());
    let cameras: Vec<String> = dataset.info().cameras().map(|c| c.key.clone()).collect();
    for (k, frames) in lengths.iter().enumerate() {
        let episode = dataset.episode(k).unwrap();
        assert_eq!(episode.len(), *frames);
        for frame in 0..*frames {
            let found = episode.action().unwrap().row(frame).unwrap();
            assert_eq!(found, &row(k, frame)[0..3]);
            assert_eq!(episode.task(frame), Some("pick"));
        }
        for camera in &cameras {
            let mut reader = dataset.pictures(camera).unwrap();
            for frame in 0..*frames {
                let found = reader.read(k, frame).unwrap();
                let worst = difference(&found.rgb, &picture(k, frame));
                assert!(
                    worst <= 8,
                    "picture {frame} of episode {k} is off by {worst}"
                );
            }
        }
    }
}

/// The largest difference of two pictures, the rows around the edge between the two colours left out.
pub fn difference(found: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(found.len(), expected.len());
    let rows = found.chunks(WIDTH * 3).zip(expected.chunks(WIDTH * 3));
    let away = rows
        .enumerate()
        .filter(|(row, _)| row.abs_diff(HEIGHT / 2) > 2);
    let pixels = away.flat_map(|(_, (found, expected))| found.iter().zip(expected));
    pixels.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}
