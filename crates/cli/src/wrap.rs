//! Text in as many columns as there are: lines are broken between words, and what belongs to a line stands under it.

use std::io::{self, IsTerminal};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns of a stream that is a terminal.
pub(crate) fn columns_of(stream: &impl IsTerminal) -> Option<usize> {
    let size = stream.is_terminal().then(crossterm::terminal::size)?;
    let columns = size.ok().map(|(columns, _)| usize::from(columns));
    columns.filter(|columns| *columns > 0)
}

/// The columns for help on stdout: the terminal's, else what `COLUMNS` says, as clap has it.
pub(crate) fn columns_of_stdout() -> Option<usize> {
    let stated = || std::env::var("COLUMNS").ok()?.parse().ok();
    columns_of(&io::stdout()).or_else(stated)
}

/// Columns that this text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// As much of the text as these columns hold, with an ellipsis for what they do not.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let (mut cut, mut taken) = (String::new(), 0);
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken >= width {
            break;
        }
        cut.push(c);
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// The line, broken between words; a word that is wider than all columns is left whole. A table's label keeps its column for itself, and a
/// command to be copied stays in one piece.
pub(crate) fn wrap(line: &str, width: usize) -> Vec<String> {
    let is_command = line.trim_start().starts_with("ulna ");
    if columns(line) <= width || is_command {
        return vec![line.to_owned()];
    }
    let hang = hang(line, width);
    let indent = " ".repeat(hang);
    let mut lines = Vec::new();
    // Spaces within the line are kept, for columns of a table; those at which it is broken are not.
    let mut current = String::new();
    for word in line.split_inclusive(' ') {
        let bare = word.trim_end_matches(' ');
        let is_empty = current.trim().is_empty();
        if !is_empty && columns(&current) + columns(bare) > width {
            lines.push(current.trim_end().to_owned());
            current.clone_from(&indent);
            if bare.is_empty() {
                continue;
            }
        }
        current.push_str(word);
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// Where what belongs to a line stands under it: behind its label, if it has one, else two columns further in.
fn hang(line: &str, width: usize) -> usize {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let text = &line[indent..];
    let label = text.find("  ").map(|end| {
        let rest = &text[end..];
        columns(&text[..end]) + rest.len() - rest.trim_start_matches(' ').len()
    });
    match label.map(|label| indent + label) {
        Some(column) if column <= width / 2 => column,
        _ => (indent + 2).min(width / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_stand_under_their_text() {
        assert_eq!(wrap("short", 80), ["short"]);
        assert_eq!(
            wrap("  tracking    goal minus position: pan 1, lift 2", 34),
            [
                "  tracking    goal minus position:",
                "              pan 1, lift 2"
            ]
        );
        assert_eq!(
            wrap("a sentence of some words", 12),
            ["a sentence", "  of some", "  words"]
        );
        let command = "  ulna record --sim --dataset my-data --task 'Move the arm about'";
        assert_eq!(wrap(command, 20), [command]);
        assert_eq!(wrap("無限 無限 無限", 10), ["無限 無限", "  無限"]);
    }

    #[test]
    fn no_width_loses_a_word_or_is_exceeded_by_more_than_one() {
        let line =
            "  follower    servo 2 (`shoulder_lift`) missed 0 of 1883 reads, complains of overheat";
        for width in 0..100 {
            let lines = wrap(line, width);
            let words = |text: &str| {
                text.split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(words(&lines.join(" ")), words(line), "{width}");
            for line in &lines {
                assert!(
                    columns(line) <= width || words(line).len() == 1,
                    "{width}: {line}"
                );
            }
        }
    }

    #[test]
    fn what_is_cut_fits() {
        for width in 0..20 {
            assert!(columns(&cut("無限 abc 無限", width)) <= width, "{width}");
        }
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
