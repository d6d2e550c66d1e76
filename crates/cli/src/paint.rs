//! Colours: for the words that say how good or bad something is, where the terminal shows them and the user wants them.
//!
//! `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are respected, as clap's help does, by the same library.

use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Whether colours go to stdout.
pub(crate) fn on_stdout() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Whether colours go to stderr.
pub(crate) fn on_stderr() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

const fn bold(colour: AnsiColor) -> Style {
    Style::new()
        .bold()
        .fg_color(Some(anstyle::Color::Ansi(colour)))
}

/// What is to be looked at first.
pub(crate) const ALARM: Style = bold(AnsiColor::Red);

/// Verdicts, and how each looks.
const WORDS: [(&str, Style); 9] = [
    ("ok", bold(AnsiColor::Green)),
    ("good", bold(AnsiColor::Green)),
    ("warn", bold(AnsiColor::Yellow)),
    ("warning", bold(AnsiColor::Yellow)),
    ("fair", bold(AnsiColor::Yellow)),
    ("fail", ALARM),
    ("FAIL", ALARM),
    ("error", ALARM),
    ("poor", ALARM),
];

/// The line with its verdict in colour: its first word, or the grade in a line about an episode. No other word is one.
pub(crate) fn verdict(line: &str) -> String {
    let mut words = line.split_whitespace();
    let Some(first) = words.next() else {
        return line.to_owned();
    };
    let word = match first {
        "episode" => words.nth(1).unwrap_or_default(),
        first => first.trim_end_matches(':'),
    };
    let style = WORDS.iter().find(|(known, _)| *known == word);
    let (Some((_, style)), Some(at)) = (style, line.find(word)) else {
        return line.to_owned();
    };
    let (before, rest) = line.split_at(at);
    let (word, after) = rest.split_at(word.len());
    format!("{before}{style}{word}{style:#}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verdicts_have_colours() {
        let red = "\u{1b}[1m\u{1b}[31m";
        let plain = "\u{1b}[0m";
        assert_eq!(verdict("error: no"), format!("{red}error{plain}: no"));
        assert_eq!(
            verdict("  episode 3     poor   90 frames"),
            format!("  episode 3     {red}poor{plain}   90 frames")
        );
        for line in ["", "  task 0: poor man", "episode 3", "a good day", "okay"] {
            assert_eq!(verdict(line), line);
        }
    }
}
