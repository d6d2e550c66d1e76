//! File names: which ones a server may give us, and which of ours go to a server.

use std::collections::BTreeSet;

use glob::Pattern;

use ulna_outside::text::{brief, is_printable};

use crate::error::{HubError, Result};

/// What most file systems take for one name.
const LONGEST_PART: usize = 255;
/// And for a whole path.
const LONGEST_PATH: usize = 1024;

/// Refuses a name from a server that could leave the folder, or means something else on another file system.
pub(crate) fn refuse_hostile(name: &str) -> Result<()> {
    let refused = |why| {
        Err(HubError::HostileName {
            name: brief(name),
            why,
        })
    };
    if name.is_empty() || name.len() > LONGEST_PATH {
        return refused("a path has 1 to 1024 bytes");
    }
    if !name.chars().all(is_printable) {
        return refused("it has control characters, or some that cannot be seen");
    }
    if name.contains(['\\', ':']) {
        return refused("`\\` and `:` lead elsewhere on some systems");
    }
    for part in name.split('/') {
        match part {
            "" => return refused("it begins or ends with a slash, or has two in a row"),
            "." | ".." => return refused("it leads out of the folder"),
            part if part.len() > LONGEST_PART => return refused("a part is longer than 255 bytes"),
            part if part.starts_with('-') => {
                return refused("a part begins with `-`, which programs take for an option");
            }
            part if part.ends_with(['.', ' ']) => {
                return refused("a part ends with a dot or a blank, which some systems drop");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses names that cannot all be files: the same one twice, or one that is also a folder of another.
pub(crate) fn refuse_collisions<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
    let mut files = BTreeSet::new();
    for name in names.clone() {
        if !files.insert(name) {
            return Err(HubError::HostileName {
                name: brief(name),
                why: "it is there twice",
            });
        }
    }
    for name in names {
        let ends = name.match_indices('/').map(|(at, _)| at);
        let mut folders = ends.filter_map(|at| name.get(..at));
        if let Some(folder) = folders.find(|folder| files.contains(folder)) {
            return Err(HubError::HostileName {
                name: brief(folder),
                why: "it is a file and a folder at once",
            });
        }
    }
    Ok(())
}

/// Whether a file is private to this computer: hidden, a lock, something temporary. Neither pushed nor pulled.
pub(crate) fn is_private(name: &str) -> bool {
    let suffixes = [".lock", ".tmp", ".part", ".incomplete", "~"];
    let hidden = |part: &str| part.starts_with('.') && !matches!(part, "." | "..");
    name.split('/').any(hidden) || suffixes.iter().any(|suffix| name.ends_with(suffix))
}

/// Which files are wanted. As in the Hub's own tools, `*` also means slashes, and a pattern that ends with a slash all within.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Filter {
    /// Files that one of `include` fits, or all if there is none, but not those that one of `exclude` fits.
    ///
    /// # Errors
    /// [`HubError::Pattern`] for one that cannot be read.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        let compiled = |patterns: &[String]| {
            let one = |pattern: &String| {
                let all = match pattern.strip_suffix('/') {
                    Some(folder) => format!("{folder}/*"),
                    None => pattern.clone(),
                };
                Pattern::new(&all).map_err(|error| HubError::Pattern {
                    pattern: brief(pattern),
                    why: error.msg.to_owned(),
                })
            };
            patterns.iter().map(one).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            include: compiled(include)?,
            exclude: compiled(exclude)?,
        })
    }

    /// Whether a file is wanted.
    pub fn takes(&self, name: &str) -> bool {
        let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (self.include.is_empty() || fits(&self.include)) && !fits(&self.exclude)
    }

    /// Whether every file is.
    pub fn takes_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::{Component, Path};

    #[test]
    fn hostile_names() {
        for good in [
            "README.md",
            "data/chunk-000/file-000.parquet",
            "a b/ä",
            "a..b/c",
        ] {
            refuse_hostile(good).unwrap();
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/./b",
            "a//b",
            "a/",
            "C:/x",
            "a\\..\\b",
            "a\0b",
            "a\nb",
            "data./x",
            "x ",
        ] {
            assert!(refuse_hostile(bad).is_err(), "{bad:?}");
        }
        assert!(refuse_hostile(&"x".repeat(256)).is_err());
        assert!(refuse_hostile(&"x/".repeat(600)).is_err());
    }

    #[test]
    fn names_that_cannot_all_be() {
        assert!(refuse_collisions(["a/b", "a/c", "ab"].into_iter()).is_ok());
        assert!(refuse_collisions(["a", "b", "a"].into_iter()).is_err());
        assert!(refuse_collisions(["a", "a/b"].into_iter()).is_err());
        assert!(refuse_collisions(["a/b/c", "a/b"].into_iter()).is_err());
    }

    #[test]
    fn private_names() {
        for private in [
            ".gitattributes",
            ".ulna/x",
            "data/.cache/y",
            "a/.b/c",
            "x.lock",
            "meta/y.tmp",
            "z~",
        ] {
            assert!(is_private(private), "{private}");
        }
        assert!(!is_private("data/chunk-000/file-000.parquet"));
    }

    #[test]
    fn patterns_are_as_in_the_hubs_tools() {
        let strings =
            |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        let of = |include: &[&str], exclude: &[&str]| {
            Filter::new(&strings(include), &strings(exclude)).unwrap()
        };
        assert!(of(&[], &[]).takes("x") && of(&[], &[]).takes_all());
        let no_video = of(&[], &["videos/"]);
        assert!(no_video.takes("data/x") && !no_video.takes("videos/front/chunk-000/file-000.mp4"));
        let meta = of(&["meta/*"], &["*.json"]);
        assert!(meta.takes("meta/episodes/chunk-000/file-000.parquet"));
        assert!(!meta.takes("meta/info.json") && !meta.takes("data/x"));
        assert!(Filter::new(&strings(&["[z-"]), &[]).is_err());
    }

    proptest! {
        /// Whatever a server calls a file, it ends up inside the folder or is refused.
        #[test]
        fn what_is_taken_stays_inside(name in "[a./\\\\: \u{0}-\u{1f}é-]{0,40}") {
            if refuse_hostile(&name).is_ok() {
                let inside = Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
                prop_assert!(inside && !name.is_empty());
            }
        }
    }
}
