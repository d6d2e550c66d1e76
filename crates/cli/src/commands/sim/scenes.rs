//! `ulna sim scenes` and `ulna sim show`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use ulna_cameras::write_snapshot;
use ulna_outside::Text;
use ulna_session::supply::SceneKind;
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
    let camera = args.camera.as_deref();
    let frame = scene_picture(&args.robot, &args.scene, args.seed, camera, args.size)?;
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
    })
}
