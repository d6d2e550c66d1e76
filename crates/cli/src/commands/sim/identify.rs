//! `ulna sim identify`.

use anyhow::Result;
use ulna_outside::{Text, files};
use ulna_session::sim_to_real::{self, Identified};

use super::compare::arm_lines;
use crate::args::IdentifyArgs;
use crate::commands::stop;
use crate::outcome::Outcome;
use crate::output::{self, ProgressLine};

pub(super) fn identify(args: &IdentifyArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let mut line = ProgressLine::new();
    let mut show = |progress| line.show(&progress);
    let options = args.options();
    let found = sim_to_real::identify(&options, &args.output, args.replace, &stop, &mut show);
    line.finish();
    let found = found?;
    for warning in &found.warnings {
        output::warning(warning);
    }
    match json {
        true => output::json(&found.to_json())?,
        false => output::text(&report(&found))?,
    }
    Ok(Outcome::Done)
}

fn report(found: &Identified) -> Text {
    let arm = &found.arm;
    let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
    let (before, after) = arm.fitted;
    let mut lines = vec![
        format!(
            "fitted on {} episodes, {} frames: mean ratio {before:.3} with motor and ranges, {after:.3} with friction, play and delay",
            arm.fitted_size.0, arm.fitted_size.1
        ),
        format!(
            "predicted on the other {} episodes, {} frames: {} with motor and ranges, {} as written",
            arm.held_out_size.0,
            arm.held_out_size.1,
            ratio(arm.held_out_before),
            ratio(arm.held_out.geometric_mean)
        ),
        String::new(),
    ];
    lines.extend(arm_lines(&arm.held_out));
    lines.push(String::new());
    let output = found.output.display();
    lines.push(format!(
        "wrote {output}; `ulna teleop --sim --robot {}` simulates this arm",
        files::shell(&found.output)
    ));
    lines.into_iter().collect()
}
