//! `ulna sim`.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use ulna_cameras::write_snapshot;
use ulna_outside::Text;
use ulna_robot::files;
use ulna_session::rig::leader_for;
use ulna_session::supply::{SceneKind, serve};
use ulna_session::{SessionError, scene_picture, scenes};

use super::stop;
use crate::args::{ShowArgs, SimAction};
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn sim(action: &SimAction, json: bool) -> Result<Outcome> {
    let args = match action {
        SimAction::Serve(args) => args,
        SimAction::Scenes => return list(json),
        SimAction::Show(args) => return show(args, json),
    };
    let stop = stop()?;
    let (options, kind) = (args.rig(), files::find(&args.robot)?);
    let leader = args
        .leader
        .then(|| leader_for(&kind, options.teleop.as_deref(), &options));
    let buses = serve(&options, &kind, leader.transpose()?.as_ref())?;
    for (role, device) in buses.devices() {
        match json {
            true => output::json(&json!({ "role": role, "device": device }))?,
            false => output::line(format_args!("{role} {}", device.display()))?,
        }
    }
    for (role, device) in buses.raw_devices() {
        match json {
            true => output::json(&json!({ "role": role, "raw_device": device }))?,
            false => output::line(format_args!("{role} raw {}", device.display()))?,
        }
    }
    output::note("serving in real time; Ctrl-C ends it");
    while stop.requested().is_none() {
        if let Some(role) = buses.fallen() {
            anyhow::bail!("the simulated {role}'s bus has stopped; see above, and start it again");
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok(Outcome::Interrupted)
}

fn list(json: bool) -> Result<Outcome> {
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

fn show(args: &ShowArgs, json: bool) -> Result<Outcome> {
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
                usage(format!("--picture {}: give the name of a file", path.display()))
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

fn usage(problem: impl std::fmt::Display) -> SessionError {
    SessionError::Usage(problem.to_string())
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
