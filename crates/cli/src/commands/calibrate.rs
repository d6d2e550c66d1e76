//! `ulna calibrate`.

use anyhow::Result;
use ulna_bringup::calibrate::{Calibrated, CalibrationTask};
use ulna_outside::Text;

use super::stop;
use crate::args::CalibrateArgs;
use crate::terminal::Terminal;
use crate::{Outcome, output};

pub(crate) fn calibrate(args: &CalibrateArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let attended = Terminal::attended();
    let options = args.options(attended);
    let mut talk = Terminal::new(&stop).obliging(args.alone(attended));
    let report = ulna_bringup::calibrate::calibrate(&options, &stop, &mut talk)?;
    if json {
        output::json(&serde_json::to_value(&report)?)?;
    } else {
        output::text(&summary(&report, options.task))?;
    }
    Ok(if report.differences.is_empty() {
        Outcome::Done
    } else {
        Outcome::ChecksFailed
    })
}

fn summary(report: &Calibrated, task: CalibrationTask) -> Text {
    let mut lines = vec![format!(
        "{:<16}{:>4}{:>7}{:>7}{:>7}{:>7}",
        "joint", "id", "offset", "min", "max", "drive"
    )];
    for joint in &report.joints {
        let value = &joint.value;
        lines.push(format!(
            "{:<16}{:>4}{:>7}{:>7}{:>7}{:>7}",
            joint.joint,
            value.id,
            value.homing_offset,
            value.range_min,
            value.range_max,
            value.drive_mode
        ));
    }
    if task == CalibrationTask::Calibrate {
        for joint in &report.joints {
            for warning in &joint.warnings {
                lines.push(format!("{}: {warning}", joint.joint));
            }
        }
        if !report.directions_checked {
            lines.push(
                "directions were not checked: move the arm slowly when you teleoperate it first"
                    .to_owned(),
            );
        }
    }
    let file = report.file.display();
    lines.push(match task {
        CalibrationTask::Calibrate => {
            format!("written to {file} and into the servos; the arm is limp")
        }
        CalibrationTask::Check => format!("from {file}"),
        CalibrationTask::Restore => format!("written from {file} into the servos; the arm is limp"),
    });
    if let Some(backup) = &report.backup {
        lines.push(format!(
            "the calibration before is kept as {}",
            backup.display()
        ));
    }
    for difference in &report.differences {
        let (file, servo) = (difference.file, difference.servo);
        lines.push(format!(
            "DIFFERENT {}: file offset {} range {} to {}, servo offset {} range {} to {}",
            difference.joint,
            file.homing_offset,
            file.range_min,
            file.range_max,
            servo.homing_offset,
            servo.range_min,
            servo.range_max
        ));
    }
    lines.push(if report.differences.is_empty() {
        "file and servos agree".to_owned()
    } else {
        "file and servos differ, so neither ulna nor LeRobot will use the arm: `ulna calibrate --restore` writes the file's values into the \
         servos, `ulna calibrate` makes new ones"
            .to_owned()
    });
    lines.into_iter().collect()
}
