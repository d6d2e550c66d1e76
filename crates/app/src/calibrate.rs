//! `ulna calibrate`: sweep first, then choose the offset; LeRobot's file at LeRobot's place.

mod sweeping;
mod writing;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use ulna_core::{Calibration, JointCalibration};
use ulna_drivers::calibrate::{
    Difference, Finding, Swept, choose, differences, judge_pose, take_drive_modes,
};
use ulna_drivers::calibration::{self, load};
use ulna_drivers::setup::{check_chain, explain};
use ulna_rt::Stop;

use crate::dialogue::{Dialogue, ask};
use crate::error::AppError;
use crate::robots;
use crate::workplace::{Part, Scenery, WorkOptions, Workplace};

pub use sweeping::LiveRange;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Task {
    /// Sweep, choose, write.
    #[default]
    Calibrate,
    /// Compare file and servos.
    Check,
    /// Write the file's values into the servos.
    Restore,
}

/// What the user says.
#[derive(Debug, Clone, Default)]
pub struct CalibrateOptions {
    /// The bus.
    pub work: WorkOptions,
    /// The arm's id, which names its file.
    pub id: Option<String>,
    /// What to do.
    pub task: Task,
    /// Sweep for so long and ask nothing.
    pub seconds: Option<Duration>,
    /// In the simulation: joints that are mounted the wrong way round.
    pub reversed: Vec<String>,
}

/// One joint's calibration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibratedJoint {
    /// The joint.
    pub joint: String,
    /// How far it was swept, degrees; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swept_degrees: Option<f64>,
    /// LeRobot's values.
    #[serde(flatten)]
    pub value: JointCalibration,
    /// What is odd.
    pub warnings: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Calibrated {
    /// The robot.
    pub robot: String,
    /// Follower or leader.
    pub part: Part,
    /// The arm's id.
    pub id: String,
    /// The port.
    pub port: String,
    /// No port was opened.
    pub simulated: bool,
    /// The file.
    pub file: PathBuf,
    /// The copy of what it replaced.
    pub backup: Option<PathBuf>,
    /// The joints.
    pub joints: Vec<CalibratedJoint>,
    /// Directions were compared with the resting pose.
    pub directions_checked: bool,
    /// Joints whose servos hold other values than the file, after all.
    pub differences: Vec<Difference>,
}

/// Calibrates an arm, or checks or restores its calibration. The arm is limp afterwards.
///
/// # Errors
/// If servos are missing or do not take their values, if no calibration can be made of the sweep (then nothing is written), or if
/// somebody interrupts.
pub fn calibrate(
    options: &CalibrateOptions,
    stop: &Stop,
    talk: &mut dyn Dialogue,
) -> Result<Calibrated, AppError> {
    let part = options.work.part;
    let id = match (&options.id, options.work.sim) {
        (Some(id), _) => id.clone(),
        (None, true) => "simulated".to_owned(),
        (None, false) => {
            let flag = match part {
                Part::Follower => "--robot-id",
                Part::Leader => "--teleop-id",
            };
            return Err(AppError::Usage(format!(
                "no id for the {part}: pass {flag}, a name of your choice for this one arm; its calibration file is called that"
            )));
        }
    };
    let kind = robots::find(&options.work.robot)?;
    let spec = part.spec(&kind);
    let file = match (options.work.sim, options.task) {
        (false, _) => calibration::find(part.folder(), spec, &id)?,
        (true, Task::Calibrate) => {
            calibration::simulated_path(part.folder(), &spec.robot_type, &id)?
        }
        (true, Task::Check | Task::Restore) => {
            calibration::find_for_simulation(part.folder(), spec, &id)?
        }
    };
    let before = match options.task {
        Task::Calibrate => None,
        Task::Check | Task::Restore => Some(load(&file, &id, &kind)?),
    };
    let scenery = match &before {
        // The simulated arm of this id is as it was left.
        Some(known) if options.task == Task::Check => Scenery::Calibrated(known.clone()),
        _ => Scenery::Uncalibrated {
            reversed: options.reversed.clone(),
        },
    };
    let mut work = Workplace::open(&options.work, scenery, stop)?;
    let faults = check_chain(&mut work.line, &mut *work.pacer, &work.kind)?;
    if !faults.is_empty() {
        return Err(AppError::Session(format!(
            "{}: {}",
            work.line.name(),
            explain(&work.kind, &faults)
        )));
    }
    let mut told = Calibrated {
        robot: work.kind.name.clone(),
        part,
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
            told.joints = joints(&known, None, &[]);
            if options.task == Task::Restore {
                writing::into_servos(&mut work, &known, talk)?;
            }
            known
        }
        None => anew(&mut work, options, &mut told, talk)?,
    };
    told.differences = differences(&mut work.line, &mut *work.pacer, &calibration)?;
    talk.clear();
    Ok(told)
}

/// The whole procedure.
fn anew(
    work: &mut Workplace,
    options: &CalibrateOptions,
    told: &mut Calibrated,
    talk: &mut dyn Dialogue,
) -> Result<Calibration, AppError> {
    let alone = options.seconds.is_some();
    if work.family().registers.homing_offset.is_none() {
        return Err(AppError::Usage(format!(
            "{} servos keep no homing offset, so they cannot be calibrated",
            work.family().name
        )));
    }
    sweeping::release(work, options.work.part, alone, talk)?;
    let (swept, mut findings, mut calibration) = loop_until_swept(work, options, talk)?;
    take_drive_modes(&mut work.line, &mut *work.pacer, &mut calibration)?;
    let steps = sweeping::rest(work, alone, &calibration, talk)?;
    if let Some(steps) = steps {
        told.directions_checked = true;
        findings.extend(judge_pose(
            &work.kind,
            &mut calibration,
            work.family(),
            &steps,
        ));
        doubt(work, &findings, alone, talk)?;
    }
    told.joints = joints(&calibration, Some(&swept), &findings);
    let place = match options.work.sim {
        true => calibration::simulated_path,
        false => calibration::path,
    };
    let home = place(
        options.work.part.folder(),
        &options.work.part.spec(&work.kind).robot_type,
        &told.id,
    )?;
    // A file in a folder of an older LeRobot stays there, as its own backup.
    told.backup = writing::into_file(&home, &calibration)?;
    told.file = home;
    writing::into_servos(work, &calibration, talk)?;
    Ok(calibration)
}

type Choice = (Vec<Swept>, Vec<(usize, Finding)>, Calibration);

/// Sweeps until a calibration can be made of it, or somebody gives up.
fn loop_until_swept(
    work: &mut Workplace,
    options: &CalibrateOptions,
    talk: &mut dyn Dialogue,
) -> Result<Choice, AppError> {
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
        if options.seconds.is_some() || work.person.is_simulated() {
            return Err(AppError::Session(format!(
                "no calibration can be made of this sweep, and nothing was written; the arm is limp.\n{text}"
            )));
        }
        talk.say(&text);
        let question = "Enter goes on with the sweep, q gives up:";
        if ask(talk, question, sweeping::LEFT)? == "q" {
            return Err(AppError::Session(
                "given up: nothing was written, the arm is limp".to_owned(),
            ));
        }
    }
}

/// Reversed joints make an arm slam when it is teleoperated: somebody has to want that.
fn doubt(
    work: &Workplace,
    findings: &[(usize, Finding)],
    alone: bool,
    talk: &mut dyn Dialogue,
) -> Result<(), AppError> {
    let text = in_words(
        work,
        &findings
            .iter()
            .filter(|(_, finding)| matches!(finding, Finding::Reversed | Finding::TurnedRound))
            .copied()
            .collect::<Vec<_>>(),
    );
    if text.is_empty() {
        return Ok(());
    }
    talk.say(&text);
    let reversed = findings
        .iter()
        .any(|(_, finding)| *finding == Finding::Reversed);
    if !reversed {
        return Ok(());
    }
    let sure = !alone
        && !work.person.is_simulated()
        && ask(
            talk,
            "Write the calibration all the same? y writes it, Enter does not:",
            sweeping::LEFT,
        )? == "y";
    if sure {
        Ok(())
    } else {
        Err(AppError::Session(format!(
            "nothing was written; the arm is limp.\n{text}"
        )))
    }
}

fn in_words(work: &Workplace, findings: &[(usize, Finding)]) -> String {
    let lines = findings
        .iter()
        .map(|(index, finding)| format!("  {}: {finding}", work.kind.joints[*index].name));
    lines.collect::<Vec<_>>().join("\n")
}

fn joints(
    calibration: &Calibration,
    swept: Option<&[Swept]>,
    findings: &[(usize, Finding)],
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
