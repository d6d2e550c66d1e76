//! Tests that would not notice: mutants of the code that matters most, each of which some test has to catch.
//!
//! `cargo mutants` lists them; this chore draws some by a seed, applies each to a copy of the tree and runs the tests that
//! `crates/xtask/mutants.toml` names for its file. What survives fails the chore, unless it is listed there with its reason.

#![allow(clippy::print_stdout)] // a chore prints its answer

mod config;
mod listing;
mod mutant;
mod sample;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::scratch::{Limits, Outcome, QUICKLY_COMPILED, Scratch};
use config::Config;
use mutant::Mutant;

/// Mutants by default, and the seed by which they are drawn.
const COUNT: usize = 150;
const SEED: u64 = 12;

/// For compiling what a mutant changes, and for its tests without it.
const COMPILING: Limits = Limits {
    busy: Duration::from_secs(1800),
    whole: Duration::from_secs(3600),
};
/// Tests that are busy for longer than this, or five times what they take without the mutant, hang.
const LEAST_BUSY: Duration = Duration::from_secs(10);
/// So do tests that are idle for longer.
const LEAST_WHOLE: Duration = Duration::from_secs(300);

const USAGE: &str = "usage: cargo run -p xtask -- mutants [--seed N] [--count N] [--part NAME] [--mutant WORDS] [--from N] [--list]
  --from goes on with the Nth of those that are drawn; --part takes only the mutants of one part, --mutant only those whose name holds these words; --list draws them and runs nothing";

#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    count: Option<usize>,
    part: Option<String>,
    mutant: Option<String>,
    from: usize,
    list: bool,
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Caught,
    /// Its tests did not end: caught, too.
    Hung,
    Survived,
    /// It survived, and the configuration says why none can catch it.
    Excused,
    /// It does not compile.
    Unviable,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caught => "caught",
            Self::Hung => "caught (its tests hang)",
            Self::Survived => "SURVIVED",
            Self::Excused => "survived, with a reason",
            Self::Unviable => "unviable",
        })
    }
}

/// Runs the chore.
///
/// # Errors
/// If a mutant survives that is not listed with a reason, a listed one is no mutant any more, or something cannot be run.
pub(crate) fn run(root: &Path, words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    let config = Config::read(root)?;
    let listed = listing::list(root, &config)?;
    config.check(&listed)?;
    let seed = options.seed.unwrap_or(SEED);
    let count = options.count.unwrap_or(COUNT);
    let drawn = sample::draw(listed, seed, count, |mutant| options.takes(mutant));
    println!("{} mutants by seed {seed}", drawn.len());
    if options.list {
        for mutant in &drawn {
            println!("  {:<10}  {}", mutant.part, mutant.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let scratch = Scratch::new(root, &QUICKLY_COMPILED)?;
    let drawn = drawn
        .get(options.from.saturating_sub(1)..)
        .unwrap_or_default();
    let fates = run_all(&scratch, &config, drawn)?;
    Ok(report(drawn, &fates))
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            if word == "--list" {
                options.list = true;
                continue;
            }
            let value = words.next().with_context(|| USAGE)?;
            match word.as_str() {
                "--seed" => options.seed = Some(value.parse().context("--seed is not a number")?),
                "--count" => {
                    options.count = Some(value.parse().context("--count is not a number")?);
                }
                "--part" => options.part = Some(value),
                "--from" => options.from = value.parse().context("--from is not a number")?,
                "--mutant" => options.mutant = Some(value),
                _ => bail!("{USAGE}"),
            }
        }
        Ok(options)
    }

    fn takes(&self, mutant: &Mutant) -> bool {
        self.part.as_ref().is_none_or(|part| *part == mutant.part)
            && (self.mutant.as_ref()).is_none_or(|words| mutant.name.contains(words.as_str()))
    }
}

/// Runs each, those of the same tests one after the other.
fn run_all(scratch: &Scratch, config: &Config, drawn: &[Mutant]) -> Result<Vec<Fate>> {
    let mut fates = Vec::new();
    let mut limits = (usize::MAX, COMPILING);
    for (number, mutant) in drawn.iter().enumerate() {
        let tests: Vec<&str> = (config.tests_of(mutant).iter().map(String::as_str)).collect();
        if limits.0 != mutant.group {
            limits = (mutant.group, limits_of(scratch, &tests)?);
        }
        let begun = Instant::now();
        let (fate, why) = fate(scratch, mutant, &tests, limits.1)?;
        let fate = match config.reason(mutant) {
            Some(_) if fate == Fate::Survived => Fate::Excused,
            _ => fate,
        };
        println!(
            "{:>4}/{}  {:>4.0} s  {fate}: {}",
            number + 1,
            drawn.len(),
            begun.elapsed().as_secs_f64(),
            mutant.name
        );
        if let Some(why) = why {
            println!("                 {why}");
        }
        fates.push(fate);
    }
    Ok(fates)
}

/// The tests pass without a mutant; how long they may take with one.
fn limits_of(scratch: &Scratch, tests: &[&str]) -> Result<Limits> {
    let built = scratch.cargo(&[&["test", "--no-run"], tests].concat(), COMPILING)?;
    ensure!(
        built.passed,
        "without a mutant `cargo test {}` does not compile: {}",
        tests.join(" "),
        built.why()
    );
    let ran = scratch.cargo(&[&["test"], tests].concat(), COMPILING)?;
    ensure!(
        ran.passed,
        "without a mutant `cargo test {}` fails: {}",
        tests.join(" "),
        ran.why()
    );
    ensure!(
        ran.tests() > 0,
        "`cargo test {}` has no test",
        tests.join(" ")
    );
    println!(
        "`cargo test {}`: {} tests in {:.1} s",
        tests.join(" "),
        ran.tests(),
        ran.took.as_secs_f64()
    );
    Ok(Limits {
        busy: LEAST_BUSY.max(ran.took * 5),
        whole: LEAST_WHOLE.max(ran.took * 10),
    })
}

fn fate(
    scratch: &Scratch,
    mutant: &Mutant,
    tests: &[&str],
    limits: Limits,
) -> Result<(Fate, Option<String>)> {
    let _patched = (scratch.patched(&mutant.diff)).with_context(|| mutant.name.clone())?;
    let built = scratch.cargo(&[&["test", "--no-run"], tests].concat(), COMPILING)?;
    if !built.passed {
        ensure!(!built.timed_out, "{}: compiling does not end", mutant.name);
        // What the linker cannot do is no fault of the mutant: what was compiled before is damaged.
        ensure!(
            !built.said.contains("linking with"),
            "{}: it cannot be linked; without target/debug/incremental it may",
            mutant.name
        );
        return Ok((Fate::Unviable, Some(built.why())));
    }
    let ran = scratch.cargo(&[&["test"], tests].concat(), limits)?;
    Ok(match ran {
        Outcome {
            timed_out: true, ..
        } => (Fate::Hung, None),
        Outcome { passed: true, .. } => (Fate::Survived, None),
        _ => (Fate::Caught, None),
    })
}

fn report(drawn: &[Mutant], fates: &[Fate]) -> ExitCode {
    let count = |wanted: &[Fate]| fates.iter().filter(|fate| wanted.contains(fate)).count();
    let caught = count(&[Fate::Caught, Fate::Hung]);
    let (survived, excused) = (count(&[Fate::Survived]), count(&[Fate::Excused]));
    let viable = caught + survived + excused;
    let part = caught as f64 * 100.0 / viable.max(1) as f64;
    println!(
        "\n{caught} of {viable} caught ({part:.0} %), {excused} survived with a reason, {survived} without; {} unviable",
        count(&[Fate::Unviable])
    );
    for (mutant, _) in (drawn.iter().zip(fates)).filter(|(_, fate)| **fate == Fate::Survived) {
        println!(
            "\n{}: {}\n{}",
            mutant.part,
            mutant.name,
            mutant.diff.trim_end()
        );
    }
    match survived {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
