//! Writes a small dataset with two joints and a camera: `cargo run --example write_dataset -- DIR`.

use ulna_dataset::{Feature, Number, RealFs, Result, Spec, Writer};

const CAMERA: &str = "observation.images.front";
const WIDTH: usize = 160;
const HEIGHT: usize = 120;

fn main() -> Result<()> {
    let dir = std::env::args().nth(1).unwrap_or("dataset".to_owned());
    let joints = ["shoulder.pos", "gripper.pos"];
    let spec = Spec::new(30)
        .robot_type(Some("so_follower".to_owned()))
        .features(vec![
            Feature::vector("action", Number::Float32, joints),
            Feature::vector("observation.state", Number::Float32, joints),
            Feature::scalar("ulna.stale", Number::Bool),
            Feature::camera(CAMERA, WIDTH, HEIGHT, 30),
        ]);
    let mut writer = Writer::create(dir, &spec)?;
    for (episode, task) in ["push the bar", "pull the bar"].into_iter().enumerate() {
        let mut rows = writer.begin_episode()?;
        // With real cameras, the encoders live on threads of their own.
        let mut camera = rows.video_encoder(CAMERA)?;
        for frame in 0..45 + episode {
            let angle = frame as f64;
            rows.push_row(task, &[angle, 50.0, angle - 0.5, 49.0, 0.0])?;
            camera.push(&picture(frame))?;
            if frame % 30 == 0 {
                rows.sync()?;
                camera.sync()?;
            }
        }
        let video = camera.finish()?;
        video.make_mp4(&RealFs)?;
        writer.commit(&rows.finish(vec![video], None)?)?;
    }
    Ok(())
}

/// A red bar that moves to the right over a blue gradient.
fn picture(frame: usize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(WIDTH * HEIGHT * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let bar = (x / 10) == frame % (WIDTH / 10);
            rgb.extend(if bar {
                [220, 30, 30]
            } else {
                [20, 40, (y * 2) as u8]
            });
        }
    }
    rgb
}
