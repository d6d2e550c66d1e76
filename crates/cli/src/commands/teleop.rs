//! `ulna teleop`.

use anyhow::Result;
use ulna_robot::files;
use ulna_session::client::spawn;

use super::{display, stop, warn_of_hidden_calibrations};
use crate::args::TeleopArgs;
use crate::keyboard::{BASE_HELP, BaseKeys, Keyboard};
use crate::outcome::Outcome;
use crate::output::{self, Watched};

pub(crate) fn teleop(args: &TeleopArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let (rig, duration) = (args.rig()?, args.duration);
    let kind = files::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, true);
    let display = display::open(&args.display, &format!("teleop {}", kind.name))?;
    let session = spawn(&stop, move |link| {
        ulna_session::teleop::teleop(&rig, duration, display, link)
    })?;
    // A base is driven from the keyboard; one that is simulated drives by itself.
    let drives = kind.base.is_some() && !args.is_simulated();
    let keyboard = match drives {
        true => {
            let mut keys = BaseKeys::new();
            let commands = session.commands.clone();
            Keyboard::start(commands, move |key| keys.command(key))?.watching_focus()
        }
        false => Keyboard::for_answers(session.commands.clone())?,
    };
    if drives && keyboard.has_keys() {
        output::note(format_args!(
            "the base: {BASE_HELP}; it stops half a second after the last key"
        ));
    }
    let outcome = Watched::of(&kind).follow(session);
    drop(keyboard);
    let outcome = outcome?;
    output::outcome(&outcome, json)
}
