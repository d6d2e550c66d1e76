//! What tests need from outside: LeRobot's fixtures, and encoders of ffmpeg. Without them a test says SKIPPED, unless `ULNA_REQUIRE_FIXTURES=1` or
//! `ULNA_REQUIRE_FFMPEG=1` says that it may not.
//!
//! Included by the tests of several crates; the folder of each lies two levels below the project's.

#![allow(dead_code, unreachable_pub)] // each test uses its own part of this

use std::path::{Path, PathBuf};
use std::process::Command;

/// The path of a fixture, if it is there.
pub fn fixture(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ULNA_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skip(
        "ULNA_REQUIRE_FIXTURES",
        &format!("fixture {} is not there", path.display()),
    );
    None
}

/// Whether the ffmpeg on the PATH has this encoder.
pub fn ffmpeg_has(encoder: &str) -> bool {
    let asked = Command::new("ffmpeg").arg("-encoders").output();
    let known = asked.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains(encoder));
    if !known {
        let why = format!("there is no ffmpeg with {encoder} on the PATH");
        skip("ULNA_REQUIRE_FFMPEG", &why);
    }
    known
}

/// Says that a test is skipped, and why; fails it where this variable is 1.
pub fn skip(unless: &str, why: &str) {
    assert!(!required(unless), "{why}");
    eprintln!("SKIPPED: {why}");
}

/// Whether the environment says that a test must not be skipped.
pub fn required(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}
