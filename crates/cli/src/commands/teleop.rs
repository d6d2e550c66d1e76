//! `ulna teleop`.

use anyhow::Result;
use ulna_robot::files;
use ulna_session::client::spawn;

use super::{display, stop};
use crate::Outcome;
use crate::args::TeleopArgs;
use crate::output::{self, StatusLine};

pub(crate) fn teleop(args: &TeleopArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let (rig, duration) = (args.rig(), args.duration);
    let kind = files::find(&rig.robot)?;
    let display = display::open(&args.display, &format!("teleop {}", kind.name))?;
    let session = spawn(&stop, move |link| {
        ulna_session::teleop::teleop(&rig, duration, display, link)
    })?;
    let outcome = StatusLine::of(&kind).follow(session)?;
    output::outcome(&outcome, json)
}
