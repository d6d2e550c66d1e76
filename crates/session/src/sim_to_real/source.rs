//! Reading a dataset in pieces: long enough to be played, short enough that memory does not depend on the dataset.

use std::ops::Range;

use ulna_core::Joints;
use ulna_dataset::{ACTION, Column, Dataset, Episode, EpisodeReader, STATE};
use ulna_outside::Printable;

use super::arms::FoundArm;
use super::{CompareOptions, Watch};
use crate::error::SessionError;
use crate::supply::compare::RecordedMotion;
use crate::usage::{SimToRealUsage, UsageError};

/// Longest piece, frames: two minutes and a half at 30 fps.
const LONGEST: usize = 4500;
/// Fewest frames of an episode that are worth playing: a third of a second at 30 fps.
const SHORTEST: usize = 10;

/// A piece of an episode.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) episode: usize,
    pub(super) frames: Range<usize>,
}

/// A dataset and the pieces of it that are asked for.
#[derive(Debug)]
pub(super) struct Source {
    dataset: Dataset,
    /// In the order of the dataset.
    pub(super) pieces: Vec<Piece>,
    pub(super) episodes: usize,
    pub(super) frames: usize,
    /// What is odd about it, a sentence each.
    pub(super) warnings: Vec<String>,
}

impl Source {
    /// Looks at every episode once.
    ///
    /// # Errors
    /// If the dataset cannot be read, or has no episode that can be played.
    pub(super) fn open(
        dataset: Dataset,
        options: &CompareOptions,
        watch: &mut Watch<'_>,
        mut look: impl FnMut(&Episode) -> Result<(), SessionError>,
    ) -> Result<Self, SessionError> {
        let fps = dataset.fps();
        if !(1.0..=1000.0).contains(&fps) {
            let dataset = options.dataset.clone();
            return Err(UsageError::from(SimToRealUsage::Fps { dataset, fps }).into());
        }
        let mut all: Vec<usize> = match &options.episodes {
            None => (0..dataset.len()).collect(),
            Some(numbers) => numbers
                .iter()
                .map(|number| usize::try_from(*number).unwrap_or(usize::MAX))
                .collect(),
        };
        all.sort_unstable();
        all.dedup();
        let mut source = Self {
            pieces: Vec::new(),
            episodes: 0,
            frames: 0,
            warnings: Vec::new(),
            dataset,
        };
        let mut short = 0;
        let dataset = source.dataset.clone();
        let mut reader = dataset.reader(&[ACTION, STATE])?;
        for (done, &episode) in all.iter().enumerate() {
            watch.show("reading", done, all.len())?;
            let found = reader.read(episode)?;
            if found.len() < SHORTEST {
                short += 1;
                continue;
            }
            look(&found)?;
            source.episodes += 1;
            source.frames += found.len();
            source.pieces.extend(pieces(episode, found.len()));
        }
        if source.episodes == 0 {
            let wrong = SimToRealUsage::NoEpisodes {
                dataset: options.dataset.clone(),
                shortest: SHORTEST,
                looked_at: all.len(),
            };
            return Err(UsageError::from(wrong).into());
        }
        if short > 0 {
            let text = format!("{short} episodes of fewer than {SHORTEST} frames are left out");
            source.warnings.push(text);
        }
        Ok(source)
    }

    pub(super) fn fps(&self) -> f64 {
        self.dataset.fps()
    }

    /// Pieces from end to end with so many frames together at most, but one at least.
    pub(super) fn sample(pieces: &[Piece], most: usize) -> Vec<Piece> {
        let frames: usize = pieces.iter().map(|piece| piece.frames.len()).sum();
        let every = frames.div_ceil(most.max(1)).max(1);
        let mut sample: Vec<Piece> = pieces.iter().step_by(every).cloned().collect();
        let mut room = most.max(SHORTEST);
        for piece in &mut sample {
            piece.frames.end = piece.frames.end.min(piece.frames.start + room);
            room -= piece.frames.len();
        }
        sample.retain(|piece| piece.frames.len() >= SHORTEST);
        sample
    }

    /// Reads these pieces in order, a few at a time, and hands them over as recordings of this arm.
    ///
    /// # Errors
    /// Those of `take`, and what cannot be read.
    pub(super) fn read(
        &self,
        pieces: &[Piece],
        arm: &FoundArm,
        mut take: impl FnMut(Vec<RecordedMotion>) -> Result<(), SessionError>,
    ) -> Result<(), SessionError> {
        let mut reader = self.dataset.reader(&[ACTION, STATE])?;
        let mut open: Option<Episode> = None;
        for batch in pieces.chunks(BATCH) {
            let mut recordings = Vec::with_capacity(batch.len());
            for piece in batch {
                let episode = the_episode(&mut reader, &mut open, piece.episode)?;
                recordings.push(recording(episode, &piece.frames, arm, self.fps())?);
            }
            take(recordings)?;
        }
        Ok(())
    }
}

/// How many pieces are read at a time.
const BATCH: usize = 16;

fn the_episode<'a>(
    reader: &mut EpisodeReader<'_>,
    open: &'a mut Option<Episode>,
    wanted: usize,
) -> Result<&'a Episode, SessionError> {
    let found = match open.take() {
        Some(episode) if episode.index() == wanted => episode,
        _ => reader.read(wanted)?,
    };
    Ok(open.insert(found))
}

fn pieces(episode: usize, frames: usize) -> impl Iterator<Item = Piece> {
    let count = frames.div_ceil(LONGEST);
    let piece = move |part: usize| Piece {
        episode,
        frames: part * frames / count..(part + 1) * frames / count,
    };
    (0..count).map(piece)
}

fn recording(
    episode: &Episode,
    frames: &Range<usize>,
    arm: &FoundArm,
    fps: f64,
) -> Result<RecordedMotion, SessionError> {
    let (action, state) = (episode.action()?, episode.state()?);
    let obeyed: Vec<Option<usize>> = (0..arm.kind.dof()).map(|joint| arm.obeyed(joint)).collect();
    Ok(RecordedMotion {
        fps,
        actions: rows(action, &obeyed, frames),
        states: rows(state, &arm.state, frames),
    })
}

/// One row per frame, with NaN where a joint has no value.
fn rows(column: &Column, places: &[Option<usize>], frames: &Range<usize>) -> Vec<Joints<f64>> {
    let row = |frame: usize| {
        let row = column.row(frame).unwrap_or_default();
        Joints::from_fn(places.len(), |joint| value(row, places[joint]))
    };
    frames.clone().map(row).collect()
}

/// The number at a place of a row, NaN if there is none.
pub(super) fn value(row: &[f64], place: Option<usize>) -> f64 {
    place
        .and_then(|place| row.get(place))
        .copied()
        .unwrap_or(f64::NAN)
}

/// A warning about numbers that are none.
pub(super) fn missing_numbers(joint: &str, count: usize, what: &str) -> String {
    format!(
        "`{}`: {count} {what} are NaN or infinite and are passed over",
        Printable(joint)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_episodes_come_in_pieces_and_samples_are_bounded() {
        let all: Vec<Piece> = pieces(3, 10_000).collect();
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].frames.start, all[2].frames.end), (0, 10_000));
        assert!(
            all.windows(2)
                .all(|two| two[0].frames.end == two[1].frames.start)
        );

        let many: Vec<Piece> = (0..100).flat_map(|episode| pieces(episode, 300)).collect();
        let sample = Source::sample(&many, 9000);
        let frames: usize = sample.iter().map(|piece| piece.frames.len()).sum();
        assert!((8000..=9000).contains(&frames), "{frames}");
        assert!(sample.last().is_some_and(|piece| piece.episode > 90));
        assert_eq!(Source::sample(&many[..1], 9000), many[..1]);
        assert_eq!(Source::sample(&all[..1], 100)[0].frames, 0..100);
    }
}
