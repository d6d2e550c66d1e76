//! What goes wrong on a simulated bus, by plan: reproducible for a seed, byte for byte.

use core::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) mod parse;

pub use parse::FaultParseError;

/// Longest run of noise bytes.
const LONGEST_BURST: usize = 8;

/// One thing that goes wrong. Probabilities are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Each byte, in either direction, may get lost.
    Drop {
        /// For one byte.
        probability: f64,
    },
    /// In each byte, in either direction, one bit may turn over.
    Flip {
        /// For one byte.
        probability: f64,
    },
    /// Up to eight random bytes may precede an answer, which is delayed by their time on the wire.
    Burst {
        /// For one answer.
        probability: f64,
    },
    /// The host may get an answer late, as an adapter's or an operating system's buffer has it: the wire is free
    /// meanwhile, and bytes keep their order.
    Late {
        /// By this much.
        by: Duration,
        /// For one answer.
        probability: f64,
    },
    /// A servo loses its power for a moment: it goes limp, forgets its volatile registers and comes back unasked. In steps
    /// of 10 ms.
    Reset {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        at: Duration,
    },
    /// A servo neither hears nor answers. Its motor goes on doing what it was told last: the data line is cut, not the
    /// power.
    Dead {
        /// The servo.
        id: u8,
        /// Since the run's epoch.
        from: Duration,
        /// How long; [`Duration::MAX`] for ever.
        lasting: Duration,
    },
}

/// Everything that goes wrong in one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultPlan {
    /// Equal seeds and equal traffic give equal faults.
    pub seed: u64,
    /// In any number; each draws from a random stream of its own, so that adding one does not move the others.
    pub faults: Vec<Fault>,
}

/// A plan at work.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    active: Vec<(Fault, ChaCha8Rng)>,
    noise: [u8; LONGEST_BURST],
}

impl Faults {
    pub(crate) fn new(plan: &FaultPlan) -> Self {
        let active = (0..).zip(&plan.faults).map(|(stream, &fault)| {
            let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
            random.set_stream(stream);
            (fault, random)
        });
        Self {
            active: active.collect(),
            noise: [0; LONGEST_BURST],
        }
    }

    /// What becomes of a byte on the wire; `None` when it gets lost.
    pub(crate) fn damage(&mut self, byte: u8) -> Option<u8> {
        let mut result = Some(byte);
        for (fault, random) in &mut self.active {
            match *fault {
                Fault::Drop { probability } if strikes(random, probability) => result = None,
                Fault::Flip { probability } if strikes(random, probability) => {
                    let bit = random.random_range(0..8);
                    result = result.map(|byte| byte ^ 1 << bit);
                }
                _ => {}
            }
        }
        result
    }

    /// Noise ahead of the next answer, mostly none.
    pub(crate) fn noise(&mut self) -> &[u8] {
        let mut count = 0;
        for (fault, random) in &mut self.active {
            if let Fault::Burst { probability } = *fault
                && strikes(random, probability)
            {
                count = random.random_range(1..=LONGEST_BURST);
                random.fill(&mut self.noise[..count]);
            }
        }
        &self.noise[..count]
    }

    /// How late the host gets the next answer.
    pub(crate) fn lateness(&mut self) -> Duration {
        let mut late = Duration::ZERO;
        for (fault, random) in &mut self.active {
            if let Fault::Late { by, probability } = *fault
                && strikes(random, probability)
            {
                late = late.saturating_add(by);
            }
        }
        late
    }

    /// Whether servo `id` loses its power after `from` and not after `to`.
    pub(crate) fn resets(&self, id: u8, from: Duration, to: Duration) -> bool {
        let due = |at| from < at && at <= to;
        self.active.iter().any(|&(fault, _)| match fault {
            Fault::Reset { id: weak, at } => id == weak && due(at),
            _ => false,
        })
    }

    /// Whether servo `id` is cut off at `now`.
    pub(crate) fn is_dead(&self, id: u8, now: Duration) -> bool {
        self.active.iter().any(|(fault, _)| match *fault {
            Fault::Dead {
                id: dead,
                from,
                lasting,
            } => id == dead && now >= from && now < from.saturating_add(lasting),
            _ => false,
        })
    }
}

/// A probability that is no number counts as 0, so that plans made in code cannot bring a run down.
fn strikes(random: &mut ChaCha8Rng, probability: f64) -> bool {
    random.random::<f64>() < probability
}
