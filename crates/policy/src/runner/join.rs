//! How the gap between the plan that is being played and the new chunk closes, without a corner that is sharper than those of the chunks.
//!
//! Where there are steps enough, the plan is faded into the chunk. Where there are not, as after a target that has jumped, the plan follows the chunk with
//! changes of speed no larger than the chunks have themselves, and the next chunk finds it on its way.

use ulna_core::Joints;

use super::line::{Joined, Line, Playing};

/// Where there are too few steps for fading, a gap is followed with corners of this part of what the best fade would have, which closes it in about
/// twice the steps that are left, if the policy has ever had corners so sharp ...
const USUAL_PART: f64 = 1.0 / 4.0;
/// ... and of this part at least, in four times the steps, however smooth its chunks are.
const LEAST_PART: f64 = 1.0 / 16.0;

/// Where and how to join.
#[derive(Debug, Clone, Copy)]
pub(super) struct Join {
    /// The first step that may change.
    pub(super) from: u64,
    pub(super) joined: Joined,
    /// Over so many steps at least.
    pub(super) least: u64,
    /// The sharpest corner of the two chunks: change of speed, robot units per step².
    pub(super) limit: f64,
    /// The sharpest corner of all chunks so far.
    pub(super) ever: f64,
}

/// Joins the new chunk, which `line` is from step [`Join::from`] on, to what is being played.
pub(super) fn join(playing: &Playing<'_>, line: &mut Line, join: Join) {
    let start = usize::try_from(join.from - line.first).unwrap_or(usize::MAX);
    let new = line.knots.split_off(start.min(line.knots.len()));
    // The two knots before the first that changes: corners there count as well.
    let earlier = join
        .from
        .checked_sub(2)
        .filter(|step| *step >= playing.line.first);
    let earlier: Vec<Joints<f64>> = [earlier, join.from.checked_sub(1)]
        .into_iter()
        .flatten()
        .filter_map(playing.target)
        .collect();
    let (mut sharpest, mut best) = fade_within(playing, &earlier, &new, join);
    if sharpest > join.limit {
        let limit = (USUAL_PART * sharpest).min(join.ever);
        let limit = join.limit.max(limit).max(LEAST_PART * sharpest);
        let followed = follow(&earlier, &new, join.joined, limit);
        let corners = join.sharpest(&earlier, &followed);
        if corners < sharpest {
            (sharpest, best) = (corners, followed);
        }
    }
    debug_assert!(!sharpest.is_nan(), "refused before it came here");
    line.knots.extend(best);
}

impl Join {
    fn sharpest(&self, earlier: &[Joints<f64>], knots: &[Joints<f64>]) -> f64 {
        self.joined.sharpest(&[earlier, knots].concat())
    }
}

/// Fades into the new knots over the fewest steps, from the least ones on, that make no corner sharper than the limit; where there are not enough,
/// over those that make the least sharp ones. Returns these corners with the knots.
fn fade_within(
    playing: &Playing<'_>,
    earlier: &[Joints<f64>],
    new: &[Joints<f64>],
    join: Join,
) -> (f64, Vec<Joints<f64>>) {
    let most = (new.len() as u64).max(join.least);
    let mut best = (f64::INFINITY, new.to_vec());
    for steps in join.least..=most {
        let mut knots = new.to_vec();
        fade(playing, &mut knots, join, steps);
        let changed = usize::try_from(steps + 2).map_or(knots.len(), |len| len.min(knots.len()));
        let sharpest = join.sharpest(earlier, &knots[..changed]);
        if sharpest < best.0 {
            best = (sharpest, knots);
        }
        if sharpest <= join.limit {
            break;
        }
    }
    best
}

/// Fades `knots`, the new ones, over so many steps.
fn fade(playing: &Playing<'_>, knots: &mut [Joints<f64>], join: Join, steps: u64) {
    let old = playing.line;
    for (index, knot) in (0..steps).zip(knots) {
        let step = join.from + index;
        // What has run out comes to rest; what just ends would have gone on.
        let before = match join.from > old.end {
            true => (playing.target)(step),
            false => old.beyond(step),
        };
        let Some(before) = before else {
            return;
        };
        // Smooth at both ends, so that the fade itself adds no corner.
        let part = (index + 1) as f64 / (steps + 1) as f64;
        let weight = part * part * (3.0 - 2.0 * part);
        for (joint, (to, from)) in knot.iter_mut().zip(before.iter()).enumerate() {
            if join.joined.is_faded(joint) {
                *to = *from + weight * (*to - *from);
            }
        }
    }
}

/// Follows the new knots from where the earlier ones end, joint by joint, with changes of speed of `limit` a step at most: as fast as it can be stopped
/// again in time. Half of the limit is for that, so that there is something left for the corners of the knots themselves.
fn follow(
    earlier: &[Joints<f64>],
    new: &[Joints<f64>],
    joined: Joined,
    limit: f64,
) -> Vec<Joints<f64>> {
    let mut knots = new.to_vec();
    let Some(last) = earlier.last() else {
        return knots;
    };
    let joints = new.first().map_or(0, |knot| knot.len().min(last.len()));
    for joint in (0..joints).filter(|joint| joined.is_faded(*joint)) {
        let mut place = last[joint];
        let before = earlier.first().map_or(place, |knot| knot[joint]);
        let mut speed = place - before;
        for step in 0..new.len() {
            let goes = match step {
                0 => new.get(1).map_or(0.0, |next| next[joint] - new[0][joint]),
                _ => new[step][joint] - new[step - 1][joint],
            };
            // How far it lags behind the chunk, a step ago.
            let behind = new[step][joint] - goes - place;
            let catching_up = approach(behind.abs(), limit / 2.0).copysign(behind);
            speed = (goes + catching_up).clamp(speed - limit, speed + limit);
            place += speed;
            knots[step][joint] = place;
        }
    }
    knots
}

/// The largest step from which, with each step smaller by `brake` than the one before, it stops after just this distance: over m + 1 steps,
/// distance = (m + 1) step - brake m (m + 1) / 2.
fn approach(distance: f64, brake: f64) -> f64 {
    if brake <= 0.0 {
        return 0.0;
    }
    let m = (((1.0 + 8.0 * distance / brake).sqrt() - 1.0) / 2.0).floor();
    distance / (m + 1.0) + brake * m / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approach_stops_where_it_should() {
        for distance in [0.0, 0.05, 1.0, 2.0, 7.3, 100.0] {
            let (mut left, mut last) = (distance, f64::INFINITY);
            for _ in 0..200 {
                let step = approach(left, 0.5);
                assert!(step <= last + 0.5 + 1e-9 && step >= 0.0, "{distance}");
                assert!(
                    last.is_infinite() || last - step <= 0.5 + 1e-9,
                    "{distance}: {last} {step}"
                );
                left -= step;
                last = step;
            }
            assert!(left.abs() < 1e-9 && last < 1e-9, "{distance}: {left}");
        }
    }
}
