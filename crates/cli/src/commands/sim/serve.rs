//! `ulna sim serve`.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use ulna_robot::files;
use ulna_session::rig::leader_for;
use ulna_session::supply;

use crate::args::ServeArgs;
use crate::commands::stop;
use crate::outcome::Outcome;
use crate::output;

pub(super) fn serve(args: &ServeArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let (options, kind) = (args.rig(), files::find(&args.robot)?);
    let leader = args
        .leader
        .then(|| leader_for(&kind, options.teleop.as_deref(), &options));
    let buses = supply::serve(&options, &kind, leader.transpose()?.as_ref())?;
    for (role, device) in buses.devices() {
        match json {
            true => output::json(&json!({ "role": role, "device": device }))?,
            false => output::line(format_args!("{role} {}", device.display()))?,
        }
    }
    for (role, device) in buses.raw_devices() {
        match json {
            true => output::json(&json!({ "role": role, "raw_device": device }))?,
            false => output::line(format_args!("{role} raw {}", device.display()))?,
        }
    }
    output::note("serving in real time; Ctrl-C ends it");
    while stop.requested().is_none() {
        if let Some(role) = buses.fallen() {
            anyhow::bail!("the simulated {role}'s bus has stopped; see above, and start it again");
        }
        thread::sleep(Duration::from_millis(100));
    }
    output::ctrl_c();
    Ok(Outcome::Interrupted)
}
