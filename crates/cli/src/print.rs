//! The one way to the terminal: nothing gets onto stdout or stderr but through here.
//!
//! Results are [`Text`]s, whose lines are what they seem; everything else that is written passes the same filter. What moves the cursor
//! or sets colours is added behind the filter, by `indicatif`, `crossterm`, [`paint`] and clap's own help alone. A terminal gets lines that
//! fit it; a file or a pipe gets them whole.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::error::{ContextKind, ContextValue};
use indicatif::ProgressBar;
use ulna_bench::BenchError;
use ulna_bringup::BringupError;
use ulna_env::EnvError;
use ulna_outside::text::{harmless_json, is_printable};
use ulna_outside::{Lines, Printable, Text};
use ulna_session::SessionError;

use crate::args::parse;
use crate::loudness::is_quiet;
use crate::wrap::{columns_of, wrap};
use crate::{advice, paint, region, session_text};

static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Prints the command's JSON answer on stdout, on one line.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    ANSWERED.store(true, Ordering::Relaxed);
    let line = harmless_json(&value.to_string());
    writeln!(io::stdout().lock(), "{line}").map_err(unwritten)
}

/// An error of stdout with what failed; its kind stays.
#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
fn unwritten(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("stdout cannot be written: {error}"))
}

/// Prints lines for people on stdout.
pub(crate) fn text(text: &Text) -> io::Result<()> {
    let stdout = io::stdout();
    let (width, colours) = (columns_of(&stdout), paint::on_stdout());
    let mut out = stdout.lock();
    for line in text.lines() {
        write_line(&mut out, line, width, colours).map_err(unwritten)?;
    }
    Ok(())
}

/// Prints the content of a file, which people copy out of a terminal, too: its lines are whole however long they are.
pub(crate) fn content(text: &Text) -> io::Result<()> {
    let mut out = io::stdout().lock();
    text.lines()
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))
        .map_err(unwritten)
}

/// Prints what can go wrong in a simulation; the exit code.
pub(crate) fn faults(words: &[std::ffi::OsString]) -> u8 {
    let faults = ulna_session::faults_in_words();
    let printed = match words.iter().any(|word| word == "--json") {
        true => json(&serde_json::json!({ "faults": faults })),
        false => text(&Text::split(faults)),
    };
    u8::from(printed.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe))
}

/// Writes a printable line, in as many as it takes.
fn write_line(
    out: &mut impl Write,
    line: &str,
    width: Option<usize>,
    colours: bool,
) -> io::Result<()> {
    let lines = width.map_or_else(|| vec![line.to_owned()], |width| wrap(line, width));
    for (number, line) in lines.iter().enumerate() {
        match colours && number == 0 {
            true => writeln!(out, "{}", paint::verdict(line))?,
            false => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// Writes printable lines on stderr. A stderr that is closed or full (EPIPE, ENOSPC) is no reason to end anything.
fn write_notes(lines: &str) {
    let stderr = io::stderr();
    let (width, colours) = (columns_of(&stderr), paint::on_stderr());
    let _region = region::erased();
    let mut out = stderr.lock();
    for line in lines.split('\n') {
        let _ = write_line(&mut out, line, width, colours);
    }
}

/// Prints one line for people on stdout.
pub(crate) fn line(line: impl Display) -> io::Result<()> {
    text(&Text::line(line))
}

/// Prints one line on stderr, unless the user wants none.
pub(crate) fn note(line: impl Display) {
    if !is_quiet() {
        write_notes(&Printable(line).to_string());
    }
}

/// Prints lines of ulna's own on stderr: what is part of a conversation.
pub(crate) fn notes(text: impl Display) {
    write_notes(&Lines(text).to_string());
}

/// Prints an entry of the log on stderr, also where little is to be said: it was asked for.
pub(crate) fn log(text: &str) {
    write_notes(&Lines(text).to_string());
}

/// Prints a warning on stderr.
pub(crate) fn warning(text: impl Display) {
    write_notes(&Printable(format_args!("warning: {text}")).to_string());
}

/// Writes what another program reads, as it is, on stdout.
pub(crate) fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(unwritten)
}

/// Prints a question on stderr, and stays in its line.
pub(crate) fn prompt(question: &str) {
    let stderr = io::stderr();
    let width = columns_of(&stderr).map(|width| width.saturating_sub(1));
    let question = Lines(question).to_string();
    let lines = question.split('\n').flat_map(|line| match width {
        Some(width) => wrap(line, width),
        None => vec![line.to_owned()],
    });
    let lines: Vec<String> = lines.collect();
    let _region = region::erased();
    let mut out = stderr.lock();
    let _ = write!(out, "{} ", lines.join("\n")).and_then(|()| out.flush());
}

/// Shows a message next to a bar.
#[allow(clippy::disallowed_methods, reason = "this is the way to it")]
pub(crate) fn message(bar: &ProgressBar, text: impl Display) {
    bar.set_message(Lines(text).to_string());
}

/// Prints why the command failed: for people, and with `as_json` for programs, if they have no answer yet.
pub(crate) fn error(error: &anyhow::Error, exit_code: u8, as_json: bool) {
    let mut text = Text::new();
    let bringup: Option<&BringupError> = error.downcast_ref();
    let session: Option<&SessionError> = match error.downcast_ref() {
        Some(EnvError::Session(session)) => Some(session),
        _ => error.downcast_ref(),
    };
    let bench: Option<&BenchError> = error.downcast_ref();
    let has_lines = bench.is_some_and(BenchError::is_usage)
        || bringup.is_some_and(BringupError::has_lines)
        || session.is_some_and(SessionError::has_lines);
    let said = said_once(error);
    match () {
        () if bringup.is_some_and(BringupError::is_interruption) => text.push(&said),
        () if has_lines => text.append(Text::split(format_args!("error: {said}"))),
        () => text.push(format_args!("error: {said}")),
    }
    let report = session.and_then(SessionError::report);
    if as_json {
        let mut answer = serde_json::json!({ "error": said, "exit_code": exit_code });
        if let Some(Ok(report)) = report.map(serde_json::to_value) {
            answer["report"] = report;
        }
        json_error(&answer);
    } else if let Some(report) = report {
        // What was measured until then is what one wants to see. A stdout that is closed is no second error.
        let _ = self::text(&session_text::session(report));
    }
    write_notes(&text.to_string());
}

/// The one object on stdout, unless there is one already.
fn json_error(answer: &serde_json::Value) {
    if !ANSWERED.load(Ordering::Relaxed) {
        let _ = json(answer);
    }
}

/// The error with its causes, each of them once: many errors repeat their cause in their own words.
fn said_once(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        match () {
            () if said.contains(&cause) || said.contains(&Printable(&cause).to_string()) => {}
            () if said.is_empty() => said = cause,
            () => {
                said.push_str(": ");
                said.push_str(&cause);
            }
        }
    }
    said
}

/// Prints what clap has to say of the command line, and gives its exit code. Only help, which is all ulna's own, has colours.
pub(crate) fn usage(error: clap::Error) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    if !error.use_stderr() {
        let _ = error.print();
        return code;
    }
    let words = std::env::args_os().skip(1);
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let tips = advice::for_words(&words, wrong_word(&error).as_deref());
    let said = shown(error, !tips.is_empty());
    let mut options = words.iter().take_while(|word| *word != "--");
    if options.any(|word| word == "--json") {
        json_error(&serde_json::json!({
            "error": said.trim_start_matches("error: ").trim_end(),
            "exit_code": code,
        }));
    }
    write_notes(&Lines(said.trim_end()).to_string());
    for tip in tips {
        write_notes(&Lines(format_args!("  tip: {tip}")).to_string());
    }
    code
}

/// The word that clap could not understand, without what stands behind its `=`.
fn wrong_word(error: &clap::Error) -> Option<String> {
    let kinds = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
    let wrong = kinds.into_iter().find_map(|kind| error.get(kind))?;
    match wrong {
        ContextValue::String(word) => word.split(['=', ' ']).next().map(str::to_owned),
        _ => None,
    }
}

/// What clap says of the same command line with every word made printable: it quotes words, and drops only some of what they hold.
fn shown(error: clap::Error, is_known: bool) -> String {
    let words = || std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    if words().all(|word| word.chars().all(is_printable)) {
        return without_guesses(error, is_known).render().to_string();
    }
    let words = words().map(|word| Printable(word).to_string());
    match parse(words) {
        Err(same) => without_guesses(same, is_known).render().to_string(),
        Ok(_) => Printable(error.render()).to_string(),
    }
}

/// The error without what clap guesses: where what was meant `is_known`, words that look alike; and always how an option
/// would be a value.
fn without_guesses(mut error: clap::Error, is_known: bool) -> clap::Error {
    error.remove(ContextKind::Suggested);
    if is_known {
        error.remove(ContextKind::SuggestedSubcommand);
        error.remove(ContextKind::SuggestedArg);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "cannot open: {}", self.0)
        }
    }

    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_cause_is_said_once() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let error = anyhow::Error::new(Wrapped(denied()));
        assert_eq!(said_once(&error), "cannot open: permission denied");
        let error = anyhow::Error::new(denied()).context("cannot open");
        assert_eq!(said_once(&error), "cannot open: permission denied");
    }
}
