//! `ulna sim scenes` and `ulna sim show`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use ulna_cameras::write_snapshot;
use ulna_outside::{Printable, Text};
use ulna_session::scenes::drawn::Drawn;
use ulna_session::scenes::look::file::LightSpec;
use ulna_session::supply::{SceneCamera, SceneKind, ScenePicture};
use ulna_session::{scene_picture, scenes};

use crate::args::ShowArgs;
use crate::outcome::{Misuse, Outcome};
use crate::output;

pub(super) fn list(json: bool) -> Result<Outcome> {
    let all = scenes::all();
    if json {
        let scenes: Vec<_> = all.iter().map(facts).collect();
        output::json(&json!({ "scenes": scenes }))?;
        return Ok(Outcome::Done);
    }
    for scene in all {
        output::line(format_args!("{:<12} {}", scene.name, scene.summary))?;
    }
    Ok(Outcome::Done)
}

pub(super) fn show(args: &ShowArgs, json: bool) -> Result<Outcome> {
    let scene = scenes::find(&args.scene).map_err(usage)?;
    if args.toml {
        let text = scenes::text(&scene.name)
            .ok_or_else(|| usage(format!("the scene `{}` is no file", scene.name)))?;
        output::content(&Text::split(text.trim_end()))?;
        return Ok(Outcome::Done);
    }
    let (frame, cameras) = scene_picture(&ScenePicture {
        robot: &args.robot,
        scene: &args.scene,
        seed: args.seed,
        varied: args.scene_variation.is_on(),
        camera: args.camera.as_deref(),
        size: args.size,
    })?;
    let written = match &args.picture {
        Some(path) => {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| {
                usage(format!(
                    "--picture {}: give the name of a file",
                    path.display()
                ))
            })?;
            let folder = path.parent().unwrap_or(Path::new("."));
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            let written = write_snapshot(folder, name, &frame, args.replace);
            Some(written.with_context(|| format!("--picture {}", path.display()))?)
        }
        None => None,
    };
    if json {
        let mut facts = facts(&scene);
        facts["cameras"] = cameras.iter().map(camera_facts).collect();
        facts["picture"] = json!(written);
        output::json(&facts)?;
        return Ok(Outcome::Done);
    }
    output::line(format_args!("{}: {}", scene.name, scene.summary))?;
    for task in &scene.tasks {
        output::line(format_args!("task: {task}"))?;
    }
    if let Some(limit) = scene.time_limit {
        output::line(format_args!("time limit: {limit} s"))?;
    }
    for camera in &cameras {
        output::line(format_args!("camera {}", camera_line(camera)))?;
    }
    for light in &scene.look.lights {
        output::line(format_args!("light {}", light_line(light)))?;
    }
    let surfaces = scene.look.table.surfaces.iter();
    let surfaces: Vec<&str> = surfaces.map(|surface| surface.texture.name()).collect();
    output::line(format_args!("table: {}", surfaces.join(", ")))?;
    if let Some(written) = written {
        output::line(format_args!("picture: {}", written.display()))?;
    }
    Ok(Outcome::Done)
}

fn usage(problem: impl std::fmt::Display) -> Misuse {
    Misuse(problem.to_string())
}

fn facts(scene: &SceneKind) -> serde_json::Value {
    json!({
        "name": scene.name,
        "summary": scene.summary,
        "tasks": scene.tasks,
        "time_limit_s": scene.time_limit,
        "environment": scene.environment,
        "lights": scene.look.lights.iter().map(light_facts).collect::<Vec<_>>(),
        "table": scene.look.table.surfaces.iter().map(|surface| surface.texture.name()).collect::<Vec<_>>(),
    })
}

fn camera_facts(camera: &SceneCamera) -> serde_json::Value {
    json!({
        "name": camera.view.name,
        "joint": camera.joint,
        "size": [camera.size.0, camera.size.1],
        "fovy": camera.view.fovy.to_degrees(),
        "spare": camera.spare,
    })
}

fn camera_line(camera: &SceneCamera) -> String {
    let (width, height) = camera.size;
    let place = match &camera.joint {
        Some(joint) => format!("on the link of {joint}"),
        None => "by the table".to_owned(),
    };
    let spare = match camera.spare {
        true => ", recorded where it is named",
        false => "",
    };
    format!(
        "{}: {width}x{height}, {:.1}° high, {place}{spare}",
        camera.view.name,
        camera.view.fovy.to_degrees()
    )
}

fn light_facts(light: &LightSpec) -> serde_json::Value {
    let ends = |drawn: Drawn| {
        let (from, to) = drawn.ends();
        [from, to]
    };
    json!({
        "name": light.name,
        "xyz": light.xyz.map(ends),
        "brightness": ends(light.brightness),
        "kelvin": ends(light.kelvin),
        "softness": ends(light.softness),
    })
}

fn light_line(light: &LightSpec) -> String {
    let drawn = |drawn: Drawn| match drawn.ends() {
        (from, to) if from == to => format!("{from}"),
        (from, to) => format!("{from} to {to}"),
    };
    let [x, y, z] = light.xyz.map(drawn);
    format!(
        "{}: at {x} | {y} | {z} m; brightness {}, {} K; shadows' edges {} m wide",
        Printable(&light.name),
        drawn(light.brightness),
        drawn(light.kelvin),
        drawn(light.softness)
    )
}
