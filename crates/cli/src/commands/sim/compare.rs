//! `ulna sim compare`.

use anyhow::Result;
use ulna_outside::Text;
use ulna_session::sim_to_real::{self, ComparedArm, ComparedJoint, Comparison};

use crate::args::CompareArgs;
use crate::commands::stop;
use crate::outcome::Outcome;
use crate::output::{self, ProgressLine};

pub(super) fn compare(args: &CompareArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let mut line = ProgressLine::new();
    let compared = sim_to_real::compare(&args.options(), &stop, &mut |it| line.show(&it));
    line.finish();
    let compared = compared?;
    for warning in &compared.warnings {
        output::warning(warning);
    }
    match json {
        true => output::json(&compared.to_json())?,
        false => output::text(&table(&compared))?,
    }
    Ok(match compared.is_judged() {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

fn table(compared: &Comparison) -> Text {
    let Comparison {
        episodes,
        frames,
        fps,
        arms,
        ..
    } = compared;
    let head = format!("{episodes} episodes, {frames} frames at {fps} fps, pooled by frames");
    let mut lines = vec![head];
    for arm in arms {
        lines.extend(arm_lines(arm));
    }
    lines.into_iter().collect()
}

/// One arm, for people.
pub(super) fn arm_lines(arm: &ComparedArm) -> Vec<String> {
    let name = match arm.arm.as_str() {
        "" => String::new(),
        name => format!("{name}: "),
    };
    let class = match (&arm.class, arm.class_from) {
        (None, _) => "servos that nothing in the data tells".to_owned(),
        (Some(class), "data") => {
            let ratio = |it: &Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.2}"));
            let others = arm
                .candidates
                .iter()
                .map(|(name, it)| format!("{name} {}", ratio(it)));
            let others = others.collect::<Vec<_>>().join(", ");
            format!("servos {class}, by the data ({others})")
        }
        (Some(class), _) => format!("servos {class}, by the robot file"),
    };
    let mut lines = vec![
        format!("{name}{}, {class}", arm.robot),
        format!(
            "units: {} ({}); friction x{:.2}, play x{:.2}, actions {:.1} ms late",
            arm.units, arm.units_from, arm.friction, arm.play, arm.action_delay_ms
        ),
        format!(
            "{:<16}{:>7}{:>9}{:>9}{:>9}{:>9}  {:<12}{}",
            "joint", "ratio", "rms", "rms °", "delay", "delay °", "of frames", "range °"
        ),
    ];
    lines.extend(arm.joints.iter().map(|(name, joint)| row(name, joint)));
    lines.push(match arm.geometric_mean {
        Some(mean) => format!("geometric mean of the ratios: {mean:.2}"),
        None => "no joint can be judged, so there is no mean".to_owned(),
    });
    for (joint, why) in &arm.left_out {
        lines.push(format!("not in the mean: {joint}, {why}"));
    }
    lines
}

fn row(name: &str, joint: &ComparedJoint) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
    format!(
        "{name:<16}{:>7}{:>9}{:>9}{:>9}{:>9}  {:<12}{:.1} ({})",
        number(joint.ratio),
        number(joint.rms),
        number(joint.rms_degrees),
        number(joint.delay_rms),
        number(joint.delay_rms_degrees),
        joint.delay_frames,
        joint.range_degrees,
        joint.range_from
    )
}
