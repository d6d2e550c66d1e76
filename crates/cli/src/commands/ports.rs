//! `ulna ports`.

use anyhow::Result;
use serde_json::json;
use ulna_bringup::ports::PortAccess;
use ulna_bringup::ports::{ListedPort, find, list};
use ulna_outside::Text;

use super::stop;
use crate::args::PortsArgs;
use crate::attended::attended;
use crate::outcome::Outcome;
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn ports(args: &PortsArgs, json: bool) -> Result<Outcome> {
    if args.find() {
        return which(args, json);
    }
    let ports = list(args.sim(), args.adapter())?;
    if json {
        output::json(&json!({ "simulated": args.sim(), "ports": ports }))?;
        return Ok(Outcome::Done);
    }
    if ports.is_empty() {
        output::note(
            "no serial ports: plug the arm's USB cable in, or look further with `ulna doctor`",
        );
    }
    for listed in &ports {
        output::text(&lines(listed))?;
    }
    Ok(Outcome::Done)
}

fn which(args: &PortsArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let alone = args.sim() && !attended();
    let mut talk = Terminal::new(&stop).obliging(alone);
    let found = find(args.sim(), args.adapter(), &mut talk)?;
    if json {
        output::json(&serde_json::to_value(&found)?)?;
        return Ok(Outcome::Done);
    }
    if !found.plugged_in_again {
        output::note("it is not back yet: plug it in again before you go on");
    }
    output::line(found.port.name().display())?;
    Ok(Outcome::Done)
}

fn lines(listed: &ListedPort) -> Text {
    let port = &listed.port;
    let mut lines = vec![format!("{}  {}", port.path.display(), port.description())];
    if let Some(words) = port.looks_like {
        lines.push(format!("    looks like    {words}"));
    }
    if let Some(ms) = port.latency_ms {
        lines.push(format!("    latency timer {ms} ms"));
    }
    if let Some(stable) = &port.stable {
        lines.push(format!("    stays the same {}", stable.display()));
    }
    let access = match &listed.access {
        PortAccess::Free => "free".to_owned(),
        PortAccess::Busy { holders } => format!("in use by {}", holders.join(", ")),
        PortAccess::Forbidden { .. } => {
            "no permission: `ulna doctor` says how to get it".to_owned()
        }
        PortAccess::Missing => "gone".to_owned(),
    };
    lines.push(format!("    now           {access}"));
    lines.into_iter().collect()
}
