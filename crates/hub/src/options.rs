//! How to push and how to pull: options that can grow.

use crate::names::Filter;

/// How to push.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PushOptions {
    /// What the commit is called.
    pub message: String,
    /// Whether a repository that isn't there is made.
    pub create: bool,
    /// Whether it must be private: a new one is, and a public one is refused.
    pub private: bool,
    /// Only find out what would be done.
    pub dry_run: bool,
}

impl PushOptions {
    /// What the commit is called.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Whether a repository that isn't there is made.
    #[must_use]
    pub fn create(self, create: bool) -> Self {
        Self { create, ..self }
    }

    /// Whether it must be private.
    #[must_use]
    pub fn private(self, private: bool) -> Self {
        Self { private, ..self }
    }

    /// Whether only to find out what would be done.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            message: "Push with ulna".to_owned(),
            create: true,
            private: false,
            dry_run: false,
        }
    }
}

/// How to pull.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PullOptions {
    /// Which files.
    pub filter: Filter,
    /// Whether files of the folder that the repository has otherwise are replaced, and files of a dataset that it lacks removed.
    pub overwrite: bool,
}

impl PullOptions {
    /// Which files.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Whether files that are otherwise in the folder are replaced.
    #[must_use]
    pub fn overwrite(self, overwrite: bool) -> Self {
        Self { overwrite, ..self }
    }
}
