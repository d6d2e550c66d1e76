//! `ulna run`.

use anyhow::Result;
use ulna_robot::files;
use ulna_session::client::spawn;
use ulna_session::policies;

use super::record::{Front, recorded};
use super::{display, stop, warn_of_hidden_calibrations};
use crate::args::RunArgs;
use crate::keyboard::Keyboard;
use crate::outcome::Outcome;
use crate::output::{self, Watched};

pub(crate) fn run(args: &RunArgs, json: bool) -> Result<Outcome> {
    let (rig, policy) = (args.rig()?, args.policy());
    let display = display::open(&args.display, &format!("run {}", policy.bundle.display()))?;
    if let Some(options) = args.recording() {
        let front = Front {
            display,
            sounds: args.recording.episodes.sounds,
        };
        return recorded(rig, options, Some(policy), front, json);
    }
    let stop = stop()?;
    let kind = files::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, false);
    let duration = args.duration;
    let session = spawn(&stop, move |link| {
        policies::run(&rig, &policy, duration, display, link)
    })?;
    let keyboard = Keyboard::for_answers(session.commands.clone())?;
    let outcome = Watched::of(&kind).follow(session);
    drop(keyboard);
    let outcome = outcome?;
    output::outcome(&outcome, json)
}
