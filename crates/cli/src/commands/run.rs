//! `ulna run`.

use anyhow::Result;
use ulna_app::{policies, robots as known};

use super::record::{Front, recorded};
use super::{display, stop, warn_of_hidden_calibrations};
use crate::Ended;
use crate::args::RunArgs;
use crate::output::{self, StatusLine};

pub(crate) fn run(args: &RunArgs, json: bool) -> Result<Ended> {
    let (rig, policy) = (args.rig(), args.policy());
    let display = display::open(&args.display, &format!("run {}", policy.bundle.display()))?;
    if let Some(options) = args.recording() {
        let front = Front {
            display,
            sounds: args.recording.episodes.sounds,
        };
        return recorded(&rig, &options, Some(&policy), front, json);
    }
    let stop = stop()?;
    let kind = known::find(&rig.robot)?;
    warn_of_hidden_calibrations(&rig, false);
    let names = kind.names().map(str::to_owned).collect();
    let mut status = StatusLine::new(names, display);
    let done = policies::run(&rig, &policy, args.duration, &stop, &mut status);
    status.finish();
    let done = done?;
    if json {
        output::json(&serde_json::to_value(&done.report)?)?;
    } else {
        output::text(&output::session(&done.report))?;
    }
    Ok(Ended::regularly(done.interrupted))
}
