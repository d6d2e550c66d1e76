//! The HTML report: complete, small, and harmless whatever a dataset holds.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;

use support::{camera_spec, fixture, record, row};
use ulna_dataset::tools::{Progress, Work};
use ulna_dataset::{Feature, Number, Page, PageOptions, Result, Spec, Writer, write_page};

fn page_with(dir: &Path, path: &Path, options: &PageOptions) -> Result<Page> {
    write_page(dir, path, options, &mut Work::new(&mut |_| true))
}

fn page(dir: &Path) -> (Page, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let page = page_with(dir, &path, &PageOptions::default()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(page.bytes, text.len() as u64);
    // Aside there is nothing left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    (page, text)
}

fn recorded(spec: &Spec, episodes: usize, frames: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), spec).unwrap();
    for episode in 0..episodes {
        let parts = record(&mut writer, episode, frames);
        writer.commit(&parts).unwrap();
    }
    dir
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn everything_is_in_one_page() {
    let dir = recorded(&camera_spec(), 2, 30);
    let (page, text) = page(dir.path());
    assert_eq!((page.episodes, page.pictures), (2, 16));
    assert_eq!(count(&text, "src=\"data:image/jpeg;base64,"), 16);
    assert_eq!(count(&text, "<article"), 2);
    // Three joints and the column `ulna.stale`, in each episode.
    assert_eq!(count(&text, "<figure class=\"plot\""), 8);
    for part in [
        "What to do: ",
        "href=\"#episode-1\"",
        "<bdi>shoulder</bdi> <small>°</small>",
        "<bdi>gripper</bdi> <small>0…100</small>",
        "so101 (so_follower)",
        "recorded by ulna",
        "h264",
        "pick",
        "prefers-color-scheme: dark",
        "default-src 'none'",
    ] {
        assert!(text.contains(part), "{part}");
    }
    // Nothing is fetched from anywhere.
    for part in ["http://", "https://", "src=\"/", "url(", "@import"] {
        assert!(!text.contains(part), "{part}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let task = "</title><script>alert('task')</script>\u{202e}&amp;";
    let joints = ["<script>alert(1)", "\"><img src=x onerror=alert(2)>.pos"];
    let key = "<img src=x onerror='alert(3)'>";
    let spec = Spec::new(10)
        .robot_type(Some("<script>alert(4)</script>".to_owned()))
        .features(vec![
            Feature::vector("action", Number::Float32, joints),
            Feature::vector("observation.state", Number::Float32, joints),
            Feature::scalar(key, Number::Float64),
        ]);
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let mut episode = writer.begin_episode().unwrap();
    for frame in 0..20 {
        let value = if frame == 7 { -1e300 } else { 1e300 };
        let text = if frame < 10 {
            task
        } else {
            "</bdi></li><script>"
        };
        episode
            .push_row(text, &[0.0, 1.0, 2.0, 3.0, value])
            .unwrap();
    }
    let parts = episode.finish(Vec::new(), None).unwrap();
    writer.commit(&parts).unwrap();
    let (_, text) = page(dir.path());
    assert_eq!(count(&text, "<script"), 1);
    assert_eq!(count(&text, "<img"), 0);
    assert_eq!(count(&text, "</title>"), 1);
    assert!(text.contains("&lt;script&gt;alert(1)"));
    assert!(text.contains("&lt;script&gt;alert('task')&lt;/script&gt;"));
    assert!(text.contains("script-src 'sha256-"));
}

#[test]
fn a_large_dataset_is_shown_in_part() {
    let mut spec = camera_spec();
    spec.features.retain(|feature| !feature.is_camera());
    let dir = recorded(&spec, 104, 3);
    let (page, text) = page(dir.path());
    assert_eq!(page.episodes, 100);
    assert!(page.notes[0].contains("100 of 104"), "{:?}", page.notes);
    assert!(text.contains("100 of 104 episodes are shown in detail"));
    // All are in the table.
    assert_eq!(count(&text, "<td><span class=\"pill "), 104);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.html");
    let mut options = PageOptions::default().episodes(Some(vec![3, 101]));
    let some = page_with(dir.path(), &path, &options).unwrap();
    assert_eq!(some.episodes, 2);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("id=\"episode-101\"") && !text.contains("id=\"episode-4\""));
    options.episodes = Some(vec![104]);
    let error = page_with(dir.path(), &path, &options).unwrap_err();
    assert!(error.to_string().contains("no episode 104"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn other_files_are_not_overwritten_and_an_interruption_leaves_nothing() {
    let dir = recorded(&camera_spec(), 1, 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.html");
    fs::write(&path, "<!DOCTYPE html><title>My thesis</title>").unwrap();
    let mut options = PageOptions::default();
    let error = page_with(dir.path(), &path, &options).unwrap_err();
    assert!(error.to_string().contains("--force"), "{error}");
    assert!(fs::read_to_string(&path).unwrap().contains("My thesis"));

    let mut stop = |progress: Progress| progress.step != "report";
    options.force = true;
    let error = write_page(dir.path(), &path, &options, &mut Work::new(&mut stop)).unwrap_err();
    assert!(error.to_string().contains("interrupted"), "{error}");
    assert!(fs::read_to_string(&path).unwrap().contains("My thesis"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    page_with(dir.path(), &path, &options).unwrap();
    // One of ours is replaced without a word.
    page_with(dir.path(), &path, &PageOptions::default()).unwrap();
    let folder = page_with(dir.path(), folder.path(), &options).unwrap_err();
    assert!(folder.to_string().contains("is a folder"), "{folder}");
}

#[test]
fn what_is_missing_is_said() {
    let dir = recorded(&camera_spec(), 2, 5);
    fs::remove_file(dir.path().join("data/chunk-000/file-001.parquet")).unwrap();
    let video = "videos/observation.images.front/chunk-000/file-000.mp4";
    fs::remove_file(dir.path().join(video)).unwrap();
    let (page, text) = page(dir.path());
    assert_eq!((page.episodes, page.pictures), (2, 5));
    assert!(
        count(&text, video) >= 2,
        "in the findings and in the episode"
    );
    assert!(count(&text, "data/chunk-000/file-001.parquet") >= 2);
    assert!(text.contains("class=\"pill bad\""));
    // A report that is sent to others tells nothing of the computer that made it.
    assert!(!text.contains(dir.path().to_str().unwrap()));
}

#[test]
fn times_and_task_changes_are_shown() {
    let mut spec = camera_spec();
    spec.features.retain(|feature| !feature.is_camera());
    spec.features
        .push(Feature::scalar("ulna.time", Number::Float32));
    spec.features
        .push(Feature::scalar("ulna.flags", Number::Int64));
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(dir.path(), &spec).unwrap();
    let mut episode = writer.begin_episode().unwrap();
    for frame in 0..30_usize {
        let task = if frame < 20 { "pick" } else { "place" };
        let mut values = row(0, frame);
        values.extend([frame as f64 / 25.0, f64::from(u8::from(frame == 4))]);
        episode.push_row(task, &values).unwrap();
    }
    let parts = episode.finish(Vec::new(), None).unwrap();
    writer.commit(&parts).unwrap();
    let (_, text) = page(dir.path());
    assert!(text.contains("Period: median 40.00 ms"));
    assert!(text.contains("from 0.67 s: <bdi>place</bdi>"));
    assert!(text.contains("1 row: a camera gave no new picture"));
}

#[test]
fn reports_of_datasets_that_lerobot_wrote() {
    for (name, episodes, pictures) in [("lerobot-so101_av1", 3, 24), ("so101-real", 4, 0)] {
        let Some(dir) = fixture(name) else { return };
        let (page, _) = page(&dir);
        assert_eq!(
            (page.episodes, page.pictures),
            (episodes, pictures),
            "{name}"
        );
        assert!(page.bytes < 300_000, "{name} {}", page.bytes);
    }
}
