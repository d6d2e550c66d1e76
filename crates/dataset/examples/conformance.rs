//! The half of `cargo run -p xtask -- conformance` that speaks for ulna: writes a dataset with everything in it that
//! LeRobot could stumble over, and dumps what ulna's own reader finds in a dataset.
//!
//! `conformance write DIR [--plain] [--codec CODEC]` · `conformance continue DIR OUT`, which adds an episode to a copy of any
//! dataset · `conformance dump DIR OUT` · `conformance edit DIR OUT`, which uses every tool on a dataset of the first kind ·
//! `conformance can CODEC`, which fails when there is no encoder for it

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use ulna_dataset::tools::{
    self, Cut, Encoding, FeatureChanges, NewFeature, NewValues, Parts, Progress, Target,
    TaskChanges, Work,
};
use ulna_dataset::{Dataset, Feature, Manifest, Number, RealFs, Spec, Writer};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const JOINTS: [&str; 6] = [
    "shoulder_pan.pos",
    "shoulder_lift.pos",
    "elbow_flex.pos",
    "wrist_flex.pos",
    "wrist_roll.pos",
    "gripper.pos",
];
const CAMERAS: [&str; 2] = ["observation.images.front", "observation.images.wrist"];
const WIDTH: usize = 96;
const HEIGHT: usize = 64;
const TASKS: [&str; 2] = ["push the cube", "put the cube back, \u{bd} speed"];
/// A single frame has no spread, and no window around it lies inside the episode.
const LENGTHS: [usize; 3] = [40, 33, 1];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", dir] => write(dir, false, "h264"),
        ["write", dir, "--plain"] => write(dir, true, "h264"),
        ["write", dir, "--plain", "--codec", codec] => write(dir, true, codec),
        ["continue", dir, out] => go_on(Path::new(dir), Path::new(out)),
        ["can", codec] => Ok(Encoding::of(codec).check()?),
        ["dump", dir, out] => dump(dir, Path::new(out)),
        ["edit", dir, out] => edit(Path::new(dir), Path::new(out)),
        _ => Err("usage: conformance write DIR [--plain [--codec CODEC]] | continue DIR OUT | dump DIR OUT | edit DIR OUT | can CODEC".into()),
    }
}

fn write(dir: &str, plain: bool, codec: &str) -> Result<()> {
    let mut features = vec![
        Feature::vector("action", Number::Float32, JOINTS),
        Feature::vector("observation.state", Number::Float32, JOINTS),
    ];
    if !plain {
        features.push(Feature::vector("ulna.action_sent", Number::Float32, JOINTS));
        features.push(Feature::scalar("ulna.stale", Number::Bool));
    }
    features.extend(CAMERAS.map(|camera| {
        Encoding::of(codec).declared(&Feature::camera(camera, WIDTH, HEIGHT, 30), 30)
    }));
    let manifest = Manifest {
        robot: "so101".to_owned(),
        units: "degrees".to_owned(),
        ..Manifest::default()
    };
    let spec = Spec::new(30)
        .robot_type(Some("so_follower".to_owned()))
        .features(features)
        .manifest((!plain).then_some(manifest));
    let mut writer = Writer::create(dir, &spec)?;
    for (episode, length) in LENGTHS.into_iter().enumerate() {
        let mut rows = writer.begin_episode()?;
        let mut encoders = Vec::new();
        for camera in CAMERAS {
            encoders.push(rows.video_encoder(camera)?);
        }
        for frame in 0..length {
            // The task changes in the middle of the second episode.
            let task = TASKS[usize::from(episode == 1 && frame >= length / 2)];
            rows.push_row(task, &row(episode, frame, plain))?;
            for (camera, encoder) in encoders.iter_mut().enumerate() {
                encoder.push(&picture(camera, episode, frame, (WIDTH, HEIGHT)))?;
            }
        }
        let mut videos = Vec::new();
        for encoder in encoders {
            let video = encoder.finish()?;
            video.make_mp4(&RealFs)?;
            videos.push(video);
        }
        writer.commit(&rows.finish(videos, None)?)?;
    }
    Ok(())
}

/// Adds an episode to a copy of a dataset of numbers and videos, in the codec that the dataset declares.
fn go_on(dir: &Path, out: &Path) -> Result<()> {
    tools::import(dir, out, &mut Work::new(&mut |_| true))?;
    let info = Dataset::open(out)?.info().clone();
    let spec = Spec::new(info.whole_fps())
        .robot_type(info.robot_type.clone())
        .features(
            info.features
                .iter()
                .filter(|f| !f.is_auto())
                .cloned()
                .collect(),
        )
        .manifest(Dataset::open(out)?.manifest()?);
    let mut writer = Writer::resume(out, &spec)?;
    let cameras = writer.layout().cameras().to_vec();
    let mut rows = writer.begin_episode()?;
    let mut encoders = Vec::new();
    for camera in &cameras {
        encoders.push(rows.video_encoder(&camera.key)?);
    }
    for frame in 0..LENGTHS[0] {
        let wave = |n: usize| (frame as f64 * 0.13 + n as f64 / 3.0).sin();
        let row: Vec<f64> = (0..writer.layout().width()).map(wave).collect();
        rows.push_row("a task that only ulna knows", &row)?;
        for (number, (encoder, camera)) in encoders.iter_mut().zip(&cameras).enumerate() {
            let size = (camera.shape[1], camera.shape[0]);
            encoder.push(&picture(number, 0, frame, size))?;
        }
    }
    let mut videos = Vec::new();
    for encoder in encoders {
        videos.push(encoder.finish()?);
    }
    writer.commit(&rows.finish(videos, None)?)?;
    Ok(())
}

/// Values that no short decimal names, so that a detour through text or a wider type shows.
fn row(episode: usize, frame: usize, plain: bool) -> Vec<f64> {
    let vectors = if plain { 2 } else { 3 };
    let wave = |n: usize| 90.0 * ((episode * 31 + frame) as f64 * 0.13 + n as f64 / 3.0).sin();
    let mut row: Vec<f64> = (0..vectors * JOINTS.len()).map(wave).collect();
    if !plain {
        row.push(f64::from(u8::from(frame % 7 == 3)));
    }
    row
}

/// A gradient whose brightness steps from frame to frame: no picture resembles its neighbours, the other camera's or
/// another episode's.
fn picture(
    camera: usize,
    episode: usize,
    frame: usize,
    (width, height): (usize, usize),
) -> Vec<u8> {
    let light = (frame * 6 + episode * 40) % 120;
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let pixel = [x + light, y * 2 + light, 40 + light / 2 + x / 4];
            let pixel = pixel.map(|v| u8::try_from(v).unwrap_or(u8::MAX));
            rgb.extend(if camera == 0 {
                pixel
            } else {
                [pixel[2], pixel[0], pixel[1]]
            });
        }
    }
    rgb
}

/// The results, each in a folder of its tool's name. Python LeRobot does the same where it has such a tool.
fn edit(dir: &Path, out: &Path) -> Result<()> {
    let mut go_on = |_: Progress| true;
    let work = &mut Work::new(&mut go_on);
    let to = |name: &str| Target::New(out.join(name));
    tools::compact(dir, &to("compact"), work)?;
    tools::delete(dir, &[1], &to("delete"), work)?;
    tools::delete(out.join("compact"), &[0], &to("delete from one file"), work)?;
    let parts = [("train", 0.66), ("val", 0.34)].map(|(name, share)| (name.to_owned(), share));
    tools::split(dir, &Parts::Fractions(parts.to_vec()), Some(out), work)?;
    tools::merge(
        &[dir.to_owned(), out.join("delete")],
        &out.join("merge"),
        work,
    )?;
    let cut = Cut::Frames {
        episode: 0,
        frames: 3..30,
    };
    tools::trim(dir, &cut, &to("trim"), work)?;
    let tasks = TaskChanges::default()
        .assigned([(0, "a third task".to_owned())].into())
        .others(Some("the only other task".to_owned()));
    tools::change_tasks(dir, &tasks, &to("tasks"), work)?;
    let weight = NewFeature::new("weight", NewValues::Constant(vec![0.5]));
    let features = FeatureChanges::default().plain(true).added(vec![weight]);
    tools::change_features(dir, &features, &to("features"), work)?;
    tools::recompute_stats(dir, true, &to("stats"), work)?;
    tools::import(out.join("delete from one file"), &out.join("import"), work)?;
    tools::reencode(dir, &Encoding::built_in(), &to("reencode"), work)?;
    // Without ffmpeg there is one dataset less to check.
    if let Err(error) = tools::reencode(dir, &Encoding::of("av1"), &to("reencode to av1"), work) {
        eprintln!("{error}");
    }
    Ok(())
}

/// `OUT/dataset.json` holds all numbers and texts, `OUT/CAMERA.rgb` all pictures of a camera, one after the other.
fn dump(dir: &str, out: &Path) -> Result<()> {
    let dataset = Dataset::open(dir)?;
    std::fs::create_dir_all(out)?;
    let mut episodes = Vec::new();
    for index in 0..dataset.len() {
        let episode = dataset.episode(index)?;
        let columns = episode
            .columns()
            .map(|(key, column)| (key.to_owned(), column.rows().collect()));
        let tasks: Vec<Option<&str>> = (0..episode.len()).map(|at| episode.task(at)).collect();
        episodes.push(json!({
            "length": episode.len(),
            "tasks": dataset.episode_row(index)?.tasks,
            "task": tasks,
            "index": episode.global_index(),
            "frame_index": episode.frame_index(),
            "timestamp": episode.timestamps(),
            "columns": columns.collect::<Map<String, Value>>(),
        }));
    }
    let mut cameras = Map::new();
    for camera in dataset.info().cameras() {
        let mut file = BufWriter::new(File::create(out.join(format!("{}.rgb", camera.key)))?);
        let mut pictures = dataset.pictures(&camera.key)?;
        let mut shape = json!(camera.picture_shape());
        for (index, row) in dataset.episodes().iter().enumerate() {
            for frame in 0..usize::try_from(row.length)? {
                let picture = pictures.read(index, frame)?;
                file.write_all(&picture.rgb)?;
                shape = json!([picture.height, picture.width, 3]);
            }
        }
        file.flush()?;
        cameras.insert(camera.key.clone(), shape);
    }
    let all = json!({
        "fps": dataset.fps(),
        "robot_type": dataset.info().robot_type,
        "tasks": dataset.tasks(),
        "episodes": episodes,
        "cameras": cameras,
    });
    std::fs::write(out.join("dataset.json"), serde_json::to_vec(&all)?)?;
    Ok(())
}
