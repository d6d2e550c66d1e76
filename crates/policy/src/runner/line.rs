//! Lines of targets by step, and how sharp their corners are.

use ulna_core::Joints;

/// Targets by step.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Line {
    /// The step of the first knot.
    pub(super) first: u64,
    pub(super) knots: Vec<Joints<f64>>,
    /// The first step that is not committed: what lies beyond is there for fading and for coming to rest.
    pub(super) end: u64,
    /// The sharpest corner of the chunk that it was made of, as far as that is carried out.
    pub(super) sharpest: f64,
}

impl Line {
    /// The knot of a step; before the first and after the last, that one.
    pub(super) fn at(&self, step: u64) -> Option<Joints<f64>> {
        let place = usize::try_from(step.saturating_sub(self.first)).ok()?;
        let last = self.knots.len().checked_sub(1)?;
        self.knots.get(place.min(last)).copied()
    }

    /// The same, going on in the last direction after the last knot: what the plan would have been, as far as one can tell.
    pub(super) fn beyond(&self, step: u64) -> Option<Joints<f64>> {
        let last = self.knots.len().checked_sub(1)?;
        let place = usize::try_from(step.saturating_sub(self.first)).ok()?;
        if place <= last || last == 0 {
            return self.at(step);
        }
        let (before, end) = (&self.knots[last - 1], &self.knots[last]);
        let further = (place - last) as f64;
        Some(Joints::from_fn(end.len().min(before.len()), |joint| {
            end[joint] + further * (end[joint] - before[joint])
        }))
    }
}

/// What is being played: the plan, and the target that it gives at a step, where the arm may be coming to rest.
pub(super) struct Playing<'a> {
    pub(super) line: &'a Line,
    pub(super) target: &'a dyn Fn(u64) -> Option<Joints<f64>>,
}

/// Which joints are joined smoothly where one chunk follows another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Joined {
    /// A bit for each joint that is not: it goes to its new target at once.
    pub(super) left_out: u32,
}

impl Joined {
    pub(super) fn is_faded(self, joint: usize) -> bool {
        self.left_out & (1 << joint) == 0
    }

    /// How sharp the corner at the middle one of three knots is: its change of speed, by the largest joint that is faded.
    fn corner(self, [a, b, c]: [&Joints<f64>; 3]) -> f64 {
        let joints = a.iter().zip(b.iter().zip(c.iter())).enumerate();
        let faded = joints.filter(|(joint, _)| self.is_faded(*joint));
        let turns = faded.map(|(_, (a, (b, c)))| (c - 2.0 * b + a).abs());
        turns.fold(0.0, f64::max)
    }

    /// The sharpest corner of these knots.
    pub(super) fn sharpest(self, knots: &[Joints<f64>]) -> f64 {
        let corners = knots.windows(3);
        let corners = corners.map(|knots| self.corner([&knots[0], &knots[1], &knots[2]]));
        corners.fold(0.0, f64::max)
    }
}
