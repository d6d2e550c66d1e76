//! Text from outside: task texts, names, paths, answers of servers, messages of libraries that quote their input.
//!
//! A terminal acts on control characters (it can be made to write the clipboard or to clear the screen), and characters that turn the
//! direction of writing or are invisible make a text look like another. [`Printable`] shows all of these instead, and a [`Text`],
//! which is what commands print, lets nothing else in.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Range;

use serde::{Deserialize, Serialize};

/// A value from outside, shown on one line without anything that a terminal acts on.
///
/// Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the direction of writing and invisible
/// characters are shown as `\n`, `\r`, `\t` or `\u{…}`; everything else as it is. Serialised, it is the value itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Printable<T>(pub T);

impl<T: fmt::Display> fmt::Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, false, f)
    }
}

/// Lines for people: all that commands print.
///
/// Whatever is put into a line stays in that line: line ends come from the list alone, so no value from outside can forge a line, and
/// none can act on the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<String>);

impl Text {
    /// No lines.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One line.
    pub fn line(line: impl fmt::Display) -> Self {
        Self(alloc::vec![Printable(line).to_string()])
    }

    /// Adds one line.
    pub fn push(&mut self, line: impl fmt::Display) {
        self.0.push(Printable(line).to_string());
    }

    /// A text that has its line ends already, because it is ulna's own or a file's: these and tabs stay.
    pub fn split(text: impl fmt::Display) -> Self {
        let shown = Lines(text).to_string();
        Self(shown.lines().map(String::from).collect())
    }

    /// Adds all lines of another text.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The lines, as they are printed.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl<T: fmt::Display> Extend<T> for Text {
    fn extend<I: IntoIterator<Item = T>>(&mut self, lines: I) {
        lines.into_iter().for_each(|line| self.push(line));
    }
}

impl<T: fmt::Display> FromIterator<T> for Text {
    fn from_iter<I: IntoIterator<Item = T>>(lines: I) -> Self {
        let mut text = Self::new();
        text.extend(lines);
        text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// Several lines of ulna's own: line ends and tabs stay, all else is shown as [`Printable`] does.
///
/// A value from outside in it can still begin a line; where that matters, [`Text`] and [`Printable`] are for it.
#[derive(Debug, Clone, Copy)]
pub struct Lines<T>(pub T);

impl<T: fmt::Display> fmt::Display for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.0, true, f)
    }
}

/// A value as one word of a shell's command line, such as advice quotes: whatever it holds, a POSIX shell hands it on unchanged.
///
/// A value that begins with `-` would be taken for an option, so it gets `./` before it, as suits a path. What cannot be printed stands
/// as `$'…'`, which bash, zsh and ksh know.
#[derive(Debug, Clone, Copy)]
pub struct Shell<T>(pub T);

impl<T: fmt::Display> fmt::Display for Shell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut word = String::new();
        write!(word, "{}", self.0)?;
        if word.starts_with('-') {
            word.insert_str(0, "./");
        }
        let plain = |c: char| c.is_alphanumeric() || "/._-+,@%:=".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            return f.write_str(&word);
        }
        if word.chars().all(is_printable) {
            return write!(f, "'{}'", word.replace('\'', r"'\''"));
        }
        f.write_str("$'")?;
        for c in word.chars() {
            match c {
                '\'' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c if is_printable(c) => f.write_char(c)?,
                c => write!(f, "\\U{:08x}", u32::from(c))?,
            }
        }
        f.write_str("'")
    }
}

/// The beginning of a text from outside, for a message: one line, without the spaces around it.
pub fn brief(text: &str) -> String {
    const MOST: usize = 300;
    let text = text.trim();
    let end = text.char_indices().nth(MOST);
    Printable(end.map_or(text, |(end, _)| &text[..end])).to_string()
}

/// What a parser says of a text, with the line that it means, on one line.
pub fn in_line(text: &str, span: Option<Range<usize>>, message: &str) -> String {
    let before = span.and_then(|span| text.get(..span.start));
    let message = Printable(message.trim());
    match before {
        Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
        None => message.to_string(),
    }
}

/// The same JSON in which no terminal and no page finds anything to act on: JSON itself lets DEL, C1 and marks of direction pass.
///
/// Line ends and spaces between its values stay; all else that is not printable stands in strings, where a number may stand for it.
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_printable(c) || c == '\n' {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string has no way to fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// True if a terminal shows this character, in its place and as what it is.
pub fn is_printable(c: char) -> bool {
    let invisible = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    !c.is_control() && !invisible
}

/// Writes a value through the filter; width and precision count shown characters.
fn show(value: &dyn fmt::Display, lines: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if f.width().is_none() && f.precision().is_none() {
        return write!(Filter { out: f, lines }, "{value}");
    }
    let mut shown = String::new();
    let mut filter = Filter {
        out: &mut shown,
        lines,
    };
    write!(filter, "{value}")?;
    f.pad(&shown)
}

/// Hands on what may be printed, and shows the rest.
struct Filter<'a, W> {
    out: &'a mut W,
    lines: bool,
}

impl<W: Write> Write for Filter<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = |c: char| is_printable(c) || self.lines && matches!(c, '\n' | '\t');
        let mut rest = text;
        while let Some(at) = rest.find(|c| !kept(c)) {
            self.out.write_str(&rest[..at])?;
            let mut signs = rest[at..].chars();
            if let Some(c) = signs.next() {
                match c {
                    '\n' | '\r' | '\t' => write!(self.out, "{}", c.escape_default())?,
                    c => write!(self.out, "{}", c.escape_unicode())?,
                }
            }
            rest = signs.as_str();
        }
        self.out.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        for (text, shown) in [
            ("\u{1b}]52;c;aGk=\u{7}", r"\u{1b}]52;c;aGk=\u{7}"),
            ("\u{1b}[2Ja\u{9b}2Jb\u{7f}", r"\u{1b}[2Ja\u{9b}2Jb\u{7f}"),
            ("a\r\nb\tc\0", r"a\r\nb\tc\u{0}"),
            (
                "\u{202e}txt\u{2066}\u{2069}",
                r"\u{202e}txt\u{2066}\u{2069}",
            ),
            (
                "a\u{200b}b\u{2028}c\u{feff}",
                r"a\u{200b}b\u{2028}c\u{feff}",
            ),
            ("\u{e0041}", r"\u{e0041}"),
            ("grün 立方体 ✓ 😀 é \\ 'x'", "grün 立方体 ✓ 😀 é \\ 'x'"),
        ] {
            assert_eq!(Printable(text).to_string(), shown);
        }
        assert_eq!(Lines("a\n\tb\r\u{1b}c").to_string(), "a\n\tb\\r\\u{1b}c");
    }

    #[test]
    fn a_value_stays_in_its_line() {
        let mut text = Text::line("task 0: pick\nFORGED");
        text.extend(["a\tb"]);
        text.append(Text::split("ours\n\tand \u{9b}more"));
        assert_eq!(
            text.lines(),
            [
                "task 0: pick\\nFORGED",
                "a\\tb",
                "ours",
                "\tand \\u{9b}more"
            ]
        );
        assert_eq!(text.to_string().lines().count(), 4);
    }

    #[test]
    fn messages_quote_the_beginning() {
        assert_eq!(brief(" a\u{1b}[31mb\n"), "a\\u{1b}[31mb");
        assert_eq!(brief(&"ü".repeat(1000)).chars().count(), 300);
    }

    #[test]
    fn json_says_the_same() {
        assert_eq!(
            harmless_json("{\n \"a\u{9b}\": \"\\u001b\u{7f}\u{202e}\u{e0041}ü\"}"),
            "{\n \"a\\u009b\": \"\\u001b\\u007f\\u202e\\udb40\\udc41ü\"}"
        );
    }

    #[test]
    fn columns_count_what_is_shown() {
        assert_eq!(format!("{:<8}|", Printable("a\nb")), "a\\nb    |");
        assert_eq!(format!("{:>4}", Printable(7)), "   7");
    }

    #[test]
    fn words_of_a_command_line_are_quoted() {
        for (word, quoted) in [
            ("my-data/a_1.toml", "my-data/a_1.toml"),
            ("", "''"),
            ("my data", "'my data'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("-rf", "./-rf"),
            ("--x y", "'./--x y'"),
            ("~", "'~'"),
            ("a\nb'\u{1b}", r"$'a\nb\'\U0000001b'"),
        ] {
            assert_eq!(Shell(word).to_string(), quoted);
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_printable(text in any::<String>()) {
            prop_assert!(Printable(&text).to_string().chars().all(is_printable));
            prop_assert!(Shell(&text).to_string().chars().all(is_printable));
            let lines = Lines(&text).to_string();
            prop_assert!(lines.chars().all(|c| is_printable(c) || c == '\n' || c == '\t'));
        }
    }
}
