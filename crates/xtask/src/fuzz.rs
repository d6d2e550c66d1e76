//! Fuzzing of everything that reads what comes from outside: `crates/fuzz` with the crates of ulna instrumented, one target after the other.
//!
//! Only ulna's own crates are instrumented: cargo has this program compile them in place of rustc, so that all other crates are
//! those of every other build. The passes are rustc's stable ones; no nightly compiler is needed.

#![allow(clippy::print_stdout)] // a chore prints its answer

mod seeds;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Time for each target by default.
const TIME: Duration = Duration::from_secs(10);
/// One input that takes longer hangs, seconds.
const HANGS: u32 = 30;
/// Memory that a target may take, MB.
const MEMORY: u32 = 2048;
/// Inputs are no longer than this, bytes.
const LONGEST: u32 = 32 << 10;

/// Says to this program that it is called by cargo to compile a crate.
const COMPILES: &str = "ULNA_FUZZ_COMPILES";

/// What libFuzzer wants in the code that it watches.
const PASSES: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

const USAGE: &str = "usage: cargo run -p xtask -- fuzz [--minutes N] [--target NAME] [--list]
  every target for ten seconds, or for so many minutes; --target takes only those whose name begins so; --list names them";

/// If cargo called this program in the place of rustc: compiles, and does not return.
pub(crate) fn compile_if_asked() {
    if std::env::var_os(COMPILES).is_none() {
        return;
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let name = words
        .iter()
        .skip_while(|word| *word != "--crate-name")
        .nth(1);
    let is_ours = name.is_some_and(|name| name.starts_with("ulna_"));
    let mut rustc = Command::new(words.first().map_or("rustc", String::as_str));
    rustc.args(words.iter().skip(1));
    if is_ours {
        rustc.args(PASSES);
    }
    eprintln!("cannot start rustc: {}", rustc.exec());
    std::process::exit(1);
}

#[derive(Debug)]
struct Options {
    time: Duration,
    target: String,
    list: bool,
}

/// What became of a target.
struct Run {
    name: String,
    /// Inputs that were tried.
    tried: u64,
    /// Places in the code that were reached.
    reached: u64,
    /// What went wrong, and what shows it again.
    fault: Option<String>,
}

/// Runs the chore.
///
/// # Errors
/// If something cannot be built or run.
pub(crate) fn run(root: &Path, words: impl Iterator<Item = String>) -> Result<ExitCode> {
    let options = Options::parse(words)?;
    let program = build(root)?;
    let names: Vec<String> = targets(&program)?
        .into_iter()
        .filter(|name| name.starts_with(&options.target))
        .collect();
    ensure!(
        !names.is_empty(),
        "no target's name begins with `{}`; --list names them",
        options.target
    );
    if options.list {
        println!("{}", names.join("\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let runs = run_all(root, &program, &names, options.time)?;
    println!("{:<24} {:>12} {:>8}", "target", "inputs", "reached");
    for run in &runs {
        let verdict = run.fault.as_ref().map_or("", |_| "FAILED");
        println!(
            "{:<24} {:>12} {:>8} {verdict}",
            run.name, run.tried, run.reached
        );
    }
    let mut code = ExitCode::SUCCESS;
    for run in runs {
        if let Some(fault) = run.fault {
            println!("\n{}: {fault}", run.name);
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            time: TIME,
            target: String::new(),
            list: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => options.list = true,
                "--minutes" => {
                    let minutes: f64 = (words.next().unwrap_or_default().parse())
                        .context("--minutes is not a number")?;
                    options.time = Duration::try_from_secs_f64(minutes * 60.0)
                        .context("--minutes is no time")?;
                }
                "--target" => options.target = words.next().context(USAGE)?,
                _ => bail!("{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// Builds the program with all targets, instrumented.
fn build(root: &Path) -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program's place is unknown")?;
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let built = Command::new(cargo)
        .current_dir(root)
        // All together: others' crates have the features then that they have in the tests, and are not built again.
        .args(["build", "--quiet", "--workspace", "--bin", "ulna-fuzz"])
        .env("RUSTC_WORKSPACE_WRAPPER", &own)
        .env(COMPILES, "1")
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "the fuzz targets cannot be built");
    // Cargo puts all binaries of a build into one folder.
    Ok(own.with_file_name("ulna-fuzz"))
}

fn targets(program: &Path) -> Result<Vec<String>> {
    let listed = crate::command::answer(Command::new(program).env("ULNA_FUZZ_LIST", "1"))?;
    Ok(listed.lines().map(str::to_owned).collect())
}

/// Runs as many at a time as there are processors; gives them in their order.
fn run_all(root: &Path, program: &Path, names: &[String], time: Duration) -> Result<Vec<Run>> {
    let left = Mutex::new((0..names.len()).collect::<std::collections::VecDeque<_>>());
    let done = Mutex::new(Vec::new());
    let next = || left.lock().ok().and_then(|mut left| left.pop_front());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(number) = next() {
                    let run = run_one(root, program, &names[number], time);
                    if let Ok(mut done) = done.lock() {
                        done.push((number, run));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(number, _)| *number);
    ensure!(done.len() == names.len(), "not all targets were run");
    done.into_iter().map(|(_, run)| run).collect()
}

fn run_one(root: &Path, program: &Path, name: &str, time: Duration) -> Result<Run> {
    let folder = root.join("target/fuzz").join(name);
    let (corpus, found, given) = (
        folder.join("corpus"),
        folder.join("found"),
        folder.join("seeds"),
    );
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder)?;
    }
    seeds::collect(root, program, name, &given)?;
    let mut command = Command::new(program);
    command
        .env("ULNA_FUZZ_TARGET", name)
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-timeout={HANGS}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg(format!("-max_len={LONGEST}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .arg("-print_final_stats=1")
        .args([&corpus, &given])
        .stdin(Stdio::null());
    // Targets write small files over and over; a disk has no part in what is tried.
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        command.env("TMPDIR", memory);
    }
    let output = command.output().context("cannot start the fuzz target")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let tried = number_after(&said, "stat::number_of_executed_units:");
    let fault = match output.status.success() {
        true if tried == 0 => Some("it tried no input".to_owned()),
        true => None,
        false => Some(why(&said, program, name)),
    };
    Ok(Run {
        name: name.to_owned(),
        tried,
        reached: number_after(&said, "cov:"),
        fault,
    })
}

/// The last number after a word.
fn number_after(said: &str, word: &str) -> u64 {
    let last = said
        .rsplit_once(word)
        .map_or("", |(_, rest)| rest.trim_start());
    let end = last
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(last.len());
    last[..end].parse().unwrap_or(0)
}

/// The lines that tell, and the command that runs the same input again.
fn why(said: &str, program: &Path, name: &str) -> String {
    let tells = |line: &&str| {
        line.starts_with(name)
            || line.contains("ERROR: ")
            || line.contains("panicked at")
            || line.starts_with("SUMMARY")
    };
    let lines: Vec<&str> = said.lines().filter(tells).collect();
    let input = said
        .rsplit_once("Test unit written to ")
        .map(|(_, rest)| rest.lines().next().unwrap_or_default());
    let again = input.map(|input| {
        format!(
            "\n  again: ULNA_FUZZ_TARGET={name} {} {input}",
            program.display()
        )
    });
    format!("{}{}", lines.join("\n  "), again.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_where_they_stand_last() {
        let said = "#12\tINITED cov: 5 ft: 6\n#99\tNEW    cov: 41 ft: 6\nstat::number_of_executed_units: 1234\n";
        assert_eq!(number_after(said, "cov:"), 41);
        assert_eq!(number_after(said, "stat::number_of_executed_units:"), 1234);
        assert_eq!(number_after(said, "absent:"), 0);
    }

    #[test]
    fn a_fault_says_how_it_is_seen_again() {
        let said = "words: panicked at a.rs:1\n==1== ERROR: libFuzzer: deadly signal\nTest unit written to found/crash-1\nBase64: x";
        let why = why(said, Path::new("ulna-fuzz"), "words");
        assert!(why.starts_with("words: panicked at a.rs:1\n"), "{why}");
        assert!(
            why.ends_with("again: ULNA_FUZZ_TARGET=words ulna-fuzz found/crash-1"),
            "{why}"
        );
    }
}
