//! `ulna replay`.

use anyhow::Result;
use ulna_app::replay::{ReplayOptions, Replayed};
use ulna_app::robots as known;

use super::{display, stop, warn_of_hidden_calibrations};
use crate::Ended;
use crate::args::ReplayArgs;
use crate::output::{self, StatusLine};

pub(crate) fn replay(args: &ReplayArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let rig = args.rig();
    let kind = known::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, false);
    let display = display::open(&args.display, &format!("replay {}", kind.name))?;
    let names = kind.names().map(str::to_owned).collect();
    let options = ReplayOptions {
        dataset: args.dataset.clone(),
        episode: args.episode,
        units: args.units.map(Into::into),
        trust: args.trust(),
    };
    let mut status = StatusLine::new(names, display);
    let replayed = ulna_app::replay::replay(&rig, &options, &stop, &mut status);
    status.finish();
    let replayed = replayed?;
    for warning in &replayed.warnings {
        eprintln!("warning: {warning}");
    }
    if json {
        eprintln!("units: {}, {}", replayed.units, replayed.units_from);
        output::json(&replayed.to_json())?;
    } else {
        output::text(&replay_table(&replayed))?;
    }
    Ok(Ended::regularly(replayed.done.interrupted))
}

fn replay_table(replayed: &Replayed) -> String {
    let Replayed {
        units,
        units_from,
        frames,
        fps,
        joints,
        done,
        ..
    } = replayed;
    let mut lines = vec![
        format!(
            "{frames} frames at {fps} fps; units: {units} ({units_from}), the gripper 0 to 100"
        ),
        format!(
            "{:<16}{:>8}{:>12}   {}",
            "joint", "rms", "baseline", "of a pure delay by"
        ),
    ];
    for (name, fit) in joints {
        let frames = fit.baseline_delay_frames;
        lines.push(format!(
            "{name:<16}{:>8.2}{:>12.2}   {frames} frames",
            fit.rms, fit.baseline_rms
        ));
    }
    lines.push(output::session(&done.report));
    lines.join("\n")
}
