//! Public types of one name in several crates: a reader who searches for the one finds the other. Some names are right in two places.

use std::collections::{BTreeMap, BTreeSet};

/// Names that stay, and why.
const RIGHT_TWICE: [(&str, &str); 4] = [
    (
        "Encoding",
        "of a register's bits, of a video: each is the field's word, and they meet in no file",
    ),
    (
        "Engine",
        "of a bus, of a network: both are in the glossary, and they meet in no file",
    ),
    (
        "Progress",
        "how far a job of that crate has come, as every library calls it",
    ),
    ("Result", "a crate's own alias, as in the standard library"),
];

/// Takes the names that may stay out of `types` (name → crates); the answer is a sentence for each that is listed without need.
pub(super) fn without_allowed(types: &mut BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    types.retain(|_, crates| crates.len() > 1);
    let needless = RIGHT_TWICE.iter().filter_map(|(name, reason)| {
        let is_needed = types.remove(*name).is_some();
        (!is_needed).then(|| {
            format!("only one crate has a public `{name}`: take it out of homonyms.rs ({reason})")
        })
    });
    needless.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_crate_and_allowed_ones_do_not_count() {
        let crates = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut types = BTreeMap::from([
            ("Plan".to_owned(), crates(&["control", "recorder"])),
            ("Gate".to_owned(), crates(&["core"])),
            ("Result".to_owned(), crates(&["dataset", "hub"])),
            ("Engine".to_owned(), crates(&["bus"])),
        ]);
        let needless = without_allowed(&mut types);
        assert_eq!(types.keys().collect::<Vec<_>>(), ["Plan"]);
        assert_eq!(needless.len(), RIGHT_TWICE.len() - 1);
        assert!(needless.iter().any(|text| text.contains("`Engine`")));
    }
}
