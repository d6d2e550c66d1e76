//! The kinds of findings: what each means for training, and what to do about it. The two tables are `structure.rs` and
//! `content.rs`.

mod content;
mod kind;
mod structure;

use content::CONTENT;
use kind::Next;
use structure::STRUCTURE;

pub(super) use kind::About;
pub use kind::Kind;

impl Kind {
    /// The kind with this code.
    pub fn of(code: &str) -> &'static Kind {
        STRUCTURE
            .iter()
            .chain(CONTENT)
            .find(|kind| kind.code == code)
            .unwrap_or(&UNKNOWN)
    }
}

const UNKNOWN: Kind = Kind {
    code: "other",
    title: "something else",
    meaning: "A reader may fail on it.",
    next: Next::Words("look at the files named"),
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn codes_are_unique_and_no_command_empties_a_dataset() {
        let all: Vec<&Kind> = STRUCTURE.iter().chain(CONTENT).collect();
        for (at, kind) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|before| before.code != kind.code));
            assert!(kind.meaning.ends_with('.'), "{}", kind.code);
            let about = About {
                root: Path::new("a b"),
                count: 2,
                episodes: &[0, 1],
                ..About::default()
            };
            let next = kind.next_step(&about);
            assert!(!next.contains("delete"), "{}: {next}", kind.code);
            let writes = next.contains("--output 'a b-mended'") || next.contains("repair 'a b'");
            assert_eq!(next.contains("`ulna "), writes, "{}: {next}", kind.code);
        }
        assert_eq!(Kind::of("nonsense").code, "other");
    }

    #[test]
    fn the_least_destructive_command_is_named() {
        let about = About {
            root: Path::new("d"),
            count: 9,
            episodes: &[0, 2, 3, 5, 6, 7],
            feature: Some("observation.images.top"),
            ..About::default()
        };
        let next = |code: &str, about: &About<'_>| Kind::of(code).next_step(about);
        let trim = next("idle-head", &about);
        assert!(
            trim.ends_with("`ulna dataset trim d --idle --episodes 0,2,3,5-7 --output d-mended`"),
            "{trim}"
        );
        let few = next("dark", &about);
        assert!(
            few.contains("delete d --episodes 0,2,3,5-7 --output"),
            "{few}"
        );
        let all = About {
            count: 6,
            ..about.clone()
        };
        let all = next("dark", &all);
        assert!(
            all.contains("features d --drop observation.images.top --output"),
            "{all}"
        );
        let ends = About {
            episodes: &[4],
            stay: Some((0, 7)),
            ..about
        };
        let ends = next("not-finite", &ends);
        assert!(
            ends.contains("trim d --episode 4 --from 0 --to 7 --output d-mended"),
            "{ends}"
        );
    }
}
