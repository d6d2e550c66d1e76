//! Promise: a dataset is looked at without any program but a browser, and says itself what it is.

#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;

use harness::{fails, json, run, shipped};

#[test]
fn a_report_of_the_shipped_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let file = path.to_str().unwrap();
    let shipped = shipped();
    let report = json(&["dataset", "view", &shipped, "--report", file]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        (report["episodes"].as_u64(), report["path"].as_str()),
        (Some(1), Some(file))
    );
    assert_eq!(report["bytes"].as_u64(), Some(text.len() as u64));
    assert!(text.contains("Move the arm about") && text.contains("so101-hand"));
    // Again, and over something else.
    assert!(
        run(&[
            "dataset",
            "view",
            &shipped,
            "--report",
            file,
            "--episodes",
            "0"
        ])
        .code
            == 0
    );
    fs::write(&path, "mine").unwrap();
    fails(
        1,
        &["--force"],
        &["dataset", "view", &shipped, "--report", file],
    );
    json(&["dataset", "view", &shipped, "--report", file, "--force"]);
    fails(
        1,
        &["no episode 4"],
        &[
            "dataset",
            "view",
            &shipped,
            "--report",
            file,
            "--episodes",
            "0,4",
        ],
    );
    for other in [["--display", "x.rrd"], ["--episode", "0"]] {
        let args = [&["dataset", "view", &shipped, "--report", file], &other[..]].concat();
        fails(2, &["cannot be used with"], &args);
    }
    fails(2, &["--report"], &["dataset", "view", &shipped, "--force"]);
}

#[test]
fn a_recording_has_a_card_and_keeps_what_was_written_into_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let dataset = path.to_str().unwrap();
    let record = "record --sim --lockstep --no-cameras --episode-time 1 --reset-time 0 --task push --dataset";
    let record: Vec<&str> = record.split(' ').chain([dataset]).collect();
    json(&record);
    let card = path.join("README.md");
    let text = fs::read_to_string(&card).unwrap();
    assert!(
        text.contains("# so101: push") && text.contains("1 episode of so101"),
        "{text}"
    );
    assert!(text.contains("in simulation"), "{text}");
    fs::write(&card, format!("{text}\nMy words.\n")).unwrap();
    json(&[&record[..], &["--resume"]].concat());
    let text = fs::read_to_string(&card).unwrap();
    assert!(
        text.contains("2 episodes of so101") && text.ends_with("\nMy words.\n"),
        "{text}"
    );
    assert_eq!(json(&["dataset", "card", dataset])["changed"], false);
    json(&["dataset", "card", dataset, "--license", "mit"]);
    assert!(
        fs::read_to_string(&card)
            .unwrap()
            .starts_with("---\nlicense: mit\n")
    );
    assert_eq!(json(&["dataset", "check", dataset])["sound"], true);

    // A card that a user has written is no obstacle for a recording.
    fs::write(&card, "Mine.").unwrap();
    json(&[&record[..], &["--resume"]].concat());
    assert_eq!(fs::read_to_string(&card).unwrap(), "Mine.");
    fails(1, &["--force"], &["dataset", "card", dataset]);
}
