//! What can go wrong between a folder and a Hub, in words for the user. No text here ever holds a token or a signed address.

use std::io;
use std::path::PathBuf;

/// Result of this crate.
pub type Result<T, E = HubError> = std::result::Result<T, E>;

/// Why a push or a pull did not happen, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// A repository's or revision's name that no Hub would take.
    #[error("`{name}` is no name for a {what}: {why}")]
    Name {
        /// What it should name.
        what: &'static str,
        /// The name.
        name: String,
        /// What a name looks like.
        why: &'static str,
    },
    /// An address that cannot be a Hub's.
    #[error("`{endpoint}` is no address of a Hub: {why}")]
    Endpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A pattern for file names that cannot be read.
    #[error("the pattern `{pattern}` cannot be read: {why}")]
    Pattern {
        /// What was given.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// What should be a token is none.
    #[error(
        "what {place} holds is no token: it has characters that no token has; sign in again with `hf auth login`"
    )]
    Token {
        /// The variable or file.
        place: String,
    },
    /// The user asked for no network.
    #[error("HF_HUB_OFFLINE is set, so nothing is asked of {endpoint}; unset it to push and pull")]
    Offline {
        /// Whose turn it would have been.
        endpoint: String,
    },
    /// The server does not know it, or does not show it to us.
    #[error("cannot {what}: {endpoint} knows no {missing}{hint}")]
    NotFound {
        /// What was tried.
        what: String,
        /// The Hub.
        endpoint: String,
        /// What is missing.
        missing: String,
        /// What to do.
        hint: &'static str,
    },
    /// One name for two things.
    #[error("{endpoint} has a dataset and a policy {id}: say with --kind which it is")]
    Ambiguous {
        /// The name of both.
        id: String,
        /// The Hub.
        endpoint: String,
    },
    /// The server wants to know who asks, or has no liking for the token.
    #[error("cannot {what}: {endpoint} {said}{hint}")]
    Refused {
        /// What was tried.
        what: String,
        /// The Hub.
        endpoint: String,
        /// What it answered.
        said: String,
        /// What to do.
        hint: &'static str,
    },
    /// Another answer that means no.
    #[error("cannot {what}: {place} answered {status}{said}")]
    Status {
        /// What was tried.
        what: String,
        /// The server and path, without what is secret.
        place: String,
        /// The status code of HTTP.
        status: u16,
        /// What the server said about it, if anything, behind a colon.
        said: String,
    },
    /// No connection, or one that broke again and again.
    #[error(
        "cannot {what}: {place}: {why} (tried {attempts} times); what was transferred is kept, so start it again when the network is back"
    )]
    Network {
        /// What was tried.
        what: String,
        /// The server and path, without what is secret.
        place: String,
        /// What the network said.
        why: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// An answer that makes no sense.
    #[error("cannot {what}: {place} gave an answer that makes no sense: {why}")]
    Answer {
        /// What was tried.
        what: String,
        /// The server and path, without what is secret.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// An address in an answer that we do not go to.
    #[error("cannot {what}: the server sends us to {place}, {why}")]
    Elsewhere {
        /// What was tried.
        what: String,
        /// Where to.
        place: String,
        /// Why not.
        why: &'static str,
    },
    /// The server stores large files only in a way that this program does not speak.
    #[error(
        "{endpoint} takes large files for {repo} only over its Xet protocol, which ulna does not speak; \
         push with Python's `hf upload` (package hf_xet)"
    )]
    XetOnly {
        /// The Hub.
        endpoint: String,
        /// The repository.
        repo: String,
    },
    /// The server refuses one large file.
    #[error("{endpoint} refuses {path}: {said}")]
    FileRefused {
        /// The Hub.
        endpoint: String,
        /// The file, in the repository.
        path: String,
        /// What it said.
        said: String,
    },
    /// What arrived, or what the server stored, is not what it should be.
    #[error(
        "{path} arrived damaged: {what} should be {expected} and is {found}; nothing of it was kept, start it again"
    )]
    Damaged {
        /// The file, in the repository.
        path: String,
        /// What was compared.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file name that would leave the folder, or that no file system takes.
    #[error("the repository has a file named `{name}`, which is refused: {why}")]
    HostileName {
        /// The name, made printable.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More than this program is ready to take.
    #[error("{what}: more than {limit} {unit}; this is not taken")]
    TooMuch {
        /// What is so large.
        what: String,
        /// How much would be taken.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A folder that cannot be pushed or pulled into.
    #[error("{} {why}", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A dataset that is not whole.
    #[error("{} is not whole, so it is not touched: {why}", dir.display())]
    Unfinished {
        /// The dataset.
        dir: PathBuf,
        /// What is unfinished, and the command that helps.
        why: String,
    },
    /// Files that would be lost.
    #[error(
        "{} holds {count} files that the repository lacks or has otherwise ({examples}); \
         pull into another folder, or replace them with --overwrite",
        dir.display()
    )]
    InTheWay {
        /// The folder.
        dir: PathBuf,
        /// How many.
        count: usize,
        /// The first of them.
        examples: String,
    },
    /// A file was written while it was read.
    #[error("{} changed while it was being pushed; nothing was published, start it again when no program writes to it", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The repository should be private and is not.
    #[error(
        "{repo} at {endpoint} is public, and --private was asked for; nothing was sent: change its visibility in its settings, or leave --private out"
    )]
    Public {
        /// The repository.
        repo: String,
        /// The Hub.
        endpoint: String,
    },
    /// Another client published in the same moment.
    #[error(
        "another commit was published to {repo} ({revision}) in the meantime, and ours was not; look at it, then push again"
    )]
    Moved {
        /// The repository.
        repo: String,
        /// The branch.
        revision: String,
    },
    /// No room.
    #[error("{} has {free} bytes free, and {needed} are needed; make room, or pull less with --exclude", dir.display())]
    DiskFull {
        /// The folder.
        dir: PathBuf,
        /// Bytes still to be written.
        needed: u64,
        /// Bytes that may be written.
        free: u64,
    },
    /// The file system refused something.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The watcher asked for the end.
    #[error("interrupted; what was transferred is kept, and the same command goes on from there")]
    Interrupted,
}

impl HubError {
    /// Whether the one who watched ended it.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted)
    }

    /// Whether what was asked for cannot be asked for: a name, an address or a pattern that is none.
    pub fn is_misuse(&self) -> bool {
        matches!(
            self,
            Self::Name { .. } | Self::Endpoint { .. } | Self::Pattern { .. }
        )
    }

    pub(crate) fn file(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
