//! Friction, play and delay of an arm, fitted to recordings of it.
//!
//! What is minimised is the geometric mean of the joints' ratios, so that each joint counts by how much better than a delay it is played.
//! The search looks one step up and down each number in turn, goes where it is better, and halves its steps where nothing is: there are three
//! numbers and one valley.

use ulna_robot::SimulationSpec;

use super::class::{mean_ratio, score};
use super::play::PlayError;
use super::{RecordedArm, RecordedMotion};

/// How far from the models' own the numbers may go. Beyond lies no servo, but a fit of what the recording does not show.
const FRICTION: (f64, f64) = (0.4, 2.5);
const PLAY: (f64, f64) = (0.0, 3.0);
const DELAY_MS: (f64, f64) = (0.0, 40.0);
/// The first step of each: of the friction's logarithm, of the play in parts, of the delay in ms.
const STEPS: [f64; 3] = [0.35, 0.6, 4.0];
/// How often the steps are halved.
const HALVINGS: usize = 4;
/// What must be won for a step to be worth it: below lies what single frames make of it.
const WORTH: f64 = 1e-4;
/// Most simulations of all recordings.
const MOST: usize = 90;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// How the servos are to be simulated.
    pub simulation: SimulationSpec,
    /// The mean ratio on the recordings before and after.
    pub ratio: (f64, f64),
    /// How many times the recordings were played.
    pub plays: usize,
}

/// Fits friction, play and delay of an arm, whose motor stays. `None` if no joint of the recordings can be judged.
///
/// `proceed` is asked before each simulation, with how many there were and the most that there can be.
///
/// # Errors
/// If the arm cannot be simulated.
pub fn fit(
    arm: &RecordedArm,
    recordings: &[RecordedMotion],
    mut proceed: impl FnMut(usize, usize) -> bool,
) -> Result<Option<Fitted>, PlayError> {
    let start = numbers(&arm.kind.simulation);
    let mut plays = 0;
    let mut at = |point: [f64; 3], plays: &mut usize| -> Result<Option<f64>, PlayError> {
        if *plays >= MOST || !proceed(*plays, MOST) {
            return Ok(None);
        }
        *plays += 1;
        let arm = arm.with(simulation(&arm.kind.simulation, point));
        let scores = score(&arm, recordings)?.joints(&arm.degrees_per_unit());
        Ok(mean_ratio(&arm.kind, &scores))
    };
    let Some(first) = at(start, &mut plays)? else {
        return Ok(None);
    };
    let (mut best, mut ratio) = (start, first);
    let mut steps = STEPS;
    for _ in 0..=HALVINGS {
        let mut won = true;
        while won {
            won = false;
            for number in 0..3 {
                for way in [1.0, -1.0] {
                    let mut point = best;
                    point[number] += way * steps[number];
                    let point = bounded(point);
                    if point == best {
                        continue;
                    }
                    let found = at(point, &mut plays)?;
                    if let Some(found) = found.filter(|found| *found < ratio - WORTH) {
                        (best, ratio, won) = (point, found, true);
                        break;
                    }
                }
            }
        }
        steps = steps.map(|step| step / 2.0);
    }
    Ok(Some(Fitted {
        simulation: simulation(&arm.kind.simulation, best),
        ratio: (first, ratio),
        plays,
    }))
}

fn numbers(simulation: &SimulationSpec) -> [f64; 3] {
    bounded([
        simulation.friction.max(FRICTION.0).ln(),
        simulation.play,
        simulation.action_delay_ms,
    ])
}

fn bounded([friction, play, delay]: [f64; 3]) -> [f64; 3] {
    [
        friction.clamp(FRICTION.0.ln(), FRICTION.1.ln()),
        play.clamp(PLAY.0, PLAY.1),
        delay.clamp(DELAY_MS.0, DELAY_MS.1),
    ]
}

fn simulation(of: &SimulationSpec, [friction, play, delay]: [f64; 3]) -> SimulationSpec {
    SimulationSpec {
        motor: of.motor.clone(),
        friction: friction.exp(),
        play,
        action_delay_ms: delay,
    }
}
