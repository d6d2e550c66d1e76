//! One function for each command: options in, answer out.

mod bench;
mod bridge;
mod calibrate;
mod cameras;
mod dataset;
mod demo;
mod display;
mod doctor;
mod eval;
mod hub;
mod policy;
mod ports;
mod record;
mod recover;
mod replay;
mod rig;
mod robots;
mod run;
mod scan;
mod setup;
mod shell;
mod sim;
mod teleop;
mod view;

use anyhow::Result;
use ulna_bringup::Dialogue;
use ulna_bringup::service::WorkOptions;
use ulna_session::rig::hidden_calibrations;
use ulna_session::{RigOptions, Stop};

use crate::output;

pub(crate) use bench::bench;
pub(crate) use bridge::bridge;
pub(crate) use calibrate::calibrate;
pub(crate) use cameras::cameras;
pub(crate) use dataset::dataset;
pub(crate) use demo::demo;
pub(crate) use doctor::doctor;
pub(crate) use eval::eval;
pub(crate) use hub::hub;
pub(crate) use policy::policy;
pub(crate) use ports::ports;
pub(crate) use record::record;
pub(crate) use recover::recover;
pub(crate) use replay::replay;
pub(crate) use rig::rig;
pub(crate) use robots::robots;
pub(crate) use run::run;
pub(crate) use scan::scan;
pub(crate) use setup::setup;
pub(crate) use shell::{completions, man};
pub(crate) use sim::sim;
pub(crate) use teleop::teleop;
pub(crate) use view::view;

/// Says which calibrations are hidden by others. What is wrong with the options is said when the rig is opened.
fn warn_of_hidden_calibrations(rig: &RigOptions, with_leader: bool) {
    for warning in hidden_calibrations(rig, with_leader).unwrap_or_default() {
        output::warning(warning);
    }
}

/// Says which arm of a pair it is about now.
fn arm(talk: &mut dyn Dialogue, work: &WorkOptions) {
    if let Some(side) = &work.side {
        talk.say(&format!("The {side} arm."));
    }
}

/// What came of the one arm that there is; or of both arms of a pair, as `arms`.
fn arms_json(mut reports: Vec<serde_json::Value>) -> serde_json::Value {
    match (reports.pop(), reports.as_slice()) {
        (Some(one), []) => one,
        (last, _) => {
            reports.extend(last);
            serde_json::json!({ "arms": reports })
        }
    }
}

/// A stop that Ctrl-C, SIGTERM and a closed terminal raise.
fn stop() -> Result<Stop> {
    let stop = Stop::new();
    stop.on_signals()?;
    Ok(stop)
}
