//! Arrows between crates: the table of crates in ARCHITECTURE.md is the allow-list, the manifests are what is.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Crate → the crates that it may use.
pub(super) type Allowed = BTreeMap<String, Vec<String>>;

/// Reads the lines `| name | … | a b c |` of the page's table; `–` is none, `all above` is all named before.
pub(super) fn allow_list(page: &str) -> Allowed {
    let mut allowed = Allowed::new();
    let mut before = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(first), Some(last)) = (cells.first(), cells.last()) else {
            continue;
        };
        let name = first.trim_matches('`').to_owned();
        let uses = match *last {
            "–" => Vec::new(),
            "all above" => before.clone(),
            list => list.split_whitespace().map(str::to_owned).collect(),
        };
        before.push(name.clone());
        allowed.insert(name, uses);
    }
    allowed
}

/// The kinds of tables of dependencies.
const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Every dependency of a manifest, those for some targets only included.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let by_target = targets.into_iter().flat_map(Table::values);
    let tables = by_target.filter_map(Value::as_table);
    tables
        .chain([manifest])
        .flat_map(|table| SECTIONS.map(|section| table.get(section)))
        .filter_map(|section| section.and_then(Value::as_table))
        .flatten()
}

/// What is wrong with a crate's manifest.
pub(super) fn faults(name: &str, manifest: &Table, allowed: &Allowed) -> Vec<String> {
    let Some(may_use) = allowed.get(name) else {
        return vec![format!(
            "crates/{name} is not in ARCHITECTURE.md's table of crates"
        )];
    };
    let mut faults = Vec::new();
    for (dependency, value) in dependencies(manifest) {
        if value.get("workspace").and_then(Value::as_bool) != Some(true) {
            faults.push(format!(
                "crates/{name}: `{dependency}` is not declared in the root manifest"
            ));
        }
        if let Some(other) = dependency
            .strip_prefix("ulna-")
            .filter(|other| !may_use.iter().any(|may| may == other))
        {
            faults.push(format!(
                "crates/{name} uses {other}, which ARCHITECTURE.md does not allow"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    const PAGE: &str = "| crate | what | may use |\n|---|---|---|\n| `core` | types | – |\n| `sim` | servos | core |\n| `app` | glue | all above |\n";

    fn faults(name: &str, manifest: &str) -> Vec<String> {
        super::faults(name, &manifest.parse().unwrap(), &super::allow_list(PAGE))
    }

    #[test]
    fn arrows_are_those_of_the_table() {
        let uses_sim = "[dependencies]\nulna-sim.workspace = true";
        assert!(faults("app", uses_sim).is_empty());
        assert_eq!(
            faults("core", uses_sim),
            ["crates/core uses sim, which ARCHITECTURE.md does not allow"]
        );
        assert_eq!(
            faults("sim", "[dev-dependencies]\nulna-app.workspace = true").len(),
            1
        );
        assert_eq!(faults("web", "").len(), 1);
        assert_eq!(faults("app", "[dependencies]\nserde = \"1\"").len(), 1);
    }

    #[test]
    fn dependencies_of_some_targets_are_arrows_too() {
        let linux = "[target.'cfg(target_os = \"linux\")'.dependencies]\n";
        let faults = |rest: &str| faults("core", &format!("{linux}{rest}"));
        assert_eq!(faults("ulna-sim.workspace = true").len(), 1);
        assert_eq!(faults("serde = \"1\"").len(), 1);
        assert_eq!(faults("serde.workspace = true").len(), 0);
    }
}
