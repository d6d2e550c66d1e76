//! The commands that findings and errors print: complete, and writing into a new folder next to the dataset.

use std::path::{Path, PathBuf};

use ulna_outside::{Shell, files};

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    files::shell(path)
}

/// A word as a shell takes it.
pub(crate) fn word(text: &str) -> String {
    Shell(text).to_string()
}

/// A folder next to a dataset for what is made of it, which is not there yet: `NAME-mended`, `NAME-mended-2`, …
pub(crate) fn sibling(root: &Path, what: &str) -> PathBuf {
    let named = match root.file_name() {
        Some(_) => root.to_owned(),
        // `.` and `..` have names, too, once they are looked up.
        None => root.canonicalize().unwrap_or_else(|_| root.to_owned()),
    };
    let name = named
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let first = named.with_file_name(format!("{name}-{what}"));
    let others = (2..1000).map(|n| named.with_file_name(format!("{name}-{what}-{n}")));
    let mut all = std::iter::once(first.clone()).chain(others);
    let free = all.find(|path| path.symlink_metadata().is_err());
    free.unwrap_or(first)
}

/// The command that makes a sound copy of whatever can be read.
pub(crate) fn import(root: &Path) -> String {
    command("import", root, "", "mended")
}

/// `ulna dataset VERB DIR OPTIONS --output DIR-WHAT`.
pub(crate) fn command(verb: &str, root: &Path, options: &str, what: &str) -> String {
    let (dir, output) = (quoted(root), quoted(&sibling(root, what)));
    let gap = if options.is_empty() { "" } else { " " };
    format!("ulna dataset {verb} {dir}{gap}{options} --output {output}")
}

/// Episodes as the commands take them: `0,2-5`.
pub(crate) fn list(episodes: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &episode in episodes {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(episode) => *last = episode,
            _ => ranges.push((episode, episode)),
        }
    }
    let text = |(first, last): &(u64, u64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_complete_and_write_elsewhere() {
        let command = command("delete", Path::new("it's"), "--episodes 0,2", "kept");
        assert_eq!(
            command,
            "ulna dataset delete 'it'\\''s' --episodes 0,2 --output 'it'\\''s-kept'"
        );
        assert_eq!(quoted(Path::new("-d")), "./-d");
        let hostile = Path::new("-x $(reboot)\n\u{1b}");
        assert_eq!(quoted(hostile), r"$'./-x $(reboot)\n\U0000001b'");
        assert_eq!(list(&[0, 2, 3, 5, 6, 7]), "0,2,3,5-7");
        let here = sibling(Path::new("."), "mended");
        assert!(
            here.is_absolute() && here.parent() != Path::new(".").canonicalize().ok().as_deref()
        );
    }
}
