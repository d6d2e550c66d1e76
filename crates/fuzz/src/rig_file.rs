//! Any text as a rig file is read or refused, and what is read is checked and written as what it is.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use tempfile::TempDir;
use ulna_session::rig_file;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fn path() -> PathBuf {
    FOLDER.path().join("rig.toml")
}

pub(crate) fn run(input: &[u8]) {
    let path = path();
    fs::write(&path, input).expect("the file can be written");
    let name = path.display().to_string();
    let Ok(rig) = rig_file::load(&name) else {
        return;
    };
    // Robots by path would be read from anywhere.
    if !String::from_utf8_lossy(input).contains(['/', '\\']) {
        let _ = rig_file::check(&rig);
    }
    let text = rig_file::to_text(&rig).expect("what was read can be written");
    fs::write(&path, &text).expect("the file can be written");
    let again = rig_file::load(&name).expect("what was written can be read");
    assert_eq!(rig_file::to_text(&again).ok(), Some(text));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let rig = "rate = 200.0\ncameras = [\"front\"]\nunits = \"m100\"\n[robot]\ntype = \"so101\"\nport = \"p\"\nid = \"mine\"\n[teleop]\ntype = \"leader\"\n";
    let cameras = "[robot]\nport = \"p\"\n[cameras.front]\ntype = \"opencv\"\nindex_or_path = 0\nwidth = 640\nheight = 480\nfps = 30\nfourcc = \"MJPG\"\nrotation = 180\nauto = true\nexposure = 100\n[cameras.wrist]\nindex_or_path = \"http:cam\"\nwarmup_s = 0.5\nlatency_ms = 40.0\ninput_format = \"x\"\n";
    [rig, cameras].map(|rig| rig.as_bytes().to_vec()).into()
}
