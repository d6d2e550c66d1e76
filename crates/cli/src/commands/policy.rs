//! `ulna policy`.

use anyhow::Result;
use ulna_bench as benches;
use ulna_outside::Text;
use ulna_session::policies::{self, Checked};

use crate::args::PolicyAction;
use crate::{Outcome, output};

pub(crate) fn policy(action: &PolicyAction, json: bool) -> Result<Outcome> {
    match action {
        PolicyAction::Check(args) => {
            let checked = policies::check(&args.bundle.options(), args.robot.as_deref())?;
            if json {
                output::json(&serde_json::to_value(&checked)?)?;
            } else {
                output::text(&checked_lines(&checked))?;
            }
        }
        PolicyAction::Bench(args) => {
            let bench = benches::policy(Some(&args.options()))?;
            if json {
                output::json(&serde_json::to_value(&bench)?)?;
            } else {
                output::text(&Text::split(bench.table()))?;
            }
        }
    }
    Ok(Outcome::Done)
}

fn checked_lines(checked: &Checked) -> Text {
    let Checked {
        bundle,
        robot,
        report,
    } = checked;
    [
        format!(
            "policy `{}` in {} is sound",
            report.policy,
            bundle.display()
        ),
        format!("  robot    {robot}: its joints, units, cameras and rate fit"),
        format!("  sees     {}", report.inputs.join(", ")),
        format!(
            "  answers  {} steps at {} Hz for {}; {} of them are carried out",
            report.chunk_size,
            report.fps,
            report.joints.join(", "),
            report.n_action_steps
        ),
        format!("  engine   {}", report.engine),
        format!(
            "  golden   off by {:.1e} at most, in robot units; {:.0e} are allowed",
            report.golden_difference, report.golden_tolerance
        ),
    ]
    .into_iter()
    .collect()
}
