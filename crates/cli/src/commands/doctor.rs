//! `ulna doctor`.

use anyhow::Result;
use ulna_bringup::doctor::{Check, CheckVerdict, SerialPorts, doctor as examine, udev_rules};
use ulna_bringup::ports::list;
use ulna_outside::Text;
use ulna_session::{EngineKind, policies};

use super::stop;
use crate::args::DoctorArgs;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn doctor(args: &DoctorArgs, json: bool) -> Result<Outcome> {
    if args.udev {
        output::content(&Text::split(udev_rules().trim_end()))?;
        return Ok(Outcome::Done);
    }
    let stop = stop()?;
    let mut failed = Ok(());
    let ports = match (args.sim, &args.adapter) {
        (false, _) => SerialPorts::Real,
        (true, None) => SerialPorts::Simulated(Vec::new()),
        (true, Some(adapter)) => SerialPorts::Simulated(list(true, Some(adapter))?),
    };
    let diagnosis = examine(&ports, &engine, &stop, &mut |check| {
        if !json && failed.is_ok() {
            failed = output::text(&lines(check));
        }
    });
    failed?;
    if json {
        output::json(&serde_json::to_value(&diagnosis)?)?;
    }
    Ok(match (stop.requested(), diagnosis.good) {
        (Some(_), _) => Outcome::Interrupted,
        (None, true) => Outcome::Done,
        (None, false) => Outcome::ChecksFailed,
    })
}

/// What would run a policy's network.
fn engine() -> Vec<Check> {
    const NAME: &str = "policy engine";
    vec![match policies::engine() {
        Ok(engine) if engine.kind == EngineKind::Ort => Check::ok(NAME, engine.to_string()),
        Ok(engine) => Check::warn(
            NAME,
            format!("{engine}: no ONNX Runtime is found"),
            "large policies run several times faster on ONNX Runtime: `cargo run -p xtask -- fetch-ort` in the source folder brings it",
        ),
        Err(error) => Check::warn(
            NAME,
            error.to_string(),
            "policies cannot be run until ORT_DYLIB_PATH names a usable library, or none",
        ),
    }]
}

fn lines(check: &Check) -> Text {
    let verdict = match check.verdict {
        CheckVerdict::Ok => "ok  ",
        CheckVerdict::Warn => "warn",
        CheckVerdict::Fail => "FAIL",
    };
    let mut lines = Text::line(format_args!("{verdict}  {}: {}", check.name, check.found));
    lines.extend(check.next.iter().map(|next| format!("      → {next}")));
    lines
}
