//! `ulna policy`.

use std::path::Path;

use anyhow::Result;
use ulna_bench as benches;
use ulna_outside::{Text, files};
use ulna_session::policies::{self, Checked, Imported, Inferred};

use crate::args::PolicyAction;
use crate::outcome::Outcome;
use crate::output;

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
        PolicyAction::Import(args) => {
            let imported = policies::import(&args.options(), &args.policy())?;
            if json {
                output::json(&serde_json::to_value(&imported)?)?;
            } else {
                output::text(&import_lines(&imported))?;
            }
        }
        PolicyAction::Infer(args) => {
            let output = args.output.as_deref();
            let inferred = policies::infer(&args.options(), &args.input, output, args.seed)?;
            if json {
                output::json(&infer_json(&inferred))?;
            } else {
                output::text(&infer_lines(&inferred, output))?;
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
    .chain(report.notes.iter().map(|note| format!("  note     {note}")))
    .collect()
}

fn import_lines(imported: &Imported) -> Text {
    let report = &imported.report;
    let golden = &report.golden;
    let checked = match (&golden.checked_by, golden.difference) {
        (Some(by), Some(difference)) => {
            format!("checked by {by}: {difference:.1e} apart at most, in robot units")
        }
        _ => "checked by no other engine, since there is none; `cargo run -p xtask -- fetch-ort` fetches ONNX Runtime".to_owned(),
    };
    let bundle = report.bundle.display();
    let mut lines = vec![
        format!("imported the policy `{}` into {bundle}", report.policy),
        format!("  sees     {}", report.inputs.join(", ")),
        format!(
            "  drives   {} of a {} in {} at {} Hz",
            imported.joints.join(", "),
            imported.robot_types.join(" or "),
            imported.unit,
            imported.fps
        ),
        format!(
            "  network  {:.1} million weights, {} operations, {:.0} MB; read in {:.1} s, written in {:.1} s",
            report.parameters as f64 / 1e6,
            report.operations,
            report.bytes as f64 / 1e6,
            report.reading_s,
            report.writing_s
        ),
        format!("  golden   made by {}, {checked}", golden.made_by),
    ];
    lines.extend(imported.verified.as_ref().map(|verified| {
        format!(
            "  PyTorch  {:.1e} apart at most, in robot units (version {})",
            verified.difference, verified.torch
        )
    }));
    lines.extend(
        imported
            .assumed
            .iter()
            .map(|assumed| format!("  assumed  {assumed}")),
    );
    if !imported.assumed.is_empty() {
        lines.push("           --robot, --units and --fps say otherwise, and --dataset takes all of it from the dataset it was trained on".to_owned());
    }
    lines.extend(report.notes.iter().map(|note| format!("  note     {note}")));
    lines.push(format!(
        "next: `ulna policy check {0}`, then `ulna run --policy {0}`",
        files::shell(&report.bundle)
    ));
    lines.into_iter().collect()
}

fn infer_json(inferred: &Inferred) -> serde_json::Value {
    let answer = &inferred.answer;
    let rows = answer.action.iter().map(|knot| knot.to_vec());
    serde_json::json!({
        "action": rows.collect::<Vec<_>>(),
        "shape": [answer.action.len(), inferred.joints.len()],
        "joints": inferred.joints,
        "engine": inferred.engine,
        "seconds": answer.seconds,
        "unseen": answer.unseen,
    })
}

fn infer_lines(inferred: &Inferred, output: Option<&Path>) -> Text {
    let answer = &inferred.answer;
    let head = format!(
        "{} steps of {} joints in {:.3} s on {}",
        answer.action.len(),
        inferred.joints.len(),
        answer.seconds,
        inferred.engine
    );
    if let Some(output) = output {
        return [format!("{head}, written to {}", output.display())]
            .into_iter()
            .collect();
    }
    let row = |values: &[f64]| {
        let values = values.iter().map(|value| format!("{value:>12.5}"));
        values.collect::<String>()
    };
    let names = inferred.joints.iter().map(|name| format!("{name:>12.12}"));
    let unseen = answer.unseen.iter();
    let unseen = unseen.map(|name| format!("the policy does not look at `{name}`"));
    let mut lines: Vec<String> = unseen.chain([head, names.collect()]).collect();
    lines.extend(answer.action.iter().map(|knot| row(knot)));
    lines.into_iter().collect()
}
