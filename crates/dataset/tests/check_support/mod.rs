//! Small datasets of an arm that waves, each with one flaw in its second episode.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "each test file uses a part, as a module of its own"
)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use serde_json::{Map, Value, json};
use ulna_dataset::{
    CheckOptions, CheckReport, Feature, Manifest, Number, Pictures, Severity, Spec, Writer, grade,
};

pub const FPS: usize = 30;
/// Five seconds.
pub const LENGTH: usize = 150;
pub const JOINTS: [&str; 3] = ["shoulder.pos", "elbow.pos", "gripper.pos"];
pub const CAMERA: &str = "observation.images.front";
pub const SIDE: usize = 64;

/// One row, by name.
#[derive(Clone, Debug)]
pub struct Row {
    pub action: [f64; 3],
    pub state: [f64; 3],
    pub sent: [f64; 3],
    pub time: f64,
    pub state_age: f64,
    pub age: f64,
}

/// What a dataset is like where it is not flawless.
pub struct Flaw<'a> {
    pub units: &'a str,
    pub robot_type: &'a str,
    pub lengths: Vec<usize>,
    pub cameras: bool,
    pub measured: bool,
    pub simulated: bool,
    pub row: &'a dyn Fn(usize, &mut Row),
    pub picture: &'a dyn Fn(usize, Vec<u8>) -> Vec<u8>,
    pub report: &'a dyn Fn(&mut Value),
    pub pictures: Pictures,
}

impl Default for Flaw<'_> {
    fn default() -> Self {
        Flaw {
            units: "degrees",
            robot_type: "so_follower",
            lengths: vec![LENGTH; 2],
            cameras: false,
            measured: true,
            simulated: false,
            row: &|_, _| {},
            picture: &|_, picture| picture,
            report: &|_| {},
            pictures: Pictures::Some,
        }
    }
}

/// All joints wave, each episode in its own way; the state follows its action.
pub fn row(episode: usize, frame: usize) -> Row {
    let seconds = frame as f64 / FPS as f64;
    let wave = |joint: usize, late: f64| {
        let (turn, phase) = (1.3 + joint as f64 * 0.4, (episode + joint) as f64);
        let middle = if joint == 2 { 50.0 } else { 0.0 };
        f64::from((30.0 * ((seconds - late) * turn + phase).sin() + middle) as f32)
    };
    let action = [0, 1, 2].map(|joint| wave(joint, 0.0));
    Row {
        action,
        state: [0, 1, 2].map(|joint| wave(joint, 0.1)),
        sent: action,
        time: seconds - 0.002,
        state_age: 0.002,
        age: 0.03,
    }
}

/// A bar that wanders over a pattern, with a camera's noise.
pub fn picture(episode: usize, frame: usize) -> Vec<u8> {
    let mut noise = (episode * LENGTH + frame) as u32 * 7919 + 17;
    let mut out = Vec::with_capacity(SIDE * SIDE * 3);
    for at in 0..SIDE * SIDE {
        let (x, y) = (at % SIDE, at / SIDE);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let shade = match x.abs_diff((frame + 20 * episode) % SIDE) < 5 {
            true => 200,
            false => 60 + (x / 8 + y / 8) % 2 * 60,
        };
        let value = (shade + (noise >> 29) as usize) as u8;
        out.extend([value, value / 2 + 40, 255 - value]);
    }
    out
}

fn spec(flaw: &Flaw<'_>) -> Spec {
    let joints = |key| Feature::vector(key, Number::Float32, JOINTS);
    let scalar = |key| Feature::scalar(key, Number::Float32);
    let mut features = vec![joints("action"), joints("observation.state")];
    if flaw.measured {
        features.extend([joints("ulna.action_sent"), scalar("ulna.time")]);
        features.extend([scalar("ulna.state_age"), scalar("ulna.age.front")]);
    }
    if flaw.cameras {
        features.push(Feature::camera(CAMERA, SIDE, SIDE, FPS as u32));
    }
    let manifest = Manifest {
        robot: "so101".to_owned(),
        units: flaw.units.to_owned(),
        extra: Map::from_iter([
            ("control_rate_hz".to_owned(), json!(200.0)),
            ("simulated".to_owned(), json!(flaw.simulated)),
        ]),
        ..Manifest::default()
    };
    Spec::new(FPS as u32)
        .robot_type(Some(flaw.robot_type.to_owned()))
        .features(features)
        .manifest((!flaw.units.is_empty()).then_some(manifest))
}

/// Writes the dataset; the second episode (or, of several, the last one) has the flaw.
pub fn write(dir: &Path, flaw: &Flaw<'_>) {
    let mut writer = Writer::create(dir, &spec(flaw)).unwrap();
    let last = flaw.lengths.len() - 1;
    for (episode, length) in flaw.lengths.iter().enumerate() {
        let mut rows = writer.begin_episode().unwrap();
        let mut videos = Vec::new();
        if flaw.cameras {
            let mut encoder = rows.video_encoder(CAMERA).unwrap();
            for frame in 0..*length {
                let picture = picture(episode, frame);
                let picture = match episode == last {
                    true => (flaw.picture)(frame, picture),
                    false => picture,
                };
                encoder.push(&picture).unwrap();
            }
            videos.push(encoder.finish().unwrap());
        }
        for frame in 0..*length {
            let mut row = row(episode, frame);
            if episode == last {
                (flaw.row)(frame, &mut row);
            }
            let mut numbers = [row.action, row.state].concat();
            if flaw.measured {
                numbers.extend(row.sent);
                numbers.extend([row.time, row.state_age, row.age]);
            }
            rows.push_row("wave", &numbers).unwrap();
        }
        let mut report = json!({
            "rows": length, "fps": FPS, "ticks": (length - 1) * 200 / FPS, "overruns": 0,
            "cameras": [{"name": "front", "lost": 0, "replaced": 0}],
        });
        if episode == last {
            (flaw.report)(&mut report);
        }
        let report = flaw.measured.then_some(report);
        let parts = rows.finish(videos, report).unwrap();
        writer.commit(&parts).unwrap();
    }
}

pub fn examine(dir: &Path, pictures: Pictures) -> CheckReport {
    let options = CheckOptions::default().pictures(pictures);
    grade(dir, &options, &mut |_| true).unwrap()
}

pub fn graded(flaw: &Flaw<'_>) -> CheckReport {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), flaw);
    examine(dir.path(), flaw.pictures)
}

/// The kinds of findings, each once.
pub fn codes(report: &CheckReport) -> Vec<&'static str> {
    let mut codes: Vec<&str> = report.findings.iter().map(|f| f.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The report has findings of this kind only, all about the last episode; returns how severe the first is, and its frame.
pub fn only(report: &CheckReport, code: &str) -> (Severity, Option<u64>) {
    assert_eq!(codes(report), [code], "{:#?}", report.findings);
    let last = report.episodes - 1;
    assert!(report.findings.iter().all(|f| f.episode == Some(last)));
    let finding = &report.findings[0];
    assert_eq!(ulna_dataset::Kind::of(code).code, code);
    (finding.severity, finding.frame)
}
