//! Datasets as the world writes them: each is opened with Python LeRobot and with ulna. ulna opens whatever LeRobot opens,
//! with the same values; its check finds an error where LeRobot fails, and none where LeRobot reads rightly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::{Outcome, Report};
use super::{python_script, sources};
use crate::command::built_ulna;

/// Kinds of errors about datasets that LeRobot reads frame by frame: what they are about is wrong in training, not in reading.
const BEYOND_READING: [&str; 10] = [
    "declared-rate",
    "episode-table",
    "frame-index",
    "index",
    "not-finite",
    "range",
    "row-order",
    "statistics",
    "tasks",
    "total-frames",
];

/// Compares all cases of the fixtures, then their siblings, which are made from them with one thing changed each; prints one
/// line for each: LeRobot, ulna, the check.
pub(crate) fn check(report: &mut Report, root: &Path, python: &Path) -> Result<()> {
    report.section("Datasets as the world writes them: LeRobot · ulna · ulna dataset check")?;
    let fixtures = std::env::var_os("ULNA_FIXTURES")
        .map_or_else(|| root.join("../shared/fixtures"), PathBuf::from);
    let cases = fixtures.join("cases");
    if !cases.is_dir() {
        let why = format!("{} is absent", cases.display());
        return report.line(Outcome::Skipped, "all cases", &why);
    }
    let scratch = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let both = Both {
        root,
        python,
        scratch: scratch.path(),
    };
    both.compare(report, &cases)?;
    report.section("Their siblings, with one thing changed each")?;
    let siblings = scratch.path().join("siblings");
    std::fs::create_dir(&siblings)?;
    let mut script = python_script(root, scratch.path(), python, "make_siblings.py");
    let made = script
        .arg(&cases)
        .arg(&siblings)
        .output()
        .context("cannot start Python")?;
    if !made.status.success() {
        let errors = String::from_utf8_lossy(&made.stderr);
        let last = errors.lines().last().unwrap_or_default();
        return report.line(Outcome::Failed, "make_siblings.py", last);
    }
    both.compare(report, &siblings)
}

/// What both programs are run with.
struct Both<'a> {
    root: &'a Path,
    python: &'a Path,
    scratch: &'a Path,
}

impl Both<'_> {
    /// Opens every dataset below a folder with both.
    fn compare(&self, report: &mut Report, cases: &Path) -> Result<()> {
        let dumps = self.scratch.join("dumps");
        let mut names: Vec<String> = std::fs::read_dir(cases)?
            .flatten()
            .filter(|entry| entry.path().join("meta/info.json").is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let mut ours = Vec::new();
        for name in &names {
            let case = cases.join(name);
            let mut dump = sources::helper(self.root)?;
            dump.arg("dump").arg(&case).arg(dumps.join(name));
            let opens = dump
                .output()
                .context("cannot start the helper")?
                .status
                .success();
            ours.push((opens, findings(self.root, &case)?));
        }
        let out = self.scratch.join("lerobot.json");
        let mut script = python_script(self.root, self.scratch, self.python, "open_cases.py");
        let ended = script.arg(cases).arg(&dumps).arg(&out).output();
        let ended = ended.context("cannot start Python")?;
        let text = std::fs::read(&out).with_context(|| {
            let errors = String::from_utf8_lossy(&ended.stderr);
            format!(
                "open_cases.py: {}",
                errors.lines().last().unwrap_or_default()
            )
        })?;
        let theirs: Value = serde_json::from_slice(&text)?;
        for (name, (opens, findings)) in names.iter().zip(&ours) {
            let (outcome, figures) = verdict(&theirs[name], *opens, findings);
            report.line(outcome, name, &figures)?;
        }
        Ok(std::fs::remove_file(&out)?)
    }
}

/// The findings of `ulna dataset check`: severity and code, each once.
fn findings(root: &Path, case: &Path) -> Result<Vec<(String, String)>> {
    let mut command = Command::new(built_ulna(root)?);
    command.args(["dataset", "check", "--json"]).arg(case);
    let output = command.output().context("cannot start ulna")?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("ulna dataset check {}", case.display()))?;
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let all = answer["findings"].as_array().into_iter().flatten();
    let mut found: Vec<(String, String)> = all
        .map(|finding| (word(finding, "severity"), word(finding, "code")))
        .collect();
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether ulna does at least as well as LeRobot, and what each of them says.
fn verdict(theirs: &Value, ours: bool, findings: &[(String, String)]) -> (Outcome, String) {
    let opens = theirs["opens"] == true;
    let list = |key: &str| {
        theirs[key]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    };
    let (bad, differ) = (list("bad"), list("differ"));
    let errors: Vec<&str> = findings
        .iter()
        .filter(|(severity, _)| severity == "error")
        .map(|(_, code)| code.as_str())
        .collect();
    // Where the check says that LeRobot gives frames the wrong text, or those of other rows, ulna's are others.
    let other_tasks = errors.contains(&"tasks");
    let other_rows = ["episode-table", "row-order"]
        .iter()
        .any(|code| errors.contains(code));
    let differ: Vec<&str> = differ
        .iter()
        .filter_map(Value::as_str)
        .filter(|difference| !(other_rows || other_tasks && difference.starts_with("task of")))
        .collect();
    let reads = opens && bad.is_empty();
    let needless: Vec<&&str> = errors
        .iter()
        .filter(|code| !BEYOND_READING.contains(*code))
        .collect();
    let fault = match () {
        // What LeRobot reads, ulna reads; what it reads in part, ulna need not dump as a whole.
        () if reads && !ours => Some("LeRobot opens it, ulna does not".to_owned()),
        () if reads && !differ.is_empty() => {
            Some(format!("{} differences: {}", differ.len(), differ[0]))
        }
        () if reads && !needless.is_empty() => {
            Some(format!("an error although LeRobot reads it: {needless:?}"))
        }
        () if !reads && errors.is_empty() => Some("no error although LeRobot fails".to_owned()),
        () => None,
    };
    let lerobot = match (opens, bad.first()) {
        (true, None) => format!("{} frames", theirs["frames"]),
        (true, Some(first)) => format!("{} frames, {} fail ({first})", theirs["frames"], bad.len()),
        (false, _) => format!("fails ({})", theirs["why"].as_str().unwrap_or("killed")),
    };
    let ulna = if ours {
        "reads it"
    } else {
        "reads it in part, or not"
    };
    let codes: Vec<String> = findings
        .iter()
        .map(|(severity, code)| format!("{severity} {code}"))
        .collect();
    let codes = if codes.is_empty() {
        "nothing found".to_owned()
    } else {
        codes.join(", ")
    };
    let figures = format!("{lerobot} · {ulna} · {codes}");
    match fault {
        None => (Outcome::Passed, figures),
        Some(fault) => (Outcome::Failed, format!("{fault} · {figures}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ulna_must_do_at_least_as_well() {
        let opens = json!({"opens": true, "frames": 3, "bad": [], "differ": []});
        let fails = json!({"opens": false, "why": "X"});
        let error = [("error".to_owned(), "data".to_owned())];
        let rate = [("error".to_owned(), "declared-rate".to_owned())];
        let of = |theirs: &Value, ours, found: &[(String, String)]| verdict(theirs, ours, found).0;
        assert_eq!(of(&opens, true, &[]), Outcome::Passed);
        assert_eq!(of(&opens, true, &rate), Outcome::Passed);
        assert_eq!(of(&opens, true, &error), Outcome::Failed);
        assert_eq!(of(&opens, false, &[]), Outcome::Failed);
        assert_eq!(of(&fails, false, &[]), Outcome::Failed);
        assert_eq!(of(&fails, true, &error), Outcome::Passed);
        let differs = json!({"opens": true, "frames": 3, "bad": [], "differ": ["task of frame 1"]});
        assert_eq!(of(&differs, true, &[]), Outcome::Failed);
    }
}
