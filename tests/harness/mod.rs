//! Running the `ulna` binary as a user does, and finding the fixtures.

#![allow(dead_code, unreachable_pub, clippy::panic, clippy::unwrap_used)] // each test uses its own part of this

pub mod cameras;
mod fixtures;

#[allow(unused_imports)] // one test asks it
pub use fixtures::ffmpeg_has;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What a command printed and how it ended.
pub struct Ran {
    /// Exit code; -1 if a signal killed it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

thread_local! {
    /// Each test has a thread, and so a folder, of its own; it goes with the thread.
    static HOME: TempDir = tempfile::tempdir().unwrap();
}

/// The home of the commands of this test (of this thread).
pub fn home() -> PathBuf {
    HOME.with(|home| home.path().to_owned())
}

/// What would lead a command to the user's own files, token or Hub.
const OF_THE_USER: [&str; 6] = [
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_LEROBOT_HOME",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "HUGGING_FACE_HUB_TOKEN",
];

/// `ulna` with these arguments, not yet started. Its settings, data and calibrations go to [`home`]. ONNX Runtime alone is
/// still taken from the user's data folder, if it is there.
pub fn ulna(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ulna"));
    let home = home();
    for name in OF_THE_USER {
        command.env_remove(name);
    }
    command
        .env("HOME", &home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("HF_LEROBOT_CALIBRATION", home.join("calibration"));
    if let Some(library) = onnx_runtime() {
        command.env("ORT_DYLIB_PATH", library);
    }
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The ONNX Runtime that `xtask fetch-ort` left for the user, unless the environment names another.
fn onnx_runtime() -> Option<PathBuf> {
    if std::env::var_os("ORT_DYLIB_PATH").is_some() {
        return None;
    }
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".local/share")))?;
    let names = ["libonnxruntime.so", "libonnxruntime.dylib"].into_iter();
    let mut paths = names.map(|name| data.join("ulna").join(name));
    paths.find(|path| path.is_file())
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

/// A fixture's path as text, if it is there.
pub fn fixture(name: &str) -> Option<String> {
    let path = fixtures::fixture(name)?;
    Some(path.to_str().unwrap().to_owned())
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
