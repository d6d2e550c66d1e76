//! Datasets as the world writes them: each opens, its check says what is wrong with it and nothing else, and an import mends it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ulna_dataset::tools::{Progress, Target, Work, delete, import, recompute_stats};
use ulna_dataset::{CheckOptions, CheckReport, Dataset, DatasetError, Severity, grade};

/// The kinds of errors and of warnings (notes where named with an asterisk) that a case has.
struct Case {
    name: &'static str,
    errors: &'static [&'static str],
    others: &'static [&'static str],
}

const fn case(
    name: &'static str,
    errors: &'static [&'static str],
    others: &'static [&'static str],
) -> Case {
    Case {
        name,
        errors,
        others,
    }
}

const CASES: &[Case] = &[
    case("base3", &[], &[]),
    case("boundary-episode-file-stale", &[], &["stale-place"]),
    case("constant-joint", &[], &["constant-joint"]),
    case("declared-absent-column", &[], &["missing-column"]),
    case("episode-table-two-chunks", &[], &[]),
    case("fps-2997", &["declared-rate"], &[]),
    case("from-index-resets-per-file", &["range", "index"], &[]),
    case("groot-modality", &[], &[]),
    case("huge-declared", &["total-episodes"], &[]),
    case("info-bom", &["metadata"], &[]),
    case("jsonl-bom", &["metadata"], &[]),
    case("lekiwi-nine", &[], &[]),
    case("length-wrong-v3", &[], &["length"]),
    case("length-zero-v21", &[], &["length"]),
    case("lfs-pointers", &["placeholder"], &[]),
    case("lfs-pointers-v21", &["placeholder"], &[]),
    case("list-not-fixed", &[], &[]),
    case("merge-a2", &[], &[]),
    case("merge-b1", &[], &[]),
    case("names-fewer-than-shape", &[], &["declaration"]),
    case(
        "nan-frame",
        &["not-finite"],
        &["statistics", "episode-statistics"],
    ),
    case("nan-in-stats-v21", &["statistics"], &["episode-statistics"]),
    case("no-episodes-jsonl", &["episode-table"], &[]),
    case("no-footer", &["data"], &[]),
    case("no-tasks-column", &[], &[]),
    case("old-calibration-names", &[], &[]),
    case("one-glitch-frame", &[], &["state-jump"]),
    case("openpi-keys-v21", &[], &[]),
    case("other-arm-koch", &[], &[]),
    case("pandas-types", &[], &[]),
    case("per-file-video", &[], &["short"]),
    case("radians", &[], &["other-units"]),
    case("rare-task", &[], &[]),
    case("scalar-fps-a", &[], &[]),
    case("scalar-fps-b", &[], &[]),
    case("splits-val", &[], &[]),
    case(
        "starts-beyond-range",
        &[],
        &["outside-range*", "constant-joint"],
    ),
    case("stray-files", &["stray-file"], &[]),
    case("subset-v21", &["total-episodes"], &[]),
    case("task-gap-v21", &["tasks"], &[]),
    case("tasks-named-task", &[], &[]),
    case("tasks-out-of-order", &["tasks"], &[]),
    case(
        "timestamp-list-of-one",
        &["column-type"],
        &["episode-statistics"],
    ),
    case("to-timestamp-last-frame", &[], &["video-end*"]),
    case("v21-labelled-v3", &["mislabelled"], &[]),
    case("video-too-short", &["video-time"], &[]),
    case("video-variable-rate", &["video-time"], &[]),
    case("wrong-episode-stats-only", &[], &["episode-statistics"]),
    case("wrong-fps", &["declared-rate"], &[]),
    case(
        "wrong-stats-everywhere",
        &["statistics"],
        &["episode-statistics"],
    ),
];

/// What this arm's wave looks like at 10 frames/s, which is no flaw of the case.
const USUAL: [&str; 5] = [
    "unknown-units",
    "idle-head",
    "idle-tail",
    "short",
    "pictures-unread",
];

fn cases() -> Option<PathBuf> {
    support::fixture("cases")
}

fn examined(root: &Path) -> CheckReport {
    grade(root, &CheckOptions::default(), &mut |_| true).unwrap()
}

fn codes(report: &CheckReport, wanted: impl Fn(Severity) -> bool) -> BTreeSet<&'static str> {
    let found = report.findings.iter().filter(|f| wanted(f.severity));
    found.map(|finding| finding.code).collect()
}

fn quietly<T>(edit: impl FnOnce(&mut Work) -> ulna_dataset::Result<T>) -> ulna_dataset::Result<T> {
    edit(&mut Work::new(&mut |_: Progress| true))
}

#[test]
fn each_case_has_the_findings_that_it_should_and_no_others() {
    let Some(cases) = cases() else { return };
    let mut wrong = Vec::new();
    for case in CASES {
        let report = examined(&cases.join(case.name));
        let errors = codes(&report, |severity| severity == Severity::Error);
        let warnings = codes(&report, |severity| severity == Severity::Warning);
        let notes = codes(&report, |severity| severity == Severity::Note);
        let expected: BTreeSet<&str> = case.errors.iter().copied().collect();
        let missing = case
            .others
            .iter()
            .filter(|code| match code.strip_suffix('*') {
                Some(note) => !notes.contains(note),
                None => !warnings.contains(**code),
            });
        let missing: Vec<&&str> = missing.collect();
        let extra = warnings
            .iter()
            .filter(|code| !USUAL.contains(*code) && !case.others.contains(*code));
        let extra: Vec<&&str> = extra.collect();
        if errors != expected || !missing.is_empty() || !extra.is_empty() {
            let said: Vec<String> = (report.findings.iter())
                .map(|f| format!("{} {}: {}", f.severity.word(), f.code, f.message))
                .collect();
            wrong.push(format!(
                "{}: errors {errors:?}, expected {expected:?}; missing {missing:?}, extra {extra:?}\n    {}",
                case.name,
                said.join("\n    ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every case in the folder is in the table.
#[test]
fn the_table_is_complete() {
    let Some(cases) = cases() else { return };
    let entries = std::fs::read_dir(&cases).unwrap().flatten();
    let there = entries.filter(|entry| entry.path().join("meta/info.json").is_file());
    let there: BTreeSet<String> = there
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    let known: BTreeSet<String> = CASES.iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn an_import_mends_each_case_and_keeps_its_values() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    for case in CASES {
        let (from, to) = (cases.join(case.name), scratch.path().join(case.name));
        let done = quietly(|w| import(&from, &to, w));
        if case.errors == ["placeholder"] {
            assert!(
                matches!(
                    done,
                    Err(DatasetError::Invalid { .. } | DatasetError::Placeholder { .. })
                ),
                "{done:?}"
            );
            continue;
        }
        let done = done.unwrap_or_else(|error| unreachable!("{}: {error}", case.name));
        let report = examined(&to);
        let errors = codes(&report, |severity| severity == Severity::Error);
        let left: Vec<&&str> = errors
            .iter()
            .filter(|code| **code != "not-finite")
            .collect();
        assert!(
            left.is_empty(),
            "{}: {left:?} {:#?}",
            case.name,
            report.findings
        );
        let structural = [
            "stale-place",
            "length",
            "missing-column",
            "declaration",
            "video-end",
            "episode-statistics",
            "statistics",
        ];
        let all = codes(&report, |_| true);
        for code in structural {
            assert!(
                !all.contains(code),
                "{}: {code} {:#?}",
                case.name,
                report.findings
            );
        }
        let (before, after) = (Dataset::open(&from).unwrap(), Dataset::open(&to).unwrap());
        if ["no-footer"].contains(&case.name) {
            assert_eq!((after.len(), done.notes.len()), (1, 1), "{:?}", done.notes);
            continue;
        }
        assert_eq!(before.len(), after.len(), "{}", case.name);
        for episode in 0..after.len() {
            let (old, new) = (
                before.episode(episode).unwrap(),
                after.episode(episode).unwrap(),
            );
            assert!(new.len() <= old.len(), "{}", case.name);
            for frame in 0..new.len() {
                for (key, column) in new.columns() {
                    let same = old
                        .column(key)
                        .unwrap()
                        .row(frame)
                        .unwrap()
                        .iter()
                        .zip(column.row(frame).unwrap())
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{} {key} {episode} {frame}", case.name);
                }
                if old.task(frame).is_some() {
                    assert_eq!(old.task(frame), new.task(frame), "{}", case.name);
                }
            }
        }
    }
}

#[test]
fn a_damaged_episode_is_deleted_without_being_read() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (from, to) = (cases.join("no-footer"), scratch.path().join("without"));
    let done = quietly(|w| delete(&from, &[1], &Target::New(to.clone()), w)).unwrap();
    assert_eq!((done.episodes, done.frames), (1, 20));
    assert!(examined(&to).is_sound());
    // An edit that needs it says how to go on without it.
    let other = scratch.path().join("other");
    let error = quietly(|w| delete(&from, &[0], &Target::New(other.clone()), w)).unwrap_err();
    assert!(
        error.to_string().contains("--episodes 1 --output"),
        "{error}"
    );
}

#[test]
fn statistics_come_from_the_rows_and_whole_videos_are_copied() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    for name in [
        "wrong-stats-everywhere",
        "wrong-episode-stats-only",
        "base3",
    ] {
        let to = scratch.path().join(name);
        let done =
            quietly(|w| recompute_stats(cases.join(name), false, &Target::New(to.clone()), w))
                .unwrap();
        assert_eq!(done.pictures_encoded, 0, "{name}");
        let report = examined(&to);
        assert!(
            codes(&report, |s| s > Severity::Note).is_empty(),
            "{name}: {:#?}",
            report.findings
        );
        let video = "videos/observation.images.front/chunk-000/file-000.mp4";
        if name == "base3" {
            let read = |root: &Path| std::fs::read(root.join(video)).unwrap();
            assert_eq!(read(&cases.join(name)), read(&to));
        }
    }
}

#[test]
fn splits_and_other_keys_stay_and_follow_their_episodes() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let to = scratch.path().join("fewer");
    quietly(|w| delete(cases.join("splits-val"), &[0], &Target::New(to.clone()), w)).unwrap();
    let info = Dataset::open(&to).unwrap().info().clone();
    assert_eq!(
        info.raw("splits").unwrap(),
        &serde_json::json!({"train": "0:1", "val": "1:2"})
    );
}

#[test]
fn an_output_folder_inside_the_dataset_is_refused() {
    let Some(cases) = cases() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path().join("mine");
    support::copy(&cases.join("base3"), &root);
    for inside in [root.join("new"), root.join("data/../new"), root.clone()] {
        let error = quietly(|w| delete(&root, &[0], &Target::New(inside.clone()), w)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("mine-new") || text.contains("already holds"),
            "{text}"
        );
    }
}

#[test]
fn what_is_stored_as_lance_is_named() {
    let Some(cases) = cases() else { return };
    for stated in [true, false] {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("lance");
        support::copy(&cases.join("base3"), &root);
        std::fs::remove_dir_all(root.join("data")).unwrap();
        if stated {
            let path = root.join("meta/info.json");
            let text = std::fs::read_to_string(&path).unwrap();
            let mut info: serde_json::Value = serde_json::from_str(&text).unwrap();
            info["storage_format"] = "lance".into();
            std::fs::write(&path, info.to_string()).unwrap();
        } else {
            std::fs::create_dir_all(root.join("data/frames.lance")).unwrap();
        }
        let error = Dataset::open(&root).unwrap_err().to_string();
        assert!(error.contains("stored as `lance`"), "{error}");
    }
}
