//! What a kind of finding is, and the command that helps against one.

use std::path::Path;

use crate::advice;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The stable word, such as `idle-head`.
    pub code: &'static str,
    /// The same in a few words for people.
    pub title: &'static str,
    /// What it means for training, in a sentence.
    pub meaning: &'static str,
    /// What to do next.
    pub(super) next: Next,
}

/// What helps against a kind of finding. Every command writes into a new folder next to the dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing that a command could do.
    Words(&'static str),
    /// A copy in ulna's layout, which goes by what the files say.
    Copy(&'static str),
    /// A copy of what can be read, unless nothing can.
    Rest(&'static str),
    /// A copy without the episodes, unless all are concerned.
    Leave(&'static str),
    /// A copy without the camera if all episodes are concerned, else without the episodes.
    LeaveCamera(&'static str),
    /// A copy without the feature.
    Drop(&'static str),
    /// A copy without the frames, if they stand at an end of one episode; else without the episodes, or the feature.
    LeaveFrames(&'static str),
    /// A copy with statistics computed from the rows, those of pictures too if they are concerned.
    Statistics(&'static str),
    /// A copy without idle heads and tails.
    Trim(&'static str),
    /// ulna's own leftovers are finished or undone.
    Repair(&'static str),
}

/// Where a copy without the episodes would be empty.
const RECORD: &str = "every episode has it, so none can be left out; look at one, and record again if it spoils what you train on";

/// What a remedy is about.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) struct About<'a> {
    /// The dataset, as the command is to name it.
    pub(in crate::check) root: &'a Path,
    /// How many episodes it has.
    pub(in crate::check) count: u64,
    /// Those concerned.
    pub(in crate::check) episodes: &'a [u64],
    /// The camera or feature concerned.
    pub(in crate::check) feature: Option<&'a str>,
    pub(in crate::check) camera: bool,
    /// The frames that stay of the one episode, if the others stand at its ends.
    pub(in crate::check) stay: Option<(u64, u64)>,
    /// What is no movement, where the dataset's units are unknown.
    pub(in crate::check) rest: Option<f64>,
    /// Whether some rows or pictures cannot be read, so that no edit but an import would succeed.
    pub(in crate::check) unreadable: bool,
}

impl Default for About<'_> {
    fn default() -> Self {
        About {
            root: Path::new("."),
            count: 0,
            episodes: &[],
            feature: None,
            camera: false,
            stay: None,
            rest: None,
            unreadable: false,
        }
    }
}

impl Kind {
    /// What to do next, with the command that does it, if there is one.
    pub(in crate::check) fn next_step(&self, about: &About<'_>) -> String {
        let with = |words: &str, command: &str| format!("{words}: `{command}`");
        let root = about.root;
        let command = |verb, options: &str| advice::command(verb, root, options, "mended");
        let without = |words: &str| {
            let list = advice::list(about.episodes);
            with(words, &command("delete", &format!("--episodes {list}")))
        };
        let dropped = |words: &str| {
            let key = advice::word(about.feature.unwrap_or("KEY"));
            with(words, &command("features", &format!("--drop {key}")))
        };
        let edits = !matches!(
            self.next,
            Next::Words(_) | Next::Copy(_) | Next::Rest(_) | Next::Repair(_)
        );
        if edits && about.unreadable {
            return "first make a copy of what can be read, as said of the errors, and check that"
                .to_owned();
        }
        let all = about.episodes.is_empty() || about.episodes.len() as u64 >= about.count;
        match self.next {
            Next::Words(words) => words.to_owned(),
            Next::Copy(words) => with(words, &command("import", "")),
            Next::Rest(_) if all => "fetch the files again, or restore them from a copy".to_owned(),
            Next::Rest(words) => with(words, &command("import", "")),
            Next::Leave(_) if all => RECORD.to_owned(),
            Next::Leave(words) => without(words),
            Next::LeaveCamera(words) if !all => without(words),
            Next::LeaveCamera(_) if about.feature.is_some() => {
                dropped("leave the camera out, which no episode has good pictures of")
            }
            Next::LeaveCamera(_) => RECORD.to_owned(),
            Next::Drop(words) => dropped(words),
            Next::LeaveFrames(words) => match (about.episodes, about.stay) {
                ([one], Some((from, to))) => {
                    let options = format!("--episode {one} --from {from} --to {to}");
                    with("cut the frames off", &command("trim", &options))
                }
                _ if !all => without(words),
                _ if about.feature.is_some() => dropped("leave the feature out"),
                _ => RECORD.to_owned(),
            },
            Next::Statistics(words) => {
                let options = if about.camera { "--pictures" } else { "" };
                with(words, &command("stats", options))
            }
            Next::Trim(words) => {
                let list = advice::list(about.episodes);
                let threshold = about.rest.map(|rest| format!(" --threshold {rest:.4}"));
                let options = format!("--idle --episodes {list}{}", threshold.unwrap_or_default());
                with(words, &command("trim", &options))
            }
            Next::Repair(words) => with(
                words,
                &format!("ulna dataset repair {}", advice::quoted(root)),
            ),
        }
    }
}

pub(super) const fn kind(
    code: &'static str,
    title: &'static str,
    meaning: &'static str,
    next: Next,
) -> Kind {
    Kind {
        code,
        title,
        meaning,
        next,
    }
}
