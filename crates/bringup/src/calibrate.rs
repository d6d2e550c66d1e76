//! `ulna calibrate`: sweep first, then choose the offset; LeRobot's file at LeRobot's place.

mod report;
mod sweeping;
mod writing;

use std::path::PathBuf;

use ulna_bus::registers::Role;
use ulna_core::JointCalibration;
use ulna_drivers::calibration::{self, load};
use ulna_drivers::chain::explain;
use ulna_robot::{ArmRole, Calibration, RobotKind, files};
use ulna_rt::Stop;

use crate::dialogue::Dialogue;
use crate::error::{BringupError, NotCalibrated, Usage};
use crate::question::{Pressed, Question, ask};
use crate::service::{ServiceSession, SimScenario};
use crate::servos::calibrate::{
    SweepFinding, Swept, choose, differences, judge_pose, take_drive_modes,
};
use crate::servos::setup::check_chain;

pub use report::{CalibrateOptions, Calibrated, CalibratedJoint, CalibrationTask};

/// Calibrates an arm, or checks or restores its calibration. The arm is limp afterwards.
///
/// # Errors
/// If servos are missing or do not take their values, if no calibration can be made of the sweep (then nothing is written), or if
/// the user interrupts.
pub fn calibrate(
    options: &CalibrateOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<Calibrated, BringupError> {
    let role = options.work.role;
    let id = match (&options.id, options.work.sim) {
        (Some(id), _) => id.clone(),
        (None, true) => "simulated".to_owned(),
        (None, false) => {
            let flag = match role {
                ArmRole::Follower => "--robot-id",
                ArmRole::Leader => "--teleop-id",
            };
            return Err(Usage::NoId { role, flag }.into());
        }
    };
    let kind = files::find(&options.work.robot)?;
    let strange = |name: &&String| kind.names().all(|known| known != **name);
    if let Some(joint) = options.reversed.iter().find(strange) {
        let known: Vec<&str> = kind.names().collect();
        return Err(Usage::NotReversible {
            robot: kind.name.clone(),
            joint: joint.clone(),
            known: known.join(", "),
        }
        .into());
    }
    let file = file_of(options, &kind, &id)?;
    let before = match options.task {
        CalibrationTask::Calibrate => None,
        CalibrationTask::Check | CalibrationTask::Restore => Some(load(&file, &id, &kind)?),
    };
    let scenario = match &before {
        // The simulated arm of this id is as it was left.
        Some(known) if options.task == CalibrationTask::Check => {
            SimScenario::Calibrated(known.clone())
        }
        _ => SimScenario::Uncalibrated {
            reversed: options.reversed.clone(),
        },
    };
    let mut work = ServiceSession::open(&options.work, scenario, stop)?;
    let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
    if !faults.is_empty() {
        return Err(BringupError::Chain {
            port: work.line.name().to_owned(),
            faults: explain(&faults, work.kind.dof()),
        });
    }
    let mut report = Calibrated {
        robot: work.kind.name.clone(),
        role,
        id,
        port: work.line.name().to_owned(),
        simulated: options.work.sim,
        file,
        backup: None,
        joints: Vec::new(),
        directions_checked: false,
        differences: Vec::new(),
    };
    let calibration = match before {
        Some(known) => {
            report.joints = joints(&known, None, &[]);
            if options.task == CalibrationTask::Restore {
                writing::into_servos(&mut work, &known, talk)?;
            }
            known
        }
        None => whole_procedure(&mut work, options, &mut report, talk)?,
    };
    report.differences = differences(&mut work.line, &mut *work.pacer, &calibration)?;
    talk.clear();
    Ok(report)
}

/// Where the calibration of the arm `id` is, or is to be written.
fn file_of(
    options: &CalibrateOptions,
    kind: &RobotKind,
    id: &str,
) -> Result<PathBuf, BringupError> {
    let role = options.work.role;
    Ok(match (options.work.sim, options.task) {
        (false, _) => calibration::find(role, kind, id)?,
        (true, CalibrationTask::Calibrate) => {
            calibration::simulated_path(role, &role.spec(kind).robot_type, id)?
        }
        (true, CalibrationTask::Check | CalibrationTask::Restore) => {
            calibration::find_for_simulation(role, kind, id)?
        }
    })
}

/// Sweeps, chooses, checks directions and writes.
fn whole_procedure(
    work: &mut ServiceSession,
    options: &CalibrateOptions,
    report: &mut Calibrated,
    talk: &mut dyn Dialogue,
) -> Result<Calibration, BringupError> {
    let unattended = options.seconds.is_some();
    if work.family().find(Role::HomingOffset).is_none() {
        let family = work.family().name;
        return Err(Usage::NoHomingOffset { family }.into());
    }
    sweeping::release(work, options.work.role, unattended, talk)?;
    let (swept, mut findings, mut calibration) = loop_until_swept(work, options, talk)?;
    take_drive_modes(&mut work.line, &mut *work.pacer, &mut calibration)?;
    let steps = sweeping::rest(work, unattended, &calibration, talk)?;
    if let Some(steps) = steps {
        report.directions_checked = true;
        findings.extend(judge_pose(
            &work.kind,
            &mut calibration,
            work.family(),
            &steps,
        ));
        doubt(work, &findings, unattended, talk)?;
    }
    report.joints = joints(&calibration, Some(&swept), &findings);
    let place = match options.work.sim {
        true => calibration::simulated_path,
        false => calibration::path,
    };
    let home = place(
        options.work.role,
        &options.work.role.spec(&work.kind).robot_type,
        &report.id,
    )?;
    // A file in a folder of an older LeRobot stays there, as its own backup.
    report.backup = writing::into_file(&home, &calibration)?;
    report.file = home;
    writing::into_servos(work, &calibration, talk)?;
    Ok(calibration)
}

type Choice = (Vec<Swept>, Vec<(usize, SweepFinding)>, Calibration);

/// Sweeps until a calibration can be made of it, or the user gives up.
fn loop_until_swept(
    work: &mut ServiceSession,
    options: &CalibrateOptions,
    talk: &mut dyn Dialogue,
) -> Result<Choice, BringupError> {
    let mut sweep = sweeping::begin(work, options.seconds.is_some(), talk)?;
    loop {
        sweep.run(work, options.seconds, talk)?;
        let swept = sweep.joints();
        let (mut findings, mut joints) = (Vec::new(), Vec::new());
        for (index, (joint, swept)) in work.kind.joints.iter().zip(swept).enumerate() {
            match choose(joint, swept, work.family()) {
                Ok(chosen) => {
                    findings.extend(chosen.findings.into_iter().map(|finding| (index, finding)));
                    joints.push((joint.name.clone(), chosen.value));
                }
                Err(fatal) => {
                    findings.extend(fatal.into_iter().map(|finding| (index, finding)));
                }
            }
        }
        let fatal = findings.iter().any(|(_, finding)| finding.is_fatal());
        let text = in_words(work, &findings);
        if !fatal {
            if !text.is_empty() {
                talk.say(&text);
            }
            return Ok((swept.to_vec(), findings, Calibration { joints }));
        }
        if options.seconds.is_some() || work.is_simulated() {
            return Err(NotCalibrated::Sweep { findings: text }.into());
        }
        talk.say(&text);
        let question = Question {
            text: "No calibration can be made of this yet",
            enter: "goes on with the sweep",
            keys: &[],
            left: sweeping::LEFT,
        };
        ask(talk, &question)?;
    }
}

/// Reversed joints make an arm slam when it is teleoperated: the user has to confirm them.
fn doubt(
    work: &ServiceSession,
    findings: &[(usize, SweepFinding)],
    unattended: bool,
    talk: &mut dyn Dialogue,
) -> Result<(), BringupError> {
    let text = in_words(
        work,
        &findings
            .iter()
            .filter(|(_, finding)| {
                matches!(finding, SweepFinding::Reversed | SweepFinding::TurnedRound)
            })
            .copied()
            .collect::<Vec<_>>(),
    );
    if text.is_empty() {
        return Ok(());
    }
    talk.say(&text);
    let reversed = findings
        .iter()
        .any(|(_, finding)| *finding == SweepFinding::Reversed);
    if !reversed {
        return Ok(());
    }
    let question = Question {
        text: "Write the calibration all the same?",
        enter: "does not",
        keys: &[('y', "writes it")],
        left: sweeping::LEFT,
    };
    let sure = !unattended && !work.is_simulated() && ask(talk, &question)? == Pressed::Key('y');
    if sure {
        Ok(())
    } else {
        Err(NotCalibrated::Directions { findings: text }.into())
    }
}

fn in_words(work: &ServiceSession, findings: &[(usize, SweepFinding)]) -> String {
    let lines = findings
        .iter()
        .map(|(index, finding)| format!("  {}: {finding}", work.kind.joints[*index].name));
    lines.collect::<Vec<_>>().join("\n")
}

fn joints(
    calibration: &Calibration,
    swept: Option<&[Swept]>,
    findings: &[(usize, SweepFinding)],
) -> Vec<CalibratedJoint> {
    let joint = |(index, (name, value)): (usize, &(String, JointCalibration))| CalibratedJoint {
        joint: name.clone(),
        swept_degrees: swept
            .and_then(|all| all.get(index))
            .map(|swept| (f64::from(swept.span()) / swept.turn() * 3600.0).round() / 10.0),
        value: *value,
        warnings: findings
            .iter()
            .filter(|(of, _)| *of == index)
            .map(|(_, finding)| finding.to_string())
            .collect(),
    };
    calibration.joints.iter().enumerate().map(joint).collect()
}
