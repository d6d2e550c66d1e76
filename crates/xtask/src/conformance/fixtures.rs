//! The other direction: ulna reads what LeRobot wrote. The comparisons are tests of crate `dataset`; here they are run
//! and counted.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::report::{Outcome, Report};
use crate::command::cargo;

/// Runs the tests on LeRobot's fixtures; each is one check.
pub(crate) fn check(report: &mut Report, root: &Path) -> Result<()> {
    report.section("ulna reads what Python LeRobot wrote")?;
    let output = cargo(root)
        .args([
            "test",
            "--quiet",
            "--no-fail-fast",
            "--workspace", // with the features that others' crates have there, so that none is built again
        ])
        .args(["--test", "fixtures", "--test", "pictures"])
        .args(["--", "--show-output", "--format", "pretty"])
        .output()
        .context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tests = parse(&text);
    for (name, test) in &tests {
        report.line(test.outcome, &name.replace('_', " "), &test.said)?;
    }
    let failures = tests.values().any(|test| test.outcome == Outcome::Failed);
    if tests.is_empty() || (!output.status.success() && !failures) {
        let errors = String::from_utf8_lossy(&output.stderr);
        report.line(Outcome::Failed, "the tests", errors.trim())?;
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Test {
    outcome: Outcome,
    /// The first line that it printed, if any.
    said: String,
}

/// The tests in what `cargo test -- --show-output` prints, by name.
fn parse(text: &str) -> BTreeMap<String, Test> {
    let mut tests = BTreeMap::new();
    let mut speaker: Option<&str> = None;
    for line in text.lines() {
        if let Some((name, result)) = line
            .strip_prefix("test ")
            .and_then(|l| l.split_once(" ... "))
        {
            let outcome = match result {
                "ok" => Outcome::Passed,
                "ignored" => Outcome::Skipped,
                _ => Outcome::Failed,
            };
            let said = String::new();
            tests.insert(name.to_owned(), Test { outcome, said });
        } else if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|l| l.strip_suffix(" stdout ----"))
        {
            speaker = Some(name);
        } else if let Some(name) = speaker
            && !line.is_empty()
        {
            if let Some(test) = tests.get_mut(name) {
                test.said = line.to_owned();
                if let Some(why) = line.strip_prefix("SKIPPED: ") {
                    test.outcome = Outcome::Skipped;
                    test.said = why.to_owned();
                }
            }
            speaker = None;
        }
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 3 tests
test a_value ... ok
test b_value ... ok
test c_value ... FAILED

successes:

---- b_value stdout ----
SKIPPED: no fixtures
and more

failures:

---- c_value stdout ----

thread 'c_value' panicked
";

    #[test]
    fn tests_are_counted_and_quoted() {
        let tests = parse(OUTPUT);
        let of = |name: &str| (tests[name].outcome, tests[name].said.as_str());
        assert_eq!(tests.len(), 3);
        assert_eq!(of("a_value"), (Outcome::Passed, ""));
        assert_eq!(of("b_value"), (Outcome::Skipped, "no fixtures"));
        assert_eq!(
            of("c_value"),
            (Outcome::Failed, "thread 'c_value' panicked")
        );
    }
}
