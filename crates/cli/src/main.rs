//! The `ulna` command: parse → app → print. Nothing is decided here but words and exit codes.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what is printed passes the filter of `print`"
)]

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use ulna_bench::BenchError;
use ulna_bringup::BringupError;
use ulna_cameras::CameraError;
use ulna_env::EnvError;
use ulna_session::SessionError;

mod advice;
mod args;
mod attended;
mod commands;
mod health;
mod keyboard;
mod live;
mod log;
mod log_level;
mod loudness;
mod names;
mod outcome;
mod output;
mod paint;
mod print;
mod progress;
mod record_line;
mod record_text;
mod region;
mod screen;
mod session_text;
mod sounds;
mod status;
mod terminal;
mod wrap;

use args::{Cli, Command};
use outcome::{Declined, Misuse, Outcome};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if args::asks_for_faults(&words) {
        return ExitCode::from(print::faults(&words));
    }
    let cli = match args::parse(words) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(print::usage(error)),
    };
    loudness::set_loudness(cli.verbose, cli.quiet);
    let logs = log::start(cli.log, cli.log_file.as_deref());
    match logs.and_then(|()| run(&cli)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::ChecksFailed) => ExitCode::FAILURE,
        Ok(Outcome::Interrupted) => ExitCode::from(INTERRUPTED),
        // EPIPE: the reader of our output (e.g. `head`) has closed the pipe.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let code = exit_code(&error);
            print::error(&error, code, cli.json);
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome> {
    let json = cli.json;
    match &cli.command {
        Command::Demo(options) => commands::demo(options, json),
        Command::Robots { action } => commands::robots(action, json),
        Command::Rig { action } => commands::rig(action, json),
        Command::Cameras { action } => commands::cameras(action, json),
        Command::Ports(options) => commands::ports(options, json),
        Command::Bridge { action } => commands::bridge(action, json),
        Command::Scan(options) => commands::scan(options, json),
        Command::Setup(options) => commands::setup(options, json),
        Command::Calibrate(options) => commands::calibrate(options, json),
        Command::Recover(options) => commands::recover(options, json),
        Command::Doctor(options) => commands::doctor(options, json),
        Command::Teleop(options) => commands::teleop(options, json),
        Command::Record(options) => commands::record(options, json),
        Command::Replay(options) => commands::replay(options, json),
        Command::Sim { action } => commands::sim(action, json),
        Command::Eval(options) => commands::eval(options, json),
        Command::Run(options) => commands::run(options, json),
        Command::Policy { action } => commands::policy(action, json),
        Command::Dataset { action } => commands::dataset(action, json),
        Command::Hub { action } => commands::hub(action, json),
        Command::Bench { bench } => commands::bench(bench, json),
        Command::Completions { shell } => commands::completions(*shell),
        Command::Man { command, output } => commands::man(command, output.as_deref(), json),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error
        .downcast_ref::<std::io::Error>()
        .map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// 2 for options that do not go together, as for those that clap refuses; 130 for Ctrl-C; 1 for everything else.
fn exit_code(error: &anyhow::Error) -> u8 {
    let of_session = |error: &SessionError| match () {
        () if error.is_interruption() => INTERRUPTED,
        () if error.is_usage() => 2,
        () => 1,
    };
    let of_bringup = |error: &BringupError| match () {
        () if error.is_interruption() => INTERRUPTED,
        () if error.is_misuse() => 2,
        () => 1,
    };
    let of_camera = |error: &CameraError| if error.is_usage() { 2 } else { 1 };
    let of_bench = |error: &BenchError| if error.is_usage() { 2 } else { 1 };
    let of_env = |error: &EnvError| match error {
        EnvError::Session(error) => of_session(error),
        other => {
            if other.is_usage() {
                2
            } else {
                1
            }
        }
    };
    let session = error.downcast_ref().map(of_session);
    session
        .or(error.downcast_ref().map(of_bringup))
        .or(error.downcast_ref().map(of_camera))
        .or(error.downcast_ref().map(of_bench))
        .or(error.downcast_ref().map(of_env))
        .or(error.downcast_ref().map(|_: &Misuse| 2))
        .or(error.downcast_ref().map(|_: &Declined| INTERRUPTED))
        .unwrap_or(1)
}
