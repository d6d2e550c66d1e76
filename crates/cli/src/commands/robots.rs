//! `ulna robots`.

use anyhow::Result;
use serde_json::json;
use ulna_outside::Text;
use ulna_robot::files as known;

use crate::args::RobotsAction;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn robots(action: &RobotsAction, json: bool) -> Result<Outcome> {
    match action {
        RobotsAction::List => {
            let all = known::list();
            if json {
                output::json(&json!({ "robots": all }))?;
            } else {
                for listed in &all {
                    output::line(format_args!(
                        "{:<12} {}  [{}]",
                        listed.name, listed.summary, listed.origin
                    ))?;
                }
            }
        }
        RobotsAction::Show { name, toml: true } => {
            output::content(&Text::split(known::read(name)?.0.trim_end()))?;
        }
        RobotsAction::Show { name, toml: false } => {
            let kind = known::find(name)?;
            if json {
                output::json(&serde_json::to_value(&kind)?)?;
            } else {
                output::text(&output::robot(&kind))?;
            }
        }
    }
    Ok(Outcome::Done)
}
