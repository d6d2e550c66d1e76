//! A plan at work.

use core::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::fault::kinds::{Fault, FaultPlan, Firmware};
use crate::plant::Sense;

/// Longest run of noise bytes.
const LONGEST_BURST: usize = 8;

/// Current of a stalled motor, A: 7.4 V over the STS3215's winding of 2.7 Ω. It is below the servo's own limit, since an overload is
/// what the fault is called.
const STALL_CURRENT: f64 = 2.7;

/// A plan and its sources of chance.
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
        self.any(|fault| match fault {
            Fault::Reset { id: weak, at } => id == weak && from < at && at <= to,
            _ => false,
        })
    }

    /// The firmware of servo `id`, if it has another one than new servos have.
    pub(crate) fn firmware(&self, id: u8) -> Option<Firmware> {
        let mut firmwares = self.active.iter().filter_map(|&(fault, _)| match fault {
            Fault::Firmware { id: old, version } if old.is_none_or(|old| old == id) => {
                Some(version)
            }
            _ => None,
        });
        firmwares.next_back()
    }

    /// Whether servo `id` is cut off at `now`.
    pub(crate) fn is_dead(&self, id: u8, now: Duration) -> bool {
        self.any(|fault| match fault {
            Fault::Dead {
                id: dead,
                from,
                lasting,
            } => id == dead && within(now, from, lasting),
            _ => false,
        })
    }

    /// Whether servo `id` repeats itself at `now`.
    pub(crate) fn is_stuck(&self, id: u8, now: Duration) -> bool {
        self.any(|fault| match fault {
            Fault::Stuck {
                id: stuck,
                from,
                lasting,
            } => id == stuck && within(now, from, lasting),
            _ => false,
        })
    }

    /// Whether the cable into servo `id`, or the one into all of them, is pulled at `now`.
    pub(crate) fn cable_pulled(&self, id: Option<u8>, now: Duration) -> bool {
        self.any(|fault| match fault {
            Fault::Unplug {
                first,
                from,
                lasting,
            } => id == first && within(now, from, lasting),
            _ => false,
        })
    }

    /// What servo `id` signs its answers with.
    pub(crate) fn signature(&self, id: u8, now: Duration) -> u8 {
        let forged = self.active.iter().find_map(|&(fault, _)| match fault {
            Fault::WrongId {
                id: forger,
                signs,
                from,
                lasting,
            } if id == forger && within(now, from, lasting) => Some(signs),
            _ => None,
        });
        forged.unwrap_or(id)
    }

    /// Changes what servo `id` measures at `now`.
    pub(crate) fn distort(&self, id: u8, now: Duration, sense: &mut Sense) {
        for &(fault, _) in &self.active {
            match fault {
                Fault::LowVoltage {
                    volts,
                    from,
                    lasting,
                } if within(now, from, lasting) => sense.voltage = sense.voltage.min(volts),
                Fault::Overload {
                    id: strained,
                    from,
                    lasting,
                } if id == strained && within(now, from, lasting) => {
                    sense.duty = 1.0_f64.copysign(sense.duty);
                    sense.current = sense.current.abs().max(STALL_CURRENT);
                }
                Fault::Overheat {
                    id: hot,
                    celsius,
                    from,
                    lasting,
                } if id == hot && within(now, from, lasting) => {
                    sense.temperature = sense.temperature.max(celsius);
                }
                _ => {}
            }
        }
    }

    /// What the supply gives at `now` at most, V; `None` if it is sound.
    pub(crate) fn supply(&self, now: Duration) -> Option<f64> {
        let volts = self.active.iter().filter_map(|&(fault, _)| match fault {
            Fault::LowVoltage {
                volts,
                from,
                lasting,
            } if within(now, from, lasting) => Some(volts),
            _ => None,
        });
        volts.reduce(f64::min)
    }

    fn any(&self, applies: impl Fn(Fault) -> bool) -> bool {
        self.active.iter().any(|&(fault, _)| applies(fault))
    }
}

fn within(now: Duration, from: Duration, lasting: Duration) -> bool {
    now >= from && now < from.saturating_add(lasting)
}

/// A probability of NaN counts as 0, so that a plan made in code cannot make a run panic.
fn strikes(random: &mut ChaCha8Rng, probability: f64) -> bool {
    random.random::<f64>() < probability
}
