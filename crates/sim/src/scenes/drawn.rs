//! Numbers of a scene file that may be drawn again for each layout.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

/// One number, or a range of them.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a number, or a range as { from = A, to = B }"
)]
pub enum Drawn {
    /// Always this.
    One(f64),
    /// Drawn evenly.
    Between {
        /// The lowest.
        from: f64,
        /// The highest.
        to: f64,
    },
}

impl Default for Drawn {
    fn default() -> Self {
        Self::One(0.0)
    }
}

impl Drawn {
    /// The lowest and the highest.
    pub fn ends(self) -> (f64, f64) {
        match self {
            Self::One(value) => (value, value),
            Self::Between { from, to } => (from, to),
        }
    }

    /// Halfway between them.
    pub fn middle(self) -> f64 {
        let (from, to) = self.ends();
        from + (to - from) / 2.0
    }
}

/// Refuses what reaches out of these bounds, or is NaN or no range.
pub(crate) fn span(name: &str, span: Drawn, (low, high): (f64, f64)) -> Result<(), String> {
    let (from, to) = span.ends();
    let inside = |value: f64| (low..=high).contains(&value);
    match inside(from) && inside(to) && from <= to {
        true => Ok(()),
        false if matches!(span, Drawn::One(_)) => {
            Err(format!("{name} {from} is not between {low} and {high}"))
        }
        false => Err(format!(
            "{name} from {from} to {to} is no range between {low} and {high}"
        )),
    }
}

/// What draws: by chance, or always the middle of a range and the first of a list.
#[derive(Debug)]
pub(crate) struct Dice(Option<ChaCha8Rng>);

impl Dice {
    /// Dice of this seed for the layout of this number.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        Self(Some(random))
    }

    /// No dice.
    pub(crate) fn middle() -> Self {
        Self(None)
    }

    /// A number out of a range.
    pub(crate) fn span(&mut self, span: Drawn) -> f64 {
        match (&mut self.0, span.ends()) {
            (Some(random), (from, to)) if from < to => random.random_range(from..=to),
            _ => span.middle(),
        }
    }

    /// A number that is off 0 by `most` at most.
    pub(crate) fn off(&mut self, most: f64) -> f64 {
        self.span(Drawn::Between {
            from: -most,
            to: most,
        })
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        match &mut self.0 {
            Some(random) if !list.is_empty() => list.get(random.random_range(0..list.len())),
            _ => list.first(),
        }
    }

    /// A seed for other dice; `None` without dice.
    pub(crate) fn seed(&mut self) -> Option<u64> {
        self.0.as_mut().map(|random| random.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_keep_their_range_and_no_dice_the_middle() {
        let range = Drawn::Between {
            from: -1.0,
            to: 3.0,
        };
        let mut dice = Dice::new(5, 2);
        let drawn: Vec<f64> = (0..200).map(|_| dice.span(range)).collect();
        assert!(drawn.iter().all(|value| (-1.0..=3.0).contains(value)));
        assert!(drawn.iter().any(|v| *v < 0.0) && drawn.iter().any(|v| *v > 2.0));
        assert_eq!(Dice::new(5, 2).span(range), drawn[0]);
        assert_ne!(Dice::new(5, 3).span(range), drawn[0]);
        assert_eq!(dice.span(Drawn::One(0.3)), 0.3);
        let mut none = Dice::middle();
        assert_eq!((none.span(range), none.off(2.0)), (1.0, 0.0));
        assert_eq!((none.pick(&[7, 8]), none.seed()), (Some(&7), None));
    }
}
