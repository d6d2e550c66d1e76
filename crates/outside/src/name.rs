//! Names that become names of files and folders, or parts of them.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use crate::text::{Printable, is_printable};

/// Longest name, bytes: file systems take 255 for a file, and ulna adds endings and stamps.
pub const LONGEST: usize = 200;

/// A name that can't be that of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problem } = self;
        let mut shown = name.as_str();
        if let Some((end, _)) = name.char_indices().nth(60) {
            shown = &name[..end];
        }
        write!(
            f,
            "`{}` cannot be the name of a file: {problem}. Use letters, digits, `-`, `_`, `.` and spaces, at most {LONGEST} bytes",
            Printable(shown)
        )
    }
}

impl core::error::Error for NameError {}

/// Checks a name that becomes the name of a file or folder, or part of one: it names something in the folder that it is looked for in,
/// and no program takes it for an option.
///
/// # Errors
/// If it is empty or longer than [`LONGEST`], begins with `.`, `-` or a space, ends with a space, or holds a separator or what cannot be
/// printed.
pub fn check(name: &str) -> Result<(), NameError> {
    let problem = match () {
        () if name.is_empty() => "it is empty",
        () if name.len() > LONGEST => "it is too long",
        () if name.contains(['/', '\\']) => "it holds `/` or `\\`",
        () if name.starts_with(['.', '-', ' ']) => "it begins with `.`, `-` or a space",
        () if name.ends_with(' ') => "it ends with a space",
        () if !name.chars().all(is_printable) => "it holds characters that cannot be seen",
        () => return Ok(()),
    };
    Err(NameError {
        name: name.to_owned(),
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_stay_in_their_folder() {
        for good in [
            "so_follower",
            "left-2",
            "my arm",
            "Arm Łódź 1",
            "a..b",
            "机械臂",
        ] {
            check(good).unwrap();
        }
        let long = "x".repeat(LONGEST + 1);
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "/etc",
            "a/b",
            "a\\b",
            "-rf",
            ".hidden",
            " a",
            "a ",
            "a\nb",
            "a\0b",
            "a\u{1b}[2J",
            "\u{202e}x",
            &long,
        ] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.contains("cannot be the name of a file"), "{error}");
            assert!(error.chars().all(is_printable) && error.len() < 300);
        }
    }
}
