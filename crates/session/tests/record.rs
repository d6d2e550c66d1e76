//! Recording through the library: what comes into a dataset, and what does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ulna_core::Joints;
use ulna_dataset::Dataset;
use ulna_robot::files as robots;
use ulna_robot::kinematics::Chain;
use ulna_session::client::link;
use ulna_session::record::{CameraChoice, Episodes, OnLate, RecordOptions, Recorded, record};
use ulna_session::report::ClockKind;
use ulna_session::{RigOptions, SessionCommand, SessionError, SessionLink, Stop};
use ulna_sim::render::Renderer;
use ulna_sim::scenes::table::{CUBE, cube_from_seed};
use ulna_sim::visual::{VisualScene, cameras_of};

fn rig() -> RigOptions {
    RigOptions {
        sim: true,
        clock: ClockKind::Virtual,
        seed: 3,
        ..RigOptions::default()
    }
}

/// Two episodes of a second with pictures of 64 x 48 pixels.
fn options(dataset: &Path) -> RecordOptions {
    RecordOptions {
        episodes: Episodes::More(2),
        episode_time: Duration::from_secs(1),
        reset_time: Duration::from_millis(200),
        picture: Some((64, 48)),
        ..RecordOptions::new(dataset.to_owned(), "pick up the cube")
    }
}

fn run(rig: &RigOptions, options: &RecordOptions) -> Result<Recorded, SessionError> {
    record(
        rig,
        options,
        None,
        None,
        &mut SessionLink::alone(&Stop::new()),
    )
}

/// Every file of a dataset with its contents, but for the staging folder.
fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                all.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

fn message(outcome: Result<Recorded, SessionError>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn two_runs_write_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two, other] = ["one", "two", "other"].map(|name| folder.path().join(name));
    let first = run(&rig(), &options(&one)).unwrap();
    run(&rig(), &options(&two)).unwrap();
    run(&RigOptions { seed: 4, ..rig() }, &options(&other)).unwrap();
    assert_eq!(
        (first.episodes, first.frames, first.total_episodes),
        (2, 60, 2)
    );
    let (one, two, other) = (files(&one), files(&two), files(&other));
    assert!(
        one.iter()
            .any(|(name, _)| name.extension().is_some_and(|e| e == "mp4"))
    );
    assert!(one == two);
    assert!(one != other);
}

#[test]
fn a_dataset_holds_what_lerobot_expects_and_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    // A hand that rests in neither episode.
    run(&RigOptions { seed: 11, ..rig() }, &options(&path)).unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let info = dataset.info();
    assert_eq!(info.robot_type.as_deref(), Some("so_follower"));
    let keys: Vec<&str> = info.features.iter().map(|f| f.key.as_str()).collect();
    assert_eq!(
        keys[..4],
        [
            "action",
            "observation.state",
            "observation.images.front",
            "observation.images.wrist"
        ]
    );
    assert_eq!(info.features[0].names[0], "shoulder_pan.pos");
    let manifest = dataset.manifest().unwrap().unwrap();
    assert_eq!(
        (manifest.robot.as_str(), manifest.units.as_str()),
        ("so101", "degrees")
    );
    for number in 0..2 {
        let episode = dataset.episode(number).unwrap();
        assert_eq!(
            (episode.len(), episode.task(29)),
            (30, Some("pick up the cube"))
        );
        let column = |key: &str| episode.column(key).unwrap();
        let travel = |key: &str| {
            let rows = column(key);
            let joints = 0..rows.width();
            let spans = joints.map(|joint| {
                let values = || rows.rows().map(|row| row[joint]);
                values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min)
            });
            spans.fold(0.0, f64::max)
        };
        assert!(travel("action") > 5.0 && travel("observation.state") > 5.0);
        for row in 0..30 {
            let scalar = |key: &str| column(key).row(row).unwrap()[0];
            // A tick every 5 ms, a picture every frame, half a frame off the grid.
            assert!((0.0..0.0055).contains(&scalar("ulna.state_age")));
            assert!((scalar("ulna.age.front") - 1.0 / 60.0).abs() < 1e-4);
            let time = episode.timestamps()[row] - scalar("ulna.time");
            assert!((0.0..0.0055).contains(&time), "row {row}: {time}");
            assert_eq!(scalar("ulna.flags"), 0.0);
            let pairs = column("action").row(row).unwrap().iter();
            let sent = column("ulna.action_sent").row(row).unwrap();
            let off = pairs.zip(sent).map(|(want, sent)| (want - sent).abs());
            assert!(off.fold(0.0, f64::max) < 1e-3, "row {row}");
        }
        let report = dataset.episode_report(number).unwrap().unwrap();
        assert_eq!(
            (&report["rows"], &report["ended"]),
            (&30.into(), &"time".into())
        );
    }
}

#[test]
fn pictures_show_the_arm_as_the_recorded_state_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let options = RecordOptions {
        episodes: Episodes::More(1),
        episode_time: Duration::from_secs(3),
        picture: Some((160, 120)),
        ..options(&path)
    };
    run(&rig(), &options).unwrap();
    let kind = robots::find("so101").unwrap();
    let maps = kind.angle_maps(&kind.nominal_calibration());
    let (chain, mut scene) = (Chain::new(&kind), VisualScene::of(&kind));
    let cube = cube_from_seed(&scene.table, CUBE, 3);
    scene.objects.push(cube);
    let dataset = Dataset::open(&path).unwrap();
    let episode = dataset.episode(0).unwrap();
    let states: Vec<&[f64]> = episode.state().unwrap().rows().collect();
    for camera in cameras_of(&kind) {
        let key = format!("observation.images.{}", camera.name);
        let mut pictures = dataset.pictures(&key).unwrap();
        let (mut renderer, mut moving) = (Renderer::new(160, 120).unwrap(), 0);
        for row in (10..80).step_by(10) {
            let recorded = pictures.read(0, row).unwrap().rgb.clone();
            let mut off = |state: &[f64]| {
                let angles = Joints::from_fn(maps.len(), |joint| maps[joint].radians(state[joint]));
                let drawn = renderer.render(&scene, &chain.pose(&angles), &camera);
                let pairs = drawn.iter().zip(recorded.iter());
                pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / recorded.len() as f64
            };
            // The picture is half a frame older than its row, so the state of the row before fits about as well; others don't.
            let offs: Vec<f64> = (row - 8..=row + 8).map(|k| off(states[k])).collect();
            let best = offs.iter().copied().fold(f64::MAX, f64::min);
            let worst = offs.iter().copied().fold(0.0, f64::max);
            let here = offs[7].min(offs[8]);
            assert!(here < best + 0.04, "{key}, row {row}: {offs:.2?}");
            assert!(
                here < 6.0f64.max(worst / 2.0),
                "{key}, row {row}: {offs:.2?}"
            );
            moving += usize::from(worst > here + 1.0);
        }
        assert!(moving >= 3, "{key}: the arm moved in {moving} of the rows");
    }
}

#[test]
fn plain_datasets_have_nothing_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let plain = RecordOptions {
        plain: true,
        cameras: CameraChoice::Only(Vec::new()),
        ..options(&path)
    };
    run(&rig(), &plain).unwrap();
    let dataset = Dataset::open(&path).unwrap();
    let features = &dataset.info().features;
    assert!(
        features
            .iter()
            .all(|feature| !feature.key.starts_with("ulna."))
    );
    assert_eq!(dataset.manifest().unwrap(), None);
}

#[test]
fn a_folder_is_refused_resumed_or_recognised_as_another_robots() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let new = RecordOptions {
        episodes: Episodes::More(1),
        ..options(&path)
    };
    let more = RecordOptions {
        resume: true,
        ..new.clone()
    };
    assert!(message(run(&rig(), &more)).contains("there is no dataset"));
    run(&rig(), &new).unwrap();
    assert!(message(run(&rig(), &new)).contains("already holds something"));
    assert_eq!(run(&rig(), &more).unwrap().total_episodes, 2);
    let other = RecordOptions {
        fps: 25,
        cameras: CameraChoice::Only(vec!["wrist".to_owned()]),
        ..more.clone()
    };
    let difference = message(run(&rig(), &other));
    for part in ["30 frames/s, not 25", "observation.images.front"] {
        assert!(difference.contains(part), "{difference}");
    }
    let units = RigOptions {
        unit: Some(ulna_session::Unit::M100),
        ..rig()
    };
    let difference = message(run(&units, &more));
    assert!(
        difference.contains("unit is `degrees`, not `m100`"),
        "{difference}"
    );
    assert_eq!(Dataset::open(&path).unwrap().len(), 2);
}

#[test]
fn a_total_counts_what_is_there_and_more_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let of = |episodes, resume| RecordOptions {
        episodes,
        resume,
        cameras: CameraChoice::Only(Vec::new()),
        ..options(&path)
    };
    let holds = |options: RecordOptions| run(&rig(), &options).unwrap().total_episodes;
    assert_eq!(holds(of(Episodes::Total(1), false)), 1);
    assert_eq!(holds(of(Episodes::Total(3), true)), 3);
    assert_eq!(holds(of(Episodes::More(1), true)), 4);
    let enough = of(Episodes::Total(4), true);
    assert_eq!(enough.complete().unwrap(), Some(4));
    assert!(message(run(&rig(), &enough)).contains("holds 4 episodes already"));
    assert_eq!(of(Episodes::Total(5), true).complete().unwrap(), None);
}

#[test]
fn keys_and_faults_of_the_session_end_it_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    // Stop is pressed before anything is recorded: the folder is as if nothing had been.
    let path = folder.path().join("nothing");
    let (mut session, client) = link(&Stop::new());
    client.commands.send(SessionCommand::Stop);
    let recorded = record(&rig(), &options(&path), None, None, &mut session).unwrap();
    assert_eq!((recorded.episodes, path.exists()), (0, false));
    // So it is when the arm does not answer.
    let dead = RigOptions {
        faults: vec!["dead:elbow_flex@0s+99s".to_owned()],
        ..rig()
    };
    let error = message(run(&dead, &options(&path)));
    assert!(error.contains("elbow_flex"), "{error}");
    assert!(!path.exists());
    // An interruption before the first row.
    let stop = Stop::new();
    stop.interrupt();
    let recorded = record(
        &rig(),
        &options(&path),
        None,
        None,
        &mut SessionLink::alone(&stop),
    )
    .unwrap();
    assert!(recorded.interrupted && recorded.episodes == 0);
}

#[test]
fn a_servo_that_falls_silent_is_no_reason_to_stop_but_its_age_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let silent = RigOptions {
        faults: vec!["dead:wrist_roll@1s+1s".to_owned()],
        ..rig()
    };
    let recorded = run(&silent, &options(&path)).unwrap();
    assert_eq!(recorded.episodes, 2);
    let oldest = recorded.reports.iter().map(|r| r.state_age.max_ms);
    assert!(oldest.fold(0.0, f64::max) > 500.0);
}

#[test]
fn a_camera_that_breaks_ends_the_session_and_what_was_recorded_stays() {
    for (fault, says) in [
        // In the second episode: the first begins after some 0.6 s, and there are 0.2 s between them.
        ("front:gone@2.3s", "gives no more pictures"),
        ("wrist:frozen@2.3s", "`wrist` is frozen"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let broken = RecordOptions {
            episodes: Episodes::More(5),
            camera_faults: vec![fault.to_owned()],
            ..options(&path)
        };
        let error = message(run(&rig(), &broken));
        for part in [says, "kept as far as it went", "episodes saved by then: 2"] {
            assert!(error.contains(part), "{error}");
        }
        let intact = Dataset::open(&path).unwrap();
        assert_eq!((intact.len(), intact.uncommitted_episodes()), (2, 0));
        // Nothing is left to be repaired: the next session goes on at once.
        let more = RecordOptions {
            resume: true,
            ..options(&path)
        };
        assert_eq!(run(&rig(), &more).unwrap().total_episodes, 4);
    }
}

#[test]
fn a_camera_that_falls_silent_is_marked_or_ends_the_session_as_the_user_likes() {
    let folder = tempfile::tempdir().unwrap();
    let silent = |name: &str, on_late| RecordOptions {
        camera_faults: vec!["wrist:silent@1.1s".to_owned()],
        on_late,
        ..options(&folder.path().join(name))
    };
    let marked = run(&rig(), &silent("marked", OnLate::Mark)).unwrap();
    assert_eq!(marked.episodes, 2);
    assert!(
        marked
            .warnings
            .iter()
            .any(|text| text.contains("`wrist` was late for")),
        "{:?}",
        marked.warnings
    );
    let error = message(run(&rig(), &silent("stopped", OnLate::Stop)));
    for part in ["`wrist` has given no picture", "kept as far as it went"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn nonsense_is_refused_before_anything_happens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let good = options(&path);
    let bad = |change: &dyn Fn(&mut RecordOptions)| {
        let mut options = good.clone();
        change(&mut options);
        let error = run(&rig(), &options).unwrap_err();
        assert!(error.is_usage(), "{error}");
        error.to_string()
    };
    assert!(bad(&|o| o.task = "  ".to_owned()).contains("--task"));
    assert!(bad(&|o| o.episodes = Episodes::Total(0)).contains("no episodes"));
    assert!(bad(&|o| o.fps = 500).contains("--fps 500"));
    assert!(bad(&|o| o.episode_time = Duration::from_millis(5)).contains("--episode-time"));
    assert!(bad(&|o| o.picture = Some((63, 48))).contains("63x48"));
    let fault = |text: &str| bad(&|o| o.camera_faults = vec![text.to_owned()]);
    assert!(fault("front:slow@1s").contains("front:frozen@3s"));
    assert!(fault("top:gone@1s").contains("`top`"));
    let unknown = bad(&|o| o.cameras = CameraChoice::Only(vec!["side".to_owned()]));
    assert!(unknown.contains("`side`") && unknown.contains("front, wrist, top"));
    assert!(!path.exists());
}
