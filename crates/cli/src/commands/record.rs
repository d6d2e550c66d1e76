//! `ulna record`: keys in, progress and summary out.

use anyhow::Result;
use serde_json::json;
use ulna_robot::files;
use ulna_session::RigOptions;
use ulna_session::client::{SessionEvent, SessionHandle, spawn};
use ulna_session::display::Display;
use ulna_session::policies::PolicyOptions;
use ulna_session::record::{OnInterrupt, RecordOptions, record as run};

use super::{display, stop, warn_of_hidden_calibrations};
use crate::args::RecordArgs;
use crate::keyboard::{BASE_HELP, BaseKeys, Keyboard, recorder_key, recorder_or_base_key};
use crate::live::LiveLine;
use crate::outcome::Outcome;
use crate::output;
use crate::record_line::RecordLine;
use crate::record_text::summary;
use crate::sounds::{Announcer, Sounds};
use crate::status::how_to_end;

pub(crate) fn record(args: &RecordArgs, json: bool) -> Result<Outcome> {
    let options = args.options()?;
    let display = display::open(&args.display, &format!("record {}", options.task))?;
    let front = Front {
        display,
        sounds: args.sounds(),
    };
    recorded(args.rig()?, options, None, front, json)
}

/// What shows and announces how a recording goes.
pub(super) struct Front {
    pub(super) display: Option<Box<dyn Display>>,
    pub(super) sounds: Sounds,
}

/// Records a leader's hand, or a policy.
pub(super) fn recorded(
    rig: RigOptions,
    options: RecordOptions,
    policy: Option<PolicyOptions>,
    front: Front,
    json: bool,
) -> Result<Outcome> {
    if let Some(there) = options.complete()? {
        return nothing_missing(&options, there, json);
    }
    warn_of_hidden_calibrations(&rig, policy.is_none());
    let announcer = Announcer::new(front.sounds)?;
    let stop = stop()?;
    let (fps, display) = (options.fps, front.display);
    // A base is driven from the keyboard; one that is simulated, or a policy's, drives by itself.
    let kind = files::find(&rig.robot)?;
    let drives = !rig.sim && policy.is_none() && kind.base.is_some();
    let first = match options.on_interrupt {
        OnInterrupt::Save => "the running episode is saved, ",
        OnInterrupt::Discard => "the running episode is thrown away, ",
    };
    let how_to_end = how_to_end(&kind, first);
    let session = spawn(&stop, move |link| {
        run(&rig, &options, policy.as_ref(), display, link)
    })?;
    let keyboard = match drives {
        false => Keyboard::start(session.commands.clone(), recorder_key)?,
        true => {
            let mut base = BaseKeys::new();
            let meaning = move |key| recorder_or_base_key(&mut base, key);
            Keyboard::start(session.commands.clone(), meaning)?.watching_focus()
        }
    };
    if drives && keyboard.has_keys() {
        output::note(format_args!(
            "the base: {BASE_HELP}; it stops half a second after the last key. Recording: → next, ← again, q or Esc stop"
        ));
    }
    let line = RecordLine::new(&kind, fps, keyboard.has_keys());
    let recorded = follow(session, line, announcer, &how_to_end);
    drop(keyboard);
    let recorded = recorded?;
    for warning in &recorded.warnings {
        output::warning(warning);
    }
    if json {
        output::json(&serde_json::to_value(&recorded)?)?;
    } else {
        output::text(&summary(&recorded))?;
    }
    Ok(Outcome::from_interrupt(recorded.interrupted))
}

/// Shows and announces a recording until it is over.
fn follow<T>(
    session: SessionHandle<T>,
    mut recording: RecordLine,
    mut announcer: Announcer,
    how_to_end: &str,
) -> T {
    let mut line = LiveLine::new();
    session.follow(|event| {
        if let SessionEvent::Recording(progress) = event {
            announcer.announce(progress);
        }
        match recording.event(event) {
            true => line.show(&recording.status()),
            false => output::said(&mut line, event, how_to_end),
        }
    })
}

/// The dataset holds what was asked for; a script that calls again and again ends here.
fn nothing_missing(options: &RecordOptions, there: u64, json: bool) -> Result<Outcome> {
    let dataset = &options.dataset;
    if json {
        output::json(&json!({
            "dataset": dataset,
            "episodes": 0,
            "frames": 0,
            "total_episodes": there,
        }))?;
    } else {
        output::line(format_args!(
            "{}: {there} episodes are there already, nothing is missing; --more N records N more",
            dataset.display()
        ))?;
    }
    Ok(Outcome::Done)
}
