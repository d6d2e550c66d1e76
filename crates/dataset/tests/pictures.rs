//! Pictures: those of LeRobot's fixtures against what LeRobot decodes, and our own through encode and decode.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::Value;
use ulna_dataset::{Dataset, DatasetError, Picture, Writer};

const FRONT: &str = "observation.images.front";

/// The expected means are printed with 4 decimals for whole pictures, with 2 for parts; the pixels are equal.
const MEAN_TOLERANCE: f64 = 0.0001;
const GRID_TOLERANCE: f64 = 0.0051;

fn compare_pictures(name: &str) {
    let Some(dir) = support::fixture(name) else {
        return;
    };
    let Some(expected) = support::fixture(&format!("{name}.expected.json")) else {
        return;
    };
    let expected: Value = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let dataset = Dataset::open(dir).unwrap();
    let mut reader = dataset.pictures(FRONT).unwrap();
    let (mut worst_mean, mut worst_grid) = (0.0_f64, 0.0_f64);
    let frames = expected["frames"].as_array().unwrap();
    for frame in frames {
        let number = |key: &str| usize::try_from(frame[key].as_u64().unwrap()).unwrap();
        let picture = reader
            .read(number("episode_index"), number("frame_index"))
            .unwrap();
        let found = mean(&picture.rgb);
        for (colour, expected) in frame["image"]["mean_rgb"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            worst_mean = worst_mean.max((found[colour] - expected.as_f64().unwrap()).abs());
        }
        let Some(grid) = frame["image"].get("grid4x4_rgb").filter(|g| !g.is_null()) else {
            continue;
        };
        worst_grid = worst_grid.max(grid_error(picture, grid));
    }
    println!("{name}: mean RGB within {worst_mean:.3}, grid within {worst_grid:.3} of 255");
    assert!(worst_mean <= MEAN_TOLERANCE, "mean off by {worst_mean}");
    assert!(worst_grid <= GRID_TOLERANCE, "grid off by {worst_grid}");
    // Read in order, nothing is decoded twice.
    assert_eq!(reader.decoded(), frames.len() as u64);
}

fn mean(rgb: &[u8]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for pixel in rgb.chunks_exact(3) {
        for (sum, value) in sums.iter_mut().zip(pixel) {
            *sum += f64::from(*value);
        }
    }
    sums.map(|sum| sum * 3.0 / rgb.len() as f64)
}

/// The largest difference of the means over 4 x 4 blocks, `grid` being colour, row, column.
fn grid_error(picture: &Picture, grid: &Value) -> f64 {
    let (width, height) = (picture.width / 4, picture.height / 4);
    let mut worst = 0.0_f64;
    for (row, column) in (0..4).flat_map(|row| (0..4).map(move |column| (row, column))) {
        let lines = picture.rgb.chunks_exact(picture.width * 3);
        let block: Vec<u8> = lines
            .skip(row * height)
            .take(height)
            .flat_map(|line| &line[column * width * 3..(column + 1) * width * 3])
            .copied()
            .collect();
        for (colour, found) in mean(&block).into_iter().enumerate() {
            let expected = grid[colour][row][column].as_f64().unwrap();
            worst = worst.max((found - expected).abs());
        }
    }
    worst
}

#[test]
fn av1_pictures_are_those_that_lerobot_decodes() {
    compare_pictures("lerobot-so101_av1");
}

#[test]
fn pictures_in_many_files_are_those_that_lerobot_decodes() {
    compare_pictures("lerobot-so101_multifile");
}

#[test]
fn absent_videos_are_a_clear_error() {
    let Some(dir) = support::fixture("so101-real") else {
        return;
    };
    let dataset = Dataset::open(dir).unwrap();
    let mut reader = dataset.pictures("observation.images.top").unwrap();
    let error = reader.read(2, 7).unwrap_err();
    assert!(matches!(error, DatasetError::MissingFile { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("observation.images.top/chunk-000"),
        "{error}"
    );
    assert!(dataset.pictures("action").is_err());
    assert!(dataset.pictures("observation.images.side").is_err());
}

#[test]
fn our_own_pictures_come_back_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    for (episode, frames) in [9, 1, 12].into_iter().enumerate() {
        let parts = support::record(&mut writer, episode, frames);
        assert_eq!(writer.commit(&parts).unwrap(), episode as u64);
    }
    support::verify(dir.path(), &[9, 1, 12]);
    let dataset = Dataset::open(dir.path()).unwrap();
    let mut reader = dataset.pictures(support::CAMERA).unwrap();
    for (episode, frame) in [(2, 11), (0, 3), (2, 4), (1, 0), (2, 5), (2, 5), (2, 2)] {
        let found = reader.read(episode, frame).unwrap();
        let expected = support::picture(episode, frame);
        assert!(
            support::difference(&found.rgb, &expected) <= 8,
            "{episode}/{frame}"
        );
    }
    assert!(reader.read(1, 1).is_err());
    assert!(reader.read(3, 0).is_err());
    let stats = &dataset.stats().unwrap().unwrap()[support::CAMERA];
    assert_eq!(
        (stats.count, stats.mean.len(), stats.picture),
        (22, 3, true)
    );
    assert_eq!(stats.min[0], 30.0 / 255.0);
}

#[test]
fn a_camera_with_too_few_pictures_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    let mut camera = rows.video_encoder(support::CAMERA).unwrap();
    assert!(camera.push(&[0; 5]).is_err());
    camera.push(&support::picture(0, 0)).unwrap();
    for frame in 0..2 {
        rows.push_row("pick", &support::row(0, frame)).unwrap();
    }
    let parts = rows.finish(vec![camera.finish().unwrap()], None).unwrap();
    let error = writer.commit(&parts).unwrap_err().to_string();
    assert!(error.contains("1 pictures for 2 rows"), "{error}");
}

/// `data/reordered.mp4` was made with x264 (High profile, B-frames): 12 frames, each 18 levels brighter than the one
/// before, stored in another order than they are shown.
#[test]
fn pictures_that_are_stored_out_of_order_are_shown_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    let parts = support::record(&mut writer, 0, 12);
    writer.commit(&parts).unwrap();
    let video = dir
        .path()
        .join("videos/observation.images.front/chunk-000/file-000.mp4");
    let other = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/reordered.mp4");
    std::fs::copy(other, video).unwrap();
    let dataset = Dataset::open(dir.path()).unwrap();
    let mut reader = dataset.pictures(support::CAMERA).unwrap();
    let in_order = 0..12;
    for frame in in_order.chain([3, 11, 0, 7, 8, 2]) {
        let found = mean(&reader.read(0, frame).unwrap().rgb);
        let expected = (19 + 18 * frame) as f64;
        let off = found
            .iter()
            .map(|c| (c - expected).abs())
            .fold(0.0, f64::max);
        assert!(
            off <= 2.5,
            "frame {frame} is {found:?}, expected {expected}"
        );
    }
    assert_eq!(ulna_dataset::check(dir.path()).findings, []);
}
