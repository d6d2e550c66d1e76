//! `ulna eval`.

use anyhow::Result;
use ulna_outside::Text;
use ulna_session::eval::{EvaluatedSeed, Evaluation, eval as evaluate};

use super::stop;
use crate::args::EvalArgs;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn eval(args: &EvalArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let policy = args.policy();
    let mut each = |seed: &EvaluatedSeed| {
        let fault = seed.fault.iter().map(|fault| format!("; {fault}"));
        let fault: String = fault.collect();
        output::note(format_args!("{}{fault}", line(seed)));
    };
    let found = evaluate(
        &args.rig(),
        policy.as_ref(),
        args.episodes,
        &stop,
        &mut each,
    )?;
    if json {
        output::json(&serde_json::to_value(&found)?)?;
    } else {
        output::text(&Text::split(table(&found)))?;
    }
    Ok(Outcome::from_interrupt(found.interrupted))
}

fn line(seed: &EvaluatedSeed) -> String {
    let (successes, attempts) = (seed.successes, seed.attempts);
    let time = seed.seconds.map(|time| format!(", {time:.1} s"));
    let time = time.unwrap_or_default();
    format!("seed {}: {successes} of {attempts}{time}", seed.seed)
}

fn table(found: &Evaluation) -> String {
    let [low, high] = found.interval.map(|end| end * 100.0);
    let time = found.mean_time_s.map(|time| format!("; {time:.1} s each"));
    let failed = found
        .seeds
        .iter()
        .filter(|seed| seed.successes < seed.attempts);
    let failed: Vec<String> = failed.map(|seed| seed.seed.to_string()).collect();
    let failed = match failed.is_empty() {
        true => String::new(),
        false => format!("\nfailed: seeds {}", failed.join(", ")),
    };
    format!(
        "{} in `{}`: {} of {} ({:.1} %, 95 % interval {low:.1} to {high:.1} %){}{failed}\nphysics: {}",
        found.who,
        found.scene,
        found.successes,
        found.attempts,
        found.rate * 100.0,
        time.unwrap_or_default(),
        found.physics,
    )
}
