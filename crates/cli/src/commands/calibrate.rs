//! `ulna calibrate`.

use anyhow::Result;
use ulna_bringup::calibrate::{CalibrateOptions, Calibrated, CalibrationTask};
use ulna_bringup::servos::calibrate::Stored;
use ulna_outside::Text;
use ulna_outside::files::at_home;

use super::{arm, arms_json, stop};
use crate::args::CalibrateArgs;
use crate::attended::attended;
use crate::outcome::Outcome;
use crate::output;
use crate::terminal::Terminal;

pub(crate) fn calibrate(args: &CalibrateArgs, json: bool) -> Result<Outcome> {
    let stop = stop()?;
    let attended = attended();
    let options = args.options(attended)?;
    let mut talk = Terminal::new(&stop).obliging(args.alone(attended));
    let mut reports = Vec::new();
    for work in options.work.arms()? {
        arm(&mut talk, &work);
        let options = CalibrateOptions {
            work,
            ..options.clone()
        };
        let report = ulna_bringup::calibrate::calibrate(&options, &stop, &mut talk)?;
        if !json {
            output::text(&summary(&report, options.task))?;
        }
        reports.push(report);
    }
    drop(talk);
    if json {
        let reports = reports.iter().map(serde_json::to_value);
        output::json(&arms_json(reports.collect::<Result<_, _>>()?))?;
    }
    Ok(match reports.iter().all(|it| it.differences.is_empty()) {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
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
    let file = at_home(&report.file);
    lines.push(match task {
        CalibrationTask::Calibrate => {
            format!("written to {file} and into the servos; the arm is limp")
        }
        CalibrationTask::Check => format!("from {file}"),
        CalibrationTask::Restore => format!("written from {file} into the servos; the arm is limp"),
    });
    for same in &report.same {
        lines.push(format!(
            "the file of an older LeRobot says the same now: {}",
            same.display()
        ));
    }
    if let Some(backup) = &report.backup {
        lines.push(format!(
            "the calibration before is kept as {}",
            backup.display()
        ));
    }
    for difference in &report.differences {
        let (file, servo) = (in_words(&difference.file), in_words(&difference.servo));
        lines.push(format!(
            "DIFFERENT {}: file {file}, servo {servo}",
            difference.joint
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

fn in_words(stored: &Stored) -> String {
    let drive = stored.drive_mode.map(|mode| format!(" drive mode {mode}"));
    format!(
        "offset {} range {} to {}{}",
        stored.homing_offset,
        stored.range_min,
        stored.range_max,
        drive.unwrap_or_default()
    )
}
