//! Temporal ensembling: every step wants a new chunk, and what several chunks say of one step is averaged.
//!
//! By LeRobot 0.6.2 (`ACTTemporalEnsembler`): prediction i of a step, counted from the oldest, weighs `exp(-coeff * i)`; the
//! average is kept up to date without keeping the chunks. It works on an integer clock of steps. LeRobot averages normalised
//! actions; the map to robot units is affine, so averaging those is the same.

use ulna_core::Joints;

/// The averages of the steps that are still to come.
#[derive(Debug, Clone)]
pub struct Ensemble {
    weights: Vec<f64>,
    /// `sums[k]` is the weight of k + 1 predictions together.
    sums: Vec<f64>,
    averages: Vec<Joints<f64>>,
    /// How many predictions are in each average.
    counts: Vec<usize>,
    /// The step that `averages[0]` belongs to.
    first: u64,
}

impl Ensemble {
    /// For chunks of `chunk_size` steps.
    pub fn new(coeff: f64, chunk_size: usize) -> Self {
        let weights: Vec<f64> = (0..chunk_size).map(|i| (-coeff * i as f64).exp()).collect();
        let sums = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            sums: sums.collect(),
            weights,
            averages: Vec::new(),
            counts: Vec::new(),
            first: 0,
        }
    }

    /// Takes the chunk that was made of the observation at `step` and returns the averages from that step on. Steps never go
    /// back; where some were left out, there are fewer predictions to average.
    pub fn add(&mut self, step: u64, chunk: &[Joints<f64>]) -> &[Joints<f64>] {
        let passed = usize::try_from(step.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let passed = passed.min(self.averages.len());
        self.averages.drain(..passed);
        self.counts.drain(..passed);
        self.first = step;
        let known = self.averages.iter_mut().zip(&mut self.counts);
        for ((average, count), new) in known.zip(chunk) {
            let before = self.sums[*count - 1];
            let weight = self.weights[(*count).min(self.weights.len() - 1)];
            let after = before + weight;
            for (average, new) in average.iter_mut().zip(new.iter()) {
                *average = (*average * before + new * weight) / after;
            }
            *count = (*count + 1).min(self.weights.len());
        }
        let known = self.averages.len().min(chunk.len());
        self.averages.extend_from_slice(&chunk[known..]);
        self.counts.resize(self.averages.len(), 1);
        &self.averages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(values: &[f64]) -> Vec<Joints<f64>> {
        values.iter().map(|v| Joints::filled(1, *v)).collect()
    }

    #[test]
    fn older_predictions_weigh_more_with_a_positive_coefficient() {
        let mut ensemble = Ensemble::new(1.0, 3);
        ensemble.add(0, &chunk(&[0.0, 0.0, 0.0]));
        let averages = ensemble.add(1, &chunk(&[1.0, 1.0, 1.0]));
        let share = (-1.0f64).exp() / (1.0 + (-1.0f64).exp());
        assert_eq!(averages.len(), 3);
        assert!((averages[0][0] - share).abs() < 1e-12);
        assert_eq!(averages[2][0], 1.0);
    }

    #[test]
    fn steps_that_were_left_out_are_forgotten() {
        let mut ensemble = Ensemble::new(0.0, 3);
        ensemble.add(0, &chunk(&[0.0, 2.0, 4.0]));
        let averages = ensemble.add(2, &chunk(&[6.0, 8.0, 9.0]));
        assert_eq!(
            averages.iter().map(|j| j[0]).collect::<Vec<_>>(),
            [5.0, 8.0, 9.0]
        );
        let averages = ensemble.add(90, &chunk(&[1.0, 2.0, 3.0]));
        assert_eq!(
            averages.iter().map(|j| j[0]).collect::<Vec<_>>(),
            [1.0, 2.0, 3.0]
        );
    }

    #[test]
    fn a_chunk_of_one_step_is_itself() {
        let mut ensemble = Ensemble::new(0.01, 1);
        assert_eq!(ensemble.add(0, &chunk(&[3.0]))[0][0], 3.0);
        assert_eq!(ensemble.add(1, &chunk(&[5.0]))[0][0], 5.0);
    }
}
