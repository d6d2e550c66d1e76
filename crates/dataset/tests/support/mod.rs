//! Shared by the tests: where fixtures are, and small datasets to write.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part, as a module of its own"
)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use ulna_dataset::{Feature, Manifest, Number, Spec};

/// The path of a fixture; none, with a note, when the fixtures are absent.
pub fn fixture(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ULNA_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    let why = format!("{} is absent", path.display());
    assert!(
        std::env::var_os("ULNA_REQUIRE_FIXTURES").is_none_or(|v| v != "1"),
        "{why}"
    );
    println!("SKIPPED: {why}");
    None
}

pub const JOINTS: [&str; 3] = ["shoulder.pos", "elbow.pos", "gripper.pos"];

/// A small robot without cameras.
pub fn spec() -> Spec {
    Spec {
        fps: 30,
        robot_type: Some("so_follower".to_owned()),
        features: vec![
            Feature::vector("action", Number::Float32, JOINTS),
            Feature::vector("observation.state", Number::Float32, JOINTS),
            Feature::vector("ulna.action_sent", Number::Float32, JOINTS),
            Feature::scalar("ulna.stale", Number::Bool),
        ],
        manifest: Some(Manifest {
            robot: "so101".to_owned(),
            units: "degrees".to_owned(),
            calibration: [("follower".to_owned(), "c0ffee".to_owned())].into(),
            ..Manifest::default()
        }),
    }
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
