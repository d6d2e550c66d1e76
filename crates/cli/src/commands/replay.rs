//! `ulna replay`.

use anyhow::Result;
use ulna_outside::Text;
use ulna_robot::files;
use ulna_session::client::spawn;
use ulna_session::replay::{EpisodeOptions, Replayed};

use super::{display, stop, warn_of_hidden_calibrations};
use crate::args::ReplayArgs;
use crate::keyboard::Keyboard;
use crate::outcome::Outcome;
use crate::output::{self, Watched};
use crate::session_text::session;

pub(crate) fn replay(args: &ReplayArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let rig = args.rig()?;
    let kind = files::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, false);
    let display = display::open(&args.display, &format!("replay {}", kind.name))?;
    let options = EpisodeOptions {
        dataset: args.dataset.clone(),
        episode: args.episode,
        units: args.units.map(Into::into),
        trust: args.trust(),
    };
    let running = spawn(&stop, move |link| {
        ulna_session::replay::replay(&rig, &options, display, link)
    })?;
    let keyboard = Keyboard::for_answers(running.commands.clone())?;
    let replayed = Watched::of(&kind).follow(running);
    drop(keyboard);
    let replayed = replayed?;
    for warning in &replayed.warnings {
        output::warning(warning);
    }
    if json {
        output::note(format_args!(
            "units: {}, {}",
            replayed.units, replayed.units_from
        ));
        output::json(&replayed.to_json())?;
    } else {
        output::text(&replay_table(&replayed))?;
    }
    Ok(Outcome::from_interrupt(replayed.outcome.interrupted))
}

fn replay_table(replayed: &Replayed) -> Text {
    let Replayed {
        units,
        units_from,
        frames,
        fps,
        joints,
        outcome,
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
    let mut text: Text = lines.into_iter().collect();
    text.append(session(&outcome.report));
    text
}
