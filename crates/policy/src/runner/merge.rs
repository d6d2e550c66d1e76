//! How a new chunk and the one that is being played become one line of targets.
//!
//! All chunks lie on the same grid of steps, so merging is done knot by knot. What the arm is already on its way to (the knots around now) stays,
//! so that no target leaps between two ticks.

use std::fmt;
use std::str::FromStr;

use ulna_core::Joints;

use super::join::{Join, join};
use super::line::{Joined, Line, Playing};
use crate::error::UnknownWord;

/// What becomes of a new chunk, by LeRobot's names (`chunk_merge`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// The committed steps are carried out to their end, then the new chunk from its first step on: LeRobot's action queue. With a delay the chunk
    /// is played that much late, which can pull the arm back.
    Append,
    /// The new chunk is entered where the time is, and replaces the rest of the old one. Where the two disagree, the gap closes over as few steps as
    /// make no sharper corner than the chunks have themselves; a chunk that is known at once replaces the old one at once, as LeRobot's queue does.
    #[default]
    Aligned,
    /// The same, faded from the old chunk to the new one over some steps at least.
    Blended,
}

impl Merge {
    const ALL: [Self; 3] = [Self::Append, Self::Aligned, Self::Blended];

    fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Aligned => "aligned",
            Self::Blended => "blended",
        }
    }
}

impl fmt::Display for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Merge {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|merge| merge.name() == word);
        found.ok_or_else(|| UnknownWord {
            word: word.to_owned(),
            what: "way to merge chunks",
            known: "append, aligned and blended",
        })
    }
}

/// A chunk that has just become known.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The step of its observation, which is that of its first knot.
    pub(super) observed: u64,
    pub(super) knots: Vec<Joints<f64>>,
    /// `n_action_steps`.
    pub(super) steps: u64,
    /// Now, in steps.
    pub(super) now: f64,
    /// How far ahead of now targets have been asked for, in steps.
    pub(super) lead: f64,
}

impl Arrival {
    /// The knots up to the last step that is carried out of it, and the one after.
    fn carried_out(&self) -> &[Joints<f64>] {
        let late = whole(self.now.ceil()).saturating_sub(self.observed);
        let count = usize::try_from(late + self.steps + 1).unwrap_or(usize::MAX);
        &self.knots[..count.min(self.knots.len())]
    }
}

/// How to merge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct How {
    pub(super) merge: Merge,
    /// Steps of fading, at least.
    pub(super) blend_steps: u64,
    /// The joints that are faded.
    pub(super) joined: Joined,
    /// The sharpest corner of all chunks so far.
    pub(super) ever: f64,
}

/// The line after the arrival; `None` if it came so late that nothing of it lies in the future.
pub(super) fn merge(old: Option<&Playing<'_>>, new: &Arrival, how: How) -> Option<Line> {
    let sharpest = how.joined.sharpest(new.carried_out());
    let line = match old {
        // The arm stands still and waits: a queue begins with the first step, a plan in time where the time is.
        None => {
            let (floor, ceil) = (whole(new.now.floor()), whole(new.now.ceil()));
            match how.merge {
                Merge::Append => place(new, ceil, ceil, Vec::new()),
                Merge::Aligned | Merge::Blended => place(new, new.observed, floor, Vec::new()),
            }
        }
        Some(playing) => follow(playing, new, how, sharpest),
    };
    line.map(|line| Line { sharpest, ..line })
}

/// The line after a chunk that follows another.
fn follow(playing: &Playing<'_>, new: &Arrival, how: How, sharpest: f64) -> Option<Line> {
    let (floor, ceil) = (whole(new.now.floor()), whole(new.now.ceil()));
    let len = new.knots.len() as u64;
    let old = playing.line;
    let held = |step: u64| old.at(step.min(old.end.saturating_sub(1)));
    if how.merge == Merge::Append && ceil <= old.end {
        let kept = floor.min(old.end)..old.end;
        let mut knots: Vec<_> = kept.clone().filter_map(held).collect();
        knots.extend(&new.knots);
        return Some(Line {
            first: kept.start,
            knots,
            end: old.end + new.steps.min(len),
            ..Line::default()
        });
    }
    // A chunk that is known at once replaces the knot of now, unless it is blended; else the arm is between two knots, now or where it has been asked
    // for, and all of them stay.
    let exact = floor == ceil && ceil == new.observed && how.merge != Merge::Blended;
    let from = match exact {
        true => ceil,
        false => whole((new.now + new.lead).ceil()) + 1,
    };
    if floor >= new.observed + len {
        return None;
    }
    let before = (floor..from).filter_map(playing.target).collect();
    let mut line = place(new, new.observed, from, before)?;
    let at = |least| Join {
        from,
        joined: how.joined,
        least,
        limit: sharpest.max(old.sharpest),
        ever: how.ever.max(sharpest),
    };
    match how.merge {
        Merge::Blended => join(playing, &mut line, at(how.blend_steps)),
        Merge::Aligned if !exact => join(playing, &mut line, at(0)),
        Merge::Aligned | Merge::Append => {}
    }
    Some(line)
}

/// The new chunk from step `from` on, its first knot at step `base`, with `before` for the steps before that. Of a chunk that reaches just to now its
/// last knot is used.
fn place(new: &Arrival, base: u64, from: u64, before: Vec<Joints<f64>>) -> Option<Line> {
    let len = new.knots.len() as u64;
    let late = from.saturating_sub(base);
    let skipped = usize::try_from(late.min(len.saturating_sub(1))).ok()?;
    let rest = new.knots.get(skipped..).filter(|_| late < len + 2)?;
    let first = from - before.len() as u64;
    let mut knots = before;
    knots.extend_from_slice(rest);
    let last = first + knots.len() as u64;
    Some(Line {
        first,
        knots,
        end: (base + (late + new.steps).min(len)).max(from + 1).min(last),
        ..Line::default()
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(steps: f64) -> u64 {
    steps.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knots(values: impl IntoIterator<Item = f64>) -> Vec<Joints<f64>> {
        let values = values.into_iter();
        values.map(|value| Joints::filled(2, value)).collect()
    }

    fn first_joint(line: &Line) -> Vec<f64> {
        line.knots.iter().map(|knot| knot[0]).collect()
    }

    /// Merges with a line that is played as it is.
    fn merged(new: &Arrival, merge_by: Merge) -> Option<Line> {
        let line = old();
        let playing = Playing {
            line: &line,
            target: &|step| line.at(step),
        };
        merge(Some(&playing), new, how(merge_by))
    }

    fn old() -> Line {
        Line {
            first: 0,
            knots: knots((0..10).map(f64::from)),
            end: 8,
            // Sharp enough for any gap below.
            sharpest: 1000.0,
        }
    }

    fn arrival(now: f64) -> Arrival {
        Arrival {
            observed: 4,
            knots: knots((0..10).map(|i| 104.0 + f64::from(i))),
            steps: 8,
            now,
            lead: 0.0,
        }
    }

    fn how(merge: Merge) -> How {
        How {
            merge,
            blend_steps: 3,
            joined: Joined { left_out: 0b10 },
            ever: 0.0,
        }
    }

    #[test]
    fn append_plays_the_committed_steps_first() {
        let line = merged(&arrival(6.4), Merge::Append).unwrap();
        assert_eq!((line.first, line.end), (6, 16));
        assert_eq!(first_joint(&line)[..4], [6.0, 7.0, 104.0, 105.0]);
    }

    #[test]
    fn aligned_enters_where_the_time_is() {
        let line = merged(&arrival(6.4), Merge::Aligned).unwrap();
        assert_eq!((line.first, line.end), (6, 14));
        // On its way from step 6 to step 7; from 8 on it is the new chunk's.
        assert_eq!(first_joint(&line)[..4], [6.0, 7.0, 108.0, 109.0]);
    }

    #[test]
    fn a_gap_closes_as_fast_as_corners_no_sharper_than_the_chunks_allow() {
        let waves = |phase: f64| (0..40).map(move |i| 5.0 * (phase + f64::from(i) / 3.0).sin());
        for (gap, most) in [(0.1, 1), (2.0, 12)] {
            let line = Line {
                first: 0,
                knots: knots(waves(0.0)),
                end: 30,
                sharpest: 5.0 / 9.0,
            };
            let playing = Playing {
                line: &line,
                target: &|step| line.at(step),
            };
            let new = Arrival {
                observed: 4,
                knots: knots(waves(4.0 / 3.0).map(|value| value + gap)),
                steps: 30,
                now: 9.5,
                lead: 0.0,
            };
            let how = How {
                joined: Joined { left_out: 0 },
                ..how(Merge::Aligned)
            };
            let merged = merge(Some(&playing), &new, how).unwrap();
            let sharpest = how.joined.sharpest(&merged.knots);
            assert!(sharpest <= 5.0 / 9.0 + 1e-9, "gap {gap}: {sharpest}");
            let apart = |(step, knot): (usize, &Joints<f64>)| {
                (knot[0] - new.knots[step + 5][0]).abs() > 1e-9
            };
            let closing = merged
                .knots
                .iter()
                .enumerate()
                .skip(2)
                .filter(|knot| apart(*knot));
            assert!(
                closing.clone().count() <= most,
                "gap {gap}: {}",
                closing.count()
            );
        }
    }

    #[test]
    fn what_is_known_at_once_is_played_at_once() {
        let line = merged(&arrival(4.0), Merge::Aligned).unwrap();
        assert_eq!((line.first, line.end), (4, 12));
        assert_eq!(first_joint(&line)[..2], [104.0, 105.0]);
    }

    #[test]
    fn blended_fades_all_joints_but_those_left_out() {
        let line = merged(&arrival(6.4), Merge::Blended).unwrap();
        let values = first_joint(&line);
        assert_eq!(values[..2], [6.0, 7.0]);
        assert!(values[2] > 8.0 && values[2] < values[3] && values[3] < values[4]);
        assert_eq!(values[5], 111.0);
        assert_eq!(line.knots[2][1], 108.0, "left out");
    }

    #[test]
    fn what_lies_wholly_in_the_past_is_dropped() {
        assert_eq!(merged(&arrival(14.2), Merge::Aligned), None);
        // Reaching just to now, it still says where to go.
        assert_eq!(
            merged(&arrival(13.2), Merge::Aligned)
                .unwrap()
                .knots
                .last()
                .unwrap()[0],
            113.0
        );
        assert_eq!(merge(None, &arrival(16.0), how(Merge::Aligned)), None);
    }

    #[test]
    fn a_late_chunk_is_entered_where_the_time_is_even_in_a_queue() {
        let line = merged(&arrival(10.5), Merge::Append).unwrap();
        assert_eq!(line.first, 10);
        // It rests at the last knot, and goes on from where the new chunk is by then.
        assert_eq!(first_joint(&line)[..3], [9.0, 9.0, 112.0]);
    }
}
