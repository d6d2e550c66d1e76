//! The one way to the terminal: nothing gets onto stdout or stderr but through here.
//!
//! Results are [`Text`]s, whose lines are what they seem; everything else that is written passes the same filter. What moves the cursor
//! or sets colours comes from `indicatif`, `crossterm` and clap's own help alone.

use std::fmt::Display;
use std::io::{self, Write};

use clap::Parser;
use indicatif::ProgressBar;
use ulna_bench::BenchError;
use ulna_bringup::BringupError;
use ulna_outside::text::{harmless_json, is_printable};
use ulna_outside::{Lines, Printable, Text};
use ulna_session::SessionError;

use crate::args::Cli;

/// Prints the command's JSON answer on stdout, on one line.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", harmless_json(&value.to_string()))
}

/// Prints lines for people on stdout.
pub(crate) fn text(text: &Text) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints one line for people on stdout.
pub(crate) fn line(line: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{}", Printable(line))
}

/// Prints one line on stderr. A stderr that is closed or full (EPIPE, ENOSPC) is no reason to end anything.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", Printable(line));
}

/// Prints lines of ulna's own on stderr.
pub(crate) fn notes(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", Lines(text));
}

/// Prints a question on stderr, and stays in its line.
pub(crate) fn prompt(question: &str) {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{} ", Lines(question)).and_then(|()| stderr.flush());
}

/// Shows a message next to a bar.
#[allow(clippy::disallowed_methods, reason = "this is the way to it")]
pub(crate) fn message(bar: &ProgressBar, text: impl Display) {
    bar.set_message(Lines(text).to_string());
}

/// Prints why the command failed.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = Text::new();
    let bringup: Option<&BringupError> = error.downcast_ref();
    let session: Option<&SessionError> = error.downcast_ref();
    let bench: Option<&BenchError> = error.downcast_ref();
    let has_lines = bench.is_some_and(BenchError::is_usage)
        || bringup.is_some_and(BringupError::has_lines)
        || session.is_some_and(SessionError::has_lines);
    match () {
        () if bringup.is_some_and(BringupError::is_interruption) => text.push(error),
        () if has_lines => text.append(Text::split(format_args!("error: {error:#}"))),
        () => text.push(format_args!("error: {error:#}")),
    }
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints what clap has to say of the command line, and gives its exit code. Only help, which is all ulna's own, has colours.
pub(crate) fn usage(error: &clap::Error) -> u8 {
    if error.use_stderr() {
        notes(shown(error).trim_end());
    } else {
        let _ = error.print();
    }
    u8::try_from(error.exit_code()).unwrap_or(2)
}

/// What clap says of the same command line with every word made printable: it quotes words, and drops only some of what they hold.
fn shown(error: &clap::Error) -> String {
    let words = || std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    if words().all(|word| word.chars().all(is_printable)) {
        return error.render().to_string();
    }
    let words = words().map(|word| Printable(word).to_string());
    match Cli::try_parse_from(words) {
        Err(same) => same.render().to_string(),
        Ok(_) => Printable(error.render()).to_string(),
    }
}
