//! Normally distributed noise, number by number what PyTorch draws on a CPU after `torch.manual_seed`.
//!
//! The generator is the Mersenne Twister; how its numbers become normal ones is PyTorch's (`DistributionTemplates.h`): tensors of 16 numbers
//! and more by Box and Muller in blocks of 16, smaller ones pair by pair in double precision.

use std::f64::consts::TAU;

use rand_mt::Mt;

/// A source of noise.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    twister: Mt,
    /// The second number of a pair.
    kept: Option<f64>,
}

/// Numbers that are made together.
const BLOCK: usize = 16;

impl Noise {
    /// What `torch.manual_seed(seed)` begins.
    pub(crate) fn seeded(seed: u32) -> Self {
        Self {
            twister: Mt::new(seed),
            kept: None,
        }
    }

    /// `torch.randn` of as many numbers as `out` has.
    pub(crate) fn fill(&mut self, out: &mut [f32]) {
        if out.len() < BLOCK {
            out.iter_mut().for_each(|value| *value = self.one());
            return;
        }
        out.iter_mut().for_each(|value| *value = self.uniform());
        let whole = out.len() / BLOCK * BLOCK;
        out[..whole].chunks_mut(BLOCK).for_each(box_muller);
        if whole < out.len() {
            // PyTorch draws the last block again, over numbers that are already there.
            let start = out.len() - BLOCK;
            let last = &mut out[start..];
            last.iter_mut().for_each(|value| *value = self.uniform());
            box_muller(last);
        }
    }

    /// From 0 to below 1, in steps of 2^-24.
    fn uniform(&mut self) -> f32 {
        (self.twister.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0
    }

    /// From 0 to below 1, in steps of 2^-53.
    fn uniform_double(&mut self) -> f64 {
        let high = u64::from(self.twister.next_u32());
        let low = u64::from(self.twister.next_u32());
        let bits = (high << 32 | low) & ((1 << 53) - 1);
        bits as f64 / (1u64 << 53) as f64
    }

    #[allow(clippy::cast_possible_truncation)]
    fn one(&mut self) -> f32 {
        if let Some(kept) = self.kept.take() {
            return kept as f32;
        }
        let (first, second) = (self.uniform_double(), self.uniform_double());
        let radius = (-2.0 * (-second).ln_1p()).sqrt();
        let angle = TAU * first;
        self.kept = Some(radius * angle.sin());
        (radius * angle.cos()) as f32
    }
}

/// Uniform numbers become normal ones: the first half of a block gives the radii, the second the angles.
fn box_muller(block: &mut [f32]) {
    for place in 0..BLOCK / 2 {
        let (first, second) = (1.0 - block[place], block[place + BLOCK / 2]);
        let radius = (-2.0 * first.ln()).sqrt();
        let angle = std::f32::consts::TAU * second;
        block[place] = radius * angle.cos();
        block[place + BLOCK / 2] = radius * angle.sin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(noise: &mut Noise, len: usize) -> Vec<f32> {
        let mut out = vec![0.0; len];
        noise.fill(&mut out);
        out
    }

    fn close(given: &[f32], wanted: &[f32]) -> bool {
        given.len() == wanted.len() && given.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 2e-6)
    }

    // As PyTorch prints them.
    #[allow(clippy::excessive_precision)]
    mod expected {
        include!("noise/expected.rs");
    }
    use expected::*;

    #[test]
    fn it_is_what_pytorch_draws() {
        let mut noise = Noise::seeded(7);
        assert!(close(&drawn(&mut noise, 16), &SIXTEEN));
        assert!(close(&drawn(&mut noise, 20), &TWENTY));
        assert!(close(&drawn(&mut noise, 5), &FIVE));
        assert!(close(&drawn(&mut noise, 18)[14..], &LAST_OF_EIGHTEEN));
    }
}
