//! Promise: a disk that fills, or a camera that goes, at whatever moment, costs no saved episode, and the session says why it
//! ends.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{fails, finish, json, run, ulna};

/// A small disk in memory, which takes a privilege to have.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None, with a note, where this user may not mount one.
    fn of_megabytes(size: u32) -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"]);
        let mounted = mount.arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Disk(folder));
        }
        eprintln!("SKIPPED: a disk in memory cannot be mounted here");
        None
    }

    fn dataset(&self) -> String {
        self.0.path().join("data").to_str().unwrap().to_owned()
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Fills the disk with something else until so many megabytes are left.
    fn fill(&self, left: u64) {
        let free = || {
            let disk = rustix::fs::statvfs(self.0.path()).unwrap();
            disk.f_bavail * disk.f_frsize
        };
        let mut file = File::create(self.filler()).unwrap();
        let block = vec![7; 1 << 16];
        while free() > left << 20 {
            if file.write_all(&block).is_err() {
                break;
            }
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn recording<'a>(dataset: &'a str, episode_time: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed =
        "record --sim --task push --camera-size 64x48 --episodes 9 --reset-time 0.2 --dataset";
    let mut args: Vec<&str> = fixed.split(' ').collect();
    args.extend([dataset, "--episode-time", episode_time]);
    args.extend(more);
    args
}

/// Waits for the journal of a recording to have some rows.
fn wait_for_rows(dataset: &str, run: &str) {
    let journal = Path::new(dataset).join(".ulna").join(run).join("rows.log");
    let start = Instant::now();
    while fs::metadata(&journal).map_or(0, |m| m.len()) < 4000 {
        assert!(start.elapsed() < Duration::from_secs(60), "no {journal:?}");
        sleep(Duration::from_millis(10));
    }
}

fn lengths(dataset: &str) -> Vec<u64> {
    let info = json(&["dataset", "info", dataset]);
    let episodes = info["episodes"].as_array().unwrap();
    episodes
        .iter()
        .map(|e| e["frames"].as_u64().unwrap())
        .collect()
}

fn sound(dataset: &str) {
    let checked = json(&["dataset", "check", dataset]);
    assert_eq!(checked["sound"], true, "{checked}");
}

#[test]
fn a_disk_that_is_full_from_one_moment_to_the_next() {
    let Some(disk) = Disk::of_megabytes(120) else {
        return;
    };
    let dataset = disk.dataset();
    let child = ulna(&recording(&dataset, "2", &[])).spawn().unwrap();
    wait_for_rows(&dataset, "run-000001");
    disk.fill(0);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("disk is full") || ran.stderr.contains("nearly full"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let saved = lengths(&dataset);
    assert!(saved.iter().all(|frames| *frames == 60), "{saved:?}");
    // Repair needs room, and says so; with room it brings back what was being recorded or saved.
    disk.make_room();
    assert_eq!(run(&["dataset", "repair", &dataset]).code, 0);
    let repaired = lengths(&dataset);
    assert_eq!(repaired[..saved.len()], saved);
    assert!(!repaired.is_empty(), "the first episode was complete");
    sound(&dataset);
    let resumed = recording(&dataset, "1", &["--resume", "--lockstep"]);
    json(&resumed);
    sound(&dataset);
}

#[test]
fn a_disk_that_is_nearly_full() {
    let Some(disk) = Disk::of_megabytes(120) else {
        return;
    };
    let dataset = disk.dataset();
    let child = ulna(&recording(&dataset, "30", &[])).spawn().unwrap();
    wait_for_rows(&dataset, "run-000000");
    disk.fill(16);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("nearly full"), "{}", ran.stderr);
    // The running episode was saved as far as it went, and nothing is left to be repaired.
    assert_eq!(lengths(&dataset).len(), 1);
    sound(&dataset);
    fails(
        1,
        &["MB free", "make room"],
        &recording(&dataset, "1", &["--resume"]),
    );
    disk.make_room();
    json(&recording(&dataset, "1", &["--resume", "--lockstep"]));
    sound(&dataset);
}

#[test]
fn a_camera_that_goes_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    // Within an episode, at its first and last frame, within a reset, while one is saved.
    for instant in ["2.0", "2.74", "2.77", "2.8", "2.87", "2.97", "3.48", "4.17"] {
        let dataset = folder.path().join(instant).to_str().unwrap().to_owned();
        let fault = format!("front:gone@{instant}s");
        let more = ["--lockstep", "--camera-fault", &fault];
        let ran = run(&recording(&dataset, "1", &more));
        assert_eq!(ran.code, 1, "{instant}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("`front` gives no more pictures"),
            "{}",
            ran.stderr
        );
        let saved = lengths(&dataset);
        let expected = format!("episodes saved by then: {}", saved.len());
        assert!(
            ran.stderr.contains(&expected),
            "{instant}: {}, {expected}",
            ran.stderr
        );
        // The episode that it ends is kept as far as it went.
        let (last, others) = saved.split_last().unwrap();
        assert!(
            others.iter().all(|frames| *frames == 30),
            "{instant}: {saved:?}"
        );
        assert!((1..=30).contains(last), "{instant}: {saved:?}");
        let whole: u64 = saved.iter().sum();
        // The first episode begins after a second: the arm connects, and comes to where its leader is.
        let recorded = (instant.parse::<f64>().unwrap() - 1.0) * 30.0 * 0.8;
        assert!(whole as f64 > recorded - 15.0, "{instant}: {saved:?}");
        sound(&dataset);
        json(&recording(&dataset, "1", &["--lockstep", "--resume"]));
        sound(&dataset);
    }
}
