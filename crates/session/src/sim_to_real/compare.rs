//! The comparison of the simulated arm with a recorded one.

use ulna_dataset::Dataset;
use ulna_dataset::tools::Progress;
use ulna_robot::SimulationSpec;
use ulna_rt::Stop;

use super::arms::{self, FoundArm};
use super::known::{self, JointSeen, RangeFrom};
use super::report::{ComparedArm, Comparison};
use super::source::{Piece, Source, missing_numbers};
use super::{CompareOptions, Watch, units};
use crate::error::SessionError;
use crate::supply::compare::class::{Candidate, candidates, score};
use crate::supply::compare::{Follows, PlayError, RecordedArm, RecordedMotion, Score};

/// Frames on which the motors are tried: three minutes at 30 fps.
const TRIED: usize = 6000;

/// Plays a dataset's actions on the simulated arm and compares its states with the recorded ones; `show` hears how far it is.
///
/// # Errors
/// If the dataset, the robot or the calibration is not usable, or `stop` was asked for.
pub fn compare(
    options: &CompareOptions,
    stop: &Stop,
    show: &mut dyn FnMut(Progress),
) -> Result<Comparison, SessionError> {
    let mut watch = Watch { stop, show };
    let (source, mut subjects) = open(options, &mut watch)?;
    let mut arms = Vec::new();
    for subject in &mut subjects {
        let tried = classify(&source, &source.pieces, subject, &mut watch)?;
        let nearest = subject.candidates.first();
        let score = match nearest.filter(|_| tried == source.frames && !subject.class_given) {
            // All frames have been played with it already.
            Some(nearest) => nearest.score.clone(),
            None => scored(&source, &source.pieces, subject, &subject.arm, &mut watch)?,
        };
        arms.push(ComparedArm::new(subject, &score));
    }
    Ok(Comparison {
        dataset: options.dataset.clone(),
        episodes: source.episodes,
        frames: source.frames,
        fps: source.fps(),
        warnings: source.warnings,
        arms,
    })
}

/// Opens a dataset and finds out what its arms are, but for their motors.
pub(super) fn open(
    options: &CompareOptions,
    watch: &mut Watch<'_>,
) -> Result<(Source, Vec<Subject>), SessionError> {
    let dataset = Dataset::open(&options.dataset)?;
    let found = arms::find(&dataset, options)?;
    let mut seen: Vec<Vec<JointSeen>> = found
        .iter()
        .map(|arm| vec![JointSeen::default(); arm.kind.dof()])
        .collect();
    let mut source = Source::open(dataset.clone(), options, watch, |episode| {
        for (arm, seen) in found.iter().zip(&mut seen) {
            for (joint, seen) in seen.iter_mut().enumerate() {
                seen.look(arm, joint, episode)?;
            }
        }
        Ok(())
    })?;
    let mut subjects = Vec::new();
    for (mut found, seen) in found.into_iter().zip(seen) {
        let states: Vec<_> = seen.iter().map(|joint| joint.states.clone()).collect();
        let path = &options.dataset;
        let (unit, units_from) = units::of(&dataset, path, options.units, &found.kind, &states)?;
        let file = options.calibration.as_deref();
        let (arm, ranges_from) = known::arm(&found.kind, unit, source.fps(), &seen, file)?;
        found.leave_idle(&idle(&arm, &seen));
        for (joint, seen) in arm.kind.names().zip(&seen) {
            if seen.no_numbers > 0 {
                let text = missing_numbers(joint, seen.no_numbers, "actions and states");
                source.warnings.push(text);
            }
        }
        subjects.push(Subject {
            class_given: options.robot.is_some(),
            found,
            arm,
            units_from,
            ranges_from,
            candidates: Vec::new(),
        });
    }
    Ok((source, subjects))
}

/// Which joints do not follow their actions: they stay where they are when the others are played.
fn idle(arm: &RecordedArm, seen: &[JointSeen]) -> Vec<bool> {
    let degrees = arm.degrees_per_unit();
    let joints = seen.iter().enumerate();
    joints
        .map(|(joint, seen)| seen.follows(degrees[joint]) == Follows::No)
        .collect()
}

/// Finds the motor of an arm and gives it to it, unless the robot file that the user named has said it. Answers how
/// many frames were played for that.
pub(super) fn classify(
    source: &Source,
    pieces: &[Piece],
    subject: &mut Subject,
    watch: &mut Watch<'_>,
) -> Result<usize, SessionError> {
    let sample = Source::sample(pieces, TRIED);
    let frames = sample.iter().map(|piece| piece.frames.len()).sum();
    watch.show("motors", 0, frames)?;
    let recordings = load(source, &sample, &subject.found)?;
    subject.candidates = candidates(&subject.arm, &recordings).map_err(played)?;
    if let Some(nearest) = subject.candidates.first().filter(|_| !subject.class_given) {
        subject.arm = subject.arm.with(SimulationSpec {
            motor: Some(nearest.motor.to_owned()),
            ..subject.arm.kind.simulation.clone()
        });
    }
    Ok(frames)
}

/// These pieces, all in memory.
pub(super) fn load(
    source: &Source,
    pieces: &[Piece],
    found: &FoundArm,
) -> Result<Vec<RecordedMotion>, SessionError> {
    let mut all = Vec::new();
    source.read(pieces, found, |more| {
        all.extend(more);
        Ok(())
    })?;
    Ok(all)
}

/// Plays these pieces on an arm.
pub(super) fn scored(
    source: &Source,
    pieces: &[Piece],
    subject: &Subject,
    arm: &RecordedArm,
    watch: &mut Watch<'_>,
) -> Result<Score, SessionError> {
    let total = pieces.iter().map(|piece| piece.frames.len()).sum();
    let (mut all, mut done) = (Score::new(arm.kind.dof()), 0);
    source.read(pieces, &subject.found, |recordings| {
        watch.show("playing", done, total)?;
        all.merge(&score(arm, &recordings).map_err(played)?);
        done += recordings.iter().map(|it| it.states.len()).sum::<usize>();
        Ok(())
    })?;
    Ok(all)
}

pub(super) fn played(error: PlayError) -> SessionError {
    SessionError::Surroundings {
        usage: true,
        reason: Box::new(error),
    }
}
