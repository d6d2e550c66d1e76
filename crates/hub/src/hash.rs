//! The two names that a file's content has on a Hub: SHA-256 if it is a large file, else git's own.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::client::Session;
use crate::error::{HubError, Result};
use crate::watch::Meter;

/// By what a file's content is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum HashKind {
    /// Of the content, as Git LFS has it.
    Sha256,
    /// Of `blob`, the size, and the content, as git has it.
    GitSha1,
}

impl HashKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "its SHA-256",
            Self::GitSha1 => "its git SHA-1",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::GitSha1 => 40,
        }
    }

    /// Whether this is a hash of that kind, as it is written.
    pub(crate) fn fits(self, text: &str) -> bool {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == self.digits() && text.bytes().all(hex)
    }
}

/// A hash being made.
pub(crate) enum Hasher {
    Sha256(Sha256),
    GitSha1(Sha1),
}

impl Hasher {
    /// Of content of so many bytes.
    pub(crate) fn new(kind: HashKind, size: u64) -> Self {
        match kind {
            HashKind::Sha256 => Self::Sha256(Sha256::new()),
            HashKind::GitSha1 => {
                let mut sha = Sha1::new();
                sha.update(format!("blob {size}\0"));
                Self::GitSha1(sha)
            }
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sha) => sha.update(bytes),
            Self::GitSha1(sha) => sha.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> String {
        match self {
            Self::Sha256(sha) => hex(&sha.finalize()),
            Self::GitSha1(sha) => hex(&sha.finalize()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash of some bytes.
pub(crate) fn of_bytes(kind: HashKind, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(kind, bytes.len() as u64);
    hasher.update(bytes);
    hasher.finish()
}

/// The hash of a file of `size` bytes, counted on `meter`. None if it has another size.
pub(crate) fn of_file(
    session: &Session<'_>,
    kind: HashKind,
    path: &Path,
    size: u64,
    meter: Option<&Meter<'_>>,
) -> Result<Option<String>> {
    let failed = |error| HubError::file("read", path)(error);
    let mut file = File::open(path)
        .map_err(failed)?
        .take(size.saturating_add(1));
    let (mut hasher, mut read) = (Hasher::new(kind, size), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        session.alive()?;
        let got = file
            .read(&mut buffer)
            .map_err(HubError::file("read", path))?;
        if got == 0 {
            return Ok((read == size).then(|| hasher.finish()));
        }
        read += got as u64;
        hasher.update(buffer.get(..got).unwrap_or_default());
        if let Some(meter) = meter {
            meter.add(got as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git_and_of_lfs() {
        // `printf abc | git hash-object --stdin`, `printf abc | sha256sum`
        assert_eq!(
            of_bytes(HashKind::GitSha1, b"abc"),
            "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
        );
        let sha = of_bytes(HashKind::Sha256, b"abc");
        assert_eq!(
            sha,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(HashKind::Sha256.fits(&sha) && !HashKind::GitSha1.fits(&sha));
        assert!(!HashKind::Sha256.fits(&sha.to_uppercase()));
    }
}
