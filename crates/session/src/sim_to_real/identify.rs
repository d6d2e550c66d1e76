//! A robot file for one arm, from recordings of it: the first half of them is fitted, the rest says how well that predicts.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use ulna_dataset::tools::Progress;
use ulna_robot::SimulationSpec;
use ulna_rt::Stop;

use super::arm_file::{ArmFile, check_output};
use super::arms::shown;
use super::compare::{classify, load, open, played, scored};
use super::subject::Subject;
use super::report::{ComparedArm, IdentifiedArm};
use super::source::{Piece, Source};
use super::{CompareOptions, Watch};
use crate::error::SessionError;
use crate::supply::compare::class::mean_ratio;
use crate::supply::compare::fit::fit;
use crate::supply::compare::{RecordedArm, Score};
use crate::usage::{SimToRealUsage, UsageError};

/// Frames that are fitted: more say the same, and each step of the search plays them all.
const FITTED: usize = 6000;

/// An arm that was identified.
#[derive(Debug, Clone)]
pub struct Identified {
    /// The robot file that was written.
    pub output: PathBuf,
    /// What is odd about the dataset or the fit, a sentence each.
    pub warnings: Vec<String>,
    /// What was found.
    pub arm: IdentifiedArm,
}

/// Identifies an arm and writes its file to `output`; `replace` overwrites one that is there.
///
/// # Errors
/// If the dataset or the robot is not usable, shows nothing of the servos, has several arms of which none is named, or the file cannot be
/// written.
pub fn identify(
    options: &CompareOptions,
    output: &Path,
    replace: bool,
    stop: &Stop,
    show: &mut dyn FnMut(Progress),
) -> Result<Identified, SessionError> {
    check_output(output, replace)?;
    let mut watch = Watch { stop, show };
    let (mut source, mut subjects) = open(options, &mut watch)?;
    let names: Vec<String> = subjects.iter().map(|it| shown(&it.found.name)).collect();
    let (Some(mut subject), true) = (subjects.pop(), subjects.is_empty()) else {
        let wrong = SimToRealUsage::WhichArm {
            dataset: options.dataset.clone(),
            arms: names.join(", "),
        };
        return Err(UsageError::from(wrong).into());
    };
    // A file that names a motor would only hear its own word.
    subject.class_given = false;
    let (train, test) = halves(&source.pieces);
    classify(&source, &train, &mut subject, &mut watch)?;
    let arm = fitted(&source, options, &mut subject, (&train, &test), &mut watch)?;
    let mut warnings = std::mem::take(&mut source.warnings);
    warnings.extend(arm.1);
    let file = ArmFile::of(options, output, &subject, &arm.0)?;
    file.write(output, replace)?;
    Ok(Identified {
        output: output.to_owned(),
        warnings,
        arm: arm.0,
    })
}

/// Fits the first half, predicts the second, and gives the arm the numbers that do better there.
fn fitted(
    source: &Source,
    options: &CompareOptions,
    subject: &mut Subject,
    (train, test): (&[Piece], &[Piece]),
    watch: &mut Watch<'_>,
) -> Result<(IdentifiedArm, Option<String>), SessionError> {
    let sample = Source::sample(train, FITTED);
    let recordings = load(source, &sample, &subject.found)?;
    let mut stopped = Ok(());
    let found = fit(&subject.arm, &recordings, |done, most| {
        stopped = watch.show("fitting", done, most);
        stopped.is_ok()
    });
    stopped?;
    let nothing = || {
        let dataset = options.dataset.clone();
        UsageError::from(SimToRealUsage::NothingMoves { dataset })
    };
    let found = found.map_err(played)?.ok_or_else(nothing)?;
    let usual = subject.arm.clone();
    let better = usual.with(found.simulation.clone());
    let before = scored(source, test, subject, &usual, watch)?;
    let after = scored(source, test, subject, &better, watch)?;
    let held_out_before = mean(&usual, &before);
    let worse = match (held_out_before, mean(&better, &after)) {
        (Some(before), Some(after)) => after > before,
        _ => false,
    };
    let warning = worse.then(|| {
        "what was fitted on the first half predicts the second worse than the motor's own numbers do, so these were written; \
         recordings with more motion tell more"
            .to_owned()
    });
    let (arm, score) = match worse {
        true => (usual, before),
        false => (better, after),
    };
    subject.arm = arm;
    let identified = IdentifiedArm {
        held_out: ComparedArm::new(subject, &score),
        held_out_before,
        held_out_size: size(test),
        fitted: found.ratio,
        fitted_size: size(&sample),
        simulation: subject.arm.kind.simulation.clone(),
    };
    Ok((identified, warning))
}

fn mean(arm: &RecordedArm, score: &Score) -> Option<f64> {
    mean_ratio(&arm.kind, &score.joints(&arm.degrees_per_unit()))
}

/// The first half of the frames, by whole episodes where there are several, and the rest.
fn halves(pieces: &[Piece]) -> (Vec<Piece>, Vec<Piece>) {
    let frames: usize = pieces.iter().map(|piece| piece.frames.len()).sum();
    let first = pieces.first().map(|piece| piece.episode);
    let one_episode = pieces.iter().all(|piece| Some(piece.episode) == first);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    let mut before = 0;
    for piece in pieces {
        let length = piece.frames.len();
        match one_episode {
            true => {
                let cut = piece.frames.start + (frames / 2).saturating_sub(before).min(length);
                let [early, late] = [piece.frames.start..cut, cut..piece.frames.end];
                let part = |frames| Piece {
                    episode: piece.episode,
                    frames,
                };
                train.extend((!early.is_empty()).then(|| part(early)));
                test.extend((!late.is_empty()).then(|| part(late)));
            }
            false => {
                let same = train
                    .last()
                    .is_some_and(|last: &Piece| last.episode == piece.episode);
                let early = test.is_empty()
                    && (same || before + length / 2 < frames / 2 || train.is_empty());
                let half = if early { &mut train } else { &mut test };
                half.push(piece.clone());
            }
        }
        before += length;
    }
    (train, test)
}

fn size(pieces: &[Piece]) -> (usize, usize) {
    let mut episodes: Vec<usize> = pieces.iter().map(|piece| piece.episode).collect();
    episodes.dedup();
    let frames = pieces.iter().map(|piece| piece.frames.len()).sum();
    (episodes.len(), frames)
}

impl Identified {
    /// The command's JSON.
    pub fn to_json(&self) -> Value {
        let arm = &self.arm;
        let part =
            |(episodes, frames): (usize, usize)| json!({ "episodes": episodes, "frames": frames });
        let mut held_out = part(arm.held_out_size);
        held_out["ratio_before"] = json!(arm.held_out_before);
        held_out["ratio"] = json!(arm.held_out.geometric_mean);
        let compared = arm.held_out.to_json();
        held_out["joints"] = compared["joints"].clone();
        held_out["left_out"] = compared["left_out"].clone();
        let mut fitted = part(arm.fitted_size);
        fitted["ratio_before"] = json!(arm.fitted.0);
        fitted["ratio"] = json!(arm.fitted.1);
        json!({
            "output": self.output.display().to_string(),
            "arm": arm.held_out.arm,
            "robot": arm.held_out.robot,
            "class": arm.held_out.class,
            "candidates": compared["candidates"],
            "units": arm.held_out.units,
            "friction": arm.simulation.friction,
            "play": arm.simulation.play,
            "action_delay_ms": arm.simulation.action_delay_ms,
            "fitted": fitted,
            "held_out": held_out,
            "warnings": self.warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_half_is_fitted_and_the_other_predicted() {
        let piece = |episode, frames| Piece { episode, frames };
        let many: Vec<Piece> = (0..4).map(|episode| piece(episode, 0..300)).collect();
        let (train, test) = halves(&many);
        assert_eq!((train, test), (many[..2].to_vec(), many[2..].to_vec()));
        let (train, test) = halves(&[piece(7, 0..300)]);
        assert_eq!(
            (train, test),
            (vec![piece(7, 0..150)], vec![piece(7, 150..300)])
        );
        // A long episode first: its pieces stay together.
        let uneven = [piece(0, 0..1000), piece(0, 1000..2000), piece(1, 0..100)];
        let (train, test) = halves(&uneven);
        assert_eq!((train.len(), test.len()), (2, 1));
        // A long one last.
        let (train, test) = halves(&[piece(0, 0..100), piece(1, 0..4000)]);
        assert_eq!((train.len(), test.len()), (1, 1));
    }
}
