//! Files that stand where others should: what a download left behind instead of the data.

use std::io::Read;
use std::path::Path;

use ulna_outside::files;

/// Enough of a file's beginning to know it by.
const HEAD: u64 = 512;

/// What a file is if it stands for another one; none for anything else, or if it cannot be read.
pub(crate) fn of(path: &Path) -> Option<&'static str> {
    let mut head = Vec::new();
    files::open(path)
        .ok()?
        .take(HEAD)
        .read_to_end(&mut head)
        .ok()?;
    of_bytes(&head)
}

/// What these bytes, the beginning of a file, are if they stand for another file.
pub(crate) fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let lower = text[..text.len().min(64)].to_ascii_lowercase();
    let html = [b"<!doctype".as_slice(), b"<html", b"<head", b"<?xml"];
    Some(match () {
        () if bytes.is_empty() => "an empty file",
        () if text.starts_with(b"version https://git-lfs.github.com/spec/") => {
            "a Git LFS pointer, not the file"
        }
        () if bytes.starts_with(b"/annex/objects/") || bytes.starts_with(b"../.git/annex") => {
            "a git-annex pointer, not the file"
        }
        () if html.iter().any(|tag| lower.starts_with(tag)) => {
            "a web page, such as a server's error message, not the file"
        }
        () if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") => {
            "a zip archive, not the file in it"
        }
        () if bytes.starts_with(b"\x1F\x8B") => "a gzip archive, not the file in it",
        () if bytes.starts_with(b"\x00\x05\x16\x07") => "macOS's notes about a file, not the file",
        () if bytes.iter().all(|byte| *byte == 0) => "a file of zeros, as a broken download leaves",
        () => return None,
    })
}

/// What to do to get the file.
pub(crate) fn remedy(what: &str) -> &'static str {
    match () {
        () if what.contains("LFS") => {
            "fetch the real files with `git lfs pull` in the dataset's folder"
        }
        () if what.contains("annex") => {
            "fetch the real files with `git annex get .` in the dataset's folder"
        }
        () if what.contains("archive") => "unpack it in its place",
        () => "fetch the file again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_data_is_named() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
        assert!(of_bytes(pointer).is_some_and(|what| what.contains("Git LFS")));
        assert!(of_bytes(b"").is_some_and(|what| what.contains("empty")));
        assert!(of_bytes(b"\n <!DOCTYPE html>").is_some_and(|what| what.contains("web page")));
        assert!(of_bytes(b"PK\x03\x04rest").is_some_and(|what| what.contains("zip")));
        assert!(of_bytes(&[0; 40]).is_some_and(|what| what.contains("zeros")));
        assert_eq!(of_bytes(b"PAR1"), None);
        assert_eq!(of_bytes(b"\x00\x00\x00\x20ftypisom"), None);
        assert_eq!(of_bytes(b"{}"), None);
    }
}
