//! Examples and notes below the options, in as many columns as the terminal has.
//!
//! They are written as they read best in the source: an example is a line of two spaces, a command and perhaps two spaces and a comment; all
//! else is a paragraph. Here they are laid out for each width, so that nothing is broken within a word.

use clap::Command;

use crate::wrap::{columns, wrap};

/// Columns of help that goes to a file or a pipe, and the most of any, as clap has it.
const MOST: usize = 100;

/// The command with all its notes set for this width.
pub(crate) fn fitted(command: Command, width: Option<usize>) -> Command {
    let width = width.unwrap_or(MOST).clamp(20, MOST);
    fit(command, width)
}

fn fit(command: Command, width: usize) -> Command {
    let notes = command.get_after_help().map(ToString::to_string);
    let command = match notes {
        Some(notes) => command.after_help(set(&notes, width)),
        None => command,
    };
    command.mut_subcommands(|sub| fit(sub, width))
}

/// A piece of the notes.
enum Piece {
    Paragraph(String),
    Examples(Vec<(String, String)>),
}

/// The notes in these columns.
fn set(notes: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for block in notes.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        for piece in pieces(block) {
            match piece {
                Piece::Paragraph(text) => lines.extend(paragraph(&text, width)),
                Piece::Examples(examples) => lines.extend(table(&examples, width)),
            }
        }
    }
    lines.join("\n")
}

fn pieces(block: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for line in block.lines() {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        match (indent, pieces.last_mut()) {
            (0, Some(Piece::Paragraph(all))) if !all.ends_with(':') => {
                all.push(' ');
                all.push_str(text);
            }
            (0, _) => pieces.push(Piece::Paragraph(text.to_owned())),
            // What stands far to the right goes on with the comment above it.
            (8.., Some(Piece::Examples(examples))) => {
                if let Some((_, comment)) = examples.last_mut() {
                    comment.push(' ');
                    comment.push_str(text);
                }
            }
            (_, last) => {
                let (command, comment) = text.split_once("  ").unwrap_or((text, ""));
                let example = (command.to_owned(), comment.trim().to_owned());
                match last {
                    Some(Piece::Examples(examples)) => examples.push(example),
                    _ => pieces.push(Piece::Examples(vec![example])),
                }
            }
        }
    }
    pieces
}

fn paragraph(text: &str, width: usize) -> Vec<String> {
    let lines = wrap(text, width);
    lines.iter().map(|line| line.trim().to_owned()).collect()
}

/// Examples with their comments behind them, where all fit so; else below them.
fn table(examples: &[(String, String)], width: usize) -> Vec<String> {
    let commented = || examples.iter().filter(|(_, comment)| !comment.is_empty());
    let column = commented().map(|(command, _)| columns(command)).max();
    let column = column.unwrap_or(0);
    let comments = commented().map(|(_, comment)| columns(comment)).max();
    let is_wide = 2 + column + 2 + comments.unwrap_or(0) <= width;
    let mut lines = Vec::new();
    for (command, comment) in examples {
        match (comment.is_empty(), is_wide) {
            (false, true) => lines.push(format!("  {command:<column$}  {comment}")),
            (true, _) => lines.extend(folded(command, width)),
            (false, false) => {
                lines.extend(folded(command, width));
                let below = wrap(comment, width.saturating_sub(6));
                lines.extend(below.iter().map(|line| format!("      {}", line.trim())));
            }
        }
    }
    lines
}

/// A command, in as many lines as a shell takes for one.
fn folded(command: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = "  ".to_owned();
    for word in words(command) {
        // Room is kept for the backslash.
        let is_full = columns(&line) + columns(&word) + 3 > width;
        if is_full && line.trim() != "" {
            lines.push(format!("{line} \\"));
            line = "     ".to_owned();
        }
        if !line.ends_with("  ") || line.len() > 2 {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// The words of a command, each option together with its value, quoted ones whole.
fn words(command: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_quoted = false;
    for word in command.split(' ') {
        let belongs = is_quoted
            || words.last().is_some_and(|last| {
                last.starts_with("--") && !last.contains(' ') && !word.starts_with('-')
            });
        is_quoted ^= word.matches('"').count() % 2 == 1;
        match words.last_mut() {
            Some(last) if belongs => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn examples_and_paragraphs_fit() {
        let notes = "Examples:\n  ulna scan                    on the only adapter\n  ulna scan --sim\n\nIt only\nreads.";
        assert_eq!(
            set(notes, 80),
            "Examples:\n  ulna scan  on the only adapter\n  ulna scan --sim\n\nIt only reads."
        );
        assert_eq!(
            set(notes, 24),
            "Examples:\n  ulna scan\n      on the only\n      adapter\n  ulna scan --sim\n\nIt only reads."
        );
    }

    #[test]
    fn a_long_command_goes_on_as_shells_have_it() {
        let command = "ulna record --sim --dataset DIR --task \"pick up the cube\" --episodes 2";
        assert_eq!(
            folded(command, 40),
            [
                "  ulna record --sim --dataset DIR \\",
                "      --task \"pick up the cube\" \\",
                "      --episodes 2"
            ]
        );
        let joined = folded(command, 30).join(" ").replace(" \\", "");
        let words: Vec<&str> = joined.split_whitespace().collect();
        assert_eq!(words.join(" "), command);
    }

    fn each(command: &Command, look: &mut dyn FnMut(&Command)) {
        look(command);
        command.get_subcommands().for_each(|sub| each(sub, look));
    }

    #[test]
    fn every_command_fits_every_width() {
        for width in [60, 72, 80, 100] {
            each(&fitted(Cli::command(), Some(width)), &mut |command| {
                let notes = command.get_after_help().map(ToString::to_string);
                for line in notes.unwrap_or_default().lines() {
                    assert!(
                        columns(line) <= width,
                        "{} at {width}: {line}",
                        command.get_name()
                    );
                }
            });
        }
    }
}
