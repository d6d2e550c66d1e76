//! Promise: what is saved stays saved (keys, Ctrl-C, a power cut), and on the virtual clock a recording is the same bytes every time.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod harness;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{fails, ffmpeg_has, finish, json, run, ulna};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

/// A recording with small pictures; with a reset of half a second unless the episodes are long.
fn recording<'a>(dataset: &'a str, episodes: &'a str, seconds: &'a str) -> Vec<&'a str> {
    let fixed = "record --sim --task push --camera-size 64x48 --episodes";
    let mut args: Vec<&str> = fixed.split(' ').collect();
    let reset = if seconds.len() > 1 { seconds } else { "0.5" };
    args.extend([
        episodes,
        "--episode-time",
        seconds,
        "--reset-time",
        reset,
        "--dataset",
        dataset,
    ]);
    args
}

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").to_str().unwrap().to_owned();
    (folder, path)
}

/// Waits until the running episode's journal has some rows.
fn wait_for_rows(dataset: &str, run: &str) {
    let journal = Path::new(dataset).join(".ulna").join(run).join("rows.log");
    let start = Instant::now();
    while fs::metadata(&journal).map_or(0, |m| m.len()) < 4000 {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "no rows in {journal:?}"
        );
        sleep(Duration::from_millis(20));
    }
}

/// Waits until an episode that is thrown away has left the disk.
fn wait_until_gone(dataset: &str, run: &str) {
    let folder = Path::new(dataset).join(".ulna").join(run);
    let start = Instant::now();
    while folder.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{folder:?} stays"
        );
        sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Checks the dataset, and how many episodes it has.
fn sound(dataset: &str, episodes: u64) {
    let checked = json(&["dataset", "check", dataset]);
    assert_eq!(checked["sound"], true, "{checked}");
    assert_eq!(checked["episodes"], episodes, "{checked}");
}

#[test]
fn two_processes_write_the_same_bytes_and_a_second_start_is_refused() {
    let (_one, first) = folder();
    let (_two, second) = folder();
    for dataset in [&first, &second] {
        let args = [
            recording(dataset, "2", "1"),
            vec!["--lockstep", "--seed", "5"],
        ]
        .concat();
        let report = json(&args);
        assert_eq!(
            (report["episodes"].as_u64(), report["frames"].as_u64()),
            (Some(2), Some(60))
        );
        assert_eq!(report["session"]["exit"]["as_asked"], true);
    }
    let same = Command::new("diff")
        .args(["-r", &first, &second])
        .output()
        .unwrap();
    assert!(same.status.success(), "{}", finish(same).stdout);
    sound(&first, 2);
    fails(
        1,
        &["already holds something"],
        &recording(&first, "1", "1"),
    );
    fails(
        1,
        &["30 frames/s, not 20"],
        &[recording(&first, "3", "1"), vec!["--resume", "--fps", "20"]].concat(),
    );
    let played = json(&["replay", "--sim", "--dataset", &first, "--episode", "1"]);
    assert_eq!(played["units"], "degrees");
}

#[test]
fn ctrl_c_saves_the_running_episode_unless_asked_otherwise() {
    let (_folder, dataset) = folder();
    let args = [
        recording(&dataset, "3", "30"),
        vec!["--on-interrupt", "discard"],
    ]
    .concat();
    let child = ulna(&args).spawn().unwrap();
    wait_for_rows(&dataset, "run-000000");
    signal(&child, Signal::INT);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("0 episodes saved") && ran.stdout.contains("1 thrown away"),
        "{}",
        ran.stdout
    );
    assert!(!Path::new(&dataset).exists());

    let child = ulna(&recording(&dataset, "3", "30")).spawn().unwrap();
    wait_for_rows(&dataset, "run-000000");
    signal(&child, Signal::INT);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("1 episodes saved") && ran.stdout.contains("parked"),
        "{}",
        ran.stdout
    );
    sound(&dataset, 1);
}

#[test]
fn a_power_cut_costs_no_saved_episode_and_repair_brings_the_running_one_back() {
    let (_folder, dataset) = folder();
    let mut child = ulna(&recording(&dataset, "2", "2")).spawn().unwrap();
    wait_for_rows(&dataset, "run-000001");
    child.kill().unwrap();
    child.wait().unwrap();
    let report = json(&["dataset", "info", &dataset]);
    let before = report["episodes"].as_array().unwrap().len();
    let resume = [recording(&dataset, "3", "1"), vec!["--resume"]].concat();
    fails(1, &["ulna dataset repair"], &resume);
    assert_eq!(run(&["dataset", "repair", &dataset]).code, 0);
    // The first was saved when the second began, or was on its way.
    assert!(before <= 1);
    sound(&dataset, 2);
    // Three in all are one more.
    json(&[resume.clone(), vec!["--lockstep"]].concat());
    sound(&dataset, 3);
    // A script that asks again has nothing to do, and the report says so.
    let report = json(&resume);
    assert_eq!(
        (
            report["episodes"].as_u64(),
            report["total_episodes"].as_u64()
        ),
        (Some(0), Some(3))
    );
    let more = "record --sim --lockstep --task push --camera-size 64x48 --episode-time 1 --reset-time 0 --more 2";
    let more: Vec<&str> = more.split(' ').chain(["--dataset", &dataset]).collect();
    assert_eq!(json(&more)["total_episodes"], 5);
    sound(&dataset, 5);
}

#[test]
fn a_voice_that_is_not_there_is_refused_before_anything_moves() {
    let (_folder, dataset) = folder();
    let mut command = ulna(&[recording(&dataset, "1", "1"), vec!["--sounds", "voice"]].concat());
    let ran = finish(command.env("PATH", "").output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("--sounds bell"), "{}", ran.stderr);
    assert!(!Path::new(&dataset).exists());
}

#[test]
fn keys_of_a_terminal_steer_the_session() {
    let (_folder, dataset) = folder();
    let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keys).unwrap();
    unlockpt(&keys).unwrap();
    let name = ptsname(&keys, Vec::new()).unwrap().into_string().unwrap();
    let terminal = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(name)
        .unwrap();
    let mut keys = fs::File::from(keys);
    let args = [recording(&dataset, "5", "30"), vec!["--json"]].concat();
    let child = ulna(&args).stdin(Stdio::from(terminal)).spawn().unwrap();
    // The first episode is thrown away, the reset cut short, the second saved by the key that ends the session.
    wait_for_rows(&dataset, "run-000000");
    keys.write_all(b"\x1b[D").unwrap();
    wait_until_gone(&dataset, "run-000000");
    keys.write_all(b"n").unwrap();
    wait_for_rows(&dataset, "run-000001");
    keys.write_all(b"q").unwrap();
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (report["episodes"].as_u64(), report["discarded"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(report["reports"][0]["ended"], "stop");
    sound(&dataset, 1);
}

#[test]
fn a_kill_with_ffmpeg_at_work_costs_less_than_a_second_and_the_codec_stays() {
    if !ffmpeg_has("libsvtav1") {
        return;
    }
    let (_folder, dataset) = folder();
    // SVT-AV1 takes nothing smaller.
    let fixed =
        "record --sim --task push --camera-size 64x64 --cameras front --reset-time 0 --dataset";
    let args = |more: &'static str| {
        let fixed = fixed.split(' ').chain([dataset.as_str()]);
        fixed.chain(more.split(' ')).collect::<Vec<_>>()
    };
    let mut child = ulna(&args("--codec av1 --episode-time 60"))
        .spawn()
        .unwrap();
    let staging = Path::new(&dataset).join(".ulna/run-000000");
    let stream = staging.join("observation.images.front.fmp4.log");
    let start = Instant::now();
    while fs::metadata(&stream).map_or(0, |m| m.len()) < 20_000 {
        assert!(start.elapsed() < Duration::from_secs(120), "no pictures");
        sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // A row is 22 numbers, the task with its length, and the length and checksum of its record.
    let rows = fs::metadata(staging.join("rows.log")).unwrap().len() / (22 * 8 + 6 + 8);
    assert_eq!(run(&["dataset", "repair", &dataset]).code, 0);
    sound(&dataset, 1);
    let report = json(&["dataset", "info", &dataset]);
    let frames = report["episodes"][0]["frames"].as_u64().unwrap();
    assert!(frames <= rows && frames + 30 >= rows, "{frames} of {rows}");

    let other = args("--resume --codec hevc");
    fails(1, &["has av1", "not hevc", "reencode"], &other);
    json(&args("--resume --episode-time 1 --lockstep"));
    sound(&dataset, 2);
    let info = fs::read_to_string(Path::new(&dataset).join("meta/info.json")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    let video = &info["features"]["observation.images.front"]["info"];
    let declared = (
        &video["video.codec"],
        &video["video.crf"],
        &video["video.preset"],
    );
    assert_eq!(declared, (&"av1".into(), &30.into(), &12.into()));
}

#[test]
fn a_codec_that_cannot_be_had_is_refused_before_anything_is_there() {
    let (_folder, dataset) = folder();
    let codec = |words: &'static str| {
        let words = words.split(' ').collect();
        [recording(&dataset, "1", "1"), words].concat()
    };
    fails(2, &["--codec libx264"], &codec("--codec h264 --crf 20"));
    fails(1, &["no-such-codec"], &codec("--codec no-such-codec"));
    let mut without = ulna(&codec("--codec av1"));
    let ran = finish(without.env("PATH", "").output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("ffmpeg") && ran.stderr.contains("install it"),
        "{}",
        ran.stderr
    );
    assert!(!Path::new(&dataset).exists());
}
