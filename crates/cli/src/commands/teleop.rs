//! `ulna teleop`.

use anyhow::Result;
use ulna_app::robots as known;

use super::{display, stop, warn_of_hidden_calibrations};
use crate::Ended;
use crate::args::TeleopArgs;
use crate::output::{self, StatusLine};

pub(crate) fn teleop(args: &TeleopArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let rig = args.rig();
    let kind = known::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, true);
    let display = display::open(&args.display, &format!("teleop {}", kind.name))?;
    let names = kind.names().map(str::to_owned).collect();
    let mut status = StatusLine::new(names, display);
    let done = ulna_app::teleop::teleop(&rig, args.duration, &stop, &mut status);
    status.finish();
    let done = done?;
    if json {
        output::json(&serde_json::to_value(&done.report)?)?;
    } else {
        output::text(&output::session(&done.report))?;
    }
    Ok(Ended::regularly(done.interrupted))
}
