//! `ulna teleop`: a leader arm, or another teleoperator, drives a follower.

use std::time::Duration;

use crate::client::SessionLink;
use crate::display::{Display, DisplaySetup};
use crate::error::SessionError;
use crate::options::RigOptions;
use crate::rig::Rig;
use crate::run::{SessionOutcome, SessionPlan, run};

/// Teleoperates for `duration`, or until stopped; `display` shows it.
///
/// # Errors
/// As [`run`], or if the rig cannot be opened.
pub fn teleop(
    options: &RigOptions,
    duration: Option<Duration>,
    display: Option<Box<dyn Display>>,
    link: &mut SessionLink,
) -> Result<SessionOutcome, SessionError> {
    link.without_recorder();
    let plan = SessionPlan {
        command: "teleop",
        duration,
        display: display.map(DisplaySetup::new),
        recording: None,
        watch: None,
    };
    run(Rig::open(options, link)?, plan, link)
}
