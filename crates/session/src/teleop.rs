//! `ulna teleop`: a leader arm drives a follower.

use std::time::Duration;

use ulna_rt::Stop;

use crate::display;
use crate::error::AppError;
use crate::rig::{Rig, RigOptions};
use crate::run::{Done, Job, Ui, run};

/// Teleoperates for `duration`, or until stopped.
///
/// # Errors
/// As [`run`], or if the rig cannot be opened.
pub fn teleop(
    options: &RigOptions,
    duration: Option<Duration>,
    stop: &Stop,
    ui: &mut dyn Ui,
) -> Result<Done, AppError> {
    let mut rig = Rig::open(options, true)?;
    display::watch(ui.display(), &mut rig, options)?;
    run(rig, &Job::Teleop { duration }, stop, ui)
}
