//! Pictures that do not change: of a renderer that goes on, of one that is frozen, of a real sensor.

#![allow(clippy::unwrap_used)]

mod check_support;

use check_support::{FPS, Flaw, graded, picture};
use ulna_dataset::CheckReport;

/// From frame 60 on the camera shows the same, rows say that its pictures are `age(frame)` seconds old.
fn still(simulated: bool, age: &dyn Fn(usize) -> f64) -> CheckReport {
    graded(&Flaw {
        cameras: true,
        simulated,
        picture: &|frame, there| match frame < 60 {
            true => there,
            false => picture(1, 60),
        },
        row: &|frame, row| row.age = age(frame),
        ..Flaw::default()
    })
}

fn codes(report: &CheckReport) -> Vec<&'static str> {
    report.findings.iter().map(|found| found.code).collect()
}

#[test]
fn a_renderer_before_plain_sky_is_not_frozen_and_a_sensor_that_shows_the_same_is() {
    let fresh = |_| 0.03;
    assert_eq!(codes(&still(true, &fresh)), [""; 0]);
    assert_eq!(codes(&still(false, &fresh)), ["frozen-camera"]);
    // A camera of half the rate of the rows.
    let half = |frame: usize| 0.01 + (frame % 2) as f64 / FPS as f64;
    assert!(!codes(&still(true, &half)).contains(&"frozen-camera"));
}

#[test]
fn a_renderer_whose_pictures_only_grow_older_is_frozen() {
    let older = |frame: usize| 0.03 + frame.saturating_sub(60) as f64 / FPS as f64;
    let report = still(true, &older);
    assert!(
        codes(&report).contains(&"frozen-camera"),
        "{:?}",
        report.findings
    );
}
