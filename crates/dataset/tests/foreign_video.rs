//! Videos in codecs that are not built in: through ffmpeg where there is one, else an error for the pictures alone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};

use ulna_dataset::{Dataset, Writer};

/// Each shows 24 frames of one grey, which is 19 + 9 k in frame k, with a key frame every fourth; made with ffmpeg.
const FILES: [(&str, &str); 3] = [
    ("mpeg4.mp4", "MPEG-4 Part 2"),
    ("hevc.mp4", "HEVC"),
    ("vp9.mp4", "VP9"),
];
const CHILD: &str = "ULNA_TEST_WITHOUT_FFMPEG";

fn dataset(video: &str) -> (tempfile::TempDir, Dataset) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    let parts = support::record(&mut writer, 0, 24);
    writer.commit(&parts).unwrap();
    let there = "videos/observation.images.front/chunk-000/file-000.mp4";
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    std::fs::copy(data.join(video), dir.path().join(there)).unwrap();
    let dataset = Dataset::open(dir.path()).unwrap();
    (dir, dataset)
}

#[test]
fn ffmpeg_decodes_what_is_not_built_in() {
    let mut version = Command::new("ffmpeg");
    if version
        .arg("-version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        support::skip("ULNA_REQUIRE_FFMPEG", "there is no ffmpeg on the PATH");
        return;
    }
    for (video, _) in FILES {
        let (dir, dataset) = dataset(video);
        let mut reader = dataset.pictures(support::CAMERA).unwrap();
        for frame in [0, 1, 2, 5, 23, 3, 3, 10, 0, 20, 21, 22, 15, 13, 7, 12] {
            let picture = reader.read(0, frame).unwrap();
            let sum: u64 = picture.rgb.iter().map(|v| u64::from(*v)).sum();
            let mean = sum as f64 / picture.rgb.len() as f64;
            let expected = (19 + 9 * frame) as f64;
            assert!((mean - expected).abs() < 4.0, "{video} {frame}: {mean}");
        }
        assert_eq!(ulna_dataset::check(dir.path()).findings, []);
    }
}

#[test]
fn without_ffmpeg_the_numbers_still_read() {
    if std::env::var_os(CHILD).is_none() {
        // The PATH of this process is everybody's, so a child of its own has none.
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "without_ffmpeg_the_numbers_still_read"])
            .env("PATH", "")
            .env(CHILD, "1")
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        return;
    }
    for (video, codec) in FILES {
        let (_dir, dataset) = dataset(video);
        assert_eq!(dataset.episode(0).unwrap().len(), 24);
        let mut reader = dataset.pictures(support::CAMERA).unwrap();
        let error = reader.read(0, 3).unwrap_err().to_string();
        assert!(
            error.contains(codec) && error.contains("install"),
            "{error}"
        );
    }
}
