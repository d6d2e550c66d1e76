//! Which mutants are tried: as many of each part, by a seed.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::mutant::Mutant;

/// Draws `count` of the mutants that are taken, as many of each part as there are, in the order of their files.
pub(super) fn draw(
    mutants: Vec<Mutant>,
    seed: u64,
    count: usize,
    takes: impl Fn(&Mutant) -> bool,
) -> Vec<Mutant> {
    let mut parts: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
    for mutant in mutants.into_iter().filter(takes) {
        parts.entry(mutant.part.clone()).or_default().push(mutant);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for part in parts.values_mut() {
        part.shuffle(&mut rng);
    }
    let mut drawn = Vec::new();
    while drawn.len() < count && parts.values().any(|part| !part.is_empty()) {
        let left = count - drawn.len();
        drawn.extend(parts.values_mut().filter_map(Vec::pop).take(left));
    }
    drawn.sort_by(|a, b| (a.group, &a.name).cmp(&(b.group, &b.name)));
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutants() -> Vec<Mutant> {
        let one = |part: &str, number: usize| Mutant {
            group: usize::from(part == "engine"),
            part: part.to_owned(),
            name: format!("{part} {number:02}"),
            title: String::new(),
            line: String::new(),
            diff: String::new(),
        };
        let few = (0..3).map(|number| one("gate", number));
        few.chain((0..50).map(|number| one("engine", number)))
            .collect()
    }

    fn names(seed: u64, count: usize) -> Vec<String> {
        let drawn = draw(mutants(), seed, count, |_| true);
        drawn.into_iter().map(|mutant| mutant.name).collect()
    }

    #[test]
    fn every_part_gives_as_many_as_it_has_and_a_seed_says_which() {
        let drawn = names(1, 10);
        assert_eq!(drawn.len(), 10);
        assert_eq!(
            drawn.iter().filter(|name| name.starts_with("gate")).count(),
            3
        );
        assert_eq!(drawn, names(1, 10));
        assert_ne!(drawn, names(2, 10));
        assert_eq!(names(1, 1000).len(), 53);
    }
}
