//! The summary: lines as they come, and the counts at the end.

use std::io::Write;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Counts checks while printing them.
pub(crate) struct Report {
    out: Box<dyn Write>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// A report that prints to `out`.
    pub(crate) fn new(out: impl Write + 'static) -> Report {
        Report {
            out: Box::new(out),
            passed: 0,
            failed: 0,
            skipped: 0,
        }
    }

    /// A heading.
    pub(crate) fn section(&mut self, title: &str) -> Result<()> {
        self.print(&format!("\n{title}"))
    }

    /// One check.
    pub(crate) fn line(&mut self, outcome: Outcome, name: &str, figures: &str) -> Result<()> {
        let (word, count) = match outcome {
            Outcome::Passed => ("passed", &mut self.passed),
            Outcome::Failed => ("FAILED", &mut self.failed),
            Outcome::Skipped => ("skipped", &mut self.skipped),
        };
        *count += 1;
        let colon = if figures.is_empty() { "" } else { ": " };
        self.print(&format!("  {word:7}  {name}{colon}{figures}"))
    }

    /// Everything that needs Python LeRobot is left out.
    pub(crate) fn skip_all(&mut self, why: &str) -> Result<()> {
        self.skipped += 1;
        self.print(&format!("SKIPPED conformance: {why}"))
    }

    /// Runs a script that prints checks as `PASS`, `FAIL` or `SKIP`, name and figures between tabs. A script that
    /// ends badly is one failed check more.
    pub(crate) fn lines_of(&mut self, script: &mut Command) -> Result<()> {
        let output = script
            .output()
            .with_context(|| format!("cannot start {}", script.get_program().display()))?;
        let failed = self.failed;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some((outcome, name, figures)) = parse(line) {
                self.line(outcome, name, figures)?;
            }
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let last = errors.lines().last().unwrap_or("without a word");
            self.line(Outcome::Failed, "script", &format!("ended early: {last}"))?;
        }
        if self.failed > failed {
            eprintln!("{errors}");
        }
        Ok(())
    }

    fn print(&mut self, line: &str) -> Result<()> {
        writeln!(self.out, "{line}").context("cannot print")
    }

    /// Prints the counts; the exit code says whether anything failed.
    pub(crate) fn close(mut self) -> Result<ExitCode> {
        let Report {
            passed,
            failed,
            skipped,
            ..
        } = self;
        self.print(&format!(
            "\n{passed} passed, {failed} failed, {skipped} skipped"
        ))?;
        Ok(match failed {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }
}

fn parse(line: &str) -> Option<(Outcome, &str, &str)> {
    let mut parts = line.splitn(3, '\t');
    let outcome = match parts.next()? {
        "PASS" => Outcome::Passed,
        "FAIL" => Outcome::Failed,
        "SKIP" => Outcome::Skipped,
        _ => return None,
    };
    Some((outcome, parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_distinguished_from_other_output() {
        assert_eq!(
            parse("FAIL\tcounts\t3, not 4\tfound"),
            Some((Outcome::Failed, "counts", "3, not 4\tfound"))
        );
        assert_eq!(parse("Loading\t1\t2"), None);
        assert_eq!(parse("PASS\tcounts"), None);
    }

    #[test]
    fn a_script_that_breaks_off_is_a_failed_check() {
        let mut report = Report::new(std::io::sink());
        let script = "printf 'PASS\\ta\\tb\\n'; echo why >&2; exit 3";
        report
            .lines_of(Command::new("sh").args(["-c", script]))
            .unwrap();
        assert_eq!((report.passed, report.failed, report.skipped), (1, 1, 0));
        assert_eq!(report.close().unwrap(), ExitCode::FAILURE);
    }
}
