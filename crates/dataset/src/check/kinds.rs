//! The kinds of findings: what each means for training, and what to do about it. The two tables are `structure.rs` and
//! `content.rs`.

mod content;
mod structure;

use std::path::Path;

use ulna_outside::Shell;

use content::CONTENT;
use structure::STRUCTURE;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The stable word, such as `idle-head`.
    pub code: &'static str,
    /// The same in a few words for people.
    pub title: &'static str,
    /// What it means for training, in a sentence.
    pub meaning: &'static str,
    /// What to do next; `DIR` stands for the dataset's folder, `LIST` for the episodes, `K` for the first of them, `NAME`
    /// for the feature.
    next: &'static str,
}

impl Kind {
    /// The kind with this code.
    pub fn of(code: &str) -> &'static Kind {
        STRUCTURE
            .iter()
            .chain(CONTENT)
            .find(|kind| kind.code == code)
            .unwrap_or(&UNKNOWN)
    }

    /// What to do next about it in these episodes of the dataset in `root`; `feature` is the one concerned, if it is known.
    pub fn next_step(&self, root: &Path, episodes: &[u64], feature: Option<&str>) -> String {
        let first = episodes.first().map_or("K".to_owned(), u64::to_string);
        let words = self.next.split_inclusive([' ', '`']);
        words
            .map(|word| {
                let bare = word.trim_end_matches([' ', '`']);
                let after = &word[bare.len()..];
                match bare {
                    "DIR" => format!("{}{after}", Shell(root.display())),
                    "LIST" => list(episodes) + after,
                    "K" => first.clone() + after,
                    "NAME" => format!("{}{after}", Shell(feature.unwrap_or("NAME"))),
                    _ => word.to_owned(),
                }
            })
            .collect()
    }
}

/// Episodes as the commands take them: `0,2-5`.
fn list(episodes: &[u64]) -> String {
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

const UNKNOWN: Kind = Kind {
    code: "other",
    title: "something else",
    meaning: "A reader may fail on it.",
    next: "look at the files named",
};

const fn kind(
    code: &'static str,
    title: &'static str,
    meaning: &'static str,
    next: &'static str,
) -> Kind {
    Kind {
        code,
        title,
        meaning,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_commands_complete() {
        let all: Vec<&Kind> = STRUCTURE.iter().chain(CONTENT).collect();
        for (at, kind) in all.iter().enumerate() {
            assert!(all[..at].iter().all(|before| before.code != kind.code));
            let next = kind.next_step(Path::new("a b"), &[0, 2, 3, 5, 6, 7], None);
            assert!(!next.contains("DIR") && !next.contains("LIST"), "{next}");
            assert!(kind.meaning.ends_with('.'), "{}", kind.code);
        }
        let next = Kind::of("idle-head").next_step(Path::new("it's"), &[0, 2, 3, 5, 6, 7], None);
        assert_eq!(
            next,
            "cut it off: `ulna dataset trim 'it'\\''s' --idle --episodes 0,2,3,5-7`"
        );
        let hostile = Path::new("-x $(reboot)\n\u{1b}");
        let next = Kind::of("idle-head").next_step(hostile, &[0], None);
        assert!(
            next.contains(r"trim $'./-x $(reboot)\n\U0000001b' --idle"),
            "{next}"
        );
        assert_eq!(Kind::of("nonsense").code, "other");
    }
}
