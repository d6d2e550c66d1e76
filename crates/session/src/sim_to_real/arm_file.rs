//! The robot file of one arm: what `ulna sim identify` found, as an extension of the arm's kind.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use toml::{Table, Value};
use ulna_outside::{Printable, files as outside, name};
use ulna_robot::files;

use super::CompareOptions;
use super::known::RangeFrom;
use super::report::IdentifiedArm;
use super::subject::Subject;
use crate::error::SessionError;
use crate::usage::{OutputUsage, SimToRealUsage, UsageError};

/// The text of a robot file that has been read back.
#[derive(Debug)]
pub(super) struct ArmFile(String);

impl ArmFile {
    /// What was found about an arm.
    ///
    /// # Errors
    /// If it makes no robot.
    pub(super) fn of(
        options: &CompareOptions,
        output: &Path,
        subject: &Subject,
        found: &IdentifiedArm,
    ) -> Result<Self, SessionError> {
        let base = base_of(options, subject);
        let number = |value: f64| Value::Float((value * 1e4).round() / 1e4);
        let simulation = &found.simulation;
        let mut servos = Table::new();
        if let Some(motor) = &simulation.motor {
            servos.insert("motor".into(), Value::String(motor.clone()));
        }
        servos.insert("friction".into(), number(simulation.friction));
        servos.insert("play".into(), number(simulation.play));
        servos.insert("action_delay_ms".into(), number(simulation.action_delay_ms));
        let mut limits = Table::new();
        for (joint, from) in subject.arm.kind.joints.iter().zip(&subject.ranges_from) {
            if *from != RangeFrom::Robot {
                let mut ends = Table::new();
                ends.insert("lower".into(), Value::Float(joint.lower));
                ends.insert("upper".into(), Value::Float(joint.upper));
                limits.insert(joint.name.clone(), Value::Table(ends));
            }
        }
        let mut extends = Table::new();
        extends.insert("of".into(), Value::String(base.clone()));
        let mut file = Table::new();
        file.insert("name".into(), Value::String(stem(output)?));
        let summary = format!(
            "{} with the servos and ranges of one arm",
            subject.arm.kind.name
        );
        file.insert("summary".into(), Value::String(summary));
        for (key, table) in [
            ("extends", extends),
            ("simulation", servos),
            ("limits", limits),
        ] {
            file.insert(key.into(), Value::Table(table));
        }
        let text = toml::to_string(&file).map_err(|error| wrong(error.into()))?;
        let text = format!("{}\n{text}", head(options, found));
        files::parse(&text, &output.display().to_string())?;
        Ok(Self(text))
    }

    /// Writes it whole or not at all.
    ///
    /// # Errors
    /// If there is one already and `replace` is false, or it cannot be written.
    pub(super) fn write(&self, output: &Path, replace: bool) -> Result<(), SessionError> {
        check_output(output, replace)?;
        let write = |file: &mut File| file.write_all(self.0.as_bytes());
        let written = match replace {
            true => outside::replace(output, write),
            // Never over a file that came while the arm was being identified.
            false => outside::create(output, write),
        };
        written.map_err(|source| SessionError::System {
            what: format!("writing the robot file {}", output.display()),
            source,
        })
    }
}

/// An error if the file is there, or is none that can be written.
pub(super) fn check_output(output: &Path, replace: bool) -> Result<(), SessionError> {
    stem(output)?;
    if output
        .extension()
        .is_none_or(|extension| extension != "toml")
    {
        let output = output.to_owned();
        return Err(wrong(OutputUsage::NotToml { output }));
    }
    if !replace && output.symlink_metadata().is_ok() {
        let output = output.to_owned();
        return Err(wrong(OutputUsage::Taken { output }));
    }
    let failed = |source| SessionError::System {
        what: format!("writing the robot file {}", output.display()),
        source,
    };
    outside::writable(output).map_err(failed)?;
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder.unwrap_or(Path::new(".")).is_dir() {
        true => Ok(()),
        false => {
            let output = output.to_owned();
            Err(wrong(OutputUsage::NoFolder { output }))
        }
    }
}

fn wrong(output: OutputUsage) -> SessionError {
    UsageError::from(SimToRealUsage::from(output)).into()
}

/// The robot's name: the file's without its ending.
fn stem(output: &Path) -> Result<String, SessionError> {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    name::check(&stem).map_err(|error| {
        wrong(OutputUsage::Name {
            name: stem.to_string(),
            problem: error.problem,
        })
    })?;
    Ok(stem.into_owned())
}

/// What the file extends: a file of the user's by its whole path, since it is looked for from wherever the command runs.
fn base_of(options: &CompareOptions, subject: &Subject) -> String {
    let is_path = |robot: &str| robot.contains(['/', '\\']) || robot.ends_with(".toml");
    match &options.robot {
        Some(robot) if is_path(robot) => {
            let path = Path::new(robot).canonicalize();
            path.map_or_else(|_| robot.clone(), |path| path.display().to_string())
        }
        Some(robot) if subject.found.kind.name == *robot => robot.clone(),
        _ => subject.found.kind.name.clone(),
    }
}

fn head(options: &CompareOptions, found: &IdentifiedArm) -> String {
    let dataset = options
        .dataset
        .file_name()
        .unwrap_or(options.dataset.as_os_str());
    let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}"));
    let (before, after) = found.fitted;
    format!(
        "# One arm, as `ulna sim identify` found it in recordings of it: {}.\n\
         # Fitted on {} episodes, {} frames: mean ratio to the best pure delay {before:.3} before, {after:.3} after.\n\
         # Predicted, not fitted, on {} episodes, {} frames: {} before, {} after.\n\
         # `limits` are the ranges that the arm was calibrated to, rad; friction and play are in parts of the motor's.\n",
        Printable(dataset.to_string_lossy()),
        found.fitted_size.0,
        found.fitted_size.1,
        found.held_out_size.0,
        found.held_out_size.1,
        ratio(found.held_out_before),
        ratio(found.held_out.geometric_mean)
    )
}
