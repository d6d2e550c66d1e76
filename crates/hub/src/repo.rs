//! What is pushed to and pulled from: a repository of a kind, at a revision.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ulna_outside::text::brief;

use crate::error::{HubError, Result};

/// What a path segment of an address is made of: RFC 3986's unreserved characters stay.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The branch that a repository has from the beginning.
pub const MAIN: &str = "main";

/// The Hub's two kinds of repository that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepoKind {
    /// A dataset.
    Dataset,
    /// A model; policies are models.
    Model,
}

impl RepoKind {
    /// The Hub's name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Model => "model",
        }
    }

    /// Its name for people who know robots.
    pub fn called(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Model => "policy",
        }
    }
}

/// A repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    kind: RepoKind,
    id: String,
    revision: String,
}

impl Repo {
    /// The repository `id`, as `USER/NAME`, at its branch `main`.
    ///
    /// # Errors
    /// [`HubError::Name`] if that is no name for a repository.
    pub fn new(kind: RepoKind, id: &str) -> Result<Self> {
        let wrong = |why| HubError::Name {
            what: "repository",
            name: brief(id),
            why,
        };
        let Some((user, name)) = id.split_once('/') else {
            return Err(wrong(
                "it is USER/NAME, with the user or organisation in front",
            ));
        };
        for part in [user, name] {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if part.is_empty() || part.len() > 96 || !part.chars().all(fits) {
                return Err(wrong(
                    "both parts have 1 to 96 letters, digits, `-`, `_` or `.`",
                ));
            }
            let edge = ['-', '.'];
            if part.starts_with(edge) || part.ends_with(edge) {
                return Err(wrong("no part begins or ends with `-` or `.`"));
            }
            if part.contains("--") || part.contains("..") || part.ends_with(".git") {
                return Err(wrong("`--`, `..` and a final `.git` are not allowed"));
            }
        }
        Ok(Self {
            kind,
            id: id.to_owned(),
            revision: MAIN.to_owned(),
        })
    }

    /// The same at another branch, tag or commit.
    ///
    /// # Errors
    /// [`HubError::Name`] if that is no name for a revision.
    pub fn at(self, revision: &str) -> Result<Self> {
        let bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
        let parts_fit = |text: &str| {
            text.split('/')
                .all(|part| !part.is_empty() && !part.starts_with('.'))
        };
        if revision.is_empty() || revision.len() > 255 || revision.contains(bad) {
            return Err(HubError::Name {
                what: "revision",
                name: brief(revision),
                why: "it is a branch, a tag or a commit, without blanks and signs such as `~^:?*[`",
            });
        }
        if !parts_fit(revision) || revision.contains("..") || revision.starts_with('-') {
            return Err(HubError::Name {
                what: "revision",
                name: brief(revision),
                why: "git takes no `..`, no empty parts, and none that begin with a dot",
            });
        }
        Ok(Self {
            revision: revision.to_owned(),
            ..self
        })
    }

    /// Its kind.
    pub fn kind(&self) -> RepoKind {
        self.kind
    }

    /// `USER/NAME`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `NAME`.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }

    /// `USER`.
    pub fn owner(&self) -> &str {
        self.id.split('/').next().unwrap_or(&self.id)
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The path of its part of the API.
    pub(crate) fn api(&self) -> String {
        format!("/api/{}s/{}", self.kind.name(), self.id)
    }

    /// The path of its page, which is also that of its files and of its git.
    pub(crate) fn page(&self) -> String {
        match self.kind {
            RepoKind::Dataset => format!("/datasets/{}", self.id),
            RepoKind::Model => format!("/{}", self.id),
        }
    }

    /// The path of the API's `action` on this revision.
    pub(crate) fn api_at(&self, action: &str) -> String {
        format!("{}/{action}/{}", self.api(), segment(&self.revision))
    }

    /// The path of a file at a commit.
    pub(crate) fn file(&self, commit: &str, path: &str) -> String {
        let path: Vec<String> = path.split('/').map(segment).collect();
        format!(
            "{}/resolve/{}/{}",
            self.page(),
            segment(commit),
            path.join("/")
        )
    }
}

impl std::fmt::Display for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.called(), self.id)
    }
}

/// `text` as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_hubs() {
        for good in ["me/arm", "my-lab/so101_pick.v2", "A/b"] {
            assert_eq!(Repo::new(RepoKind::Dataset, good).unwrap().id(), good);
        }
        for bad in [
            "arm", "me/", "/arm", "me/a/b", "me/a b", "me/..", "me/-x", "me/x.git", "me/a--b",
            "me/ä", "me/a\n",
        ] {
            assert!(Repo::new(RepoKind::Dataset, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn revisions_are_gits() {
        let repo = Repo::new(RepoKind::Model, "me/arm").unwrap();
        for good in ["main", "v3.0", "refs/pr/1", "0123abc"] {
            assert_eq!(repo.clone().at(good).unwrap().revision(), good);
        }
        for bad in [
            "",
            "a b",
            "a..b",
            "/a",
            "a/",
            "-a",
            "a/.b",
            "a:b",
            "a\u{1b}[0m",
        ] {
            assert!(repo.clone().at(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn addresses_are_escaped() {
        let repo = Repo::new(RepoKind::Dataset, "me/arm").unwrap();
        let at = repo.clone().at("refs/pr/1").unwrap();
        assert_eq!(at.api_at("tree"), "/api/datasets/me/arm/tree/refs%2Fpr%2F1");
        assert_eq!(
            repo.file("abc", "data/a b?#%.parquet"),
            "/datasets/me/arm/resolve/abc/data/a%20b%3F%23%25.parquet"
        );
        let model = Repo::new(RepoKind::Model, "me/arm").unwrap();
        assert_eq!(model.file("abc", "x"), "/me/arm/resolve/abc/x");
    }
}
