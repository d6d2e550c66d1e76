//! `ulna rig`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::json;
use ulna_bringup::ports;
use ulna_bringup::{Dialogue, DialogueReply};
use ulna_cameras::CameraSettings;
use ulna_outside::{Printable, Text};
use ulna_session::rig_file::{self, RigCameras, RigFile, RigFinding, RigVerdict};

use super::stop;
use crate::args::{NewRigArgs, RigAction};
use crate::attended::attended;
use crate::outcome::{Declined, Outcome};
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn rig(action: &RigAction, json: bool) -> Result<Outcome> {
    match action {
        RigAction::List => list(json),
        RigAction::New(args) => new(args, json),
        RigAction::Show { name } => {
            let file = rig_file::load(name)?;
            match json {
                true => output::json(&serde_json::to_value(&file)?)?,
                false => output::content(&Text::split(in_toml(&file)?))?,
            }
            Ok(Outcome::Done)
        }
        RigAction::Check { name } => check(&rig_file::load(name)?, json),
    }
}

fn in_toml(file: &RigFile) -> Result<String> {
    Ok(rig_file::to_text(file)?.trim_end().to_owned())
}

fn list(json: bool) -> Result<Outcome> {
    let names = rig_file::names();
    if json {
        output::json(&json!({ "folder": rig_file::folder(), "rigs": names }))?;
        return Ok(Outcome::Done);
    }
    if names.is_empty() {
        output::note("no rigs yet: `ulna rig new NAME` makes one");
    }
    for name in names {
        let what = match rig_file::load(&name) {
            Ok(file) => described(&file),
            Err(error) => format!("unusable: {error}"),
        };
        output::line(format_args!("{name:<12}  {what}"))?;
    }
    Ok(Outcome::Done)
}

/// One line for people.
fn described(file: &RigFile) -> String {
    let kind = file.robot.kind.as_deref();
    let port = file.robot.port.as_deref();
    format!(
        "{} on {}",
        kind.unwrap_or(ulna_robot::files::DEFAULT),
        port.unwrap_or("the only adapter")
    )
}

fn new(args: &NewRigArgs, json: bool) -> Result<Outcome> {
    let mut file = args.file();
    // A name that cannot be, or is there, is said before anyone pulls a cable.
    rig_file::may_save(&args.name, args.replace)?;
    if !json && !args.yes && attended() {
        ask_for_ports(args, &mut file)?;
        if args.names_no_camera() {
            ask_for_cameras(&mut file)?;
        }
    }
    if let Some(RigCameras::Real(cameras)) = &mut file.cameras {
        for settings in cameras.values_mut() {
            *settings = ulna_cameras::lasting(settings);
        }
    }
    for port in [&mut file.robot.port, &mut file.teleop.port]
        .into_iter()
        .flatten()
    {
        *port = lasting(port);
    }
    let path = rig_file::save(&args.name, &file, args.replace)?;
    let findings = rig_file::check(&file);
    if json {
        output::json(&json!({ "path": path, "rig": file, "findings": findings }))?;
        return Ok(Outcome::Done);
    }
    output::line(format_args!("{} is written:", path.display()))?;
    output::content(&Text::split(in_toml(&file)?))?;
    let open = findings
        .iter()
        .filter(|finding| finding.severity != RigVerdict::Ok);
    for finding in open {
        output::text(&lines(finding))?;
    }
    let is_sound = findings
        .iter()
        .all(|finding| finding.severity != RigVerdict::Fail);
    let name = &args.name;
    output::line(match is_sound {
        true => format!("Next: ulna teleop {name}"),
        false => format!("Next: what is marked FAIL, then `ulna rig check {name}`"),
    })?;
    Ok(Outcome::Done)
}

/// Finds the ports that were not said by pulling cables.
fn ask_for_ports(args: &NewRigArgs, file: &mut RigFile) -> Result<()> {
    let stop = stop()?;
    let pairs = ulna_robot::files::find(file.robot.kind.as_deref().unwrap_or_default())
        .is_ok_and(|kind| !kind.sides.is_empty());
    if pairs || ports::list(false, None)?.is_empty() {
        return Ok(());
    }
    let roles = [
        ("follower", true, &mut file.robot.port),
        ("leader", args.has_leader(), &mut file.teleop.port),
    ];
    for (role, is_there, port) in roles {
        if !is_there || port.is_some() {
            continue;
        }
        output::notes(format_args!("The {role}'s port:"));
        let found = ports::find(false, None, &mut Terminal::new(&stop))?;
        *port = Some(found.port.name().display().to_string());
    }
    Ok(())
}

/// Has the webcams that are plugged in named.
fn ask_for_cameras(file: &mut RigFile) -> Result<()> {
    let found = ulna_cameras::list();
    if found.is_empty() {
        return Ok(());
    }
    let stop = stop()?;
    let mut talk = Terminal::new(&stop);
    let mut cameras = BTreeMap::new();
    talk.say("Webcams that are plugged in (`ulna cameras snapshot` shows what each sees):");
    for camera in found {
        loop {
            let question = format!(
                "{} ({}): its name, such as front or wrist, or Enter to leave it out",
                camera.identity.card,
                camera.path.display()
            );
            let name = match talk.ask(&question) {
                DialogueReply::Line(name) => name.trim().to_owned(),
                DialogueReply::EndOfInput => String::new(),
                DialogueReply::Interrupted => {
                    let text = "interrupted: no rig was written".to_owned();
                    return Err(Declined(text).into());
                }
            };
            let wrong = match rig_file::check_camera_name(&name) {
                _ if name.is_empty() => break,
                Ok(()) if cameras.contains_key(&name) => {
                    format!("`{}` is taken", Printable(&name))
                }
                Ok(()) => {
                    let place = camera.lasting.display().to_string();
                    cameras.insert(name, CameraSettings::at(&place));
                    break;
                }
                Err(wrong) => wrong.to_string(),
            };
            talk.say(&wrong);
        }
    }
    if !cameras.is_empty() {
        file.cameras = Some(RigCameras::Real(cameras));
    }
    Ok(())
}

/// The names under which these ports stay the same, as far as there are any.
fn lasting(ports: &str) -> String {
    let there = ports::list(false, None).unwrap_or_default();
    let names = ports.split(',').map(|given| {
        let known = there
            .iter()
            .find(|listed| listed.port.path == Path::new(given));
        known.map_or_else(
            || given.to_owned(),
            |listed| listed.port.name().display().to_string(),
        )
    });
    names.collect::<Vec<_>>().join(",")
}

fn check(file: &RigFile, json: bool) -> Result<Outcome> {
    let findings = rig_file::check(file);
    let good = findings
        .iter()
        .all(|finding| finding.severity != RigVerdict::Fail);
    if json {
        output::json(&json!({ "good": good, "findings": findings }))?;
    } else {
        for finding in &findings {
            output::text(&lines(finding))?;
        }
    }
    Ok(match good {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

fn lines(finding: &RigFinding) -> Text {
    let verdict = match finding.severity {
        RigVerdict::Ok => "ok  ",
        RigVerdict::Warn => "warn",
        RigVerdict::Fail => "FAIL",
    };
    let mut lines = Text::line(format_args!(
        "{verdict}  {}: {}",
        finding.name, finding.found
    ));
    lines.extend(finding.next.iter().map(|next| format!("      → {next}")));
    lines
}
