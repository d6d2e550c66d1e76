//! `ulna doctor`.

use anyhow::Result;
use ulna_session::doctor::{Check, Verdict, doctor as examine, udev_rules};

use super::stop;
use crate::args::DoctorArgs;
use crate::{Ended, output};

pub(crate) fn doctor(args: &DoctorArgs, json: bool) -> Result<Ended> {
    if args.udev {
        output::text(udev_rules().trim_end())?;
        return Ok(Ended::Done);
    }
    let stop = stop()?;
    let mut failed = Ok(());
    let diagnosis = examine(args.sim, &stop, &mut |check| {
        if !json && failed.is_ok() {
            failed = output::text(&lines(check));
        }
    });
    failed?;
    if json {
        output::json(&serde_json::to_value(&diagnosis)?)?;
    }
    Ok(match (stop.requested(), diagnosis.good) {
        (Some(_), _) => Ended::Interrupted,
        (None, true) => Ended::Done,
        (None, false) => Ended::BadNews,
    })
}

fn lines(check: &Check) -> String {
    let verdict = match check.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let next = check
        .next
        .as_ref()
        .map_or_else(String::new, |next| format!("\n      → {next}"));
    format!("{verdict}  {}: {}{next}", check.name, check.found)
}
