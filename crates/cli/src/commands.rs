//! One function for each command: options in, answer out.

mod bench;
mod dataset;
mod demo;
mod record;
mod replay;
mod robots;
mod sim;
mod teleop;

use anyhow::Result;
use ulna_app::Stop;

pub(crate) use bench::bench;
pub(crate) use dataset::dataset;
pub(crate) use demo::demo;
pub(crate) use record::record;
pub(crate) use replay::replay;
pub(crate) use robots::robots;
pub(crate) use sim::sim;
pub(crate) use teleop::teleop;

/// A stop that Ctrl-C, SIGTERM and a closed terminal raise.
fn stop() -> Result<Stop> {
    let stop = Stop::new();
    stop.on_signals()?;
    Ok(stop)
}
