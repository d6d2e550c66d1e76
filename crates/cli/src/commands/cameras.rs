//! `ulna cameras`.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use ulna_cameras::{
    CameraControl, CameraError, CameraFacts, CameraMode, CameraSettings, FoundCamera, StampSource,
    UsbDemand, controls, list, open_all, overloaded, set_control, snapshot_name, usb_demand,
    write_snapshot,
};
use ulna_outside::Text;
use ulna_session::rig_file;

use crate::args::{CamerasAction, WhichArgs};
use crate::outcome::{Misuse, Outcome};
use crate::output;

pub(crate) fn cameras(action: &CamerasAction, json: bool) -> Result<Outcome> {
    match action {
        CamerasAction::List => listed(json),
        CamerasAction::Test(which) => test(which, None, json),
        CamerasAction::Snapshot {
            which,
            output,
            replace,
        } => test(which, Some((output, *replace)), json),
        CamerasAction::Controls { camera, set } => show_controls(camera, set, json),
    }
}

fn listed(json: bool) -> Result<Outcome> {
    let found = list();
    if json {
        output::json(&json!({ "cameras": found }))?;
        return Ok(Outcome::Done);
    }
    if found.is_empty() {
        output::note(
            "no webcams: plug one in. Phones and IP cameras are given by their address: `ulna cameras test http://…`",
        );
    }
    for camera in &found {
        output::text(&in_lines(camera))?;
    }
    Ok(Outcome::Done)
}

fn in_lines(camera: &FoundCamera) -> Text {
    let mut lines = vec![format!(
        "{}  {}",
        camera.path.display(),
        camera.identity.card
    )];
    if camera.lasting != camera.path {
        lines.push(format!("    stays the same  {}", camera.lasting.display()));
    }
    if let Some(socket) = camera
        .identity
        .by_path
        .as_ref()
        .filter(|path| **path != camera.lasting)
    {
        lines.push(format!("    in this socket  {}", socket.display()));
    }
    if let Some(usb) = &camera.usb {
        lines.push(format!(
            "    on USB bus      {}, at {:.0} Mbit/s",
            usb.bus, usb.speed_mbit
        ));
    }
    for format in ["MJPG", "YUYV"] {
        let of_it = camera.modes.iter().filter(|mode| mode.format == format);
        let modes: Vec<String> = of_it.take(12).map(mode_in_words).collect();
        if !modes.is_empty() {
            lines.push(format!("    {format:<15} {}", modes.join(", ")));
        }
    }
    let modes = camera.modes.iter().map(|mode| mode.format.as_str());
    let mut others: Vec<&str> = modes
        .filter(|format| !["MJPG", "YUYV"].contains(format))
        .collect();
    others.dedup();
    if !others.is_empty() {
        lines.push(format!(
            "    for ffmpeg      {} more formats, which type=ffmpeg,input_format=v4l2 reads",
            others.len()
        ));
    }
    lines.extend(
        camera
            .problem
            .iter()
            .map(|problem| format!("    {problem}")),
    );
    lines.into_iter().collect()
}

fn mode_in_words(mode: &CameraMode) -> String {
    let CameraMode { width, height, .. } = mode;
    match mode.rates.first() {
        Some(fastest) => format!("{width}x{height} at {fastest:.0}"),
        None => format!("{width}x{height}"),
    }
}

/// The cameras that are meant, each with the name under which it is shown.
fn chosen(which: &WhichArgs) -> Result<Vec<(String, CameraSettings)>> {
    let mut cameras = named(which)?;
    for (_, settings) in &mut cameras {
        settings.auto |= which.auto;
    }
    Ok(cameras)
}

fn named(which: &WhichArgs) -> Result<Vec<(String, CameraSettings)>> {
    if let Some(rig) = &which.rig {
        let file = rig_file::load(rig)?;
        let cameras = file.cameras.iter().flat_map(|cameras| cameras.settings());
        let cameras: Vec<_> = cameras
            .map(|(name, settings)| (name.clone(), settings.clone()))
            .collect();
        if cameras.is_empty() {
            let text = format!(
                "the rig `{rig}` has no cameras: `ulna rig new {rig} --camera front=/dev/video0 --replace` gives it one"
            );
            return Err(Misuse(text).into());
        }
        return Ok(cameras);
    }
    let given = which
        .cameras
        .iter()
        .map(|camera| (camera.shown(), camera.clone()));
    let given: Vec<_> = given.collect();
    if !given.is_empty() {
        return Ok(given);
    }
    let plugged_in = list().into_iter().map(|found| {
        let path = found.path.display().to_string();
        (path.clone(), CameraSettings::at(&path))
    });
    let plugged_in: Vec<_> = plugged_in.collect();
    match plugged_in.is_empty() {
        false => Ok(plugged_in),
        true => Err(Misuse(
            "no webcam is plugged in: plug one in, or give an address such as http://192.168.1.20:8080/video".to_owned(),
        )
        .into()),
    }
}

/// Tests cameras, and keeps a picture of each in a folder if one is given.
fn test(which: &WhichArgs, folder: Option<(&Path, bool)>, json: bool) -> Result<Outcome> {
    let cameras = chosen(which)?;
    let demands = cameras
        .iter()
        .filter_map(|(name, settings)| usb_demand(name, settings));
    let warnings = overloaded(&demands.collect::<Vec<UsbDemand>>());
    for warning in &warnings {
        output::warning(warning);
    }
    output::note("opening the cameras; it takes some seconds");
    let opened = open_all(&cameras, Instant::now());
    let mut reports = Vec::new();
    let mut good = true;
    for ((name, _), opened) in cameras.iter().zip(opened) {
        let tested = match opened {
            Ok((camera, facts)) => {
                let picture = match (folder, camera.newest()) {
                    (Some((folder, replace)), Some(frame)) => {
                        let file = snapshot_name(name);
                        let written = write_snapshot(folder, &file, frame, replace);
                        let written =
                            written.with_context(|| format!("{}", folder.join(&file).display()));
                        Some(written?.display().to_string())
                    }
                    _ => None,
                };
                Ok((facts, picture))
            }
            Err(error) => Err(error),
        };
        good &= tested.is_ok();
        match json {
            true => reports.push(report(name, &tested)),
            false => output::text(&tested_lines(name, &tested))?,
        }
    }
    if json {
        output::json(&json!({ "good": good, "warnings": warnings, "cameras": reports }))?;
    }
    Ok(match good {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

type Tested = Result<(CameraFacts, Option<String>), CameraError>;

fn report(name: &str, tested: &Tested) -> Value {
    match tested {
        Ok((facts, picture)) => {
            let mut report = json!({ "camera": name, "good": true, "facts": facts });
            if let Some(picture) = picture {
                report["picture"] = json!(picture);
            }
            report
        }
        Err(error) => json!({ "camera": name, "good": false, "problem": error.problem() }),
    }
}

fn tested_lines(name: &str, tested: &Tested) -> Text {
    let (facts, picture) = match tested {
        Err(error) => return Text::line(format_args!("FAIL  {name}: {}", error.problem())),
        Ok(tested) => tested,
    };
    let stamps = match facts.stamps {
        StampSource::Driver if facts.age_ms < 0.0 => {
            format!("the driver's, {:.0} ms ahead of the arrival", -facts.age_ms)
        }
        StampSource::Driver => format!("the driver's, {:.0} ms before arrival", facts.age_ms),
        StampSource::Arrival => format!("arrival less {:.0} ms", facts.latency_ms),
    };
    let card = match facts.identity.card.is_empty() {
        true => String::new(),
        false => format!("  {}", facts.identity.card),
    };
    let mut lines = vec![
        format!("ok    {name}{card}"),
        format!(
            "    pictures    {} {}x{}, {:.1} a second, {:.1} Mbit/s",
            facts.format, facts.width, facts.height, facts.fps_measured, facts.mbit
        ),
        format!("    time stamps {stamps}"),
    ];
    let locked = [
        ("exposure", facts.locked.exposure),
        ("white balance", facts.locked.white_balance),
        ("focus", facts.locked.focus),
    ];
    let locked = locked
        .into_iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", value?)));
    let locked: Vec<String> = locked.collect();
    if !locked.is_empty() {
        lines.push(format!("    locked      {}", locked.join(", ")));
    }
    let flaws = facts.flaws;
    if flaws != ulna_cameras::Flaws::default() {
        lines.push(format!(
            "    flaws       {} damaged, {} missing, {} the same as the one before",
            flaws.damaged, flaws.missing, flaws.repeated
        ));
    }
    lines.extend(
        facts
            .notes
            .iter()
            .map(|note| format!("    note        {note}")),
    );
    lines.extend(
        picture
            .iter()
            .map(|picture| format!("    picture     {picture}")),
    );
    lines.into_iter().collect()
}

fn show_controls(camera: &CameraSettings, set: &[(String, i32)], json: bool) -> Result<Outcome> {
    for (name, value) in set {
        let (name, is) = set_control(camera, name, *value)?;
        output::notes(format_args!("{name}: {is}"));
    }
    let controls = controls(camera)?;
    if json {
        output::json(&json!({ "camera": camera.shown(), "controls": controls }))?;
        return Ok(Outcome::Done);
    }
    if controls.is_empty() {
        output::note("it has no controls");
    }
    for control in &controls {
        output::line(control_in_words(control))?;
    }
    Ok(Outcome::Done)
}

fn control_in_words(control: &CameraControl) -> String {
    let (least, most, _) = control.range;
    let value = control
        .value
        .map_or("unknown".to_owned(), |value| value.to_string());
    let entry = control
        .menu
        .iter()
        .find(|(entry, _)| Some(*entry) == control.value);
    let entry = entry.map_or(String::new(), |(_, name)| format!(" ({name})"));
    let inactive = if control.inactive {
        ", decided by another control now"
    } else {
        ""
    };
    format!(
        "{:<32} {value}{entry}   {least} to {most}, usually {}{inactive}",
        control.name, control.usual
    )
}
