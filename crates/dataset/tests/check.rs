//! Checking: clean datasets are clean, and each kind of damage is named.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::record;
use ulna_dataset::{CheckReport, Dataset, Kind, Severity, Writer, check};

fn codes(report: &CheckReport) -> Vec<&str> {
    let mut codes: Vec<&str> = report.findings.iter().map(|f| f.code).collect();
    codes.dedup();
    codes
}

#[test]
fn datasets_that_lerobot_wrote_are_clean() {
    for (name, episodes, videos) in [
        ("lerobot-so101_av1", 3, 1),
        ("lerobot-so101_multifile", 7, 3),
    ] {
        let Some(dir) = support::fixture(name) else {
            return;
        };
        let report = check(dir);
        assert_eq!(report.findings, [], "{name}");
        assert_eq!(
            (report.episodes_read, report.videos_read),
            (episodes, videos)
        );
    }
}

#[test]
fn a_real_recording_lacks_its_videos_and_nothing_else() {
    let Some(dir) = support::fixture("so101-real") else {
        return;
    };
    let report = check(dir);
    assert_eq!(codes(&report), ["missing-video"], "{:?}", report.findings);
    assert_eq!((report.episodes_read, report.frames), (4, 1492));
    assert!(!report.is_sound());
}

/// A dataset of two episodes with a camera, damaged by `damage`.
fn damaged(damage: impl Fn(&Path)) -> CheckReport {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::camera_spec()).unwrap();
    for (episode, frames) in [4, 3].into_iter().enumerate() {
        let parts = record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    drop(writer);
    damage(dir.path());
    check(dir.path())
}

fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

const DATA: &str = "data/chunk-000/file-001.parquet";
const VIDEO: &str = "videos/observation.images.front/chunk-000/file-001.mp4";

#[test]
fn our_own_datasets_are_clean() {
    let report = damaged(|_| {});
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.episodes, report.frames, report.videos_read),
        (2, 7, 2)
    );
}

#[test]
fn damage_is_named() {
    let named = |code: &str, damage: &dyn Fn(&Path)| {
        let report = damaged(damage);
        let found = codes(&report);
        assert!(found.contains(&code), "{code} is not in {found:?}");
        // Each kind says what it means and what to do.
        assert!(
            found.iter().all(|code| Kind::of(code).code == *code),
            "{found:?}"
        );
    };
    let info = |change: &'static dyn Fn(&mut Value)| {
        move |root: &Path| edit(&root.join("meta/info.json"), change)
    };
    named("open", &|root| {
        std::fs::remove_file(root.join("meta/info.json")).unwrap();
    });
    named("tasks", &|root| {
        std::fs::write(root.join("meta/tasks.parquet"), "PAR1").unwrap();
    });
    named("placeholder", &|root| {
        std::fs::write(root.join(VIDEO), "").unwrap();
    });
    named("data", &|root| {
        std::fs::remove_file(root.join(DATA)).unwrap();
    });
    named("data", &|root| {
        std::fs::write(root.join(DATA), "PAR1PAR1").unwrap();
    });
    named("stray-file", &|root| {
        std::fs::copy(
            root.join(DATA),
            root.join("data/chunk-000/file-007.parquet"),
        )
        .unwrap();
    });
    named("missing-video", &|root| {
        std::fs::remove_file(root.join(VIDEO)).unwrap();
    });
    named("video", &|root| {
        std::fs::write(root.join(VIDEO), "nonsense").unwrap();
    });
    named("video-frames", &|root| {
        let other = root.join("videos/observation.images.front/chunk-000/file-000.mp4");
        std::fs::copy(other, root.join(VIDEO)).unwrap();
    });
    named(
        "total-frames",
        &info(&|info| info["total_frames"] = json!(8)),
    );
    named("unfinished-save", &|root| {
        info(&|info| info["total_episodes"] = json!(1))(root);
        // What a save notes of itself until its episode is counted.
        let run = root.join(".ulna/run-000001");
        std::fs::create_dir_all(&run).unwrap();
        std::fs::write(run.join("rows.log"), "").unwrap();
        let note = json!({"episode": 1, "data": [0, 1], "table": [0, 1], "videos": {}});
        std::fs::write(run.join("commit.json"), note.to_string()).unwrap();
    });
    named("tasks", &info(&|info| info["total_tasks"] = json!(2)));
    named("declared-rate", &info(&|info| info["fps"] = json!(25)));
    named(
        "missing-column",
        &info(&|info| {
            info["features"]["extra"] = json!({"dtype": "float32", "shape": [1], "names": null});
        }),
    );
    named(
        "undeclared-column",
        &info(&|info| {
            info["features"]
                .as_object_mut()
                .unwrap()
                .remove("ulna.stale");
        }),
    );
    named(
        "video-size",
        &info(&|info| {
            info["features"]["observation.images.front"]["shape"] = json!([48, 32, 3]);
        }),
    );
    let stats =
        |root: &Path, change: &dyn Fn(&mut Value)| edit(&root.join("meta/stats.json"), change);
    named("statistics", &|root| {
        stats(root, &|stats| stats["action"]["mean"][1] = json!(70.0));
    });
    named("statistics", &|root| {
        stats(root, &|stats| stats["index"]["count"] = json!([6]));
    });
    named("statistics", &|root| {
        std::fs::remove_file(root.join("meta/stats.json")).unwrap();
    });
}

#[test]
fn warnings_alone_are_sound() {
    let report = damaged(|root| std::fs::remove_file(root.join("meta/stats.json")).unwrap());
    assert!(report.is_sound());
    assert_eq!(report.findings[0].severity, Severity::Warning);
}

#[test]
fn an_interrupted_recording_is_mentioned() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &support::spec()).unwrap();
    let mut rows = writer.begin_episode().unwrap();
    rows.push_row("pick", &support::row(0, 0)).unwrap();
    drop((rows, writer));
    assert_eq!(codes(&check(dir.path())), ["interrupted-recording"]);
    assert_eq!(Dataset::open(dir.path()).unwrap().len(), 0);
}
