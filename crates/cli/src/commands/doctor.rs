//! `ulna doctor`.

use anyhow::Result;
use ulna_app::doctor::{Check, Verdict, doctor as examine, udev_rules};
use ulna_outside::Text;

use super::stop;
use crate::args::DoctorArgs;
use crate::{Ended, output};

pub(crate) fn doctor(args: &DoctorArgs, json: bool) -> Result<Ended> {
    if args.udev {
        output::text(&Text::split(udev_rules().trim_end()))?;
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

fn lines(check: &Check) -> Text {
    let verdict = match check.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let mut lines = Text::line(format_args!("{verdict}  {}: {}", check.name, check.found));
    lines.extend(check.next.iter().map(|next| format!("      → {next}")));
    lines
}
