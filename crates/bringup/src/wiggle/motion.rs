//! The motion of a wiggle, and how far it really went.

use std::f64::consts::TAU;
use std::time::Duration;

use ulna_control::Observer;
use ulna_core::{Action, ActionSource, Joints, Stamp, TickRecord};

/// How far to each side, degrees, ...
pub(super) const AMPLITUDE: f64 = 4.0;
/// ... how often, and how long each takes.
const ROUNDS: u32 = 2;
const ROUND: Duration = Duration::from_millis(800);

/// A sine around the place where a joint stands.
#[derive(Debug)]
pub(super) struct ToAndFro {
    centre: f64,
    start: Stamp,
}

impl ToAndFro {
    pub(super) fn new(centre: f64, start: Stamp) -> Self {
        Self { centre, start }
    }

    /// Rounds since the start.
    fn rounds(&self, now: Stamp) -> f64 {
        self.start.age(now).as_secs_f64() / ROUND.as_secs_f64()
    }
}

impl ActionSource for ToAndFro {
    fn action(&mut self, now: Stamp) -> Option<Action> {
        let target = self.centre + AMPLITUDE * (self.rounds(now) * TAU).sin();
        Some(Action {
            stamp: now,
            target: Joints::filled(1, target),
        })
    }

    fn finished(&self, now: Stamp) -> bool {
        self.rounds(now) >= f64::from(ROUNDS)
    }
}

/// The lowest and the highest place at which a joint was measured, degrees.
#[derive(Debug)]
pub(super) struct Travel {
    low: f64,
    high: f64,
}

impl Travel {
    pub(super) fn from(here: f64) -> Self {
        Self {
            low: here,
            high: here,
        }
    }

    pub(super) fn degrees(&self) -> f64 {
        self.high - self.low
    }
}

impl Observer for Travel {
    fn observe(&mut self, record: &TickRecord) {
        let state = &record.state;
        if state.measured.first().is_some_and(|&at| at > Stamp::ZERO) {
            let here = state.position[0];
            (self.low, self.high) = (self.low.min(here), self.high.max(here));
        }
    }
}
