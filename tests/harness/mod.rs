//! Running the `ulna` binary as a user does, and finding the fixtures.

#![allow(dead_code, unreachable_pub, clippy::panic, clippy::unwrap_used)] // each test uses its own part of this

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a command printed and how it ended.
pub struct Ran {
    /// Exit code; -1 if a signal killed it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// `ulna` with these arguments, not yet started. Its data and calibrations go to folders of the test's own.
pub fn ulna(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ulna"));
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `ulna` to its end.
pub fn run(args: &[&str]) -> Ran {
    finish(ulna(args).output().unwrap())
}

pub fn finish(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `ulna … --json`, which must succeed, and gives its answer.
pub fn json(args: &[&str]) -> Value {
    let ran = run(&[args, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ran.stdout))
}

/// Runs `ulna`, which must fail with this exit code and say all of this.
pub fn fails(code: i32, says: &[&str], args: &[&str]) {
    let ran = run(args);
    assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
    for part in says {
        assert!(
            ran.stderr.contains(part),
            "{args:?} does not say {part:?}: {}",
            ran.stderr
        );
    }
    assert!(!ran.stderr.contains("panicked"), "{args:?}: {}", ran.stderr);
}

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The shipped dataset.
pub fn shipped() -> String {
    root()
        .join("datasets/so101-hand")
        .to_str()
        .unwrap()
        .to_owned()
}

/// A fixture's path; without the fixtures the test is skipped, unless `ULNA_REQUIRE_FIXTURES=1`.
pub fn fixture(name: &str) -> Option<String> {
    let folder = std::env::var_os("ULNA_FIXTURES")
        .map_or_else(|| root().join("../shared/fixtures"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        return Some(path.to_str().unwrap().to_owned());
    }
    let missing = format!("fixture {} is not there", path.display());
    assert!(
        std::env::var_os("ULNA_REQUIRE_FIXTURES").is_none_or(|value| value != "1"),
        "{missing}"
    );
    eprintln!("SKIPPED: {missing}");
    None
}

/// Copies a folder, for tests that damage it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
