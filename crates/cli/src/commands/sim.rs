//! `ulna sim`.

mod compare;
mod env;
mod identify;
mod scenes;
mod serve;

use anyhow::Result;

use crate::args::SimAction;
use crate::outcome::Outcome;

pub(crate) fn sim(action: &SimAction, json: bool) -> Result<Outcome> {
    match action {
        SimAction::Serve(args) => serve::serve(args, json),
        SimAction::Env(args) => env::env(args, json),
        SimAction::Scenes => scenes::list(json),
        SimAction::Show(args) => scenes::show(args, json),
        SimAction::Compare(args) => compare::compare(args, json),
        SimAction::Identify(args) => identify::identify(args, json),
    }
}
