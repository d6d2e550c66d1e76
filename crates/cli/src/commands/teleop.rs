//! `ulna teleop`.

use anyhow::Result;
use ulna_app::rig::Rig;
use ulna_app::run::{Job, run};

use super::stop;
use crate::Ended;
use crate::args::TeleopArgs;
use crate::output::{self, StatusLine};

pub(crate) fn teleop(args: &TeleopArgs, json: bool) -> Result<Ended> {
    let stop = stop()?;
    let rig = Rig::open(&args.rig(), true)?;
    let mut status = StatusLine::new(rig.follower.kind.names().map(str::to_owned).collect());
    let done = run(
        rig,
        &Job::Teleop {
            duration: args.duration,
        },
        &stop,
        &mut status,
    );
    status.finish();
    let done = done?;
    if json {
        output::json(&serde_json::to_value(&done.report)?)?;
    } else {
        output::text(&output::session(&done.report))?;
    }
    Ok(Ended::regularly(done.interrupted))
}
