//! The unsteadiness of a hand: slow drift, and the physiological tremor of 8 to 12 Hz.

use core::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::joints::{Joints, MAX_JOINTS};

/// Waves per joint and band: enough that the sum does not repeat within a session.
const WAVES: usize = 4;

/// Bands of frequency (Hz) and the amplitude of each of their waves (rad). Tremor on a held handle moves the joints of such an arm by
/// a step or two of their encoders.
const BANDS: [(core::ops::Range<f64>, f64); 2] = [(0.08..0.5, 0.003), (8.0..12.0, 0.0005)];

/// The noise swells up from nothing over this time, s.
const SWELL: f64 = 1.0;

/// Sums of sine waves: smooth, and known at every time without a history.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    joints: usize,
    waves: [[Wave; 2 * WAVES]; MAX_JOINTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Wave {
    amplitude: f64,
    frequency: f64,
    phase: f64,
}

impl Noise {
    pub(crate) fn new(seed: u64, joints: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::MAX);
        let mut waves = [[Wave::default(); 2 * WAVES]; MAX_JOINTS];
        for wave in waves
            .iter_mut()
            .take(joints)
            .flat_map(|joint| joint.iter_mut().enumerate())
        {
            let (frequencies, amplitude) = BANDS[wave.0 / WAVES].clone();
            *wave.1 = Wave {
                amplitude,
                frequency: rng.random_range(frequencies),
                phase: rng.random_range(0.0..TAU),
            };
        }
        Self { joints, waves }
    }

    /// What the joints are off by, rad, at this time in seconds since the hand took hold.
    pub(crate) fn at(&self, seconds: f64) -> Joints<f64> {
        let part = (seconds / SWELL).clamp(0.0, 1.0);
        let swell = part * part * (3.0 - 2.0 * part);
        Joints::from_fn(self.joints, |joint| {
            let waves = self.waves[joint].iter();
            let sum: f64 = waves
                .map(|wave| wave.amplitude * (TAU * wave.frequency * seconds + wave.phase).sin())
                .sum();
            swell * sum
        })
    }
}
